"""One stage of training as a process of its own, which outlives the window if it is to.

Its output goes to a file, not to the window, so that nothing breaks when the window closes. A
note beside it tells the process by its number and the moment it was created: numbers are given
again, the two together are not.
"""

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from retina_desktop.services.training_runs import (
    RUN_NAME,
    STOP_NAME,
    WINDOW_NAME,
    WORDS_CODE,
    Stage,
    TrainingError,
)
from retina_desktop.services.whole_files import write_whole

LOG_NAME, NOTE_NAME = "log.txt", "process.json"
_TAIL = 64 * 1024  # bytes of the log that are read
_HEAD = "=== "  # before each stage in the log
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_BEHIND = 10  # how much a POSIX process steps back behind the clinic's work (nice)


@dataclass(frozen=True, slots=True)
class ProcessNote:
    """Which process works in a folder."""

    pid: int
    created: float  # as the system tells it, in seconds
    stage: Stage


class TrainingProcess:
    """A stage that this window started or found; `exit_code` is known of those it started."""

    def __init__(
        self, note: ProcessNote, work_dir: Path, process: "subprocess.Popen[bytes] | None"
    ) -> None:
        self.stage, self.work_dir = note.stage, work_dir
        self._note, self._process = note, process

    @property
    def is_alive(self) -> bool:
        """Whether it still works."""
        if self._process is not None:
            return self._process.poll() is None
        return is_alive(self._note)

    @property
    def exit_code(self) -> int | None:
        """Its exit status once it has ended; None where another window had started it."""
        return None if self._process is None else self._process.poll()

    def ask_to_stop(self) -> None:
        """Ask for a gentle end: a training saves its state, anything else just ends."""
        if self.stage is not Stage.TRAIN:
            self.kill()
            return
        try:
            (self.work_dir / RUN_NAME).mkdir(parents=True, exist_ok=True)
            (self.work_dir / RUN_NAME / STOP_NAME).touch()
        except OSError:
            self.kill()

    def let_go(self) -> None:
        """Leave it to itself: it is to outlive this window."""
        if self._process is not None and self._process.poll() is None:
            self._process.returncode = 0  # else Python complains of a child left behind

    def kill(self) -> None:
        """End it at once, with every process it has started."""
        import psutil

        with suppress(psutil.Error):
            if self._process is None and not is_alive(self._note):
                return
            above = psutil.Process(self._note.pid)
            for process in (*above.children(recursive=True), above):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        if self._process is not None:
            self._process.wait(timeout=10)


def start(
    command: Sequence[str],
    *,
    stage: Stage,
    work_dir: Path,
    environment: Mapping[str, str],
    now: datetime,
) -> TrainingProcess:
    """Start `command` for `stage`, its output appended to the folder's log.

    Raises
    ------
    TrainingError
        If something works in `work_dir` already, or the command cannot be started.
    OutputUnwritableError
        If the folder cannot be written to.
    """
    if find_running(work_dir) is not None:
        raise TrainingError("Training already runs in this folder; wait for it, or stop it.")
    place = work_dir / WINDOW_NAME
    try:
        place.mkdir(parents=True, exist_ok=True)
        (work_dir / RUN_NAME / STOP_NAME).unlink(missing_ok=True)
        with (place / LOG_NAME).open("ab") as log:
            log.write(f"{_HEAD}{stage.value}, {now:%Y-%m-%d %H:%M}\n".encode())
            log.flush()
            process = _spawn(command, log.fileno(), work_dir, environment)
    except OSError as error:
        raise TrainingError(
            "Training cannot be started in this folder; choose one that you may write to."
        ) from error
    note = ProcessNote(process.pid, _created(process.pid), stage)
    write_whole(place / NOTE_NAME, json.dumps(asdict(note)).encode())
    _step_back(process.pid)
    return TrainingProcess(note, work_dir, process)


def find_running(work_dir: Path) -> TrainingProcess | None:
    """Return what works in `work_dir`, whoever started it from a window; None if nothing."""
    try:
        content = json.loads((work_dir / WINDOW_NAME / NOTE_NAME).read_bytes())
        pid, created = int(content["pid"]), float(content["created"])
        note = ProcessNote(pid, created, Stage(content["stage"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return TrainingProcess(note, work_dir, None) if is_alive(note) else None


def is_alive(note: ProcessNote) -> bool:
    """Whether the very process of `note` runs: not another one with its number."""
    import psutil

    try:
        process = psutil.Process(note.pid)
        if abs(process.create_time() - note.created) > 1.0:
            return False
        ended: bool = process.status() == psutil.STATUS_ZOMBIE
        return not ended
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def log_tail(work_dir: Path) -> str:
    """Return the end of the folder's log, without colours and overwritten progress bars."""
    try:
        with (work_dir / WINDOW_NAME / LOG_NAME).open("rb") as stream:
            start_at = max(stream.seek(0, 2) - _TAIL, 0)
            stream.seek(start_at)
            text = stream.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    lines = _ANSI.sub("", text).replace("\r\n", "\n").split("\n")
    shown = [line.rsplit("\r", 1)[-1].rstrip() for line in lines[1 if start_at else 0 :]]
    return "\n".join(shown).strip("\n")


def last_words(log: str) -> str:
    """Return the last line that the newest stage of `log` wrote, "" if it wrote none."""
    newest = ("\n" + log).split("\n" + _HEAD)[-1]
    lines = [line.strip() for line in newest.split("\n")[1:] if line.strip()]
    return lines[-1] if lines else ""


def told_itself(code: int | None) -> bool:
    """Whether a process with this exit status ended with a sentence for the user."""
    return code == WORDS_CODE


def _spawn(
    command: Sequence[str], log: int, work_dir: Path, environment: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    return subprocess.Popen(
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=work_dir,
        env=dict(environment),
        creationflags=flags,
        start_new_session=True,  # POSIX: what ends the window does not end it
    )


def _created(pid: int) -> float:
    import psutil

    try:
        created: float = psutil.Process(pid).create_time()
    except psutil.Error:
        return 0.0
    return created


def _step_back(pid: int) -> None:
    """Let the clinic's own work go first."""
    import psutil

    with suppress(psutil.Error, OSError):
        lower = psutil.BELOW_NORMAL_PRIORITY_CLASS if sys.platform == "win32" else _BEHIND
        psutil.Process(pid).nice(lower)
