"""The score of the RIADD challenge, over the labels that a test can judge.

RIADD (Retinal Image Analysis for multi-Disease Detection, ISBI 2021) ranked by the mean of two
scores: the AUROC of ``Disease_Risk`` (screening), and the mean of macro AUROC and mean average
precision of the 28 diseases (Pachade et al., RFMiD, Data 2021, 6(2), 14, describe the set and
its labels). The challenge's own test is RFMiD's; on other photographs, and over fewer labels,
the score is no rank in it.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.manifests import Metric
from training.answers import COUNTED_FROM, Answers, as_metric
from training.manifest_data import ANY_DISEASE
from training.metrics import Truth, Values, Weights, auroc, average_precision, interval_of

SCORE = "riadd_score"
LABELS = "riadd_labels"  # how many of the 28 diseases the score rests on


def challenge_scores(answers: Answers, weights: Weights) -> list[Metric]:
    """Return the score and its number of diseases, within each source and over all.

    A label counts where it is assessed and has `COUNTED_FROM` positives and negatives. Without
    ``Disease_Risk``, or without a disease, there is no score. Over all sources the score partly
    tells how well cameras are told apart.

    Parameters
    ----------
    answers : Answers
        To the test.
    weights : Weights
        Shape ``(R, N)``, resamples by patient.
    """
    names = np.array(answers.sources)
    found = _score(answers, np.ones(len(names), np.bool_), "", weights)
    for source in sorted(set(answers.sources)):
        found += _score(answers, names == source, source, weights)
    return found


def _score(
    answers: Answers, own: NDArray[np.bool_], source: str, weights: Weights
) -> list[Metric]:
    judged = [column for column in range(len(answers.codes)) if _judged(answers, own, column)]
    diseases = [column for column in judged if answers.codes[column] != ANY_DISEASE]
    if len(diseases) == len(judged) or not diseases:
        return []
    risk = answers.codes.index(ANY_DISEASE)
    whole = np.ones((1, weights.shape[1]))
    value = float(_final(answers, own, risk, diseases, whole)[0])
    interval = interval_of(value, _final(answers, own, risk, diseases, weights))
    return [
        as_metric(SCORE, interval, "", source, None, None),
        Metric(LABELS, float(len(diseases)), None, None, "", source),
    ]


def _judged(answers: Answers, own: NDArray[np.bool_], column: int) -> bool:
    rows = own & answers.known[:, column]
    positives = int(answers.targets[rows, column].sum())
    enough = min(positives, int(rows.sum()) - positives) >= COUNTED_FROM
    return enough and answers.thresholds[column] is not None


def _final(
    answers: Answers,
    own: NDArray[np.bool_],
    risk: int,
    diseases: Sequence[int],
    weights: Weights,
) -> Values:
    """Return ``(AUROC of risk + (macro AUROC + mAP) / 2) / 2`` in each resample."""
    screening, _ = _two_areas(answers, own, risk, weights)
    areas = [_two_areas(answers, own, column, weights) for column in diseases]
    macro, precise = np.mean(areas, axis=0)
    return np.asarray((screening + (macro + precise) / 2) / 2)


def _two_areas(
    answers: Answers, own: NDArray[np.bool_], column: int, weights: Weights
) -> tuple[Values, Values]:
    rows = np.flatnonzero(own & answers.known[:, column])
    truth: Truth = answers.targets[rows, column] > 0.5
    scores, drawn = answers.probabilities[rows, column], weights[:, rows]
    return auroc(truth, scores, drawn), average_precision(truth, scores, drawn)
