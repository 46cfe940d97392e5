"""The figures of one label within one source, and their means over labels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retina_desktop.domain.manifests import Metric
from training.answers import COUNTED_FROM, REPORT_FROM, Answers, Pair, as_metric, pair_of
from training.metrics import (
    Figure,
    Scores,
    Truth,
    Values,
    Weights,
    accuracy_at,
    auroc,
    average_precision,
    brier_score,
    expected_calibration_error,
    f1_at,
    interval_of,
    precision_at,
    sensitivity_at,
    sensitivity_at_specificity,
    specificity_at,
    specificity_at_sensitivity,
    with_interval,
    with_resamples,
)

AUROC_ONE_SIZE = "auroc_one_size"
MEAN_AUROC = "mean_auroc"  # over all sources' pairs: what a run is first judged by
MACRO = "macro_"  # before the name of any other mean over labels


@dataclass(frozen=True, slots=True, eq=False)
class PairFigures:
    """A pair's figures by name: first on all photographs, then on each resample."""

    source: str
    code: str
    positives: int
    negatives: int
    drawn: dict[str, Values]  # (1 + R,) each

    @property
    def is_counted(self) -> bool:
        """Whether the pair has enough of both answers to be in a mean."""
        return min(self.positives, self.negatives) >= COUNTED_FROM

    def as_metrics(self) -> list[Metric]:
        """Return each figure with its interval and the pair's counts."""
        return [
            as_metric(
                name,
                interval_of(float(values[0]), values[1:]),
                self.code,
                self.source,
                self.positives,
                self.negatives,
            )
            for name, values in self.drawn.items()
        ]


def figures_of(answers: Answers, pair: Pair, weights: Weights) -> PairFigures:
    """Measure an assessed pair, as far as it has enough photographs for each figure."""
    truth: Truth = answers.targets[pair.rows, pair.column] > 0.5
    scores: Scores = answers.probabilities[pair.rows, pair.column]
    positives, negatives = int(truth.sum()), int((~truth).sum())
    wanted = _wanted(answers.thresholds[pair.column] or 0.0, positives, negatives)
    own = weights[:, pair.rows]
    drawn = {name: with_resamples(f, truth, scores, own) for name, f in wanted.items()}
    return PairFigures(pair.source, answers.codes[pair.column], positives, negatives, drawn)


def macro_figures(pairs: Sequence[PairFigures]) -> list[Metric]:
    """Return every figure's mean over the counted pairs, of all sources and of each."""
    counted = [pair for pair in pairs if pair.is_counted]
    found: list[Metric] = []
    for source in ("", *sorted({pair.source for pair in counted})):
        own = [pair for pair in counted if source in ("", pair.source)]
        for name in own[0].drawn if own else ():
            means = np.stack([pair.drawn[name] for pair in own]).mean(axis=0)
            interval = interval_of(float(means[0]), means[1:])
            first = name == "auroc" and not source
            title = MEAN_AUROC if first else MACRO + name
            found.append(as_metric(title, interval, "", source, None, None))
    return found


def at_one_size(answers: Answers, source: str, column: int, weights: Weights) -> list[Metric]:
    """Return the pair's AUROC where the original's size does not give the answer away."""
    pair = pair_of(answers, source, column, one_size=True)
    truth: Truth = answers.targets[pair.rows, column] > 0.5
    counts = int(truth.sum()), int((~truth).sum())
    if min(counts) < REPORT_FROM:
        return []
    scores: Scores = answers.probabilities[pair.rows, column]
    interval = with_interval(pair.figure, truth, scores, weights[:, pair.rows])
    return [as_metric(AUROC_ONE_SIZE, interval, answers.codes[column], source, *counts)]


def _wanted(threshold: float, positives: int, negatives: int) -> dict[str, Figure]:
    wanted: dict[str, Figure] = {}
    if min(positives, negatives) >= REPORT_FROM:
        wanted |= {
            "auroc": auroc,
            "average_precision": average_precision,
            "ece": expected_calibration_error,
            "brier": brier_score,
            "f1": f1_at(threshold),
            "precision": precision_at(threshold),
            "accuracy": accuracy_at(threshold),
            "sensitivity_at_90": sensitivity_at_specificity(0.9),
            "specificity_at_90": specificity_at_sensitivity(0.9),
        }
    if positives >= REPORT_FROM:
        wanted["sensitivity"] = sensitivity_at(threshold)
    if negatives >= REPORT_FROM:
        wanted["specificity"] = specificity_at(threshold)
    return wanted
