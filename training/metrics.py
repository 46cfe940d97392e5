"""Figures of merit and how sure they are, by resampling whole patients.

A figure takes weights of shape ``(R, N)``, how often each photograph counts in each of R
resamples, and gives R values at once: a thousand resamples cost little more than one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Truth = NDArray[np.bool_]  # (N,)
Scores = NDArray[np.float64]  # (N,)
Weights = NDArray[np.float64]  # (R, N), at least 0
Values = NDArray[np.float64]  # (R,), NaN where the figure is undefined
Figure = Callable[[Truth, Scores, Weights], Values]

ECE_BINS = 10
RESAMPLES = 1000
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and the 95 % interval that resampling patients gives it.

    ``low`` and ``high`` are None where fewer than half of the resamples had both classes.
    """

    value: float
    low: float | None
    high: float | None


def auroc(truth: Truth, scores: Scores, weights: Weights) -> Values:
    """Area under the receiver operating characteristic; NaN without both classes."""
    return _ratio(*_won(truth, scores, weights))


def auroc_within(strata: NDArray[np.int64]) -> Figure:
    """Return the figure: the share of right orders among pairs from one stratum.

    A positive is compared with the negatives of its own stratum only, all comparisons counting
    alike; NaN where no stratum has both classes. ``strata`` has shape ``(N,)``.
    """
    places = [np.flatnonzero(strata == number) for number in np.unique(strata)]

    def figure(truth: Truth, scores: Scores, weights: Weights) -> Values:
        won, compared = np.zeros(len(weights)), np.zeros(len(weights))
        for rows in places:
            own, of = _won(truth[rows], scores[rows], weights[:, rows])
            won += own
            compared += of
        return _ratio(won, compared)

    return figure


def average_precision(truth: Truth, scores: Scores, weights: Weights) -> Values:
    """Area under precision over recall, as a step function; NaN without positives."""
    positives, negatives = (part[:, ::-1] for part in _by_level(truth, scores, weights))
    found = np.cumsum(positives, axis=1)
    called = found + np.cumsum(negatives, axis=1)
    precision = found / np.where(called > 0, called, 1)
    return _ratio((positives * precision).sum(axis=1), positives.sum(axis=1))


def sensitivity_at(threshold: float) -> Figure:
    """Return the figure: share of the diseased that reach `threshold`."""
    return lambda truth, scores, weights: _ratio(
        weights @ (truth & (scores >= threshold)), weights @ truth
    )


def specificity_at(threshold: float) -> Figure:
    """Return the figure: share of the others that stay below `threshold`."""
    return lambda truth, scores, weights: _ratio(
        weights @ (~truth & (scores < threshold)), weights @ ~truth
    )


def precision_at(threshold: float) -> Figure:
    """Return the figure: share of those called at `threshold` that are diseased."""
    return lambda truth, scores, weights: _ratio(
        weights @ (truth & (scores >= threshold)), weights @ (scores >= threshold)
    )


def accuracy_at(threshold: float) -> Figure:
    """Return the figure: share of all that `threshold` puts on the right side."""
    return lambda truth, scores, weights: _ratio(
        weights @ (truth == (scores >= threshold)), weights.sum(axis=1)
    )


def f1_at(threshold: float) -> Figure:
    """Return the figure: harmonic mean of precision and sensitivity at `threshold`."""
    return lambda truth, scores, weights: _ratio(
        2 * (weights @ (truth & (scores >= threshold))),
        weights @ truth + weights @ (scores >= threshold),
    )


def sensitivity_at_specificity(wanted: float) -> Figure:
    """Return the figure: the best sensitivity of a threshold with `wanted` specificity."""

    def figure(truth: Truth, scores: Scores, weights: Weights) -> Values:
        positives, negatives = _by_level(truth, scores, weights)
        specific, sensitive = _operating_curve(positives, negatives)
        return _best(sensitive, specific >= wanted - _ROUNDING, positives, negatives)

    return figure


def specificity_at_sensitivity(wanted: float) -> Figure:
    """Return the figure: the best specificity of a threshold with `wanted` sensitivity."""

    def figure(truth: Truth, scores: Scores, weights: Weights) -> Values:
        positives, negatives = _by_level(truth, scores, weights)
        specific, sensitive = _operating_curve(positives, negatives)
        return _best(specific, sensitive >= wanted - _ROUNDING, positives, negatives)

    return figure


def brier_score(truth: Truth, scores: Scores, weights: Weights) -> Values:
    """Mean squared distance of probability and outcome (Brier, 1950)."""
    return _ratio(weights @ np.square(scores - truth), weights.sum(axis=1))


