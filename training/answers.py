"""A model's answers to photographs whose labels are known, and a figure measured on them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.manifests import Metric
from training.manifest_data import Known, Targets
from training.metrics import Interval

REPORT_FROM = 5  # positives or negatives; below, a figure means nothing
COUNTED_FROM = 10  # positives and negatives of a pair in the mean, and of an evaluated label


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """A model's answers to one part; row i of every array is the same photograph."""

    probabilities: NDArray[np.float64]  # (N, labels), calibrated
    targets: Targets
    known: Known
    sources: tuple[str, ...]
    groups: NDArray[np.int64]  # (N,)
    codes: tuple[str, ...]
    thresholds: tuple[float | None, ...]  # None where the label is not assessed
    dr_grades: NDArray[np.int64] | None = None  # (N,), -1 where the source says none


def as_metric(
    name: str,
    interval: Interval,
    label: str,
    source: str,
    positives: int | None,
    negatives: int | None,
) -> Metric:
    """Return a figure as the manifest holds it, to four digits."""
    return Metric(
        name,
        round(interval.value, 4),
        None if interval.low is None else round(interval.low, 4),
        None if interval.high is None else round(interval.high, 4),
        label,
        source,
        positives,
        negatives,
    )
