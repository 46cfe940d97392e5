"""What a run folder says of its run: the recipe as it was, and how far it came."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter
from torch import Tensor, nn

from training.calibrating import read_starting_model
from training.files import write_atomically
from training.prepared import PreparedData
from training.recipe import Recipe
from training.recipe_words import learning_in_words, varied_in_words
from training.results import ResultsUnreadableError, RunFacts
from training.run_state import BEST_NAME, STATE_NAME
from training.splits import Part

RECORD_NAME = "run.json"
_PLACES_NAME = "places.json"
BEFORE_AVERAGING_NAME = "before_averaging.pt"
_JOINED = "joined"  # in the record of a network that was joined from others: its facts
_FACTS = TypeAdapter(RunFacts)


def write_record(
    run_dir: Path,
    recipe: Recipe,
    *,
    photographs_an_epoch: int,
    mixed_precision: bool,
    split: str = "",
) -> None:
    """Note beside the weights how they are being trained; ``split`` is `split_key`'s.

    Where first weights and teachers lie on this machine is kept apart, for the run to go on.
    """
    content = {
        "recipe": told_recipe(recipe),
        "photographs_an_epoch": photographs_an_epoch,
        "mixed_precision": mixed_precision,
        "split": split,
    }
    run_dir.mkdir(parents=True, exist_ok=True)
    section = recipe.distillation
    places = {
        "initial": recipe.model.initial,
        "teacher": list(section.places),
        "feature_teacher": section.feature_teacher,
        "answers": section.answers,
    }
    write_atomically(run_dir / _PLACES_NAME, json.dumps(places, indent=2).encode())
    write_atomically(run_dir / RECORD_NAME, json.dumps(content, indent=2).encode())


def told_recipe(recipe: Recipe) -> dict[str, Any]:
    """Return the recipe without places: a file's on this machine is nobody else's business."""
    initial, section = recipe.model.initial, recipe.distillation
    told = recipe.model_dump(mode="json")
    told["model"]["initial"] = initial if Path(initial).name == initial else "file"
    told["distillation"]["teacher"] = [Path(place).name for place in section.places]
    for name in ("feature_teacher", "answers"):
        told["distillation"][name] = Path(getattr(section, name)).name
    return told


def with_places(run_dir: Path, recipe: Recipe) -> Recipe:
    """Return the recipe with the places of first weights and teachers that its run noted."""
    try:
        places = json.loads((run_dir / _PLACES_NAME).read_bytes())
    except FileNotFoundError:  # a run from before they were noted
        return recipe
    teachers = {
        "teacher": tuple(places["teacher"]),
        "feature_teacher": places["feature_teacher"],
        "answers": places["answers"],
    }
    return recipe.model_copy(
        update={
            "model": recipe.model.model_copy(update={"initial": places["initial"]}),
            "distillation": recipe.distillation.model_copy(update=teachers),
        }
    )


def note_changes(run_dir: Path, recipe: Recipe, changes: Sequence[str]) -> None:
    """Note that the run goes on by another recipe; the card tells ``changes``, in words."""
    record = _record(run_dir)
    content = record | {
        "recipe": told_recipe(recipe),
        "changes": [*record.get("changes", ()), *changes],
    }
    write_atomically(run_dir / RECORD_NAME, json.dumps(content, indent=2).encode())


def check_split(run_dir: Path, data: PreparedData) -> None:
    """Check that the run learned from the very patients that `data` calls training.

    Raises
    ------
    ResultsUnreadableError
        If patients were dealt anew since: its weights have seen some that are kept back now.
    """
    if _record(run_dir).get("split") not in (None, "", split_key(data)):
        raise ResultsUnreadableError(
            "The photographs were dealt anew since this run was trained, so that it has seen "
            "patients who are kept back now; train in another folder, or prepare this one from "
            "the list and with the seed of then."
        )


def split_key(data: PreparedData) -> str:
    """Return what tells one deal of photographs into training and validation from another."""
    digest = hashlib.sha256()
    for image, part in zip(data.images, data.parts, strict=True):
        if part in (Part.TRAINING, Part.VALIDATION):  # an audit takes some out of the test
            digest.update(f"{part} {image.path}\n".encode())
    return digest.hexdigest()


def read_recipe(run_dir: Path) -> Recipe:
    """Return the recipe of the run in `run_dir`.

    Raises
    ------
    ResultsUnreadableError
        If nothing was trained there.
    """
    return Recipe.model_validate(_record(run_dir)["recipe"])


def read_facts(run_dir: Path, *, duplicate_pairs: int) -> RunFacts:
    """Return the facts of the run in `run_dir`.

    Raises
    ------
    ResultsUnreadableError
        If nothing was trained there.
    """
    record, recipe = _record(run_dir), read_recipe(run_dir)
    if _JOINED in record:
        facts = _FACTS.validate_python(record[_JOINED])
        return replace(facts, duplicate_pairs=duplicate_pairs)
    try:
        state = torch.load(run_dir / STATE_NAME, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ResultsUnreadableError(_NO_RUN) from error
    averaged = record.get("averaged", {})
    start = read_starting_model(run_dir)
    progress, photographs = state["progress"], record["photographs_an_epoch"]
    steps_an_epoch = max(photographs // recipe.run.batch, 1)
    return RunFacts(
        architecture=recipe.model.architecture,
        input_size=recipe.model.size,
        initial=recipe.model.initial,
        epochs_planned=recipe.run.epochs,
        epochs_run=round(progress["steps_done"] / steps_an_epoch, 1),
        best_epoch=progress["best_epoch"] + 1,
        best_validation_auroc=averaged.get("validation_auroc", progress["best_auroc"]),
        photographs_an_epoch=photographs,
        early_size=recipe.run.early_size or recipe.model.size,
        early_share=recipe.run.early_share,
        batch=recipe.run.batch,
        peak_rate=recipe.optimizer.peak_rate,
        mixed_precision=record["mixed_precision"],
        learning="; ".join(
            (
                learning_in_words(recipe, averaged.get("shares", ())),
                *record.get("changes", ()),
            )
        ),
        varied=varied_in_words(recipe),
        seed=recipe.run.seed,
        duplicate_pairs=duplicate_pairs,
        started_from=start.name if start else "",
        earlier_sources=start.sources if start else (),
        learned=progress["steps_done"] > 0,
    )


_NO_RUN = "No run is here: run train first."


def _record(run_dir: Path) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads((run_dir / RECORD_NAME).read_bytes())
    except OSError as error:
        raise ResultsUnreadableError(_NO_RUN) from error
    return record


def is_joined(run_dir: Path) -> bool:
    """Tell whether the folder holds a network that `keep_joined` wrote."""
    return (run_dir / RECORD_NAME).exists() and _JOINED in _record(run_dir)


def keep_joined(
    run_dir: Path,
    recipe: Recipe,
    state: Mapping[str, Tensor],
    facts: RunFacts,
    *,
    split: str = "",
) -> None:
    """Write a network that was joined from others as the best of a run; the record last.

    ``facts`` are what `read_facts` will say of it, ``split`` is `split_key`'s.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    _write_best(run_dir, state)
    content = {
        "recipe": told_recipe(recipe),
        "split": split,
        _JOINED: _FACTS.dump_python(facts, mode="json"),
    }
    write_atomically(run_dir / RECORD_NAME, json.dumps(content, indent=2).encode())


