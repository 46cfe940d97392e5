"""What a run folder says of its run: the recipe as it was, and how far it came."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from training.files import write_atomically
from training.results import ResultsUnreadableError, RunFacts
from training.seed_recipe import BEST_NAME, STATE_NAME, SeedRecipe
from training.transfer import ARCHITECTURE

RECORD_NAME = "run.json"


def write_record(
    run_dir: Path, recipe: SeedRecipe, *, initial: str, photographs_an_epoch: int, device: str
) -> None:
    """Note beside the weights how they are being trained."""
    content = {
        "recipe": asdict(recipe),
        "initial": initial if Path(initial).name == initial else "file",
        "photographs_an_epoch": photographs_an_epoch,
        "mixed_precision": device == "cuda",
    }
    run_dir.mkdir(parents=True, exist_ok=True)
    write_atomically(run_dir / RECORD_NAME, json.dumps(content, indent=2).encode())


def read_facts(run_dir: Path, *, duplicate_pairs: int) -> RunFacts:
    """Return the facts of the run in `run_dir`.

    Raises
    ------
    ResultsUnreadableError
        If nothing was trained there.
    """
    try:
        record: dict[str, Any] = json.loads((run_dir / RECORD_NAME).read_bytes())
        state = torch.load(run_dir / STATE_NAME, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ResultsUnreadableError("No run is here: run train first.") from error
    recipe, progress = record["recipe"], state["progress"]
    steps_an_epoch = max(record["photographs_an_epoch"] // recipe["batch"], 1)
    return RunFacts(
        architecture=ARCHITECTURE,
        input_size=recipe["size"],
        initial=record["initial"],
        epochs_planned=recipe["epochs"],
        epochs_run=round(progress["steps_done"] / steps_an_epoch, 1),
        best_epoch=progress["best_epoch"] + 1,
        best_validation_auroc=progress["best_auroc"],
        photographs_an_epoch=record["photographs_an_epoch"],
        early_size=recipe["early_size"],
        early_share=recipe["early_share"],
        batch=recipe["batch"],
        peak_rate=recipe["peak_rate"],
        mixed_precision=record["mixed_precision"],
        seed=recipe["seed"],
        duplicate_pairs=duplicate_pairs,
    )


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
