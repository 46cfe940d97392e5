"""Evaluation's answers, file to logits, beside ONNX Runtime alone on the same network.

``python -m tests.benchmarks.evaluation_feed [--size S] [--architecture A]``, by
default with the network that ships. Both use as many threads as torch has, each with its own
call of one session, and take turns. ONNX Runtime alone is given one tensor that lies in memory.
Ours reads, decodes, finds the field and prepares: the first time from camera-sized JPEG files,
then from the crops that the first time kept. What is done once is told beside it: the network's
trace, and looking whether kept crops still hold.
Told too is what decoding alone leaves of the first time: as long as every core answers, no way
from these files to the logits is quicker.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch

from retina_desktop.imaging.decode import decode_photograph
from tests.benchmarks.measure import Row, table
from tests.benchmarks.photographs import write_folder
from training.evaluate import application_tensor, preprocessing_steps
from training.forward import answer_each, onnx_answer
from training.kept_crops import INDEX_NAME, TensorOf, kept_crops
from training.transfer import create_network

TARGET = 0.9
LABELS = 29
SHIPPED = "twofold_efficientnet_b0"
_TURN = 50  # photographs

Side = Callable[[Sequence[Path]], object]


@dataclass(slots=True)
class Turns:
    """Seconds a photograph, turn by turn, and what ours does once."""

    ours: list[float] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)
    decoding: list[float] = field(default_factory=list)
    once_s: float = 0.0

    def of_alone(self) -> float:
        """Return ours as a share of ONNX Runtime alone, the median of the turns."""
        pairs = zip(self.alone, self.ours, strict=True)
        return statistics.median(alone / ours for alone, ours in pairs)

    def left_by_decoding(self) -> float:
        """Return the share that decoding alone would leave."""
        pairs = zip(self.alone, self.decoding, strict=True)
        return statistics.median(alone / (alone + decoding) for alone, decoding in pairs)


def rows(folder: Path, *, size: int, repeat: int, architecture: str = SHIPPED) -> list[Row]:
    """Measure on the folder's photographs and return the table's lines."""
    paths = sorted(folder.iterdir())
    network = create_network(LABELS, architecture=architecture).eval()
    began = time.perf_counter()
    answer = onnx_answer(network, size=size)
    trace_s = time.perf_counter() - began
    assert answer is not None
    steps = preprocessing_steps(size)
    make = partial(application_tensor, size=size, steps=steps)
    shown = make(paths[0])
    assert shown is not None
    threads = torch.get_num_threads()
    ask = partial(answer_each, answer, threads=threads)
    alone = partial(ask, tensor_of=lambda _: shown)

    def decoding(part: Sequence[Path]) -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda path: decode_photograph(path) and None, part))

    first, again = Turns(once_s=trace_s), Turns(once_s=trace_s)
    with tempfile.TemporaryDirectory() as scratch:
        for _ in range(repeat):
            (Path(scratch) / INDEX_NAME).unlink(missing_ok=True)
            for turns, also in ((first, decoding), (again, None)):
                opened = kept_crops(Path(scratch), paths, steps=steps, make=make)
                _in_turns(turns, paths, opened, ask=ask, alone=alone, decoding=also)
    return [
        _row(
            f"evaluation by {architecture} at {size} px, the first time, from JPEG files", first
        ),
        _row(f"evaluation by {architecture} at {size} px, from the crops kept then", again),
    ]


def _in_turns(
    turns: Turns,
    paths: Sequence[Path],
    opened: AbstractContextManager[TensorOf],
    *,
    ask: Callable[..., object],
    alone: Side,
    decoding: Side | None,
) -> None:
    """Let all sides answer part by part; who begins changes."""
    parts = [paths[start : start + _TURN] for start in range(0, len(paths), _TURN)]
    began = time.perf_counter()
    with opened as tensor_of:
        if not turns.ours:
            turns.once_s += time.perf_counter() - began
        alone(parts[0])  # warm
        sides: list[tuple[list[float], Side]] = [
            (turns.ours, partial(ask, tensor_of=tensor_of)),
            (turns.alone, alone),
        ]
        if decoding is not None:
            sides.append((turns.decoding, decoding))
        for number, part in enumerate(parts):
            first = number % len(sides)
            for seconds, side in sides[first:] + sides[:first]:
                began = time.perf_counter()
                side(part)
                seconds.append((time.perf_counter() - began) / len(part))
        began = time.perf_counter()
    closing_s = (time.perf_counter() - began) / len(paths)
    turns.ours[-len(parts) :] = [seconds + closing_s for seconds in turns.ours[-len(parts) :]]


def _row(name: str, turns: Turns) -> Row:
    ratio = turns.of_alone()
    ours, alone = statistics.median(turns.ours), statistics.median(turns.alone)
    left = f"; decoding alone leaves {turns.left_by_decoding():.2f}" if turns.decoding else ""
    return Row(
        f"{name}, of ONNX Runtime alone",
        f">= {TARGET}",
        f"{ratio:.2f} ({1 / ours:.1f} beside {1 / alone:.1f} images/s{left}; "
        f"once {turns.once_s:.1f} s; {len(turns.ours)} turns)",
        ratio >= TARGET,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photographs", type=int, default=200)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--architecture", default=SHIPPED)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = write_folder(Path(scratch) / "photographs", count=options.photographs)
        found = rows(
            folder,
            size=options.size,
            repeat=options.repeat,
            architecture=options.architecture,
        )
        print(table(found))  # noqa: T201 - its purpose


if __name__ == "__main__":
    main()
