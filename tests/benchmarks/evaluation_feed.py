"""Evaluation's answers, file to logits, beside ONNX Runtime alone on the same network.

``python -m tests.benchmarks.evaluation_feed [--photographs N] [--size S]``. Both use as many
threads as torch has, each with its own call of one session. ONNX Runtime alone is given one
tensor that lies in memory. Ours reads, decodes, finds the field and prepares: the first time
from camera-sized JPEG files, then from the crops that the first time kept. 2,000 photographs
are the campaign; fewer tell the same, as nothing depends on their number.
"""

import argparse
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch

from tests.benchmarks.measure import Row, medians, table
from tests.benchmarks.photographs import write_folder
from training.evaluate import application_tensor, preprocessing_steps
from training.forward import answer_all, onnx_answer
from training.kept_crops import INDEX_NAME, kept_crops
from training.transfer import create_network

TARGET = 0.9
LABELS = 29


def rows(folder: Path, *, size: int, repeat: int) -> list[Row]:
    """Measure on the folder's photographs and return the table's lines."""
    paths = sorted(folder.iterdir())
    network = create_network(LABELS).eval()
    alone = onnx_answer(network, size=size)
    assert alone is not None
    steps = preprocessing_steps(size)
    make = partial(application_tensor, size=size, steps=steps)
    tensor = np.zeros((1, 3, size, size), np.float32)

    def network_alone() -> None:
        with ThreadPoolExecutor(torch.get_num_threads()) as pool:
            list(pool.map(lambda _: alone(tensor), paths))

    with tempfile.TemporaryDirectory() as scratch:
        kept = Path(scratch)

        def from_crops() -> None:
            with kept_crops(kept, paths, steps=steps, make=make) as tensor_of:
                answer_all(network, paths, tensor_of=tensor_of, size=size, traced_from=0)

        def from_files() -> None:
            (kept / INDEX_NAME).unlink(missing_ok=True)
            from_crops()

        def once() -> None:
            onnx_answer(network, size=size)
            with kept_crops(kept, paths, steps=steps, make=make):
                pass

        alone_s, files_s, crops_s, up_s = medians(
            network_alone, from_files, from_crops, once, repeat=repeat
        )
    count = len(paths)
    return [
        _row(name, count / alone_s, count / max(seconds - up_s, 1e-9), up_s)
        for name, seconds in (
            (f"evaluation at {size} px, the first time, from JPEG files", files_s),
            (f"evaluation at {size} px, from the crops kept then", crops_s),
        )
    ]


def _row(name: str, alone: float, ours: float, set_up_s: float) -> Row:
    return Row(
        f"{name}, of ONNX Runtime alone",
        f">= {TARGET}",
        f"{ours / alone:.2f} ({ours:.1f} beside {alone:.1f} images/s; once {set_up_s:.1f} s)",
        ours / alone >= TARGET,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photographs", type=int, default=200)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = write_folder(Path(scratch) / "photographs", count=options.photographs)
        print(table(rows(folder, size=options.size, repeat=options.repeat)))  # noqa: T201


if __name__ == "__main__":
    main()
