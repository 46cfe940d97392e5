"""Trains a toy network on as many processes as told; tells the losses of the run as JSON."""

import json
import sys
from itertools import count
from pathlib import Path

import torch
from torch import nn

from tests.unit.training.tiny_data import noise_part
from training.fabrics import make_fabric
from training.learning import Learning
from training.progress import Facts
from training.recipe import Recipe

CODES = ("DR", "EDN")
TOLD = ("loss", "val_auroc")


def _figures(facts: Facts) -> list[float]:
    """Return an epoch's figures; a step's are of one process' share of the batch."""
    return [facts[name] for name in TOLD] if facts["event"] == "epoch" else []


def main(run_dir: Path, processes: int) -> None:
    recipe = Recipe(
        name="toy",
        model={"size": 24, "initial": "none"},
        optimizer={"kind": "sgd", "peak_rate": 0.05, "clip_norm": 1.0},
        sampling={"common_share": 1.0},
        run={"epochs": 2, "batch": 8},
    )
    torch.manual_seed(0)
    # No batch norm: its statistics are of each process' own photographs on the CPU.
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2),
        nn.GroupNorm(2, 8),
        nn.SiLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, len(CODES)),
    )
    told: list[float] = []
    Learning(
        network,
        recipe,
        training=noise_part(64, CODES, seed=1),
        validation=noise_part(40, CODES, seed=2),
        run_dir=run_dir,
        clock=count().__next__,
        fabric=make_fabric(recipe, processes),
        listeners=[lambda facts: told.extend(_figures(facts))],
    ).run()
    if told:
        sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
