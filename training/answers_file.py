"""A model's answers to the test, kept so that runs can be compared on the same photographs."""

from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from training.figures import Answers
from training.files import write_atomically
from training.results import ResultsUnreadableError

ANSWERS_NAME = "answers.npz"


def write_answers(path: Path, answers: Answers, files: tuple[str, ...]) -> None:
    """Keep `answers`; ``files`` names the photograph of each row."""
    buffer = BytesIO()
    thresholds = [np.nan if t is None else t for t in answers.thresholds]
    grades = np.full(len(files), -1) if answers.dr_grades is None else answers.dr_grades
    np.savez_compressed(
        buffer,
        probabilities=answers.probabilities,
        targets=answers.targets,
        known=answers.known,
        sources=np.array(answers.sources),
        groups=answers.groups,
        codes=np.array(answers.codes),
        thresholds=np.array(thresholds, np.float64),
        dr_grades=grades,
        files=np.array(files),
        sizes=np.array(answers.sizes, np.str_),
    )
    write_atomically(path, buffer.getvalue())


def read_answers(path: Path) -> tuple[Answers, tuple[str, ...]]:
    """Return what `write_answers` kept.

    Raises
    ------
    ResultsUnreadableError
        If it is missing or damaged.
    """
    try:
        with np.load(BytesIO(path.read_bytes()), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except (OSError, ValueError, BadZipFile) as error:
        raise ResultsUnreadableError(
            "The run's answers cannot be read: run evaluate first."
        ) from error
    thresholds = tuple(None if np.isnan(t) else float(t) for t in arrays["thresholds"])
    answers = Answers(
        arrays["probabilities"],
        arrays["targets"],
        arrays["known"],
        tuple(arrays["sources"].tolist()),
        arrays["groups"],
        tuple(arrays["codes"].tolist()),
        thresholds,
        arrays["dr_grades"],
        tuple(arrays["sizes"].tolist()) if "sizes" in arrays else (),
    )
    return answers, tuple(arrays["files"].tolist())
