"""Figures of merit and how sure they are, by resampling whole patients."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

Truth = NDArray[np.bool_]  # (N,)
Scores = NDArray[np.float64]  # (N,)
Figure = Callable[[Truth, Scores], float]

ECE_BINS = 10
RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and the 95 % interval that resampling patients gives it.

    ``low`` and ``high`` are None where too few resamples had both classes.
    """

    value: float
    low: float | None
    high: float | None


def auroc(truth: Truth, scores: Scores) -> float:
    """Area under the receiver operating characteristic; NaN without both classes."""
    if truth.all() or not truth.any():
        return float("nan")
    return float(roc_auc_score(truth, scores))


def average_precision(truth: Truth, scores: Scores) -> float:
    """Area under precision over recall, as a step function; NaN without positives."""
    return float(average_precision_score(truth, scores)) if truth.any() else float("nan")


def sensitivity(truth: Truth, called: Truth) -> float:
    """Share of the diseased that are called; NaN without any."""
    return float(called[truth].mean()) if truth.any() else float("nan")


def specificity(truth: Truth, called: Truth) -> float:
    """Share of the others that are not called; NaN without any."""
    return float((~called)[~truth].mean()) if (~truth).any() else float("nan")


def expected_calibration_error(
    truth: Truth, probabilities: Scores, *, bins: int = ECE_BINS
) -> float:
    """Mean gap between probability and observed share over equally wide bins, by their size.

    Guo et al., On calibration of modern neural networks, ICML 2017, eq. 3, for one label.
    """
    place = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    gap = np.bincount(place, weights=probabilities - truth, minlength=bins)
    return float(np.abs(gap).sum() / len(truth))


def with_interval(
    figure: Figure,
    truth: Truth,
    scores: Scores,
    groups: NDArray[np.int64],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Interval:
    """Compute `figure` and its percentile interval over resampled groups (patients).

    Photographs of one patient are not independent: whole groups are drawn with
    replacement, and resamples in which the figure is undefined are dropped.
    """
    value = figure(truth, scores)
    drawn = [
        figure(truth[rows], scores[rows])
        for rows in resampled_rows(groups, seed=seed, resamples=resamples)
    ]
    valid = np.array([x for x in drawn if np.isfinite(x)])
    if not np.isfinite(value) or len(valid) < resamples / 2:
        return Interval(value, None, None)
    low, high = np.percentile(valid, [2.5, 97.5])
    return Interval(value, float(low), float(high))


def resampled_rows(
    groups: NDArray[np.int64], *, seed: int, resamples: int
) -> Iterator[NDArray[np.int64]]:
    """Yield the rows of as many groups as there are, drawn with replacement."""
    order = np.argsort(groups, kind="stable")
    _, starts = np.unique(groups[order], return_index=True)
    members = np.split(order, starts[1:])
    generator = np.random.default_rng(seed)
    for _ in range(resamples):
        picks = generator.integers(len(members), size=len(members))
        yield np.concatenate([members[pick] for pick in picks.tolist()])


@dataclass(frozen=True, slots=True)
class PairScore:
    """The AUROC of one label within one source."""

    source: str
    label: str
    auroc: float
    positives: int
    negatives: int


def score_pairs(
    scores: NDArray[np.floating],
    targets: NDArray[np.floating],
    known: NDArray[np.bool_],
    *,
    sources: Sequence[str],
    codes: Sequence[str],
    at_least: int,
) -> list[PairScore]:
    """Score every label within every source that has `at_least` positives and negatives.

    Pooled over sources a label's AUROC would mostly tell how well cameras are told apart.

    Parameters
    ----------
    scores, targets, known : NDArray
        Shape ``(N, len(codes))``; any monotone score will do.
    sources : Sequence[str]
        Length N.
    codes : Sequence[str]
        The labels in column order.
    at_least : int
        Fewest positives and fewest negatives of a pair.
    """
    names = np.array(sources)
    pairs: list[PairScore] = []
    for source in sorted(set(sources)):
        for column, code in enumerate(codes):
            rows = (names == source) & known[:, column]
            truth = targets[rows, column] > 0.5
            positives, negatives = int(truth.sum()), int((~truth).sum())
            if min(positives, negatives) >= max(at_least, 1):
                value = auroc(truth, scores[rows, column].astype(np.float64))
                pairs.append(PairScore(source, code, value, positives, negatives))
    return pairs
