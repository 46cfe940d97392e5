"""A run that is asked to stop: by a signal, or by a file in its folder, as the window does.

The file is for systems on which a window cannot send another process a signal that it hears.
"""

import signal
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

STOP_NAME = "stop"
STOPPED = 4  # the exit status: the state is saved, the run is not over
_SIGNALS = ("SIGINT", "SIGTERM", "SIGBREAK")  # the last is Windows'


class StopAskedError(Exception):
    """Somebody asked before there was a state to save."""


class StopRequest:
    """True once somebody asked; used as ``with StopRequest(run_dir) as stop``.

    A second signal of the same kind ends the process as it would without this.
    """

    def __init__(self, run_dir: Path) -> None:
        self._file = run_dir / STOP_NAME
        self._asked = False
        self._before: dict[int, Any] = {}

    def __call__(self) -> bool:
        """Return whether the run is to stop."""
        return self._asked or self._file.exists()

    def __enter__(self) -> Self:
        for name in _SIGNALS:
            number = getattr(signal, name, None)
            if number is not None:
                self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._file.unlink(missing_ok=True)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._asked = True
        signal.signal(number, self._before[number])
