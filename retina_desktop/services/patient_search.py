"""Finding patients; that somebody searched is written down, the words are not."""

from dataclasses import dataclass
from typing import Protocol

from retina_desktop.domain.audit import AuditAction, AuditEvent, RecordKind, RecordReference
from retina_desktop.domain.patient_search import PatientPage, PatientQuery
from retina_desktop.domain.users import Permission
from retina_desktop.services.acting import Acting
from retina_desktop.services.records_ports import AuditTrail


class PatientSearchStore(Protocol):
    """The index of the clinic's patients."""

    def find(self, query: PatientQuery) -> PatientPage:
        """Return the page of patients that `query` asks for, best match first."""
        ...


@dataclass(frozen=True, slots=True)
class SearchPatients:
    """Find patients by words, dates and what their visits showed."""

    store: PatientSearchStore
    audit: AuditTrail

    def __call__(self, acting: Acting, query: PatientQuery) -> PatientPage:
        """Return the page; an empty one is an answer too.

        Raises
        ------
        PermissionDeniedError, RecordsUnavailableError
        """
        by = acting.allowed(Permission.SEE_RECORDS)
        page = self.store.find(query)
        event = AuditEvent(
            AuditAction.PATIENTS_SEARCHED,
            RecordReference(RecordKind.PATIENT),
            {"found": str(len(page.hits))},
        )
        self.audit.record(event, by=by)
        return page
