"""Teachers: their answers to the training photographs, learned beside the labels.

Each teacher is asked once about the photographs as they are, not anew in every step: a large
teacher or an ensemble then costs one pass instead of one an epoch. What it said can serve
another run too, also one that sees the same photographs prepared otherwise than the teacher
does. Asked is every label that a teacher assesses, also where a photograph's source does not
state it. Several teachers' probabilities are averaged. (Hinton et al., Distilling the
Knowledge in a Neural Network, 2015; for labels that do not exclude each other with a sigmoid
for each.)
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import BytesIO
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retina_desktop.ml.calibration import sigmoid
from retina_desktop.ml.manifest_json import MANIFEST_NAME
from training.files import write_atomically
from training.forward import answer_all
from training.part_data import PartData, shown
from training.recipe import Recipe, RecipeError
from training.run_state import BEST_NAME
from training.trained_networks import RESULTS_NAME, TrainedNetwork, open_trained

Progress = Callable[[float], None]  # what share is done, in [0, 1]

ANSWERS_NAME = "teachers.npy"
KEY_NAME = "teachers.json"
_SURE = 1e-4  # a teacher is never surer than this


def with_teachers(
    part: PartData,
    recipe: Recipe,
    *,
    run_dir: Path,
    enhancements: Sequence[str] = (),
    progress: Progress | None = None,
) -> PartData:
    """Return `part` with the teachers' answers, asked once and kept in the run's folder.

    Where the recipe names another run's answers, these are taken instead. What `progress`
    raises ends the asking; nothing of it is kept then.

    Raises
    ------
    RecipeError
        If a teacher cannot be used, or was shown photographs prepared otherwise.
    """
    section = recipe.distillation
    places = recipe.teachers
    if not (places or section.answers) or section.weight == 0:
        return part
    if section.answers:
        return _softened(part, _answers_in(Path(section.answers), part), section.temperature)
    key = _key(part, recipe, places)
    answers = _kept(run_dir, key, len(part))
    if answers is None:
        teachers = [open_trained(place, recipe, part.codes) for place in places]
        for place, teacher in zip(places, teachers, strict=True):
            _check(teacher, Path(place).name, part.codes, tuple(enhancements))
        answers = ask_teachers(teachers, part, progress=progress)
        run_dir.mkdir(parents=True, exist_ok=True)
        buffer = BytesIO()
        np.save(buffer, answers)
        write_atomically(run_dir / ANSWERS_NAME, buffer.getvalue())
        write_atomically(
            run_dir / KEY_NAME,
            json.dumps({"key": key, "photographs": _photographs(part)}).encode(),
        )
    return _softened(part, answers, section.temperature)


def _softened(part: PartData, answers: NDArray[np.float32], temperature: float) -> PartData:
    with np.errstate(invalid="ignore"):  # not a number where no teacher assesses
        logits = np.log(answers) - np.log1p(-answers)
        softened = sigmoid(logits.astype(np.float64) / temperature)
    return replace(part, soft=softened.astype(np.float32))


def _answers_in(run_dir: Path, part: PartData) -> NDArray[np.float32]:
    """Return what teachers answered in another run to the very photographs of `part`."""
    try:
        told = json.loads((run_dir / KEY_NAME).read_bytes())
        answers: NDArray[np.float32] = np.load(run_dir / ANSWERS_NAME)
    except (OSError, EOFError, ValueError) as error:
        raise RecipeError(
            f"There are no teachers' answers in {run_dir.name}; name the folder run of a work "
            "folder whose recipe names teachers."
        ) from error
    if told.get("photographs") != _photographs(part):
        raise RecipeError(
            f"The teachers' answers in {run_dir.name} are to other photographs; prepare both "
            "folders from one list with one seed."
        )
    return answers


def _photographs(part: PartData) -> str:
    """Return what tells these photographs and labels from others, however prepared."""
    digest = hashlib.sha256(f"{part.codes} {len(part.squares)}\n".encode())
    digest.update(part.rows.tobytes())
    return digest.hexdigest()


def ask_teachers(
    teachers: Sequence[TrainedNetwork], part: PartData, *, progress: Progress | None = None
) -> NDArray[np.float32]:
    """Return mean calibrated probabilities ``(N, labels)``; NaN where no teacher assesses.

    `progress` hears what share of the answers was given, from several threads.
    """
    total = np.zeros((len(part), len(part.codes)), np.float64)
    asked = np.zeros(len(part.codes), np.int64)
    begun = count()
    for teacher in teachers:

        def tensor_of(row: int, size: int = teacher.size) -> NDArray[np.float32]:
            if progress is not None:
                progress(next(begun) / (len(teachers) * len(part)))
            return shown(part, [row], size=size)[0].numpy()

        logits = answer_all(
            teacher.network, range(len(part)), tensor_of=tensor_of, size=teacher.size
        )
        for column, code in enumerate(part.codes):
            own = teacher.codes.index(code) if code in teacher.codes else -1
            if own >= 0 and teacher.assessed[own]:
                scale = teacher.calibrations[own]
                total[:, column] += sigmoid(
                    scale.slope * logits[:, own].astype(np.float64) + scale.offset
                )
                asked[column] += 1
    if progress is not None:
        progress(1.0)
    mean = np.where(asked > 0, total / np.maximum(asked, 1), np.nan)
    return np.asarray(mean.clip(_SURE, 1 - _SURE), np.float32)


def _check(
    teacher: TrainedNetwork, name: str, codes: Sequence[str], enhancements: tuple[str, ...]
) -> None:
    if not set(codes) & set(teacher.codes):
        raise RecipeError(f"The teacher {name} knows none of the labels to learn.")
    if teacher.enhancements not in (None, enhancements):
        wanted = ", ".join(teacher.enhancements or ()) or "none"
        raise RecipeError(
            f"The teacher {name} reads photographs enhanced otherwise ({wanted}); prepare "
            "them so, or choose another teacher."
        )


def _key(part: PartData, recipe: Recipe, places: Sequence[str]) -> str:
    digest = hashlib.sha256(f"teachers 1 {recipe.model!r} {part.codes}\n".encode())
    for place in places:
        files = (file for file in _files_of(Path(place)) if file.is_file())
        told = [(f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in files]
        digest.update(f"{place} {told}\n".encode())
    digest.update(f"{part.squares.shape}".encode() + part.rows.tobytes())
    return digest.hexdigest()


def _files_of(path: Path) -> Sequence[Path]:
    """Return what a teacher's answers may depend on, whether there or not."""
    runs = (path / "run" / BEST_NAME, path / BEST_NAME)
    results = (path / RESULTS_NAME, path.parent / RESULTS_NAME)
    return (path, path / MANIFEST_NAME, *runs, *results)


def _kept(run_dir: Path, key: str, count: int) -> NDArray[np.float32] | None:
    try:
        if json.loads((run_dir / KEY_NAME).read_bytes())["key"] != key:
            return None
        answers: NDArray[np.float32] = np.load(run_dir / ANSWERS_NAME)
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        return None
    return answers if len(answers) == count else None
