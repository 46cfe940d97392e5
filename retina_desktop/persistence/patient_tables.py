"""Which rows hang on a patient: found along the foreign keys, so that no table is missed."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Column, Table, func, select
from sqlalchemy.orm import Session

from retina_desktop.domain.audit import RecordKind
from retina_desktop.persistence import search_tables, tables
from retina_desktop.persistence.columns import Base

# Kinds of records by table: their deletion is written down one by one, so that `verify` knows.
KIND_OF_TABLE = {
    "patient": RecordKind.PATIENT,
    "examination": RecordKind.EXAMINATION,
    "image": RecordKind.IMAGE,
    "analysis": RecordKind.ANALYSIS,
    "reading": RecordKind.READING,
    "addendum": RecordKind.ADDENDUM,
    "report": RecordKind.REPORT,
}
# The index of names is kept in step by itself (`search_index`).
INDEX_TABLES = frozenset(
    {
        search_tables.IndexedPatientRow.__tablename__,
        search_tables.SearchEntryRow.__tablename__,
    }
)
_PATIENT = tables.PatientRow.__tablename__
_AT_ONCE = 500


def tables_of_a_patient() -> tuple[Table, ...]:
    """Return every table whose rows belong to patients, those that others refer to last."""
    belonging = {_PATIENT}
    ordered = Base.metadata.sorted_tables
    for table in ordered:
        if table.name not in INDEX_TABLES and any(_links(table, belonging)):
            belonging.add(table.name)
    return tuple(reversed([table for table in ordered if table.name in belonging]))


def keys_by_table(session: Session, patient_ids: Sequence[int]) -> dict[str, list[int]]:
    """Return the first primary key of every row that belongs to these patients, by table."""
    found: dict[str, list[int]] = {_PATIENT: list(patient_ids)}
    for table in reversed(tables_of_a_patient()):
        if table.name == _PATIENT:
            continue
        key = key_of(table)
        keys: set[int] = set()
        for column, target in _links(table, set(found)):
            for some in batches(found[target]):
                statement = select(key).where(column.in_(some))
                keys.update(session.scalars(statement))
        found[table.name] = sorted(keys)
    return found


def count_rows(session: Session, table: Table, keys: Sequence[int]) -> int:
    """Return how many rows of `table` have these keys."""
    return sum(
        session.scalar(select(func.count()).select_from(table).where(key_of(table).in_(some)))
        or 0
        for some in batches(keys)
    )


def key_of(table: Table) -> Column[int]:
    """Return the column by which rows are found: the first of the primary key."""
    return next(iter(table.primary_key.columns))


def batches(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield `keys` in parts that fit one statement."""
    return (keys[begin : begin + _AT_ONCE] for begin in range(0, len(keys), _AT_ONCE))


def _links(table: Table, targets: set[str]) -> Iterator[tuple[Column[int], str]]:
    """Yield the foreign keys of `table` into `targets` that make a row part of a record.

    A decision names the analysis that was seen, but belongs to its reading; only keys to what
    owns a row count, and a table's first primary key or a column that cannot be empty does.
    """
    for column in table.columns:
        for key in column.foreign_keys:
            target = key.column.table.name
            if target in targets and target != table.name and not column.nullable:
                yield column, target
