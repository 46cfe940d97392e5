"""Writes that leave a trace: the audit entry stands in the same transaction as the change."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from retina_desktop.domain.audit import (
    AuditEntry,
    AuditEvent,
    AuditHead,
    RecordKind,
    RecordReference,
    chain,
    head_after,
)
from retina_desktop.domain.canonical_json import canonical_json, digest_of
from retina_desktop.domain.record_errors import RecordsDamagedError
from retina_desktop.domain.users import Stamp
from retina_desktop.persistence.database import Database
from retina_desktop.persistence.row_insertion import insert_rows, table_of
from retina_desktop.persistence.tables import AuditEntryRow, AuditHeadRow

HEAD_ID = 1


@dataclass(slots=True)
class AuditedWrite:
    """A session and the events that will be chained when its block ends."""

    session: Session
    by: Stamp
    events: list[AuditEvent] = field(default_factory=list)

    def note(
        self,
        action: str,
        kind: RecordKind,
        record_id: int,
        *,
        record: object = None,
        details: Mapping[str, str] | None = None,
    ) -> None:
        """Write down `action`; `record` is the record's new state, None if it has none."""
        digest = "" if record is None else digest_of(record)
        reference = RecordReference(kind, record_id)
        self.events.append(AuditEvent(action, reference, details or {}, digest))


class AuditedDatabase:
    """The database as the stores use it; ``seal_key`` seals the chain's head."""

    def __init__(self, database: Database, *, seal_key: bytes | None) -> None:
        self.database = database
        self.seal_key = seal_key

    def read(self) -> AbstractContextManager[Session]:
        """Give a session for reading (see `Database.read`)."""
        return self.database.read()

    @contextmanager
    def write(self, by: Stamp) -> Iterator[AuditedWrite]:
        """Give a session; its work and its noted events become durable together or not at all.

        Raises
        ------
        RecordsUnavailableError
        """
        with self.database.write() as session:
            work = AuditedWrite(session, by)
            yield work
            append_events(session, work.events, by, self.seal_key)


def append_events(
    session: Session, events: list[AuditEvent], by: Stamp, seal_key: bytes | None
) -> list[AuditEntry]:
    """Chain `events` after the head, whose row is held, too: a chain must not fork."""
    if not events:
        return []
    session.flush()
    connection = session.connection()
    row = connection.execute(
        select(AuditHeadRow.sequence, AuditHeadRow.hash, AuditHeadRow.seal)
        .where(AuditHeadRow.id == HEAD_ID)
        .with_for_update()
    ).first()
    if row is None:
        raise RecordsDamagedError(
            "The audit trail has lost its end; stop working and restore the last backup."
        )
    head = AuditHead(row.sequence, row.hash, row.seal)
    entries: list[AuditEntry] = []
    for event in events:
        entry = chain(head, event, by)
        entries.append(entry)
        head = head_after(entry, seal_key)
    insert_rows(session, AuditEntryRow, [_columns_of(entry) for entry in entries])
    connection.execute(
        update(table_of(AuditHeadRow)).where(AuditHeadRow.id == HEAD_ID),
        {"sequence": head.sequence, "hash": head.hash, "seal": head.seal},
    )
    return entries


def _columns_of(entry: AuditEntry) -> dict[str, Any]:
    return {
        "sequence": entry.sequence,
        "made_at": entry.stamp.at,
        "made_by": entry.stamp.user,
        "workstation": entry.stamp.workstation,
        "action": str(entry.event.action),
        "record_kind": entry.event.record.kind.value,
        "record_id": entry.event.record.id,
        "details": canonical_json(entry.event.details),
        "record_digest": entry.event.record_digest,
        "previous_hash": entry.previous_hash,
        "hash": entry.hash,
    }
