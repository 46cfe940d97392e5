"""Readings in the database: drafts saved as they are typed, signatures, addenda."""

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from retina_desktop.domain.audit import AuditAction, RecordKind
from retina_desktop.domain.canonical_json import digest_of
from retina_desktop.domain.decisions import (
    Addendum,
    Reading,
    SignedContent,
    StoredReading,
    reading_differences,
)
from retina_desktop.domain.plain_text import clean_line, clean_text
from retina_desktop.domain.record_errors import (
    ConflictError,
    NotSignedError,
    RecordNotFoundError,
)
from retina_desktop.domain.users import Stamp
from retina_desktop.persistence.audited_database import AuditedDatabase, AuditedWrite
from retina_desktop.persistence.examination_store import images_of, lock_examination
from retina_desktop.persistence.record_verification import reading_parts
from retina_desktop.persistence.rows_to_records import (
    addendum_of,
    decision_row,
    examination_of,
    own_finding_row,
    reading_columns,
    reading_of,
)
from retina_desktop.persistence.tables import (
    AddendumRow,
    DecisionRow,
    OwnFindingRow,
    ReadingRow,
)


class SqlReadingStore:
    """Implements `services.records_ports.ReadingStore`."""

    def __init__(self, database: AuditedDatabase) -> None:
        self._database = database

    def get(self, examination_id: int) -> StoredReading | None:
        """Return the reading of an examination, None before the first save."""
        with self._database.read() as session:
            return _stored(session, session.get(ReadingRow, examination_id))

    def save(
        self, examination_id: int, reading: Reading, *, expected_version: int, by: Stamp
    ) -> StoredReading:
        """Keep a draft; version 0 is expected before the first save."""
        with self._database.write(by) as work:
            lock_examination(work.session, examination_id)
            row = work.session.get(ReadingRow, examination_id, populate_existing=True)
            stored = _stored(work.session, row)
            _check_version(stored, expected_version, reading)
            if stored is not None and stored.reading == reading:
                return stored
            if row is None:
                row = ReadingRow(examination_id=examination_id, version=0)
                work.session.add(row)
            for column, value in reading_columns(reading).items():
                setattr(row, column, value)
            row.version += 1
            row.saved_at, row.saved_by = by.at, by.user
            work.session.flush()
            _replace_parts(work.session, examination_id, stored, reading)
            saved = StoredReading(examination_id, row.version, reading, by.at, by.user)
            _note(work, AuditAction.READING_SAVED, saved)
        return saved

    def sign(
        self, examination_id: int, *, shown_name: str, expected_version: int, by: Stamp
    ) -> StoredReading:
        """Sign the draft of `expected_version` and lock the examination for good."""
        name = clean_line(shown_name, field="full_name", limit=200, required=True)
        with self._database.write(by) as work:
            examination = lock_examination(work.session, examination_id)
            row = work.session.get(ReadingRow, examination_id, populate_existing=True)
            stored = _stored(work.session, row)
            if row is None or stored is None:
                raise RecordNotFoundError("This examination has no reading to sign yet.")
            _check_version(stored, expected_version, stored.reading)
            content = SignedContent(
                examination_of(examination),
                images_of(work.session, examination_id),
                stored.reading,
            )
            row.version += 1
            row.signed_at, row.signed_by, row.signed_name = by.at, by.user, name
            row.signed_sha256 = digest_of(content)
            work.session.flush()
            signed = reading_of(row, *reading_parts(work.session, examination_id))
            _note(work, AuditAction.SIGNED, signed)
        return signed

    def add_addendum(
        self, examination_id: int, text: str, *, shown_name: str, by: Stamp
    ) -> Addendum:
        """Add to a signed examination."""
        content = clean_text(text, field="addendum", limit=20_000, required=True)
        name = clean_line(shown_name, field="full_name", limit=200, required=True)
        with self._database.write(by) as work:
            reading = work.session.get(ReadingRow, examination_id)
            if reading is None or reading.signed_at is None:
                raise NotSignedError(
                    "Only a signed examination takes an addendum; change the reading itself."
                )
            row = AddendumRow(
                examination_id=examination_id,
                content=content,
                added_at=by.at,
                added_by=by.user,
                shown_name=name,
            )
            work.session.add(row)
            work.session.flush()
            addendum = addendum_of(row)
            work.note(AuditAction.ADDENDUM_ADDED, RecordKind.ADDENDUM, row.id, record=addendum)
        return addendum

    def addenda(self, examination_id: int) -> tuple[Addendum, ...]:
        """Return the addenda, oldest first."""
        statement = (
            select(AddendumRow)
            .where(AddendumRow.examination_id == examination_id)
            .order_by(AddendumRow.id)
        )
        with self._database.read() as session:
            return tuple(addendum_of(row) for row in session.scalars(statement))


def _stored(session: Session, row: ReadingRow | None) -> StoredReading | None:
    if row is None:
        return None
    return reading_of(row, *reading_parts(session, row.examination_id))


def _check_version(stored: StoredReading | None, expected: int, yours: Reading) -> None:
    found = stored.version if stored else 0
    if found == expected:
        return
    raise ConflictError(
        record="reading",
        stored_version=found,
        changed_by=stored.saved_by if stored else "nobody",
        changes=reading_differences(stored.reading if stored else Reading(), yours),
    )


def _replace_parts(
    session: Session, examination_id: int, stored: StoredReading | None, reading: Reading
) -> None:
    """Write the decisions and own findings; a list that did not change is left alone."""
    before = stored.reading if stored else Reading()
    if before.decisions != reading.decisions:
        _clear(session, DecisionRow, DecisionRow.examination_id == examination_id)
        session.add_all(
            decision_row(examination_id, position, decision)
            for position, decision in enumerate(reading.decisions)
        )
    if before.own_findings != reading.own_findings:
        _clear(session, OwnFindingRow, OwnFindingRow.examination_id == examination_id)
        session.add_all(
            own_finding_row(examination_id, position, own)
            for position, own in enumerate(reading.own_findings)
        )
    session.flush()


def _clear(
    session: Session,
    kind: type[DecisionRow] | type[OwnFindingRow],
    condition: ColumnElement[bool],
) -> None:
    session.execute(delete(kind).where(condition))
    for instance in list(session.identity_map.values()):
        if isinstance(instance, kind):
            session.expunge(instance)  # its key is about to be given to another row


def _note(work: AuditedWrite, action: AuditAction, stored: StoredReading) -> None:
    work.note(
        action,
        RecordKind.READING,
        stored.examination_id,
        record=stored,
        details={"version": str(stored.version)},
    )
