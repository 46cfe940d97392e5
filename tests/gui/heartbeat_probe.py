"""Prints the longest pauses of the GUI thread while photographs are analysed; a program.

    python -m tests.gui.heartbeat_probe FOLDER COUNT

``RETINA_DATA_DIR`` holds the model bundle. It is the real window over the real services: JPEGs
are decoded, judged, classified and shown, and the user goes from one photograph to the next
meanwhile. JSON goes to standard output.
"""

import ctypes
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from retina_desktop import bootstrap
from retina_desktop.config.folders import Folders
from retina_desktop.gui import app as gui_app

BEAT_MS = 2
BROWSE_MS = 150
LIMIT_S = 120.0
AT_ONCE_S = 1e-3  # clocks read within this belong together
NO_TIME = (0.0, 0.0)


class Pause(NamedTuple):
    """From one beat to the next, in milliseconds; the longest of ours sorts last."""

    ours: float  # what remains without other processes' turns
    clock: float
    gui: float  # processor time of the GUI thread


class Moment(NamedTuple):
    """What the clocks show at one beat, in seconds."""

    clock: float
    process: float
    gui: float
    threads: dict[int, tuple[float, float]]  # on a core, waiting for one; empty: not counted


class Clocks:
    """Reads all clocks at once: a pause between two of them would count only in some."""

    def __init__(self):
        self._files = {}  # thread -> what Linux counts of it, open
        # Unlike `os.pread`, it keeps the interpreter, which another thread might not give back.
        self._pread = ctypes.PyDLL(None).pread if sys.platform == "linux" else None
        self._text = ctypes.create_string_buffer(100)

    def now(self):
        """Return the moment; read again what took a pause."""
        while True:
            self._find_threads()
            began = time.perf_counter()
            moment = Moment(began, time.process_time(), time.thread_time(), self._threads())
            if time.perf_counter() - began < AT_ONCE_S:
                return moment

    def _find_threads(self):
        alive = {thread.native_id for thread in threading.enumerate()} - {None}
        for thread in self._files.keys() - alive:
            os.close(self._files.pop(thread))
        for thread in alive - self._files.keys() if self._pread else ():
            try:
                path = f"/proc/self/task/{thread}/schedstat"
                self._files[thread] = os.open(path, os.O_RDONLY)
            except OSError:  # it has just ended, or this Linux does not count
                continue

    def _threads(self):
        """Return what Linux has counted for each thread that may hold the interpreter.

        The times on a core and runnable without one: Documentation/scheduler/sched-stats.rst.
        """
        times = {}
        for thread, file in self._files.items():
            size = self._pread(file, self._text, len(self._text), ctypes.c_long(0))
            if size > 0:
                on_core, waiting, _ = map(int, self._text.raw[:size].split())
                times[thread] = 1e-9 * on_core, 1e-9 * waiting
        return times


class Heartbeat(QObject):
    """Beats while the event loop is free; a late beat is a pause the user would feel."""

    def __init__(self):
        super().__init__()
        self.pauses = []
        self._clocks = Clocks()
        self._last = self._clocks.now()
        self.timer = QTimer(self)
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self._beat)

    def start(self):
        self.pauses.clear()
        self._last = self._clocks.now()
        self.timer.start(BEAT_MS)

    def _beat(self):
        now = self._clocks.now()
        times = ours(self._last, now), now.clock - self._last.clock, now.gui - self._last.gui
        self.pauses.append(Pause(*(round(1e3 * seconds, 1) for seconds in times)))
        self._last = now


def ours(before, after):
    """Return the seconds from one moment to the other that this program made the GUI wait.

    The GUI thread worked, slept (it waited for the interpreter, a lock or a file), or wanted a
    core that others had; the last is not ours. While it slept, whoever held the interpreter may
    have wanted a core as well: ours is then what our threads worked, and in any case what no
    wait of one of them explains.
    """
    clock, worked = after.clock - before.clock, after.process - before.process
    if not after.threads:
        return min(clock, worked) if _crowded() else clock
    spent = {
        thread: [b - a for a, b in zip(before.threads.get(thread, NO_TIME), now, strict=True)]
        for thread, now in after.threads.items()
    }
    _, waited = spent.pop(threading.get_native_id())
    elapsed = clock - waited
    worked = after.gui - before.gui + sum(on_core for on_core, _ in spent.values())
    others_waited = max((waiting for _, waiting in spent.values()), default=0.0)
    return max(elapsed - others_waited, min(elapsed, worked))


def _crowded():
    return hasattr(os, "getloadavg") and os.getloadavg()[0] > (os.cpu_count() or 1)


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
        heart.timer.stop()
        return sorted(heart.pauses, reverse=True)[:8]


def run(folder, count):
    observed = Observed()
    screening = observed.opened.screening
    screening.load_model()
    beats = {"loading": observed.beats_until(lambda _: observed.state.model is not None)}
    beats["idle"] = observed.beats_until(lambda heart: len(heart.pauses) > 250)
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
    answer = {"done": done, "errors": errors, "pauses_ms": beats}
    # Nothing needs it, some functions of NumPy import it, and that holds the interpreter long.
    answer["masked_arrays"] = "numpy.ma" in sys.modules
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    run(sys.argv[1], int(sys.argv[2]))
