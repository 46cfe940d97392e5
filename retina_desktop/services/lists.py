"""Lists of examinations and patients, to be written as a file for a spreadsheet."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from retina_desktop.domain.audit import AuditAction, AuditEvent, RecordKind, RecordReference
from retina_desktop.domain.examinations import ExaminationState, urgency_of
from retina_desktop.domain.lists import Cell, ListedExamination, ListTable
from retina_desktop.domain.patients import Patient, Sex
from retina_desktop.domain.record_errors import InvalidEntryError
from retina_desktop.domain.users import Permission
from retina_desktop.services.acting import Acting
from retina_desktop.services.list_ports import ExaminationLists
from retina_desktop.services.records_ports import AuditTrail

_SEX = {Sex.FEMALE: "female", Sex.MALE: "male", Sex.OTHER: "other", Sex.NOT_STATED: ""}

EXAMINATION_COLUMNS = (
    "Examination",
    "Visit date",
    "Record number",
    "Name",
    "Birth date",
    "Sex",
    "State",
    "Photographs",
    "Analysed",
    "Findings OD",
    "Findings OS",
    "Findings, eye not stated",
    "Referral",
    "Referral decided by",
    "Read by",
    "Signed at",
)
PATIENT_COLUMNS = ("Record number", "Name", "Birth date", "Sex", "Diabetes", "Hypertension")


@dataclass(frozen=True, slots=True)
class ListExaminations:
    """Give a list of examinations out; what leaves the records is written down first."""

    lists: ExaminationLists
    audit: AuditTrail
    local_time: Callable[[datetime], datetime]

    def __call__(
        self,
        acting: Acting,
        first: date,
        last: date,
        *,
        state: ExaminationState | None = None,
    ) -> ListTable:
        """Return the examinations of these days; those of a single day urgent first.

        Raises
        ------
        InvalidEntryError
            If the days are the wrong way round.
        PermissionDeniedError, RecordsUnavailableError
        """
        by = acting.allowed(Permission.EXPORT)
        if last < first:
            raise InvalidEntryError("last_day", "The last day lies before the first one.")
        found = [
            listed
            for listed in self.lists.between(first, last)
            if state in (None, listed.visit.state)
        ]
        if first == last:
            found.sort(key=lambda listed: urgency_of(listed.visit))
        facts = {
            "list": "examinations",
            "from": first.isoformat(),
            "to": last.isoformat(),
            "rows": str(len(found)),
        }
        reference = RecordReference(RecordKind.EXAMINATION)
        self.audit.record(AuditEvent(AuditAction.EXPORTED, reference, facts), by=by)
        days = first.isoformat() if first == last else f"{first} to {last}"
        rows = tuple(self._row(listed) for listed in found)
        return ListTable(f"Examinations {days}", EXAMINATION_COLUMNS, rows)

    def _row(self, listed: ListedExamination) -> tuple[Cell, ...]:
        visit, patient = listed.visit, listed.patient
        decided = "reader" if visit.reader_tier else "program" if visit.tier else ""
        return (
            visit.id,
            visit.visit_date,
            patient.record_number,
            patient.name,
            patient.birth_date,
            _SEX[patient.sex],
            visit.state.value,
            visit.images,
            visit.analysed_images,
            "; ".join(listed.right),
            "; ".join(listed.left),
            "; ".join(listed.unstated),
            visit.tier.shown if visit.tier else "",
            decided,
            listed.reader,
            self.local_time(listed.signed_at) if listed.signed_at else None,
        )


@dataclass(frozen=True, slots=True)
class ListPatients:
    """Give a list of patients out; that it left the records is written down first."""

    audit: AuditTrail

    def __call__(self, acting: Acting, patients: Iterable[Patient]) -> ListTable:
        """Return the table of these patients, in their order.

        Raises
        ------
        PermissionDeniedError, RecordsUnavailableError
        """
        by = acting.allowed(Permission.EXPORT)
        rows = tuple(_patient_row(patient) for patient in patients)
        facts = {"list": "patients", "rows": str(len(rows))}
        reference = RecordReference(RecordKind.PATIENT)
        self.audit.record(AuditEvent(AuditAction.EXPORTED, reference, facts), by=by)
        return ListTable("Patients", PATIENT_COLUMNS, rows)


def _patient_row(patient: Patient) -> tuple[Cell, ...]:
    details = patient.details
    return (
        details.record_number,
        details.name,
        details.birth_date,
        _SEX[details.sex],
        details.diabetes.value,
        details.hypertension.value,
    )
