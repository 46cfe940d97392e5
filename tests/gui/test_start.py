"""The window starts light, and PySide6 keeps its hands off Python's reference counts."""

import os
import subprocess
import sys

from PySide6.QtGui import QAction

START = """
import sys
from PySide6.QtWidgets import QApplication
from retina_desktop import bootstrap
from retina_desktop.config.folders import Folders
from retina_desktop.gui.app import dress, open_window
app = QApplication([])
dress(app)
opened = open_window(app, bootstrap.window_services(Folders.find()))
opened.window.show()
app.processEvents()
heavy = {"numpy", "cv2", "onnxruntime", "torch", "timm", "pydantic", "pydicom", "sqlalchemy",
         "reportlab", "PIL", "typer"}
assert opened.window.isVisible()
print(sorted(heavy & set(sys.modules)))
opened.shut_down()
"""


def test_the_first_paint_needs_no_heavy_library():
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", START], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_qt_steals_no_references(qapp):
    """PySide6 6.12.0 on Python 3.10 and 3.11 does, and aborts after some thousand calls."""
    action = QAction("a")
    action.setEnabled(True)
    before = sys.getrefcount(None), sys.getrefcount(True)
    for _ in range(2_000):
        action.setEnabled(False)
        action.setEnabled(True)
        action.changed.emit()
    after = sys.getrefcount(None), sys.getrefcount(True)
    assert abs(after[0] - before[0]) < 500
    assert abs(after[1] - before[1]) < 500
