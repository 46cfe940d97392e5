"""Which files of the content-addressed store the records name: photographs and reports.

Whoever decides over files (start-up, backups, `verify`) asks here, so that a table that refers
to files is added in one place.
"""

from collections.abc import Iterator
from heapq import merge

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from retina_desktop.persistence.image_store import is_file_name
from retina_desktop.persistence.tables import ImageRow, ReportRow

_REFERENCES: tuple[InstrumentedAttribute[str], ...] = (ImageRow.sha256, ReportRow.pdf_sha256)
_PAGE = 5000  # names read at once


def named_files(session: Session) -> Iterator[str]:
    """Yield the SHA-256 of every file that a record names: sorted, each once, by pages."""
    last = ""
    for name in merge(*(_names(session, column) for column in _REFERENCES)):
        if name != last:
            yield name
        last = name


def is_named(session: Session, sha256: str) -> bool:
    """Whether any record names this file."""
    return bool(
        session.scalar(
            select(or_(*(exists().where(column == sha256) for column in _REFERENCES)))
        )
    )


def _names(session: Session, column: InstrumentedAttribute[str]) -> Iterator[str]:
    after = ""
    statement = select(column).distinct().order_by(column).limit(_PAGE)
    connection = session.connection()  # without the mapper's share, which is half of the time
    while page := list(connection.scalars(statement.where(column > after))):
        # What is no name was written behind the program's back: the record's digest tells it.
        yield from (name for name in page if is_file_name(name))
        after = page[-1]
