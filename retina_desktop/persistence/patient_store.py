"""Patients in the database."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from retina_desktop.domain.audit import AuditAction, RecordKind
from retina_desktop.domain.patients import Patient, PatientDetails, differences
from retina_desktop.domain.record_errors import (
    ConflictError,
    PatientMergedError,
    RecordNotFoundError,
    RecordNumberTakenError,
)
from retina_desktop.domain.users import Stamp
from retina_desktop.persistence.audited_database import AuditedDatabase
from retina_desktop.persistence.families import families
from retina_desktop.persistence.rows_to_records import patient_columns, patient_of
from retina_desktop.persistence.search_index import index_patient
from retina_desktop.persistence.tables import PatientRow


class SqlPatientStore:
    """Implements `services.records_ports.PatientStore`."""

    def __init__(self, database: AuditedDatabase) -> None:
        self._database = database

    def add(self, details: PatientDetails, *, by: Stamp) -> Patient:
        """Keep a new patient."""
        with self._database.write(by) as work:
            row = PatientRow(
                version=1,
                created_at=by.at,
                created_by=by.user,
                changed_at=by.at,
                changed_by=by.user,
                **patient_columns(details),
            )
            work.session.add(row)
            _flush(work.session)
            patient = patient_of(row)
            index_patient(work.session, patient)
            work.note(AuditAction.PATIENT_ADDED, RecordKind.PATIENT, row.id, record=patient)
        return patient

    def get(self, patient_id: int) -> Patient:
        """Return a patient; of one who was merged, the patient they were merged into."""
        with self._database.read() as session:
            return patient_of(kept_row(session, existing(session.get(PatientRow, patient_id))))

    def find_by_record_number(self, record_number: str) -> Patient | None:
        """Return the patient with exactly this record number, also a merged one's."""
        with self._database.read() as session:
            statement = select(PatientRow).where(PatientRow.record_number == record_number)
            row = session.scalar(statement)
            return patient_of(kept_row(session, row)) if row else None

    def update(
        self, patient_id: int, details: PatientDetails, *, expected_version: int, by: Stamp
    ) -> Patient:
        """Replace a patient's details; equal details change nothing."""
        with self._database.write(by) as work:
            row = existing(work.session.get(PatientRow, patient_id, with_for_update=True))
            refuse_merged(work.session, row)
            stored = patient_of(row)
            changes = differences(stored.details, details)
            if stored.version != expected_version:
                raise ConflictError(
                    record="patient",
                    stored_version=stored.version,
                    changed_by=stored.changed_by,
                    changes=changes,
                )
            if not changes:
                return stored
            for column, value in patient_columns(details).items():
                setattr(row, column, value)
            row.version += 1
            row.changed_at, row.changed_by = by.at, by.user
            _flush(work.session)
            patient = patient_of(row)
            index_patient(work.session, patient)
            work.note(
                AuditAction.PATIENT_CHANGED,
                RecordKind.PATIENT,
                row.id,
                record=patient,
                details={"fields": ", ".join(change.field for change in changes)},
            )
        return patient


def existing(row: PatientRow | None) -> PatientRow:
    """Return the row, or raise a RecordNotFoundError."""
    if row is None:
        raise RecordNotFoundError("There is no such patient in the records.")
    return row


def kept_row(session: Session, row: PatientRow) -> PatientRow:
    """Return the patient in whose record `row` shows; itself when it was not merged."""
    if row.merged_into is None:
        return row
    kept = families(session).kept(row.id)
    return existing(session.get(PatientRow, kept))


def refuse_merged(session: Session, row: PatientRow) -> None:
    """Raise a PatientMergedError for a patient who was merged into another."""
    if row.merged_into is not None:
        raise PatientMergedError(kept_row(session, row).id)


def _flush(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        if "record_number" not in str(error.orig):
            raise
        raise RecordNumberTakenError(
            "Another patient has this record number; check it, or open that patient."
        ) from error
