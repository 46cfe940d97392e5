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
        self.gaps_ms = []  # (pause, processor time of this process in it, of this thread)
        self._last = _clocks()
        self.timer = QTimer(self)
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self._beat)

    def start(self):
        self.gaps_ms.clear()
        self._last = _clocks()
        self.timer.start(BEAT_MS)

    def _beat(self):
        now = _clocks()
        pause = (1e3 * (b - a) for a, b in zip(self._last, now, strict=True))
        self.gaps_ms.append(tuple(round(ms, 1) for ms in pause))
        self._last = now


def _clocks():
    return time.perf_counter(), time.process_time(), time.thread_time()


class Observed:
    """The window on real services, with a heart that beats while something is awaited."""

    def __init__(self):
        self.app = QApplication([])
        gui_app.dress(self.app)
        services = bootstrap.window_services(Folders.find())
        self.opened = gui_app.open_window(self.app, services)
        self.opened.window.resize(1280, 800)
        self.opened.window.show()

    @property
    def state(self):
        return self.opened.screening.state

    def beats_until(self, done):
        """Run the event loop until `done`; return the longest pauses."""
        heart, watch = Heartbeat(), QTimer()
        watch.timeout.connect(lambda: done(heart) and self.app.quit())
        watch.start(20)
        QTimer.singleShot(int(1e3 * LIMIT_S), self.app.quit)
        heart.start()
        self.app.exec()
        return sorted(heart.gaps_ms, reverse=True)[:8]


def run(folder, count):
    observed = Observed()
    screening = observed.opened.screening
    screening.load_model()
    beats = {"loading": observed.beats_until(lambda _: observed.state.model is not None)}
    beats["idle"] = observed.beats_until(lambda heart: len(heart.gaps_ms) > 250)
    browse = QTimer()
    browse.timeout.connect(lambda: screening.step(1))
    browse.start(BROWSE_MS)
    screening.open_paths(sorted(Path(folder).glob("*.jpg"))[:count])
    beats["analysing"] = observed.beats_until(
        lambda _: bool(observed.state.photographs) and not observed.state.busy
    )
    errors = [p.error for p in observed.state.photographs if p.error]
    done = sum(p.analysis is not None for p in observed.state.photographs)
    observed.opened.shut_down()
    json.dump({"done": done, "errors": errors, "gaps_ms": beats}, sys.stdout)


if __name__ == "__main__":
    run(sys.argv[1], int(sys.argv[2]))
