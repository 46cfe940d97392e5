"""The figures of a test: per label within each source, with intervals by patient."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.manifests import Metric
from training.manifest_data import ANY_DISEASE, Known, Targets
from training.metrics import (
    RESAMPLES,
    Figure,
    Interval,
    Scores,
    Truth,
    auroc,
    average_precision,
    expected_calibration_error,
    resampled_rows,
    score_pairs,
    sensitivity,
    specificity,
    with_interval,
)

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


def measure(answers: Answers, *, seed: int = 0, resamples: int = RESAMPLES) -> list[Metric]:
    """Return all figures, the mean over pairs first, then by source and label."""
    names = np.array(answers.sources)
    figures = [_mean_auroc(answers, seed, resamples)]
    for source in sorted(set(answers.sources)):
        figures += _healthy_untouched(answers, names == source, source, seed, resamples)
        for column, threshold in enumerate(answers.thresholds):
            rows = np.flatnonzero((names == source) & answers.known[:, column])
            if threshold is not None and len(rows):
                figures += _pair(answers, rows, column, source, threshold, seed, resamples)
    return [figure for figure in figures if np.isfinite(figure.value)]


def _pair(
    answers: Answers,
    rows: NDArray[np.int64],
    column: int,
    source: str,
    threshold: float,
    seed: int,
    resamples: int,
) -> list[Metric]:
    truth: Truth = answers.targets[rows, column] > 0.5
    scores: Scores = answers.probabilities[rows, column]
    positives, negatives = int(truth.sum()), int((~truth).sum())
    wanted: list[tuple[str, Figure]] = []
    if min(positives, negatives) >= REPORT_FROM:
        wanted += [
            ("auroc", auroc),
            ("average_precision", average_precision),
            ("ece", expected_calibration_error),
        ]
    if positives >= REPORT_FROM:
        wanted.append(("sensitivity", lambda t, s: sensitivity(t, s >= threshold)))
    if negatives >= REPORT_FROM:
        wanted.append(("specificity", lambda t, s: specificity(t, s >= threshold)))
    found: list[Metric] = []
    for name, figure in wanted:
        interval = with_interval(
            figure, truth, scores, answers.groups[rows], seed=seed, resamples=resamples
        )
        found.append(
            _metric(name, interval, answers.codes[column], source, positives, negatives)
        )
    return found


def _healthy_untouched(
    answers: Answers, own: NDArray[np.bool_], source: str, seed: int, resamples: int
) -> list[Metric]:
    """Share of the healthy eyes of a source for which no label at all is called."""
    if ANY_DISEASE not in answers.codes:
        return []
    risk = answers.codes.index(ANY_DISEASE)
    rows = np.flatnonzero(own & answers.known[:, risk] & (answers.targets[:, risk] < 0.5))
    if len(rows) < REPORT_FROM:
        return []
    limits = np.array([np.inf if t is None else t for t in answers.thresholds])
    called = np.asarray((answers.probabilities[rows] >= limits).any(axis=1), np.float64)
    interval = with_interval(
        lambda truth, scores: specificity(truth, scores > 0.5),
        np.zeros(len(rows), np.bool_),
        called,
        answers.groups[rows],
        seed=seed,
        resamples=resamples,
    )
    return [_metric("specificity_all_labels", interval, "", source, 0, len(rows))]


def _mean_auroc(answers: Answers, seed: int, resamples: int) -> Metric:
    value, pairs = mean_pair_auroc(answers)
    drawn = [
        _mean_over(answers, rows, pairs)
        for rows in resampled_rows(answers.groups, seed=seed, resamples=resamples)
        if pairs
    ]
    if not drawn:
        return Metric("mean_auroc", value)
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Metric("mean_auroc", value, float(low), float(high))


def mean_pair_auroc(answers: Answers) -> tuple[float, list[tuple[str, int]]]:
    """Return the mean AUROC over pairs of source and assessed label, and the pairs.

    Pairs with fewer than `COUNTED_FROM` positives or negatives are left out; NaN without any.
    """
    scored = score_pairs(
        answers.probabilities,
        answers.targets,
        answers.known,
        sources=answers.sources,
        codes=answers.codes,
        at_least=COUNTED_FROM,
    )
    assessed = {c for c, t in zip(answers.codes, answers.thresholds, strict=True) if t}
    kept = [pair for pair in scored if pair.label in assessed]
    value = float(np.mean([pair.auroc for pair in kept])) if kept else float("nan")
    return value, [(pair.source, answers.codes.index(pair.label)) for pair in kept]


def _mean_over(
    answers: Answers, rows: NDArray[np.int64], pairs: Sequence[tuple[str, int]]
) -> float:
    names = np.array(answers.sources)[rows]
    values = []
    for source, column in pairs:
        own = rows[(names == source) & answers.known[rows, column]]
        truth = answers.targets[own, column] > 0.5
        values.append(auroc(truth, answers.probabilities[own, column]))
    finite = [value for value in values if np.isfinite(value)]
    return float(np.mean(finite)) if finite else float("nan")


def _metric(
    name: str, interval: Interval, label: str, source: str, positives: int, negatives: int
) -> Metric:
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
