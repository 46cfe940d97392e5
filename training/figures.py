"""The figures of a test: per label within each source, with intervals by patient."""

import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.manifests import Metric
from training.answers import (
    COUNTED_FROM,
    REPORT_FROM,
    Answers,
    as_metric,
    counted_pairs,
    pair_of,
)
from training.challenge_score import challenge_scores
from training.manifest_data import ANY_DISEASE
from training.metrics import (
    RESAMPLES,
    Truth,
    Values,
    Weights,
    auroc,
    draw_weights,
    expected_calibration_error,
    interval_of,
    specificity_at,
    with_interval,
    with_resamples,
)
from training.pair_figures import (
    MEAN_AUROC,
    PairFigures,
    at_one_size,
    figures_of,
    macro_figures,
)

__all__ = [
    "COUNTED_FROM",
    "MEAN_AUROC",
    "REPORT_FROM",
    "Answers",
    "counted_pairs",
    "measure",
]

MEAN_ONE_SIZE = "mean_auroc_one_size"


def measure(answers: Answers, *, seed: int = 0, resamples: int = RESAMPLES) -> list[Metric]:
    """Return all figures, the means over pairs first, then by source and label."""
    names = np.array(answers.sources)
    weights = draw_weights(answers.groups, seed=seed, resamples=resamples)
    pairs: list[PairFigures] = []
    by_source: list[Metric] = []
    for source in sorted(set(answers.sources)):
        own = names == source
        by_source += _healthy_untouched(answers, own, source, weights)
        for column, threshold in enumerate(answers.thresholds):
            if threshold is not None:
                pairs.append(figures_of(answers, pair_of(answers, source, column), weights))
                by_source += pairs[-1].as_metrics()
                by_source += at_one_size(answers, source, column, weights)
        by_source += _by_grade(answers, own, source, weights)
    figures = [*macro_figures(pairs), _mean_at_one_size(answers, weights)]
    figures += challenge_scores(answers, weights)
    figures += _pooled_calibration(answers, weights)
    figures += by_source
    return [figure for figure in figures if np.isfinite(figure.value)]


def _pooled_calibration(answers: Answers, weights: Weights) -> list[Metric]:
    """Each label's calibration error over the photographs of all sources together."""
    found: list[Metric] = []
    for column, code in enumerate(answers.codes):
        rows = np.flatnonzero(answers.known[:, column])
        truth: Truth = answers.targets[rows, column] > 0.5
        counts = int(truth.sum()), int((~truth).sum())
        if answers.thresholds[column] is None or min(counts) < REPORT_FROM:
            continue
        scores = answers.probabilities[rows, column]
        error = with_interval(expected_calibration_error, truth, scores, weights[:, rows])
        found.append(as_metric("ece_pooled", error, code, "", *counts))
    return found


def _by_grade(
    answers: Answers, own: NDArray[np.bool_], source: str, weights: Weights
) -> list[Metric]:
    """How well the probability of DR finds referable and severe retinopathy."""
    if answers.dr_grades is None or "DR" not in answers.codes:
        return []
    column = answers.codes.index("DR")
    rows = np.flatnonzero(own & (answers.dr_grades >= 0))
    if answers.thresholds[column] is None or not len(rows):
        return []
    scores = answers.probabilities[rows, column]
    found: list[Metric] = []
    for name, grade in (("auroc_referable", 2), ("auroc_severe", 3)):
        truth: Truth = answers.dr_grades[rows] >= grade
        counts = int(truth.sum()), int((~truth).sum())
        if min(counts) >= REPORT_FROM:
            interval = with_interval(auroc, truth, scores, weights[:, rows])
            found.append(as_metric(name, interval, "DR", source, *counts))
    return found


def _healthy_untouched(
    answers: Answers, own: NDArray[np.bool_], source: str, weights: Weights
) -> list[Metric]:
    """Shares of a source's healthy eyes without any label, and without any but any disease."""
    if ANY_DISEASE not in answers.codes:
        return []
    risk = answers.codes.index(ANY_DISEASE)
    rows = np.flatnonzero(own & answers.known[:, risk] & (answers.targets[:, risk] < 0.5))
    if len(rows) < REPORT_FROM:
        return []
    limits = np.array([np.inf if t is None else t for t in answers.thresholds])
    called = answers.probabilities[rows] >= limits
    named = np.delete(called, risk, axis=1)
    healthy = np.zeros(len(rows), np.bool_)
    found: list[Metric] = []
    for name, of in (("specificity_all_labels", called), ("specificity_named_labels", named)):
        any_called = np.asarray(of.any(axis=1), np.float64)
        interval = with_interval(specificity_at(0.5), healthy, any_called, weights[:, rows])
        found.append(as_metric(name, interval, "", source, 0, len(rows)))
    return found


def _mean_at_one_size(answers: Answers, weights: Weights) -> Metric:
    """Return the mean over `counted_pairs` of one size; not a number without any."""
    drawn: list[Values] = []
    for pair in counted_pairs(answers, one_size=True):
        truth: Truth = answers.targets[pair.rows, pair.column] > 0.5
        scores = answers.probabilities[pair.rows, pair.column]
        drawn.append(with_resamples(pair.figure, truth, scores, weights[:, pair.rows]))
    means = np.stack(drawn).mean(axis=0) if drawn else np.full(1, np.nan)
    interval = interval_of(float(means[0]), means[1:])
    return as_metric(MEAN_ONE_SIZE, interval, "", "", None, None)
