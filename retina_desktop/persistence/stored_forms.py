"""Values in a form that the program reads but never writes: SQLite keeps whatever it is given.

A moment with another separator, or a true that is 2, reads as what it replaced, so the
records' digests hold; that somebody wrote it all the same shows here.
"""

from collections.abc import Iterator

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Date,
    DateTime,
    Integer,
    String,
    func,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from retina_desktop.persistence.columns import Base, UtcDateTime

_DAY = "-".join("[0-9]" * digits for digits in (4, 2, 2))
_MOMENT = f"{_DAY} {':'.join(['[0-9][0-9]'] * 3)}.{'[0-9]' * 6}"


def foreign_forms(session: Session) -> Iterator[str]:
    """Yield a sentence for every column with such a value; PostgreSQL keeps one form alone."""
    if session.connection().dialect.name != "sqlite":
        return
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            wrong = _wrong(column)
            if wrong is not None and session.scalar(select(func.count()).where(wrong)):
                yield f"A value of {table.name}.{column.name} was not written by this program."


def _wrong(column: Column[object]) -> ColumnElement[bool] | None:
    stored = type_coerce(column, String)  # compared as it lies there
    if isinstance(column.type, UtcDateTime | DateTime):
        return stored.op("NOT GLOB")(_MOMENT)
    if isinstance(column.type, Date):
        return stored.op("NOT GLOB")(_DAY)
    if isinstance(column.type, Boolean):
        return type_coerce(column, Integer).not_in((0, 1))
    return None
