"""The log in the data folder: rotated, and without the names of anybody's files.

Clinics name photographs after patients, and Python puts a file's path into the text of an
OSError; so paths are taken out of logged tracebacks.
"""

import logging
import logging.handlers
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType

_BYTES, _KEPT = 1_000_000, 5
_ExceptionInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


def start_logging(file: Path) -> None:
    """Log to `file`; a folder that cannot be written costs the log, nothing else."""
    handler: logging.Handler = logging.NullHandler()
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = _QuietHandler(file, maxBytes=_BYTES, backupCount=_KEPT, encoding="utf-8")
    handler.setFormatter(PathlessFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)


def log_in_use() -> Path | None:
    """Return the file that is logged to, None where none could be opened."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, _QuietHandler):
            return Path(handler.baseFilename)
    return None


class _QuietHandler(logging.handlers.RotatingFileHandler):
    """Loses a line that cannot be written (full disk, file held open by another process).

    The base class would print a traceback among the messages for people on stderr.
    """

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Take notice of nothing."""


class PathlessFormatter(logging.Formatter):
    """Writes ``<path>`` for the files that a traceback's OSErrors name."""

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802 - logging's name
        """Return the traceback's text without those paths."""
        text = super().formatException(ei)
        for name in sorted(_paths_in(ei[1]), key=len, reverse=True):
            text = text.replace(repr(name), "<path>").replace(name, "<path>")
        return text


def _paths_in(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        if isinstance(error, OSError):
            for name in (error.filename, error.filename2):
                if isinstance(name, str | Path) and str(name):
                    yield str(name)
        error = error.__cause__ or error.__context__
