"""Prints the longest pauses of the GUI thread while photographs are analysed; a program.

    python -m tests.gui.heartbeat_probe FOLDER COUNT

``RETINA_DATA_DIR`` holds the model bundle. It is the real window over the real services: JPEGs
are decoded, judged, classified and shown, and the user goes from one photograph to the next
meanwhile. JSON goes to standard output.
"""

import json
import sys
import time
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from retina_desktop import bootstrap
from retina_desktop.config.folders import Folders
from retina_desktop.gui import app as gui_app

BEAT_MS = 2
BROWSE_MS = 150
LIMIT_S = 120.0


class Heartbeat(QObject):
    """Beats while the event loop is free; a late beat is a pause the user would feel."""

    def __init__(self):
        super().__init__()
        self.gaps_ms = []  # (pause, how much of it this thread worked)
        self._last, self._worked = time.perf_counter(), time.thread_time()
        self.timer = QTimer(self)
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self._beat)

    def start(self):
        self.gaps_ms.clear()
        self._last, self._worked = time.perf_counter(), time.thread_time()
        self.timer.start(BEAT_MS)

    def _beat(self):
        now, worked = time.perf_counter(), time.thread_time()
        pause = 1e3 * (now - self._last), 1e3 * (worked - self._worked)
        self.gaps_ms.append(tuple(round(ms, 1) for ms in pause))
        self._last, self._worked = now, worked


def run(folder, count):
    sys.setswitchinterval(gui_app.SWITCH_INTERVAL_S)
    app = QApplication([])
    gui_app.dress(app)
    opened = gui_app.open_window(app, bootstrap.window_services(Folders.find()))
    opened.window.resize(1280, 800)
    opened.window.show()
    opened.screening.load_model()
    began = time.perf_counter()

    def until(condition):
        while not condition() and time.perf_counter() - began < LIMIT_S:
            app.processEvents()
            time.sleep(0.0005)

    until(lambda: opened.screening.state.model is not None)
    beats = {}
    for name in ("idle", "analysing"):
        heart = Heartbeat()
        browse = QTimer()
        browse.timeout.connect(lambda: opened.screening.step(1))
        if name == "analysing":
            opened.screening.open_paths(sorted(Path(folder).glob("*.jpg"))[:count])
            browse.start(BROWSE_MS)
            done = lambda: (
                not opened.screening.state.busy and opened.screening.state.photographs
            )
        else:
            done = lambda: len(heart.gaps_ms) > 250  # noqa: E731
        heart.start()
        watch = QTimer()
        watch.timeout.connect(lambda: done() and app.quit())
        watch.start(20)
        QTimer.singleShot(int(1e3 * LIMIT_S), app.quit)
        app.exec()
        beats[name] = sorted(heart.gaps_ms, reverse=True)[:8]
    states = [p.status.value for p in opened.screening.state.photographs]
    opened.shut_down()
    json.dump({"states": states, "gaps_ms": beats}, sys.stdout)


if __name__ == "__main__":
    run(sys.argv[1], int(sys.argv[2]))
