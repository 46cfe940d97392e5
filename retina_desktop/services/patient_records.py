"""Patients: enter, open (which is written down), change."""

from dataclasses import dataclass

from retina_desktop.domain.audit import AuditAction, AuditEvent, RecordKind, RecordReference
from retina_desktop.domain.examinations import ExaminationSummary
from retina_desktop.domain.patients import Patient, PatientDetails
from retina_desktop.domain.users import Permission
from retina_desktop.services.acting import Acting
from retina_desktop.services.records_ports import AuditTrail, ExaminationStore, PatientStore


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """A patient with the visits, newest first."""

    patient: Patient
    visits: tuple[ExaminationSummary, ...]


@dataclass(frozen=True, slots=True)
class AddPatient:
    """Enter a new patient."""

    patients: PatientStore

    def __call__(self, acting: Acting, details: PatientDetails) -> Patient:
        """Return the patient as stored.

        Raises
        ------
        RecordNumberTakenError, InvalidEntryError, PermissionDeniedError
        """
        by = acting.allowed(Permission.CHANGE_PATIENTS)
        details.check_born_by(by.at.date())
        return self.patients.add(details, by=by)


@dataclass(frozen=True, slots=True)
class ChangePatient:
    """Correct a patient's details."""

    patients: PatientStore

    def __call__(
        self, acting: Acting, patient_id: int, details: PatientDetails, *, expected_version: int
    ) -> Patient:
        """Return the patient as stored now.

        Raises
        ------
        ConflictError, RecordNumberTakenError, InvalidEntryError, PermissionDeniedError
        """
        by = acting.allowed(Permission.CHANGE_PATIENTS)
        details.check_born_by(by.at.date())
        return self.patients.update(
            patient_id, details, expected_version=expected_version, by=by
        )


@dataclass(frozen=True, slots=True)
class OpenPatient:
    """Show a patient's record; who saw it is written down before anything is shown."""

    patients: PatientStore
    examinations: ExaminationStore
    audit: AuditTrail

    def __call__(self, acting: Acting, patient_id: int) -> PatientRecord:
        """Return the patient and the visits.

        Raises
        ------
        RecordNotFoundError, PermissionDeniedError
        """
        by = acting.allowed(Permission.SEE_RECORDS)
        patient = self.patients.get(patient_id)
        reference = RecordReference(RecordKind.PATIENT, patient_id)
        self.audit.record(AuditEvent(AuditAction.PATIENT_SEEN, reference), by=by)
        return PatientRecord(patient, self.examinations.of_patient(patient_id))
