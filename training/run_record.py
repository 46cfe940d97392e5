"""What a run folder says of its run: the recipe as it was, and how far it came."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter
from torch import Tensor, nn

from training.files import write_atomically
from training.learning import BEST_NAME, STATE_NAME
from training.recipe import Recipe
from training.recipe_words import learning_in_words
from training.results import ResultsUnreadableError, RunFacts

RECORD_NAME = "run.json"
BEFORE_AVERAGING_NAME = "before_averaging.pt"
_JOINED = "joined"  # in the record of a network that was joined from others: its facts
_FACTS = TypeAdapter(RunFacts)


def write_record(
    run_dir: Path, recipe: Recipe, *, photographs_an_epoch: int, mixed_precision: bool
) -> None:
    """Note beside the weights how they are being trained."""
    content = {
        "recipe": _told(recipe),
        "photographs_an_epoch": photographs_an_epoch,
        "mixed_precision": mixed_precision,
    }
    run_dir.mkdir(parents=True, exist_ok=True)
    write_atomically(run_dir / RECORD_NAME, json.dumps(content, indent=2).encode())


def _told(recipe: Recipe) -> dict[str, Any]:
    initial = recipe.model.initial
    told = recipe.model_dump(mode="json")
    # A file's place on this machine is nobody else's business.
    told["model"]["initial"] = initial if Path(initial).name == initial else "file"
    teachers = [Path(place).name for place in recipe.distillation.places]
    told["distillation"]["teacher"] = teachers
    return told


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
        learning=learning_in_words(recipe, averaged.get("shares", ())),
        seed=recipe.run.seed,
        duplicate_pairs=duplicate_pairs,
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
    run_dir: Path, recipe: Recipe, state: Mapping[str, Tensor], facts: RunFacts
) -> None:
    """Write a network that was joined from others as the best of a run; the record last.

    ``facts`` are what `read_facts` will say of it.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    _write_best(run_dir, state)
    content = {"recipe": _told(recipe), _JOINED: _FACTS.dump_python(facts, mode="json")}
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
