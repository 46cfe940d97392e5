"""Merging patients: the double's row stays, and says in whose record it shows."""

from sqlalchemy import select

from retina_desktop.domain.audit import AuditAction, RecordKind
from retina_desktop.domain.patients import Patient
from retina_desktop.domain.record_errors import ConflictError, MergeRefusedError
from retina_desktop.domain.users import Stamp
from retina_desktop.persistence.audited_database import AuditedDatabase, AuditedWrite
from retina_desktop.persistence.families import families
from retina_desktop.persistence.patient_store import existing
from retina_desktop.persistence.rows_to_records import patient_of
from retina_desktop.persistence.search_index import index_patient
from retina_desktop.persistence.tables import PatientRow


class SqlPatientMerging:
    """Implements `services.patient_merging.PatientMergeStore`."""

    def __init__(self, database: AuditedDatabase) -> None:
        self._database = database

    def own(self, patient_id: int) -> Patient:
        """Return a patient as stored, a merged one too."""
        with self._database.read() as session:
            return patient_of(existing(session.get(PatientRow, patient_id)))

    def own_by_number(self, record_number: str) -> Patient | None:
        """Return the patient who has this number, a merged one too."""
        with self._database.read() as session:
            wanted = select(PatientRow).where(PatientRow.record_number == record_number)
            row = session.scalar(wanted)
            return patient_of(row) if row else None

    def merged_into(self, kept_id: int) -> tuple[Patient, ...]:
        """Return everybody who shows in this patient's record."""
        with self._database.read() as session:
            others = [member for member in families(session).of(kept_id) if member != kept_id]
            rows = session.scalars(select(PatientRow).where(PatientRow.id.in_(others)))
            return tuple(sorted((patient_of(row) for row in rows), key=lambda p: p.id))

    def merge(
        self, kept_id: int, merged_id: int, *, expected_versions: tuple[int, int], by: Stamp
    ) -> Patient:
        """Let `merged_id` show in the record of `kept_id`; return the merged patient."""
        if kept_id == merged_id:
            raise MergeRefusedError("A patient cannot be merged into the same record.")
        with self._database.write(by) as work:
            kept, merged = _locked(work, kept_id), _locked(work, merged_id)
            for row, expected in zip((kept, merged), expected_versions, strict=True):
                _check_version(row, expected)
            if kept.merged_into is not None or merged.merged_into is not None:
                raise MergeRefusedError(
                    "One of the two was merged into another already; open that record first."
                )
            merged.merged_into = kept_id
            patient = _changed(work, merged)
            details = {"into": str(kept_id)}
            action = AuditAction.PATIENT_MERGED
            work.note(action, RecordKind.PATIENT, merged_id, record=patient, details=details)
            work.note(action, RecordKind.PATIENT, kept_id, details={"merged": str(merged_id)})
        return patient

    def undo(self, merged_id: int, *, by: Stamp) -> Patient:
        """Let a merged patient stand alone again, with their own visits; return them."""
        with self._database.write(by) as work:
            row = _locked(work, merged_id)
            if row.merged_into is None:
                raise MergeRefusedError("This patient is not merged into another.")
            details = {"from": str(row.merged_into)}
            row.merged_into = None
            patient = _changed(work, row)
            action = AuditAction.PATIENT_UNMERGED
            work.note(action, RecordKind.PATIENT, merged_id, record=patient, details=details)
        return patient


def _locked(work: AuditedWrite, patient_id: int) -> PatientRow:
    return existing(work.session.get(PatientRow, patient_id, with_for_update=True))


def _check_version(row: PatientRow, expected: int) -> None:
    if row.version != expected:
        raise ConflictError(
            record="patient",
            stored_version=row.version,
            changed_by=row.changed_by,
            changes=(),
        )


def _changed(work: AuditedWrite, row: PatientRow) -> Patient:
    row.version += 1
    row.changed_at, row.changed_by = work.by.at, work.by.user
    work.session.flush()
    patient = patient_of(row)
    index_patient(work.session, patient)
    return patient
