"""Screen a folder of photographs into a CSV table that survives being killed at any moment.

One row a photograph, appended as soon as it is done and flushed to the disk in small groups.
Resuming reads the table, cuts off a half-written last row, and skips what stands in it: no
photograph is repeated and none is lost. Memory does not grow with the folder: paths are
listed lazily and only a few photographs are in flight.
"""

import csv
import io
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Protocol

from retina_desktop.domain.analyses import Analysis
from retina_desktop.domain.errors import OutputUnwritableError, RetinaError
from retina_desktop.services.results import csv_error_row, csv_header, csv_row
from retina_desktop.services.screening import AnalysedPhotograph
from retina_desktop.services.tasks import TaskContext

_IMAGE_SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".bmp", ".webp")
PHOTOGRAPH_SUFFIXES = frozenset((*_IMAGE_SUFFIXES, ".dcm", ".dicom"))
_IN_FLIGHT_PER_WORKER = 2
_SYNC_EVERY = 32  # rows between two fsyncs: a kill loses none, a power cut at most these


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


def _ignore(error: Exception) -> None:
    """Take notice of nothing."""


@dataclass(frozen=True, slots=True)
class ScreenFolder:
    """Analyse every photograph below a folder."""

    analyse: PhotographAnalysis
    codes: Sequence[str]
    workers: int = 1
    log_error: Callable[[Exception], None] = _ignore

    def __call__(
        self, context: TaskContext, folder: Path, *, table: Path, resume: bool
    ) -> FolderCounts:
        """Write `table`; see the module's text.

        Raises
        ------
        OutputUnwritableError
            The table exists and `resume` is False, or belongs to another model, or cannot
            be written.
        """
        header = csv_header(self.codes)
        finished = _open_for_resume(table, header) if resume else set()
        if not resume and table.exists():
            raise OutputUnwritableError(
                "The results file exists already; add --resume to go on with it, or choose "
                "another name."
            )
        below = photographs_below(folder, on_unreadable=self.log_error)
        todo = (path for path in below if os.fspath(path) not in finished)
        with _RowWriter(table, header) as writer:
            counts = self._run(context, todo, writer)
        return FolderCounts(counts.done, counts.failed, skipped=len(finished))

    def _run(
        self, context: TaskContext, todo: Iterator[Path], writer: "_RowWriter"
    ) -> FolderCounts:
        done = failed = 0
        with ThreadPoolExecutor(self.workers, thread_name_prefix="screen") as pool:
            running: dict[Future[Analysis], Path] = {}
            try:
                while True:
                    room = _IN_FLIGHT_PER_WORKER * self.workers - len(running)
                    for path in islice(todo, room):
                        running[pool.submit(self._analyse_one, path)] = path
                    if not running:
                        return FolderCounts(done, failed)
                    ended, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in ended:
                        failed += not self._write(writer, running.pop(future), future)
                        done += 1
                        context.progress(0.0, str(done))
            finally:
                for future in running:
                    future.cancel()

    def _analyse_one(self, path: Path) -> Analysis:
        return self.analyse(TaskContext(), path).analysis

    def _write(self, writer: "_RowWriter", path: Path, future: Future[Analysis]) -> bool:
        try:
            row = csv_row(path, future.result(), self.codes)
        except RetinaError as error:
            writer.write(csv_error_row(path, error.code, self.codes))
            return False
        except Exception as error:  # noqa: BLE001 - the thread's edge: one photograph's bug
            self.log_error(error)  # must not cost the other 99,999
            writer.write(csv_error_row(path, "internal_error", self.codes))
            return False
        writer.write(row)
        return True


def photographs_below(
    folder: Path, *, on_unreadable: Callable[[Exception], None] = _ignore
) -> Iterator[Path]:
    """Yield the photographs in `folder` and below it, sorted within each folder.

    Files count by their suffix; those without one, or with a number for one (as DICOM files
    named by their UID have), count too. Hidden files and links to folders are left out; a
    folder that cannot be listed is told to `on_unreadable` and passed over.
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
            if not entry.name.startswith(".") and entry.is_file() and _may_be_photograph(entry):
                yield here / entry.name


def _may_be_photograph(entry: os.DirEntry[str]) -> bool:
    suffix = Path(entry.name).suffix.lower()
    return suffix in PHOTOGRAPH_SUFFIXES or not suffix or suffix[1:].isdigit()


class _RowWriter:
    """Appends whole rows with one system call each, so that a kill leaves no half of one."""

    def __init__(self, table: Path, header: Sequence[str]) -> None:
        self._table, self._header = table, header
        self._file: BinaryIO | None = None
        self._unsynced = 0

    def __enter__(self) -> "_RowWriter":
        try:
            self._file = self._table.open("ab", buffering=0)
        except OSError as error:
            raise _unwritable(error) from error
        if self._file.tell() == 0:
            self.write(self._header)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            with suppress(OSError):
                os.fsync(self._file.fileno())
            self._file.close()

    def write(self, row: Sequence[str]) -> None:
        if self._file is None:
            raise ValueError("the table is not open")
        text = io.StringIO(newline="")
        csv.writer(text).writerow(row)
        data = text.getvalue().encode("utf-8", "surrogateescape")
        try:
            written = self._file.write(data)
            if written != len(data):
                raise OSError(f"wrote {written} of {len(data)} bytes")
            self._unsynced += 1
            if self._unsynced >= _SYNC_EVERY:
                os.fsync(self._file.fileno())
                self._unsynced = 0
        except OSError as error:
            raise _unwritable(error) from error


def _open_for_resume(table: Path, header: Sequence[str]) -> set[str]:
    """Cut a half-written last row off `table` and return the paths that stand in it."""
    if not table.exists():
        return set()
    finished: set[str] = set()
    end = 0
    try:
        with table.open("rb") as file:
            for number, (row, end_of_row) in enumerate(_whole_rows(file)):
                if number == 0 and row != list(header):
                    raise OutputUnwritableError(
                        "The results file belongs to another model or program; choose "
                        "another name."
                    )
                if len(row) != len(header):
                    break
                end = end_of_row
                if number:
                    finished.add(row[0])
        os.truncate(table, end)
    except OSError as error:
        raise _unwritable(error) from error
    return finished


def _whole_rows(file: BinaryIO) -> Iterator[tuple[list[str], int]]:
    """Yield each complete row with the offset after it; a quoted field may hold newlines."""
    pending, end = b"", 0
    for line in file:
        pending += line
        if not line.endswith(b"\n") or pending.count(b'"') % 2:
            continue
        end += len(pending)
        text = pending.decode("utf-8", "surrogateescape")
        yield next(csv.reader(io.StringIO(text, newline=""))), end
        pending = b""


def _unwritable(error: OSError) -> OutputUnwritableError:
    why = (error.strerror or "the disk refused it").lower()
    return OutputUnwritableError(
        f"The results file cannot be written ({why}); free some space or choose another folder."
    )
