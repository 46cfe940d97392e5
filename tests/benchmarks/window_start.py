"""Process start to the end of the window's first paint, beside ``import torch``.

``python -m tests.benchmarks.window_start [--repeat N]``. Each side is a process of its own, in
turns, warm (after one run each). Without a display Qt's offscreen platform is painted on.
"""

import argparse
import os
import subprocess
import sys

from tests.benchmarks.measure import Row, medians, table

_OPEN_AND_PAINT = """
import os
from PySide6.QtWidgets import QApplication
from retina_desktop import bootstrap
from retina_desktop.gui import app
painted = app.MainWindow.paintEvent
def paint(self, event):
    painted(self, event)
    os._exit(0)
app.MainWindow.paintEvent = paint
bootstrap.open_window()
"""


def rows(*, repeat: int) -> list[Row]:
    """Measure both and return the table's line."""
    environment = dict(os.environ)
    if not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
        environment["QT_QPA_PLATFORM"] = "offscreen"

    def run(script: str) -> None:
        subprocess.run([sys.executable, "-c", script], env=environment, check=True)

    window, torch = medians(
        lambda: run(_OPEN_AND_PAINT), lambda: run("import torch"), repeat=repeat
    )
    return [
        Row(
            "time to a visible window",
            "< import torch, < 1 s",
            f"{window / torch:.2f} of it ({window:.2f} s beside {torch:.2f} s)",
            window < torch and window < 1.0,
        )
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=7)
    print(table(rows(repeat=parser.parse_args().repeat)))  # noqa: T201 - its purpose


if __name__ == "__main__":
    main()
