"""A model's answers to photographs whose labels are known, and a figure measured on them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.manifests import Metric
from training.manifest_data import Known, Targets
from training.metrics import Figure, Interval, auroc, auroc_within

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
    sizes: tuple[str, ...] = ()  # of the originals; "" where not stated, empty where nowhere


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """One label within one source, and the photographs that can be compared for it."""

    source: str
    column: int
    rows: NDArray[np.int64]
    figure: Figure  # its AUROC


def counted_pairs(answers: Answers, *, one_size: bool = False) -> Iterator[Pair]:
    """Yield the assessed pairs with `COUNTED_FROM` positives and negatives, by source.

    Parameters
    ----------
    one_size : bool
        Count, and compare, among photographs of one original size only (see `comparable`).
    """
    for source in sorted(set(answers.sources)):
        for column, threshold in enumerate(answers.thresholds):
            if threshold is not None:
                pair = pair_of(answers, source, column, one_size=one_size)
                positives = int((answers.targets[pair.rows, column] > 0.5).sum())
                if min(positives, len(pair.rows) - positives) >= COUNTED_FROM:
                    yield pair


def pair_of(answers: Answers, source: str, column: int, *, one_size: bool = False) -> Pair:
    """Return the pair, whatever it holds."""
    rows = np.flatnonzero((np.array(answers.sources) == source) & answers.known[:, column])
    if not one_size:
        return Pair(source, column, rows, auroc)
    if not answers.sizes:
        return Pair(source, column, rows[:0], auroc)
    sizes = np.array(answers.sizes)[rows]
    kept = comparable(answers.targets[rows, column] > 0.5, sizes)
    _, strata = np.unique(sizes[kept], return_inverse=True)
    return Pair(source, column, rows[kept], auroc_within(strata))


def comparable(truth: NDArray[np.bool_], sizes: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Say which photographs have an original of a size that shows both answers.

    Where a merged set's healthy eyes come from one camera and its diseased from others, the
    size gives the camera away, and with it the answer: only photographs of one size can tell
    whether disease is recognised. Those of unknown size are out.

    Parameters
    ----------
    truth : NDArray[np.bool_]
        Shape ``(N,)``.
    sizes : NDArray[np.str_]
        Shape ``(N,)``, as ``WIDTHxHEIGHT``, ``""`` where not stated.
    """
    both = set(sizes[truth].tolist()) & set(sizes[~truth].tolist()) - {""}
    return np.isin(sizes, sorted(both))


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