def expected_calibration_error(truth: Truth, scores: Scores, weights: Weights) -> Values:
    """Mean gap between probability and observed share over ten equally wide bins, by size.

    Guo et al., On calibration of modern neural networks, ICML 2017, eq. 3, for one label.
    """
    place = np.minimum((scores * ECE_BINS).astype(np.int64), ECE_BINS - 1)
    member = (place[:, None] == np.arange(ECE_BINS)).astype(np.float64)
    gaps = weights @ (member * (scores - truth)[:, None])
    return _ratio(np.abs(gaps).sum(axis=1), weights.sum(axis=1))


def draw_weights(
    groups: NDArray[np.int64], *, seed: int, resamples: int = RESAMPLES
) -> Weights:
    """Return how often each photograph counts when whole groups are drawn with replacement."""
    _, member = np.unique(groups, return_inverse=True)
    count = int(member.max()) + 1 if len(member) else 0
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(count, np.full(count, 1 / max(count, 1)), size=resamples)
    return drawn[:, member].astype(np.float64)


def with_interval(figure: Figure, truth: Truth, scores: Scores, weights: Weights) -> Interval:
    """Compute `figure` on all photographs, and its percentile interval over `weights`."""
    drawn = with_resamples(figure, truth, scores, weights)
    return interval_of(float(drawn[0]), drawn[1:])


def with_resamples(figure: Figure, truth: Truth, scores: Scores, weights: Weights) -> Values:
    """Compute `figure` on all photographs, then on each resample: shape ``(1 + R,)``."""
    whole = np.ones((1, len(truth)))
    return figure(truth, scores, np.vstack([whole, weights]))


def interval_of(value: float, drawn: Values) -> Interval:
    """Return the interval that resampled values give; undefined ones are dropped."""
    valid = drawn[np.isfinite(drawn)]
    if not np.isfinite(value) or len(valid) < max(1.0, len(drawn) / 2):
        return Interval(value, None, None)
    low, high = np.percentile(valid, [2.5, 97.5])
    return Interval(value, float(low), float(high))


def _won(truth: Truth, scores: Scores, weights: Weights) -> tuple[Values, Values]:
    """Return the pairs of a positive and a negative: those in order, and all."""
    positives, negatives = _by_level(truth, scores, weights)
    below = np.cumsum(negatives, axis=1) - negatives
    won = (positives * (below + 0.5 * negatives)).sum(axis=1)
    return won, positives.sum(axis=1) * negatives.sum(axis=1)


def _by_level(truth: Truth, scores: Scores, weights: Weights) -> tuple[Weights, Weights]:
    """Return the weight of positives and negatives at each distinct score, ascending."""
    order = np.argsort(scores, kind="stable")
    ranked = scores[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    positives = np.add.reduceat((weights * truth)[:, order], starts, axis=1)
    negatives = np.add.reduceat((weights * ~truth)[:, order], starts, axis=1)
    return positives, negatives


def _operating_curve(positives: Weights, negatives: Weights) -> tuple[Weights, Weights]:
    """Return specificity and sensitivity when all levels from one on are called.

    Shape ``(R, levels + 1)``: the last calls nobody.
    """
    below = np.cumsum(negatives, axis=1)
    missed = np.cumsum(positives, axis=1)
    nothing = np.zeros((len(below), 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        specific = np.hstack([nothing, below]) / below[:, -1:]
        sensitive = 1 - np.hstack([nothing, missed]) / missed[:, -1:]
    return specific, sensitive


def _best(
    values: Weights, allowed: NDArray[np.bool_], positives: Weights, negatives: Weights
) -> Values:
    defined = (positives.sum(axis=1) > 0) & (negatives.sum(axis=1) > 0)
    best = np.where(allowed, values, -1.0).max(axis=1)
    return np.where(defined, best, np.nan)


def _ratio(part: Values, whole: Values) -> Values:
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1), np.nan)


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
    from sklearn.metrics import roc_auc_score  # seconds, which most commands need not wait

    names = np.array(sources)
    pairs: list[PairScore] = []
    for source in sorted(set(sources)):
        for column, code in enumerate(codes):
            rows = (names == source) & known[:, column]
            truth = targets[rows, column] > 0.5
            positives, negatives = int(truth.sum()), int((~truth).sum())
            if min(positives, negatives) >= max(at_least, 1):
                value = float(roc_auc_score(truth, scores[rows, column]))
                pairs.append(PairScore(source, code, value, positives, negatives))
    return pairs
