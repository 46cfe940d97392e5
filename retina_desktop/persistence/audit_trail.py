"""The audit trail as a store: append, read, verify."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from retina_desktop.domain.audit import (
    AuditEntry,
    AuditEvent,
    AuditHead,
    ChainFault,
    ChainProblem,
    ChainReport,
    RecordKind,
    RecordReference,
    verify_chain,
)
from retina_desktop.domain.canonical_json import canonical_json
from retina_desktop.domain.record_errors import RecordsDamagedError
from retina_desktop.domain.users import Stamp
from retina_desktop.persistence.audited_database import (
    HEAD_ID,
    AuditedDatabase,
    append_events,
)
from retina_desktop.persistence.guards import missing_guards
from retina_desktop.persistence.record_verification import verify_records
from retina_desktop.persistence.tables import AuditEntryRow, AuditHeadRow

_PAGE = 2000  # entries read at once


class SqlAuditTrail:
    """Implements `services.records_ports.AuditTrail`."""

    def __init__(self, database: AuditedDatabase) -> None:
        self._database = database

    def record(self, event: AuditEvent, *, by: Stamp) -> AuditEntry:
        """Append an entry in a transaction of its own."""
        with self._database.database.write() as session:
            return append_events(session, [event], by, self._database.seal_key)[0]

    def head(self) -> AuditHead:
        """Return the number and hash of the last entry."""
        with self._database.read() as session:
            return _head(session)

    def entries(self, *, after: int = 0, limit: int | None = None) -> Iterator[AuditEntry]:
        """Yield entries in order; each page is read in a session of its own."""
        left = limit
        while left is None or left > 0:
            with self._database.read() as session:
                page = _page(session, after, _PAGE if left is None else min(_PAGE, left))
            if not page:
                return
            yield from page
            after = page[-1].sequence
            left = None if left is None else left - len(page)

    def verify(
        self,
        *,
        pinned: Mapping[int, str] | None = None,
        tell: Callable[[float], None] = lambda _share: None,
    ) -> ChainReport:
        """Check the chain, and every record against its last entry, in one steady state.

        `tell` hears the share done, at every page, and may raise to stop.
        """
        with self._database.read() as session:
            try:
                head = _head(session)
            except RecordsDamagedError:
                head = AuditHead()
            report = verify_chain(
                _told(_all(session), head.sequence, tell),
                head,
                seal_key=self._database.seal_key,
                pinned=pinned,
            )
            records = tuple(verify_records(session, lambda share: tell((1 + share) / 2)))
            guards = tuple(
                ChainProblem(ChainFault.GUARD_MISSING, head.sequence, name)
                for name in missing_guards(session.connection())
            )
        return replace(report, problems=report.problems + records + guards)


def _head(session: Session) -> AuditHead:
    row = session.get(AuditHeadRow, HEAD_ID)
    if row is None:
        raise RecordsDamagedError(
            "The audit trail has lost its end; stop working and restore the last backup."
        )
    return AuditHead(row.sequence, row.hash, row.seal)


def _all(session: Session) -> Iterator[AuditEntry]:
    after: int | None = None
    while page := _page(session, after, _PAGE):
        yield from page
        after = page[-1].sequence


def _told(
    entries: Iterator[AuditEntry], number: int, tell: Callable[[float], None]
) -> Iterator[AuditEntry]:
    for count, entry in enumerate(entries):
        if count % _PAGE == 0:
            tell(min(count / max(number, 1), 1.0) / 2)
        yield entry


def _page(session: Session, after: int | None, size: int) -> list[AuditEntry]:
    statement = select(AuditEntryRow).order_by(AuditEntryRow.sequence).limit(size)
    if after is not None:  # None: also what somebody numbered below 1
        statement = statement.where(AuditEntryRow.sequence > after)
    try:
        page = [entry_of(row) for row in session.scalars(statement)]
    except (ValueError, TypeError):  # a column holds what none can
        numbers = list(session.scalars(statement.with_only_columns(AuditEntryRow.sequence)))
        page = [_read_alone(session, number) for number in numbers]
    session.expunge_all()
    return page


def _read_alone(session: Session, sequence: int) -> AuditEntry:
    """Return an entry; one that cannot be read in a form whose hash fails."""
    try:
        row = session.get(AuditEntryRow, sequence)
        if row is not None:
            return entry_of(row)
    except (ValueError, TypeError):
        pass
    event = AuditEvent("unreadable", RecordReference(RecordKind.DATABASE))
    return AuditEntry(sequence, Stamp("", "", datetime.min.replace(tzinfo=UTC)), event, "", "")


def entry_of(row: AuditEntryRow) -> AuditEntry:
    """Return the entry; what cannot be read is given back in a form whose hash fails."""
    try:
        kind = RecordKind(row.record_kind)
        details = {str(key): str(value) for key, value in json.loads(row.details).items()}
        if canonical_json(details) != row.details:  # reads alike, but was not written here
            raise ValueError
    except (ValueError, AttributeError):
        kind, details = RecordKind.DATABASE, {"unreadable": row.details}
    event = AuditEvent(
        row.action, RecordReference(kind, row.record_id), details, row.record_digest
    )
    stamp = Stamp(row.made_by, row.workstation, row.made_at)
    return AuditEntry(row.sequence, stamp, event, row.previous_hash, row.hash)