def _write_best(run_dir: Path, state: Mapping[str, Tensor]) -> None:
    buffer = BytesIO()
    torch.save(dict(state), buffer)
    write_atomically(run_dir / BEST_NAME, buffer.getvalue())


def keep_average(
    run_dir: Path, state: Mapping[str, Tensor], shares: Sequence[float], score: float
) -> None:
    """Make averaged weights the run's best; those it had stay beside them.

    ``shares`` are those of the networks that were added in turn, ``score`` is the validation.
    """
    before = run_dir / BEFORE_AVERAGING_NAME
    if not before.exists():
        write_atomically(before, (run_dir / BEST_NAME).read_bytes())
    _write_best(run_dir, state)
    added = {"shares": [share for share in shares if share], "validation_auroc": score}
    content = _record(run_dir) | {"averaged": added}
    write_atomically(run_dir / RECORD_NAME, json.dumps(content, indent=2).encode())


def load_best(run_dir: Path, network: nn.Module) -> None:
    """Give `network` the weights with the best validation, in place.

    Raises
    ------
    ResultsUnreadableError
        If no epoch of the run was finished.
    """
    try:
        state = torch.load(run_dir / BEST_NAME, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ResultsUnreadableError("No epoch of this run is finished yet.") from error
    network.load_state_dict(state)
