"""Looking for records of one person: over all patients, and while a new one is entered."""

from dataclasses import dataclass
from typing import Protocol

from retina_desktop.domain.audit import AuditAction, AuditEvent, RecordKind, RecordReference
from retina_desktop.domain.patient_duplicates import DuplicatePair, SimilarPatient
from retina_desktop.domain.patients import PatientDetails
from retina_desktop.domain.users import Permission
from retina_desktop.services.acting import Acting
from retina_desktop.services.records_ports import AuditTrail


class DuplicateStore(Protocol):
    """Patients compared with each other."""

    def pairs(self, *, limit: int) -> tuple[DuplicatePair, ...]:
        """Return the likeliest pairs, the likeliest first; merged patients are left out."""
        ...

    def similar_to(self, details: PatientDetails, *, limit: int) -> tuple[SimilarPatient, ...]:
        """Return who may be the person of `details`, the likeliest first."""
        ...


@dataclass(frozen=True, slots=True)
class FindDuplicates:
    """List the pairs of patients who may be one person."""

    store: DuplicateStore
    audit: AuditTrail

    def __call__(self, acting: Acting, *, limit: int = 100) -> tuple[DuplicatePair, ...]:
        """Return at most `limit` pairs, the likeliest first.

        Raises
        ------
        PermissionDeniedError, RecordsUnavailableError
        """
        by = acting.allowed(Permission.SEE_RECORDS)
        found = self.store.pairs(limit=limit)
        self.audit.record(_searched(len(found)), by=by)
        return found


@dataclass(frozen=True, slots=True)
class SimilarPatients:
    """Warn while a patient is entered who seems to be there already."""

    store: DuplicateStore
    audit: AuditTrail

    def __call__(
        self, acting: Acting, details: PatientDetails, *, limit: int = 5
    ) -> tuple[SimilarPatient, ...]:
        """Return the likely ones; only a look that shows somebody is written down.

        Raises
        ------
        PermissionDeniedError, RecordsUnavailableError
        """
        by = acting.allowed(Permission.SEE_RECORDS)
        found = self.store.similar_to(details, limit=limit)
        if found:
            self.audit.record(_searched(len(found)), by=by)
        return found


def _searched(found: int) -> AuditEvent:
    reference = RecordReference(RecordKind.PATIENT)
    return AuditEvent(AuditAction.PATIENTS_SEARCHED, reference, {"found": str(found)})
