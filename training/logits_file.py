"""A run's logits of validation and test, kept so that runs of one split can be joined."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from training.evaluate import Logits
from training.files import write_atomically
from training.prepared import PreparedData
from training.results import ResultsUnreadableError
from training.splits import Part

LOGITS_NAME = "logits.npz"


@dataclass(frozen=True, slots=True, eq=False)
class KeptLogits:
    """Logits, and the photographs of their rows."""

    logits: Logits
    validation: tuple[str, ...]
    test: tuple[str, ...]


def keep_logits(path: Path, data: PreparedData, logits: Logits) -> None:
    """Write `logits`, which answer `data`'s validation and test."""
    buffer = BytesIO()
    np.savez_compressed(
        buffer,
        validation=logits.validation,
        test=logits.test,
        without_field=np.int64(logits.without_field),
        validation_files=np.array(photographs_of(data, Part.VALIDATION)),
        test_files=np.array(photographs_of(data, Part.TEST)),
    )
    write_atomically(path, buffer.getvalue())


def read_logits(path: Path) -> KeptLogits:
    """Return what `keep_logits` wrote.

    Raises
    ------
    ResultsUnreadableError
        If it is missing or damaged.
    """
    try:
        with np.load(BytesIO(path.read_bytes()), allow_pickle=False) as stored:
            kept = Logits(stored["validation"], stored["test"], int(stored["without_field"]))
            names = [tuple(stored[f"{part}_files"].tolist()) for part in ("validation", "test")]
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise ResultsUnreadableError(
            f"The logits of {path.parent.name} cannot be read: run evaluate there first."
        ) from error
    return KeptLogits(kept, *names)


def photographs_of(data: PreparedData, part: Part) -> tuple[str, ...]:
    """Return the photographs of a part, row by row."""
    return tuple(data.images[row].path for row in data.rows_of(part).tolist())
