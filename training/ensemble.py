"""Several runs over one split asked together: the mean of their calibrated logits."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from training.evaluate import Logits
from training.logits_file import KeptLogits
from training.results import EvaluationResult, LabelResult, ResultsUnreadableError, RunFacts


def join_logits(kept: Sequence[KeptLogits], results: Sequence[EvaluationResult]) -> Logits:
    """Return the mean of the runs' calibrated logits, label by label.

    Calibrated, because a run whose logits are spread twice as wide would count twice. A label
    that a run does not assess takes that run's plain logits: it will not be assessed anyway.

    Raises
    ------
    ResultsUnreadableError
        If there are fewer than two runs, or they answered different photographs or labels.
    """
    if len(kept) < 2:
        raise ResultsUnreadableError("An ensemble needs two runs or more.")
    first = kept[0]
    codes = [tuple(label.code for label in result.labels) for result in results]
    same = (
        all((run.validation, run.test) == (first.validation, first.test) for run in kept)
        and len(set(codes)) == 1
    )
    if not same:
        raise ResultsUnreadableError(
            "The runs answered different photographs or labels; evaluate all of them on one "
            "split."
        )
    joined = [
        (
            _calibrated(run.logits.validation, result.labels),
            _calibrated(run.logits.test, result.labels),
        )
        for run, result in zip(kept, results, strict=True)
    ]
    return Logits(
        np.mean([validation for validation, _ in joined], axis=0, dtype=np.float32),
        np.mean([test for _, test in joined], axis=0, dtype=np.float32),
        first.logits.without_field,
    )


def joined_facts(results: Sequence[EvaluationResult]) -> RunFacts:
    """Return the facts of an ensemble: the first run's, with how many members it has."""
    runs = [result.run for result in results]
    names = " and ".join(dict.fromkeys(f"{r.architecture} at {r.input_size} px" for r in runs))
    return replace(
        runs[0],
        members=sum(run.members for run in runs),
        learning=f"mean calibrated logit of {len(runs)} runs ({names})",
    )


def _calibrated(
    logits: NDArray[np.float32], labels: Sequence[LabelResult]
) -> NDArray[np.float32]:
    slopes = np.array([label.calibration.slope for label in labels])
    offsets = np.array([label.calibration.offset for label in labels])
    return np.asarray(logits * slopes + offsets, np.float32)
