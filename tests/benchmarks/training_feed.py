"""Training fed from JPEG files beside the same network fed random tensors already in memory.

``python -m tests.benchmarks.training_feed [--steps N]``. Ours is the real thing: `prepare` on
camera-sized JPEG files, then `training.learning.Learning` by the seed's recipe. Its steps are
timed by the clock it is given and take turns with the plain loop's; the time of `prepare` is
measured and added, spread over the recipe's epochs. Where there is a GPU the same is measured
there, and the loop one would write in an afternoon (Pillow, torchvision, DataLoader) as well.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from tests.benchmarks.dataloader_loop import DataLoaderLoop
from tests.benchmarks.measure import Row, table
from tests.benchmarks.photographs import write_folder
from training.cache import Squares, build_cache
from training.fabrics import make_fabric
from training.learning import Learning
from training.manifest_data import LabelledImage
from training.parameter_groups import make_optimizer
from training.part_data import PartData
from training.recipe import Recipe, load_recipe
from training.transfer import create_network

CPU_TARGET, GPU_TARGET, LOOP_TARGET = 0.95, 0.8, 3.0
LABELS = 29
_WARM_UP = 1  # steps of each turn that do not count
_TURNS = 5


class Laps:
    """A clock that remembers when it was read; `Learning` reads it once a step."""

    def __init__(self) -> None:
        self.reads: list[float] = []

    def __call__(self) -> float:
        """Return the time in seconds."""
        self.reads.append(time.perf_counter())
        return self.reads[-1]

    def seconds_a_step(self) -> float:
        """Return the mean over the steps since the last call, the warm-up left out."""
        counted = self.reads[_WARM_UP:]
        self.reads.clear()
        return (counted[-1] - counted[0]) / (len(counted) - 1)


class PlainLoop:
    """The same network and optimizer on one random batch that lies in memory."""

    def __init__(self, recipe: Recipe) -> None:
        self.fabric = make_fabric(recipe)
        device = self.fabric.device
        plain = create_network(LABELS, architecture=recipe.model.architecture)
        plain = plain.to(memory_format=torch.channels_last)
        self.network, self.optimizer = self.fabric.setup(
            plain, make_optimizer(plain, recipe.optimizer)
        )
        self.network.train()
        shape = (recipe.run.batch, 3, recipe.model.size, recipe.model.size)
        inputs = torch.randn(shape, generator=torch.Generator().manual_seed(0))
        self.inputs = inputs.to(device).contiguous(memory_format=torch.channels_last)
        self.targets = torch.zeros(recipe.run.batch, LABELS, device=device)

    def step(self) -> None:
        """Learn from the batch once."""
        logits = self.network(self.inputs).float()
        loss = nn.functional.binary_cross_entropy_with_logits(logits, self.targets)
        self.fabric.backward(loss)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)


def prepared(folder: Path, *, side: int) -> tuple[Squares, float]:
    """Prepare the folder's JPEG files; return them and the seconds that one took."""
    images = tuple(
        LabelledImage(path.name, "CLINIC", "", frozenset(), frozenset("*"), "", "CC0")
        for path in sorted(folder.iterdir())
    )
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as cache:
        made = build_cache(images, image_dir=folder, cache_dir=Path(cache), side=side)
        return np.array(made.squares), (time.perf_counter() - began) / len(images)


def rows(
    folder: Path, *, steps: int, size: int = 224, side: int = 256, batch: int = 16
) -> list[Row]:
    """Measure on the folder's photographs and return the table's lines."""
    changes = [f"model.size={size}", f"run.batch={batch}", "sampling.common_share=1"]
    recipe = load_recipe("rfmid-seed", changes)
    squares, prepare_s = prepared(folder, side=side)
    plain = PlainLoop(recipe)
    ours, theirs = _in_turns(_endless(squares), recipe, plain, steps=steps)
    fed = ours / batch + prepare_s / recipe.run.epochs
    device = plain.fabric.device.type
    target = CPU_TARGET if device == "cpu" else GPU_TARGET
    ratio = theirs / batch / fed
    loop = DataLoaderLoop(folder, plain.step, size=size, batch=batch)
    straightforward = loop.seconds_an_image(batches=max(steps, 2))
    least = 1.0 if device == "cpu" else LOOP_TARGET
    return [
        Row(
            f"training from JPEG files beside tensors in memory ({device})",
            f">= {target}",
            f"{ratio:.3f} ({1 / fed:.1f} beside {batch / theirs:.1f} images/s; steps alone "
            f"{theirs / ours:.3f}; prepare, once: {1e3 * prepare_s:.0f} ms a photograph)",
            ratio >= target,
        ),
        Row(
            f"training from JPEG files beside Pillow and DataLoader ({device})",
            f">= {least:g}x",
            f"{straightforward / fed:.2f}x ({1 / straightforward:.1f} images/s)",
            straightforward / fed >= least,
        ),
    ]


def _endless(squares: Squares, *, count: int = 20_000) -> PartData:
    """Return the photographs so often that no epoch ends while steps are timed."""
    targets = (np.random.default_rng(0).random((count, LABELS)) < 0.2).astype(np.float32)
    return PartData(
        squares=squares,
        rows=np.arange(count) % len(squares),
        targets=targets,
        known=np.ones((count, LABELS), np.bool_),
        sources=("CLINIC",) * count,
        codes=tuple(map(str, range(LABELS))),
    )


def _in_turns(
    data: PartData, recipe: Recipe, plain: PlainLoop, *, steps: int
) -> tuple[float, float]:
    """Return the seconds of a step of both, each the median of turns of `steps` steps."""
    laps = Laps()
    ours: list[float] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        run = Learning(
            create_network(LABELS, architecture=recipe.model.architecture),
            recipe,
            training=data,
            validation=data,
            run_dir=Path(scratch),
            clock=laps,
            fabric=make_fabric(recipe),
        )
        for turn in range(1, _TURNS + 1):
            run.run(stop_after_steps=turn * (steps + _WARM_UP))
            ours.append(laps.seconds_a_step())
            for _ in range(steps + _WARM_UP):
                laps()
                plain.step()
            laps()
            theirs.append(laps.seconds_a_step())
    return statistics.median(ours), statistics.median(theirs)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--side", type=int, default=256)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = write_folder(Path(scratch) / "photographs", count=64)
        found = rows(folder, steps=options.steps, size=options.size, side=options.side)
    print(table(found))  # noqa: T201 - its purpose
    if not torch.cuda.is_available():
        print("No GPU here: the GPU's part was not measured.")  # noqa: T201 - its purpose


if __name__ == "__main__":
    main()
