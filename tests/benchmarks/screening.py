"""A folder through ``retina-desktop screen`` beside the alternative's loop without heatmaps.

``python -m tests.benchmarks.screening [--photographs N]``. Ours runs as the real command in
its own process with one worker a core; its start-up is measured on an empty run and taken
off, as the alternative's imports are. The second part analyses 200 photographs in one process
and reads the resident memory.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from retina_desktop.bootstrap import model_library
from retina_desktop.config.folders import Folders
from retina_desktop.config.settings import Settings
from tests.benchmarks.alternative import Alternative
from tests.benchmarks.measure import Row, table
from tests.benchmarks.photographs import write_folder

SPEED_TARGET, MEMORY_TARGET_MB = 4.0, 450
_MEMORY_SCRIPT = """
import sys, psutil
from pathlib import Path
from retina_desktop.bootstrap import load_analysis
from retina_desktop.config.folders import Folders
from retina_desktop.services.tasks import TaskContext
analyse = load_analysis(Folders.find())
paths = sorted(Path(sys.argv[1]).iterdir())
me = psutil.Process()
for number in range(int(sys.argv[2])):
    if number in (50, int(sys.argv[2]) - 1):
        print(me.memory_info().rss // 2**20)
    analyse(TaskContext(), paths[number % len(paths)])
"""


def speed_row(folder: Path, *, count: int) -> Row:
    """Return images per second of both, as a ratio."""
    folders = Folders.find()
    bundle = model_library(folders).find(Settings().model)
    alternative = Alternative(bundle.folder, bundle.manifest)
    paths = sorted(folder.iterdir())
    alternative.probabilities(paths[0])
    began = time.perf_counter()
    for path in paths:
        alternative.probabilities(path)
    theirs = (time.perf_counter() - began) / count
    ours = _our_seconds(folder) / count
    ratio = theirs / ours
    return Row(
        f"screen, images/s over {count} photographs",
        f">= {SPEED_TARGET:.0f}x",
        f"{ratio:.1f}x ({1 / ours:.1f} beside {1 / theirs:.1f} images/s)",
        ratio >= SPEED_TARGET,
    )


def _our_seconds(folder: Path) -> float:
    with tempfile.TemporaryDirectory() as scratch:
        one = Path(scratch) / "one"
        one.mkdir()
        first = min(folder.iterdir())
        (one / first.name).write_bytes(first.read_bytes())
        start_up = _timed_screen(one, Path(scratch) / "one.csv")
        return _timed_screen(folder, Path(scratch) / "all.csv") - start_up


def _timed_screen(folder: Path, table_path: Path) -> float:
    command = [sys.executable, "-m", "retina_desktop", "screen", str(folder)]
    workers = ["--workers", str(os.cpu_count() or 1)]
    began = time.perf_counter()
    subprocess.run([*command, "--out", str(table_path), *workers], check=True)
    return time.perf_counter() - began


def memory_row(folder: Path, *, analyses: int) -> Row:
    """Return the resident memory after the 50th and the last analysis."""
    command = [sys.executable, "-c", _MEMORY_SCRIPT, str(folder), str(analyses)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    early, late = int(output[0]), int(output[-1])
    return Row(
        f"resident memory after {analyses} analyses",
        f"<= {MEMORY_TARGET_MB} MB, not growing",
        f"{late} MB ({late - early:+d} MB since the 50th)",
        late <= MEMORY_TARGET_MB and late - early <= 0.02 * late,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photographs", type=int, default=200)
    options = parser.parse_args()
    count = options.photographs
    with tempfile.TemporaryDirectory() as scratch:
        folder = write_folder(Path(scratch) / "photographs", count=count)
        rows = [speed_row(folder, count=count), memory_row(folder, analyses=max(count, 60))]
    print(table(rows))  # noqa: T201 - its purpose


if __name__ == "__main__":
    main()
