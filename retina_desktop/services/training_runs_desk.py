"""Where the window asks about one work folder at a time, and has stages begun and stopped.

It remembers what it has read, so all calls must come from one lane of work.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from retina_desktop.services.training_runs import (
    EVENTS_NAME,
    RUN_NAME,
    FolderContent,
    Stage,
    TrainingPlan,
    export_arguments,
    look_into,
    note_split,
    set_aside,
    settle,
    stage_arguments,
    write_plan,
)
from retina_desktop.services.training_runs_events import Course, EventReader
from retina_desktop.services.training_runs_models import installed_as
from retina_desktop.services.training_runs_process import (
    TrainingProcess,
    find_running,
    last_words,
    log_tail,
    start,
    told_itself,
)
from retina_desktop.services.training_runs_results import Headline, read_headline

_LARGEST_REPORT = 4 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Launcher:
    """How ``python -m training`` is started: with which Python, from which folder."""

    python: str
    package: Path | None  # of `training`; None where it is not installed

    def command(self, arguments: Sequence[str]) -> tuple[str, ...]:
        """Return the whole command; nothing in the current folder can stand in its way."""
        return (self.python, "-P", "-m", "training", *arguments)

    def environment(self) -> Mapping[str, str]:
        """Return what the process is told: plain text in UTF-8, whole lines, no window."""
        own = {
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
            "NO_COLOR": "1",
            "TERM": "dumb",
            "MPLBACKEND": "Agg",
            "TYPER_STANDARD_TRACEBACK": "1",  # its last line is then the error
        }
        if self.package is not None:
            before = os.environ.get("PYTHONPATH")
            paths = [str(self.package.parent), *([before] if before else [])]
            own["PYTHONPATH"] = os.pathsep.join(paths)
        return {**os.environ, **own}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a stage ended; `code` is None where another window had started it."""

    stage: Stage
    code: int | None
    words: str  # its last line

    @property
    def told_itself(self) -> bool:
        """Whether its last line is a sentence for the user."""
        return told_itself(self.code)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A work folder at one moment."""

    work_dir: Path
    content: FolderContent = field(default_factory=FolderContent)
    course: Course = field(default_factory=Course)
    running: Stage | None = None
    ending: Ending | None = None  # of the stage that ended since the last look
    log: str = ""
    report: str = ""  # the data's report, HTML
    headline: Headline | None = None
    installed: tuple[str, str] | None = None  # id and version, of this very result
    aside: Path | None = None  # where an earlier run went since the last look


class TrainingDesk:
    """One work folder, its process and what was read of it."""

    def __init__(self, launcher: Launcher, *, now: Callable[[], datetime]) -> None:
        self._launcher, self._now = launcher, now
        self._process: TrainingProcess | None = None
        self._reader = EventReader(Path())
        self._snapshot = Snapshot(Path())

    def open(self, work_dir: Path) -> Snapshot:
        """Turn to `work_dir`, and find what runs in it."""
        if self._process is not None:
            self._process.let_go()
        self._process = find_running(work_dir)
        self._reader = EventReader(work_dir / RUN_NAME / EVENTS_NAME)
        return self._read()

    def look(self) -> Snapshot:
        """Return what is new; cheap while a stage runs."""
        process, before = self._process, self._snapshot
        if process is None:
            return before
        alive = process.is_alive
        log, course = log_tail(process.work_dir), self._reader.read()
        if alive:
            self._snapshot = Snapshot(
                process.work_dir,
                before.content,
                course,
                process.stage,
                log=log,
                report=before.report,
            )
            return self._snapshot
        ending = Ending(process.stage, process.exit_code, last_words(log))
        self._process = None
        return self._read(ending)

    def begin(self, stage: Stage, plan: TrainingPlan, *, size: int) -> Snapshot:
        """Start a stage of `plan`; see `training_runs_process.start` for its errors."""
        if stage is Stage.PREPARE:
            note_split(plan.work_dir)
        write_plan(plan)
        return self._start(stage, plan.work_dir, stage_arguments(stage, plan, size=size))

    def begin_export(self, work_dir: Path, *, model_id: str, version: str, name: str) -> Path:
        """Start packing the best weights; return where the bundle will lie."""
        arguments, bundle = export_arguments(
            work_dir, model_id=model_id, version=version, name=name
        )
        bundle.parent.mkdir(parents=True, exist_ok=True)
        self._start(Stage.EXPORT, work_dir, arguments)
        return bundle

    def start_anew(self, work_dir: Path) -> Path | None:
        """Set the run aside, so that the next training begins at the beginning."""
        aside = set_aside(work_dir)
        self._reader = EventReader(work_dir / RUN_NAME / EVENTS_NAME)
        self._read()
        return aside

    def ask_to_stop(self) -> None:
        """Ask what runs for a gentle end."""
        if self._process is not None:
            self._process.ask_to_stop()

    def kill(self) -> None:
        """End what runs at once."""
        if self._process is not None:
            self._process.kill()

    def let_go(self) -> None:
        """Leave what runs to itself, at the window's end."""
        if self._process is not None:
            self._process.let_go()

    def _start(self, stage: Stage, work_dir: Path, arguments: Sequence[str]) -> Snapshot:
        self._process = start(
            self._launcher.command(arguments),
            stage=stage,
            work_dir=work_dir,
            environment=self._launcher.environment(),
            now=self._now(),
        )
        return self.look()

    def _read(self, ending: Ending | None = None) -> Snapshot:
        work_dir = self._reader.path.parents[1]
        process = self._process
        aside = settle(work_dir) if process is None else None
        if aside is not None:
            self._reader = EventReader(self._reader.path)
        content = look_into(work_dir)
        self._snapshot = Snapshot(
            work_dir,
            content,
            self._reader.read(),
            None if process is None else process.stage,
            ending,
            log=log_tail(work_dir),
            report=_text(content.report),
            headline=read_headline(work_dir) if content.is_measured else None,
            installed=installed_as(work_dir) if content.is_measured else None,
            aside=aside,
        )
        return self._snapshot


def _text(path: Path | None) -> str:
    try:
        if path is None or path.stat().st_size > _LARGEST_REPORT:
            return ""
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
