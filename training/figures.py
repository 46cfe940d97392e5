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
    Figure,
    Scores,
    Truth,
    Values,
    Weights,
    accuracy_at,
    auroc,
    average_precision,
    brier_score,
    draw_weights,
    expected_calibration_error,
    f1_at,
    interval_of,
    precision_at,
    sensitivity_at,
    sensitivity_at_specificity,
    specificity_at,
    specificity_at_sensitivity,
    with_interval,
)

__all__ = ["COUNTED_FROM", "REPORT_FROM", "Answers", "counted_pairs", "measure"]

MEAN_AUROC = "mean_auroc"
MEAN_ONE_SIZE = "mean_auroc_one_size"
AUROC_ONE_SIZE = "auroc_one_size"


def measure(answers: Answers, *, seed: int = 0, resamples: int = RESAMPLES) -> list[Metric]:
    """Return all figures, the mean over pairs first, then by source and label."""
    names = np.array(answers.sources)
    weights = draw_weights(answers.groups, seed=seed, resamples=resamples)
    figures = [_mean_auroc(answers, weights), _mean_auroc(answers, weights, one_size=True)]
    figures += challenge_scores(answers, weights)
    figures += _pooled_calibration(answers, weights)
    for source in sorted(set(answers.sources)):
        own = names == source
        figures += _healthy_untouched(answers, own, source, weights)
        for column, threshold in enumerate(answers.thresholds):
            rows = np.flatnonzero(own & answers.known[:, column])
            if threshold is not None and len(rows):
                figures += _pair(answers, rows, column, source, weights)
                figures += _at_one_size(answers, column, source, weights)
        figures += _by_grade(answers, own, source, weights)
    return [figure for figure in figures if np.isfinite(figure.value)]


def _pair(
    answers: Answers, rows: NDArray[np.int64], column: int, source: str, weights: Weights
) -> list[Metric]:
    truth: Truth = answers.targets[rows, column] > 0.5
    scores: Scores = answers.probabilities[rows, column]
    threshold = answers.thresholds[column] or 0.0
    positives, negatives = int(truth.sum()), int((~truth).sum())
    wanted: list[tuple[str, Figure]] = []
    if min(positives, negatives) >= REPORT_FROM:
        wanted += [
            ("auroc", auroc),
            ("average_precision", average_precision),
            ("ece", expected_calibration_error),
            ("brier", brier_score),
            ("f1", f1_at(threshold)),
            ("precision", precision_at(threshold)),
            ("accuracy", accuracy_at(threshold)),
            ("sensitivity_at_90", sensitivity_at_specificity(0.9)),
            ("specificity_at_90", specificity_at_sensitivity(0.9)),
        ]
    if positives >= REPORT_FROM:
        wanted.append(("sensitivity", sensitivity_at(threshold)))
    if negatives >= REPORT_FROM:
        wanted.append(("specificity", specificity_at(threshold)))
    code = answers.codes[column]
    return [
        as_metric(
            name,
            with_interval(figure, truth, scores, weights[:, rows]),
            code,
            source,
            positives,
            negatives,
        )
        for name, figure in wanted
    ]


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


def _mean_auroc(answers: Answers, weights: Weights, *, one_size: bool = False) -> Metric:
    """Return the mean over `counted_pairs`; not a number without any."""
    pairs = list(counted_pairs(answers, one_size=one_size))
    drawn: list[Values] = []
    for pair in pairs:
        truth: Truth = answers.targets[pair.rows, pair.column] > 0.5
        whole = np.ones((1, len(pair.rows)))
        own = np.vstack([whole, weights[:, pair.rows]])
        drawn.append(pair.figure(truth, answers.probabilities[pair.rows, pair.column], own))
    means = np.stack(drawn).mean(axis=0) if drawn else np.full(1, np.nan)
    name = MEAN_ONE_SIZE if one_size else MEAN_AUROC
    return as_metric(name, interval_of(float(means[0]), means[1:]), "", "", None, None)


def _at_one_size(answers: Answers, column: int, source: str, weights: Weights) -> list[Metric]:
    """Return the pair's AUROC where the original's size does not give the answer away."""
    pair = pair_of(answers, source, column, one_size=True)
    truth: Truth = answers.targets[pair.rows, column] > 0.5
    counts = int(truth.sum()), int((~truth).sum())
    if min(counts) < REPORT_FROM:
        return []
    scores: Scores = answers.probabilities[pair.rows, column]
    interval = with_interval(pair.figure, truth, scores, weights[:, pair.rows])
    return [as_metric(AUROC_ONE_SIZE, interval, answers.codes[column], source, *counts)]
