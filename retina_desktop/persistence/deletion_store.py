"""Whole records out of the database, in one transaction, and then their files."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from sqlalchemy import Table, delete, func, or_, select, text
from sqlalchemy.orm import Session

from retina_desktop.domain.audit import AuditAction, AuditEvent, RecordKind, RecordReference
from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.record_errors import ConflictError
from retina_desktop.domain.retention import DeletionReason
from retina_desktop.domain.users import Stamp
from retina_desktop.persistence.audited_database import AuditedDatabase, AuditedWrite
from retina_desktop.persistence.families import families
from retina_desktop.persistence.file_removals import (
    carry_out_removals,
    drop_order,
    order_removal,
)
from retina_desktop.persistence.guards import drop_guards, install_guards
from retina_desktop.persistence.image_store import FileImageStore
from retina_desktop.persistence.patient_store import existing, refuse_merged
from retina_desktop.persistence.patient_tables import (
    KIND_OF_TABLE,
    batches,
    count_rows,
    key_of,
    keys_by_table,
    tables_of_a_patient,
)
from retina_desktop.persistence.record_verification import DELETED
from retina_desktop.persistence.search_index import unindex_patient
from retina_desktop.persistence.tables import (
    ExaminationRow,
    FormDraftRow,
    ImageRow,
    PatientRow,
    ReportRow,
)
from retina_desktop.services.deletion_ports import Deleted, RecordSpan

_PAGE = 1000


class SqlDeletionStore:
    """Implements `services.deletion_ports.DeletionStore`."""

    def __init__(self, database: AuditedDatabase, images: FileImageStore) -> None:
        self._database = database
        self._images = images

    def span(self, patient_id: int) -> RecordSpan:
        """Return a patient's span."""
        with self._database.read() as session:
            return _span(session, _family(session, patient_id))

    def spans(self) -> Iterator[RecordSpan]:
        """Yield every patient's span, page by page."""
        after = 0
        while True:
            with self._database.read() as session:
                page = list(
                    session.scalars(
                        select(PatientRow.id)
                        .where(PatientRow.id > after, PatientRow.merged_into.is_(None))
                        .order_by(PatientRow.id)
                        .limit(_PAGE)
                    )
                )
                members = families(session).members(page)
                found = [_span(session, members[patient_id]) for patient_id in page]
            if not page:
                return
            yield from found
            after = page[-1]

    def contents(self, patient_id: int) -> Mapping[str, int]:
        """Return how many rows of which table a deletion would remove."""
        with self._database.read() as session:
            keys = keys_by_table(session, _family(session, patient_id))
            return {
                table.name: counted
                for table in reversed(tables_of_a_patient())
                if (counted := count_rows(session, table, keys[table.name]))
            }

    def delete(
        self, patient_id: int, *, last_day: date, reason: DeletionReason, by: Stamp
    ) -> Deleted:
        """Remove a patient's whole record, rows first, then files nothing else names."""
        with self._database.read() as session:
            names = _files(session, keys_by_table(session, _family(session, patient_id)))
        order = order_removal(self._images, names, at=by.at)
        try:
            rows = self.delete_rows(patient_id, last_day=last_day, reason=reason, by=by)
        except RetinaError:  # nothing was removed; after a kill the order runs out by itself
            drop_order(order)
            raise
        removed = carry_out_removals(self._database, self._images, by=by)
        drop_order(order)  # what it still names belongs to somebody else as well
        return Deleted(rows, removed)

    def delete_rows(
        self, patient_id: int, *, last_day: date, reason: DeletionReason, by: Stamp
    ) -> Mapping[str, int]:
        """Remove a patient's rows and write that down, in one transaction; files stay."""
        with self._database.write(by) as work:
            session = work.session
            if session.connection().dialect.name == "sqlite":
                session.execute(text("PRAGMA secure_delete = ON"))  # for an unencrypted file
            members = _family(session, patient_id)
            _check_unchanged(_span(session, members), last_day)
            keys = keys_by_table(session, members)
            for member in members:
                unindex_patient(session, member)
            session.flush()
            connection = session.connection()
            drop_guards(connection)
            rows: Counter[str] = Counter()
            for table in tables_of_a_patient():
                rows[table.name] = _delete_by_key(session, table, keys[table.name])
            rows["form_draft"] = _delete_drafts(session, keys)
            install_guards(connection)
            _write_down(work, keys, rows, reason)
        return {name: count for name, count in rows.items() if count}


def _family(session: Session, patient_id: int) -> tuple[int, ...]:
    row = existing(session.get(PatientRow, patient_id))
    refuse_merged(session, row)
    return families(session).members([patient_id])[patient_id]


def _span(session: Session, members: Sequence[int]) -> RecordSpan:
    patients = [existing(session.get(PatientRow, member)) for member in members]
    visits = list(
        session.scalars(
            select(ExaminationRow.visit_date).where(ExaminationRow.patient_id.in_(members))
        )
    )
    entered = [patient.created_at.date() for patient in patients]
    births = [patient.birth_date for patient in patients if patient.birth_date]
    return RecordSpan(
        patient_id=patients[0].id,
        record_number=patients[0].record_number,
        birth_date=patients[0].birth_date or max(births, default=None),
        first_day=min(visits or entered),
        last_day=max(visits or entered),
    )


def _check_unchanged(span: RecordSpan, last_day: date) -> None:
    if span.last_day != last_day:
        raise ConflictError(
            record="patient", stored_version=0, changed_by="another workstation", changes=()
        )


def _files(session: Session, keys: Mapping[str, Sequence[int]]) -> list[str]:
    names: set[str] = set()
    for row, column in ((ImageRow, ImageRow.sha256), (ReportRow, ReportRow.pdf_sha256)):
        for some in batches(keys[row.__tablename__]):
            names.update(session.scalars(select(column).where(row.id.in_(some))))
    return sorted(names)


def _delete_by_key(session: Session, table: Table, keys: Sequence[int]) -> int:
    gone = 0
    for some in batches(keys):
        counted = count_rows(session, table, some)
        session.execute(delete(table).where(key_of(table).in_(some)))
        gone += counted
    return gone


def _delete_drafts(session: Session, keys: Mapping[str, Sequence[int]]) -> int:
    """Remove what users typed about this record and never saved."""
    gone = 0
    for table in ("patient", "examination"):
        for key in keys[table]:
            form = f"{table}.{key}"
            mine = or_(
                FormDraftRow.form == form,
                FormDraftRow.form.startswith(f"{form}.", autoescape=True),
            )
            counted = select(func.count()).select_from(FormDraftRow).where(mine)
            gone += session.scalar(counted) or 0
            session.execute(delete(FormDraftRow).where(mine))
    return gone


def _write_down(
    work: AuditedWrite,
    keys: Mapping[str, Sequence[int]],
    rows: Mapping[str, int],
    reason: DeletionReason,
) -> None:
    """Note every record as deleted: ids and counts, nothing that was in them."""
    for table, kind in KIND_OF_TABLE.items():
        for key in keys[table]:
            action, details = AuditAction.RECORD_DELETED, {}
            if kind is RecordKind.PATIENT:
                action = AuditAction.PATIENT_DELETED
                details = {"reason": reason.value} | {
                    name: str(count) for name, count in rows.items() if count
                }
            reference = RecordReference(kind, key)
            work.events.append(AuditEvent(action, reference, details, DELETED))
