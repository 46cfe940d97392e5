"""Figures of left-out answers, against each kind of negatives apart, with intervals."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.manifests import Metric
from training.metrics import (
    RESAMPLES,
    Figure,
    accuracy_at,
    auroc,
    average_precision,
    draw_weights,
    f1_at,
    precision_at,
    sensitivity_at,
    specificity_at,
    with_interval,
)
from training.retinoblastoma.crossed import Crossed
from training.retinoblastoma.folds import Groups
from training.retinoblastoma.photographs import TUMOUR_CODE, Kind
from training.retinoblastoma.results import PatientsFound

ALL_NEGATIVES = ""
_RANKING: tuple[tuple[str, Figure], ...] = (
    ("auroc", auroc),
    ("average_precision", average_precision),
)
# The calls come at another threshold in every fold, so they stand as 0 and 1.
_DECISIONS: tuple[tuple[str, Figure], ...] = (
    ("sensitivity", sensitivity_at(0.5)),
    ("specificity", specificity_at(0.5)),
    ("precision", precision_at(0.5)),
    ("f1", f1_at(0.5)),
    ("accuracy", accuracy_at(0.5)),
)


def measure(
    crossed: Crossed,
    kinds: Sequence[str],
    groups: Groups,
    *,
    seed: int,
    resamples: int = RESAMPLES,
) -> tuple[Metric, ...]:
    """Return ranking and decisions against each kind of negatives, and against all."""
    called = crossed.called.astype(np.float64)
    return tuple(
        _metric(name, figure, scores, rows, kinds, groups, source, seed, resamples)
        for source, rows in comparisons(kinds)
        for figures, scores in ((_RANKING, crossed.probabilities), (_DECISIONS, called))
        for name, figure in figures
    )


def measure_auroc(
    scores: NDArray[np.float64],
    kinds: Sequence[str],
    groups: Groups,
    *,
    seed: int,
    resamples: int = RESAMPLES,
) -> tuple[Metric, ...]:
    """Return the AUROC alone, against each kind of negatives and against all."""
    return tuple(
        _metric("auroc", auroc, scores, rows, kinds, groups, source, seed, resamples)
        for source, rows in comparisons(kinds)
    )


def comparisons(kinds: Sequence[str]) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Yield each kind of negatives with its rows and the tumours', and all of them last."""
    names = np.array(kinds)
    tumours = names == Kind.TUMOUR.value
    for kind in (Kind.INFANT, Kind.CHILD, Kind.OTHER):
        if (names == kind.value).any():
            yield kind.value, np.flatnonzero(tumours | (names == kind.value))
    yield ALL_NEGATIVES, np.arange(len(names))


def patients_found(crossed: Crossed, kinds: Sequence[str], groups: Groups) -> PatientsFound:
    """Count the patients with a tumour whom the left-out calls find."""
    tumours = np.array(kinds) == Kind.TUMOUR.value
    calls = [crossed.called[tumours & (groups == g)] for g in np.unique(groups[tumours])]
    return PatientsFound(
        patients=len(calls),
        any_photograph=sum(bool(own.any()) for own in calls),
        every_photograph=sum(bool(own.all()) for own in calls),
        photographs=int(tumours.sum()),
        missed=int((tumours & ~crossed.called).sum()),
    )


def _metric(
    name: str,
    figure: Figure,
    scores: NDArray[np.float64],
    rows: NDArray[np.int64],
    kinds: Sequence[str],
    groups: Groups,
    source: str,
    seed: int,
    resamples: int,
) -> Metric:
    truth = np.array([kinds[row] == Kind.TUMOUR.value for row in rows.tolist()], np.bool_)
    weights = draw_weights(groups[rows], seed=seed, resamples=resamples)
    found = with_interval(figure, truth, scores[rows], weights)
    return Metric(
        name=name,
        value=round(found.value, 4),
        low=None if found.low is None else round(found.low, 4),
        high=None if found.high is None else round(found.high, 4),
        label=TUMOUR_CODE,
        source=source,
        positives=int(truth.sum()),
        negatives=int((~truth).sum()),
    )
