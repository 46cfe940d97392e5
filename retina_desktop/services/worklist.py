"""A day's examinations with whose they are; looked at again cheaply while on screen."""

from dataclasses import dataclass
from datetime import date

from retina_desktop.domain.audit import AuditAction, AuditEvent, RecordKind, RecordReference
from retina_desktop.domain.examinations import ExaminationSummary
from retina_desktop.domain.patients import Patient
from retina_desktop.domain.users import Permission
from retina_desktop.services.acting import Acting
from retina_desktop.services.records_ports import AuditTrail, ExaminationStore, PatientStore


@dataclass(frozen=True, slots=True)
class WorklistLine:
    """One examination of the day, and whose it is."""

    visit: ExaminationSummary
    patient: Patient


@dataclass(frozen=True, slots=True)
class Worklist:
    """A day's examinations, urgent first.

    ``head`` is the trail's last number before the list was read: a later one means that
    somebody, here or elsewhere, did something since.
    """

    day: date
    head: int
    lines: tuple[WorklistLine, ...]


@dataclass(frozen=True, slots=True)
class ShowWorklist:
    """Show a day; who looked at it is written down once, not each time it is refreshed."""

    patients: PatientStore
    examinations: ExaminationStore
    audit: AuditTrail

    def __call__(self, acting: Acting, day: date) -> Worklist:
        """Return the day's list.

        Raises
        ------
        PermissionDeniedError, RecordsUnavailableError
        """
        by = acting.allowed(Permission.SEE_RECORDS)
        found = self._read(day)
        event = AuditEvent(
            AuditAction.PATIENTS_SEARCHED,
            RecordReference(RecordKind.EXAMINATION),
            {"found": str(len(found.lines))},
        )
        self.audit.record(event, by=by)
        return found

    def changed(self, acting: Acting, shown: Worklist) -> Worklist | None:
        """Return the same day's list as it is now; None while nothing at all has happened.

        Raises
        ------
        PermissionDeniedError, RecordsUnavailableError
        """
        acting.allowed(Permission.SEE_RECORDS)
        if self.audit.head().sequence == shown.head:
            return None
        return self._read(shown.day)

    def _read(self, day: date) -> Worklist:
        head = self.audit.head().sequence
        visits = self.examinations.worklist(day)
        ids = dict.fromkeys(visit.patient_id for visit in visits)
        patients = {patient_id: self.patients.get(patient_id) for patient_id in ids}
        lines = tuple(WorklistLine(visit, patients[visit.patient_id]) for visit in visits)
        return Worklist(day, head, lines)
