"""Inserting rows without the ORM's bookkeeping, where it costs as much as the disk does."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

from sqlalchemy import Insert, Table, insert
from sqlalchemy.orm import Session

from retina_desktop.persistence.columns import Base


def insert_row(session: Session, row: type[Base], columns: Mapping[str, Any]) -> int:
    """Insert one row and return its number; the session's own changes go first."""
    session.flush()
    done = session.connection().execute(_insertion(row), dict(columns))
    key = done.inserted_primary_key
    if key is None:
        raise LookupError("the database gave the new row no number")
    return int(key[0])


def insert_rows(session: Session, row: type[Base], many: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows whose keys are given; the session's own changes go first."""
    if many:
        session.flush()
        session.connection().execute(_insertion(row), [dict(columns) for columns in many])


@cache
def _insertion(row: type[Base]) -> Insert:
    # Kept, because SQLAlchemy's own cache is found by a walk over the whole statement.
    return insert(table_of(row))


def table_of(row: type[Base]) -> Table:
    """Return the table of a mapped class."""
    return cast("Table", row.__table__)
