"""Screen a folder of photographs into a CSV table that survives being killed at any moment.

One row a photograph, appended as soon as it is done (`screening_table`). Resuming skips what
stands in the table: no photograph is repeated and none is lost. Few photographs are in flight
and paths are listed a folder at a time; only the keys of finished rows are kept.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

from retina_desktop.domain.analyses import Analysis
from retina_desktop.domain.errors import OutputUnwritableError, RetinaError
from retina_desktop.services.results import ScreeningColumns
from retina_desktop.services.screening import AnalysedPhotograph
from retina_desktop.services.screening_table import ScreeningTable, open_table, path_key
from retina_desktop.services.tasks import TaskContext

_IMAGE_SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".bmp", ".webp")
PHOTOGRAPH_SUFFIXES = frozenset((*_IMAGE_SUFFIXES, ".dcm", ".dicom"))
_IN_FLIGHT_PER_WORKER = 2


class PhotographAnalysis(Protocol):
    """What analyses one photograph; safe from several threads."""

    def __call__(self, context: TaskContext, path: Path, /) -> AnalysedPhotograph:
        """Analyse the photograph at `path`."""
        ...


@dataclass(frozen=True, slots=True)
class FolderCounts:
    """How a run ended."""

    done: int = 0
    failed: int = 0
    skipped: int = 0  # already in the table when resuming
    unlisted: int = 0  # folders that could not be read: their photographs are missing


def _ignore(error: Exception) -> None:
    """Take notice of nothing."""


@dataclass(frozen=True, slots=True)
class ScreenFolder:
    """Analyse every photograph below a folder."""

    analyse: PhotographAnalysis
    columns: ScreeningColumns
    workers: int = 1
    log_error: Callable[[Exception], None] = _ignore

    def __call__(
        self, context: TaskContext, folder: Path, *, table: Path, resume: bool
    ) -> FolderCounts:
        """Write `table`; see the module's text.

        Raises
        ------
        OutputUnwritableError
            See `open_table`; also where no photograph in the table lies in `folder`.
        """
        unlisted: list[Exception] = []

        def on_unreadable(error: Exception) -> None:
            unlisted.append(error)
            self.log_error(error)

        with open_table(table, self.columns.header, resume=resume) as opened:
            _check_same_folder(opened.finished, folder)
            passed_over = opened.finished | {path_key(table)}
            below = photographs_below(folder, on_unreadable=on_unreadable)
            todo = (path for path in below if path_key(path) not in passed_over)
            done, failed = self._run(context, todo, opened)
        return FolderCounts(done, failed, len(opened.finished), len(unlisted))

    def _run(
        self, context: TaskContext, todo: Iterator[Path], writer: ScreeningTable
    ) -> tuple[int, int]:
        done = failed = 0
        with ThreadPoolExecutor(self.workers, thread_name_prefix="screen") as pool:
            running: dict[Future[Analysis], Path] = {}
            try:
                while True:
                    room = _IN_FLIGHT_PER_WORKER * self.workers - len(running)
                    for path in islice(todo, room):
                        running[pool.submit(self._analyse_one, path)] = path
                    if not running:
                        return done, failed
                    ended, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in ended:
                        failed += not self._write(writer, running.pop(future), future)
                        done += 1
                        context.progress(0.0, str(len(writer.finished) + done))
            finally:
                for future in running:
                    future.cancel()

    def _analyse_one(self, path: Path) -> Analysis:
        return self.analyse(TaskContext(), path).analysis

    def _write(self, writer: ScreeningTable, path: Path, future: Future[Analysis]) -> bool:
        try:
            row = self.columns.row(path, future.result())
        except RetinaError as error:
            writer.write(self.columns.error_row(path, error.code))
            return False
        except Exception as error:  # noqa: BLE001 - the thread's edge: one photograph's bug
            self.log_error(error)  # must not cost the other 99,999
            writer.write(self.columns.error_row(path, "internal_error"))
            return False
        writer.write(row)
        return True


def _check_same_folder(finished: frozenset[str], folder: Path) -> None:
    """Refuse to go on with another folder's table, which would repeat every photograph.

    That is also what a relative path becomes in another working folder.
    """
    inside = path_key(folder).rstrip(os.sep) + os.sep
    if finished and not any(path.startswith(inside) for path in finished):
        raise OutputUnwritableError(
            "The results file is about photographs elsewhere; name the folder as at its "
            "beginning, from the same working folder, or choose another results file."
        )


def photographs_below(
    folder: Path, *, on_unreadable: Callable[[Exception], None] = _ignore
) -> Iterator[Path]:
    """Yield the photographs in `folder` and below it, sorted within each folder.

    Files count by their suffix; those without one, or with a number for one (as DICOM files
    named by their UID have), count too, and so do links whose file is not there: a row that
    says so is better than none. Hidden files and links to folders are left out; a folder that
    cannot be listed is told to `on_unreadable` and passed over.
    """
    folders = [folder]
    while folders:
        here = folders.pop()
        try:
            with os.scandir(here) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            on_unreadable(error)
            continue
        below = [e for e in listed if e.is_dir(follow_symlinks=False)]
        folders += [here / e.name for e in reversed(below) if not e.name.startswith(".")]
        for entry in listed:
            if _may_be_photograph(entry) and _is_file(entry):
                yield here / entry.name


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Tell files, and links that lead nowhere or in a circle, from everything else."""
    try:
        return entry.is_file() or (entry.is_symlink() and not Path(entry.path).exists())
    except OSError:  # no permission, too many links: reading it will say which
        return True


def _may_be_photograph(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith("."):
        return False
    suffix = Path(entry.name).suffix.lower()
    return suffix in PHOTOGRAPH_SUFFIXES or not suffix or suffix[1:].isdigit()
