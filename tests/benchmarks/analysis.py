"""One photograph, file to answer: ours beside the alternative.

``python -m tests.benchmarks.analysis [--repeat N]`` prints the table. Both sides run in this
process, in turns, on the same JPEG with the same weights; torch gets its default number of
threads and, in a second go, one, and the faster of the two counts.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch

from retina_desktop.bootstrap import load_analysis, model_library
from retina_desktop.config.folders import Folders
from retina_desktop.services.screening import AnalysePhotograph, heatmap_gray_of
from retina_desktop.services.tasks import TaskContext
from tests.benchmarks.alternative import Alternative
from tests.benchmarks.measure import Row, medians, table
from tests.benchmarks.photographs import write_photograph

POSITIVE_TARGET, ALL_TARGET, OVERHEAD_TARGET = 20.0, 100.0, 8.0


def answer(analyse: AnalysePhotograph, path: Path) -> None:
    """File to findings and all heatmaps, the shown one at the photograph's own size."""
    analysis = analyse(TaskContext(), path).analysis
    shown = next(f.label for f in analysis.findings if f.is_assessed)
    heatmap_gray_of(analysis, shown, width=analysis.width, height=analysis.height)


def rows(photograph: Path, *, repeat: int) -> list[Row]:
    """Measure `photograph` and return the table's lines."""
    folders = Folders.find()
    analyse = load_analysis(folders)
    manifest = analyse.classifier.manifest
    alternative = Alternative(model_library(folders).find(manifest.id).folder, manifest)
    analysis = analyse(TaskContext(), photograph).analysis
    positive = [k for k, f in enumerate(analysis.findings) if f.is_positive] or [1]
    every = list(range(len(manifest.labels)))
    tensor = np.zeros((3, manifest.input_size, manifest.input_size), np.float32)

    default_threads = torch.get_num_threads()
    best_positive = best_all = float("inf")
    ours = network = float("inf")
    for threads in sorted({1, default_threads}):
        torch.set_num_threads(threads)
        ours_now, network_now, positive_now = medians(
            lambda: answer(analyse, photograph),
            lambda: analyse.classifier.classify(tensor),
            lambda: alternative.explain(photograph, positive),
            repeat=repeat,
        )
        (all_now,) = medians(
            lambda: alternative.explain(photograph, every), repeat=max(1, repeat // 5)
        )
        ours, network = min(ours, ours_now), min(network, network_now)
        best_positive, best_all = min(best_positive, positive_now), min(best_all, all_now)
    torch.set_num_threads(default_threads)
    return [
        _ratio_row(
            f"file to answer, alternative with its {len(positive)} positive labels",
            best_positive / ours,
            POSITIVE_TARGET,
        ),
        _ratio_row("file to answer, alternative with all labels", best_all / ours, ALL_TARGET),
        Row(
            "beyond the network, in network times",
            f"<= {OVERHEAD_TARGET:.0f}x",
            f"{(ours - network) / network:.2f}x ({1e3 * ours:.1f} ms in all, "
            f"network {1e3 * network:.1f} ms)",
            (ours - network) / network <= OVERHEAD_TARGET,
        ),
    ]


def _ratio_row(what: str, ratio: float, target: float) -> Row:
    return Row(what, f">= {target:.0f}x", f"{ratio:.1f}x", ratio >= target)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=21)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        photograph = write_photograph(Path(folder) / "photograph.jpg")
        print(table(rows(photograph, repeat=options.repeat)))  # noqa: T201 - its purpose


if __name__ == "__main__":
    main()
