"""Teachers: their answers to the training photographs, learned beside the labels.

Each teacher is asked once about the photographs as they are, not anew in every step: a large
teacher or an ensemble then costs one pass instead of one an epoch. Asked is every label that
a teacher assesses, also where a photograph's source does not state it. Several teachers'
probabilities are averaged. (Hinton et al., Distilling the Knowledge in a Neural Network,
2015; for labels that do not exclude each other with a sigmoid for each.)
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from torch import nn

from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.findings import LabelStatus
from retina_desktop.domain.manifests import Calibration, LabelEntry
from retina_desktop.ml.bundle_reading import read_bundle
from retina_desktop.ml.calibration import sigmoid
from retina_desktop.ml.manifest_json import MANIFEST_NAME
from training.files import write_atomically
from training.first_weights import new_network
from training.learning import BEST_NAME
from training.part_data import PartData, predict
from training.recipe import Recipe, RecipeError
from training.results import LabelResult, read_results
from training.run_record import RECORD_NAME, load_best, read_recipe
from training.transfer import create_network
from training.weight_sources import read_source

ANSWERS_NAME = "teachers.npy"
KEY_NAME = "teachers.json"
_RESULTS_NAME = "results.json"  # beside the run's folder, where it was evaluated
_UNREADABLE = (
    RetinaError,
    OSError,
    RuntimeError,
    ValueError,
    KeyError,
    UnpicklingError,
    SafetensorError,
)
_SURE = 1e-4  # a teacher is never surer than this


@dataclass(frozen=True, slots=True, eq=False)
class Teacher:
    """A network that answers, and what it says of its own answers; one entry a label."""

    network: nn.Module
    size: int  # pixels, square
    codes: tuple[str, ...]
    calibrations: tuple[Calibration, ...]
    assessed: tuple[bool, ...]
    enhancements: tuple[str, ...] | None = None  # None: as the photographs were prepared


def open_teacher(place: str, recipe: Recipe, codes: Sequence[str]) -> Teacher:
    """Return the teacher at `place`.

    Parameters
    ----------
    place : str
        The folder of a model bundle or of a run (its work folder, or ``run`` inside), or a
        file of weights, which are those of the recipe's own network for `codes`.
    recipe : Recipe
        What the pupil follows.
    codes : Sequence[str]
        The pupil's labels.

    Raises
    ------
    RecipeError
        If nothing there can teach.
    """
    path = Path(place)
    try:
        if (path / MANIFEST_NAME).exists():
            return _of_bundle(path)
        for run in (path / "run", path):
            if (run / RECORD_NAME).exists():
                return _of_run(run, codes)
        if path.is_file():
            return _of_weights(path, recipe, codes)
    except _UNREADABLE as error:
        raise RecipeError(
            f"The teacher {path.name} cannot be used: its weights do not fit a network of "
            f"{len(codes)} labels, or it is damaged."
        ) from error
    raise RecipeError(
        f"There is no teacher at {path.name}; name a model's folder, a run's folder or a file "
        "of weights."
    )


def with_teachers(
    part: PartData,
    recipe: Recipe,
    *,
    run_dir: Path,
    enhancements: Sequence[str] = (),
    device: torch.device | str = "cpu",
) -> PartData:
    """Return `part` with the teachers' answers, asked once and kept in the run's folder.

    Raises
    ------
    RecipeError
        If a teacher cannot be used, or was shown photographs prepared otherwise.
    """
    section = recipe.distillation
    places = section.places
    if not places or section.weight == 0:
        return part
    key = _key(part, recipe, places)
    answers = _kept(run_dir, key, len(part))
    if answers is None:
        teachers = [open_teacher(place, recipe, part.codes) for place in places]
        for place, teacher in zip(places, teachers, strict=True):
            _check(teacher, Path(place).name, part.codes, tuple(enhancements))
        answers = ask_teachers(teachers, part, device=device)
        run_dir.mkdir(parents=True, exist_ok=True)
        np.save(run_dir / ANSWERS_NAME, answers)
        write_atomically(run_dir / KEY_NAME, json.dumps({"key": key}).encode())
    logits = np.log(answers) - np.log1p(-answers)
    softened = sigmoid(logits.astype(np.float64) / section.temperature)
    return replace(part, soft=softened.astype(np.float32))


def ask_teachers(
    teachers: Sequence[Teacher], part: PartData, *, device: torch.device | str = "cpu"
) -> NDArray[np.float32]:
    """Return mean calibrated probabilities ``(N, labels)``; NaN where no teacher assesses."""
    total = np.zeros((len(part), len(part.codes)), np.float64)
    asked = np.zeros(len(part.codes), np.int64)
    for teacher in teachers:
        network = teacher.network.to(device)
        logits = predict(network, part, size=teacher.size, device=device)
        network.cpu()
        for column, code in enumerate(part.codes):
            own = teacher.codes.index(code) if code in teacher.codes else -1
            if own >= 0 and teacher.assessed[own]:
                scale = teacher.calibrations[own]
                total[:, column] += sigmoid(
                    scale.slope * logits[:, own].astype(np.float64) + scale.offset
                )
                asked[column] += 1
    mean = np.where(asked > 0, total / np.maximum(asked, 1), np.nan)
    return np.asarray(mean.clip(_SURE, 1 - _SURE), np.float32)


def _of_bundle(folder: Path) -> Teacher:
    manifest = read_bundle(folder).manifest
    network = create_network(len(manifest.labels), architecture=manifest.architecture)
    _load(network, folder)
    names = tuple(step.name for step in manifest.preprocessing[1:-1])
    return _taught_by(network, manifest.input_size, manifest.labels, names)


def _of_run(run: Path, codes: Sequence[str]) -> Teacher:
    recipe = read_recipe(run)
    network = new_network(recipe, len(codes))
    load_best(run, network)
    results = run.parent / _RESULTS_NAME
    if results.exists():
        return _taught_by(network, recipe.model.size, read_results(results).labels)
    return _plain(network, recipe.model.size, codes)


def _of_weights(path: Path, recipe: Recipe, codes: Sequence[str]) -> Teacher:
    network = new_network(recipe, len(codes))
    _load(network, path)
    return _plain(network, recipe.model.size, codes)


def _load(network: nn.Module, place: Path) -> None:
    missing, unknown = network.load_state_dict(read_source(place).state, strict=False)
    if unknown or any(not name.endswith("num_batches_tracked") for name in missing):
        raise ValueError("other layers")


def _plain(network: nn.Module, size: int, codes: Sequence[str]) -> Teacher:
    count = len(codes)
    return Teacher(network, size, tuple(codes), (Calibration(),) * count, (True,) * count)


def _taught_by(
    network: nn.Module,
    size: int,
    labels: Sequence[LabelEntry] | Sequence[LabelResult],
    enhancements: tuple[str, ...] | None = None,
) -> Teacher:
    return Teacher(
        network,
        size,
        tuple(label.code for label in labels),
        tuple(label.calibration for label in labels),
        tuple(label.status is not LabelStatus.NOT_ASSESSED for label in labels),
        enhancements,
    )


def _check(
    teacher: Teacher, name: str, codes: Sequence[str], enhancements: tuple[str, ...]
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
    results = (path / _RESULTS_NAME, path.parent / _RESULTS_NAME)
    return (path, path / MANIFEST_NAME, *runs, *results)


def _kept(run_dir: Path, key: str, count: int) -> NDArray[np.float32] | None:
    try:
        if json.loads((run_dir / KEY_NAME).read_bytes())["key"] != key:
            return None
        answers: NDArray[np.float32] = np.load(run_dir / ANSWERS_NAME)
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        return None
    return answers if len(answers) == count else None
