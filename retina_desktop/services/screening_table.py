"""The CSV table of a screened folder: opened by one process, appended row by row, resumable.

One row, one write, so that a kill leaves at most the last row half-written; resuming cuts that
one off. Nothing else is ever taken out of a file: what this program did not write is refused.
"""

import csv
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from retina_desktop.domain.errors import OutputUnwritableError
from retina_desktop.services.file_locks import lock_alone

_BOM = b"\xef\xbb\xbf"  # spreadsheets put it in front when they save a table
_SYNC_EVERY = 32  # rows between two fsyncs: a kill loses none, a power cut at most these
_LARGEST_ROW = 1 << 16  # bytes; a longer unfinished row was not left by this program
_FOREIGN = "The results file belongs to another model or program; choose another name."
_CHANGED = (
    "The results file was changed by another program and cannot be gone on with; choose "
    "another name."
)


class ScreeningTable:
    """An open table; see `open_table`.

    Attributes
    ----------
    finished : frozenset[str]
        `path_key` of each photograph that stands in it already.
    """

    def __init__(self, table: Path, file: BinaryIO, finished: frozenset[str]) -> None:
        self.finished = finished
        self._table, self._file = table, file
        self._unsynced = 0

    def write(self, row: Sequence[str]) -> None:
        """Append a row with one system call.

        Raises
        ------
        OutputUnwritableError
            The disk is full or gone, or the file was moved or replaced meanwhile.
        """
        data = _encoded(row)
        try:
            written = self._file.write(data)
            if written != len(data):
                raise OSError(f"wrote {written} of {len(data)} bytes")
            self._unsynced += 1
            if self._unsynced >= _SYNC_EVERY:
                self.sync()
        except OSError as error:
            raise _unwritable(error) from error

    def sync(self) -> None:
        """Bring the rows to the disk, and check that they went to the file of that name."""
        os.fsync(self._file.fileno())
        self._unsynced = 0
        try:
            there = os.path.samestat(self._table.stat(), os.fstat(self._file.fileno()))
        except FileNotFoundError:
            there = False
        if not there:
            raise OutputUnwritableError(
                "The results file was moved, deleted or replaced while it was written; "
                "screen again, under another name."
            )


@contextmanager
def open_table(table: Path, header: Sequence[str], *, resume: bool) -> Iterator[ScreeningTable]:
    """Open `table` for this process alone, with `header` as its first row.

    Parameters
    ----------
    table : Path
        Made if it does not exist.
    header : Sequence[str]
        The columns.
    resume : bool
        Go on with a table that exists, after its last whole row.

    Raises
    ------
    OutputUnwritableError
        It exists and `resume` is False, belongs to another model or program, was changed, is
        being written by another process, or cannot be written.
    """
    try:
        file = _opened(table, resume=resume)
    except OSError as error:
        raise _unwritable(error) from error
    with file:
        if not lock_alone(file):
            raise OutputUnwritableError(
                "Another run is writing this results file; wait for its end or choose "
                "another name."
            )
        finished, end = _finished(table, header)
        opened = ScreeningTable(table, file, finished)
        try:
            file.truncate(end)
            file.seek(end)
        except OSError as error:
            raise _unwritable(error) from error
        if end == 0:
            opened.write(header)
        try:
            yield opened
        except BaseException:
            with suppress(OSError, OutputUnwritableError):
                opened.sync()
            raise
        try:
            opened.sync()
        except OSError as error:
            raise _unwritable(error) from error


def path_key(path: str | os.PathLike[str]) -> str:
    """Return what two spellings of one path have in common (``./a``, ``a``, ``/x/a``)."""
    return os.path.normcase(os.path.abspath(path))  # noqa: PTH100 - resolve() asks the disk


def _opened(table: Path, *, resume: bool) -> BinaryIO:
    if not resume:
        try:
            return table.open("x+b", buffering=0)
        except FileExistsError:
            raise OutputUnwritableError(
                "The results file exists already; add --resume to go on with it, or choose "
                "another name."
            ) from None
    if table.exists() and not table.is_file():
        raise OutputUnwritableError(
            "The results file is a folder, device or pipe; choose another name."
        )
    return table.open("a+b", buffering=0)


def _finished(table: Path, header: Sequence[str]) -> tuple[frozenset[str], int]:
    """Return the keys of the photographs in `table`, and where its last whole row ends."""
    finished: set[str] = set()
    end, rows = 0, 0
    try:
        with table.open("rb") as file:
            for row, end_of_row in _whole_rows(file):
                if rows == 0 and row != list(header):
                    raise OutputUnwritableError(_FOREIGN)
                if row and len(row) != len(header):
                    raise OutputUnwritableError(_CHANGED)
                end = end_of_row
                if rows and row:
                    finished.add(path_key(row[0]))
                rows += 1
            file.seek(end)
            rest = file.read(_LARGEST_ROW + 1)
    except OSError as error:
        raise _unwritable(error) from error
    except (csv.Error, ValueError) as error:  # a field of megabytes, a NUL in a path
        raise OutputUnwritableError(_CHANGED) from error
    if rows == 0 and not (_encoded(header).startswith(rest) or _BOM.startswith(rest)):
        raise OutputUnwritableError(_FOREIGN)
    if len(rest) > _LARGEST_ROW:
        raise OutputUnwritableError(_CHANGED)
    return frozenset(finished), end


def _whole_rows(file: BinaryIO) -> Iterator[tuple[list[str], int]]:
    """Yield each complete row with the offset after it; a quoted field may hold newlines."""
    pending, end = b"", 0
    for line in file:
        pending += line
        if len(pending) > _LARGEST_ROW:
            return
        if not line.endswith(b"\n") or pending.count(b'"') % 2:
            continue
        text = (pending.removeprefix(_BOM) if end == 0 else pending).decode(
            "utf-8", "surrogateescape"
        )
        end += len(pending)
        yield next(csv.reader(io.StringIO(text, newline="")), []), end
        pending = b""


def _encoded(row: Sequence[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(row)
    # A file name that is no UTF-8 goes out as the bytes it came in as; Windows' lone
    # surrogates, which have no bytes, keep their own.
    try:
        return text.getvalue().encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.getvalue().encode("utf-8", "surrogatepass")


def _unwritable(error: OSError) -> OutputUnwritableError:
    why = (error.strerror or "the disk refused it").lower()
    return OutputUnwritableError(
        f"The results file cannot be written ({why}); free some space or choose another folder."
    )
