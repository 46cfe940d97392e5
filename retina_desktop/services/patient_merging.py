"""Two records of one person made one, and parted again; nothing signed is touched."""

from dataclasses import dataclass
from typing import Protocol

from retina_desktop.domain.patients import Patient
from retina_desktop.domain.users import Permission, Stamp
from retina_desktop.services.acting import Acting


class PatientMergeStore(Protocol):
    """Who is merged into whom."""

    def own(self, patient_id: int) -> Patient:
        """Return a patient as stored, a merged one too."""
        ...

    def own_by_number(self, record_number: str) -> Patient | None:
        """Return the patient who has this number, a merged one too."""
        ...

    def merged_into(self, kept_id: int) -> tuple[Patient, ...]:
        """Return everybody who shows in this patient's record."""
        ...

    def merge(
        self, kept_id: int, merged_id: int, *, expected_versions: tuple[int, int], by: Stamp
    ) -> Patient:
        """Let `merged_id` show in the record of `kept_id`; return the merged patient.

        Raises
        ------
        ConflictError, MergeRefusedError, RecordNotFoundError
        """
        ...

    def undo(self, merged_id: int, *, by: Stamp) -> Patient:
        """Let a merged patient stand alone again; return them.

        Raises
        ------
        MergeRefusedError, RecordNotFoundError
        """
        ...


@dataclass(frozen=True, slots=True)
class MergePatients:
    """Show one patient's visits in another's record; the number stays taken."""

    store: PatientMergeStore

    def __call__(
        self, acting: Acting, kept_id: int, merged_id: int, expected_versions: tuple[int, int]
    ) -> Patient:
        """Return the merged patient; `expected_versions` are the kept one's and theirs.

        Raises
        ------
        ConflictError, MergeRefusedError, RecordNotFoundError, PermissionDeniedError
        """
        by = acting.allowed(Permission.CHANGE_PATIENTS)
        return self.store.merge(kept_id, merged_id, expected_versions=expected_versions, by=by)


@dataclass(frozen=True, slots=True)
class UndoMerge:
    """Part what was merged; visits entered since stay with the kept patient."""

    store: PatientMergeStore

    def __call__(self, acting: Acting, merged_id: int) -> Patient:
        """Return the patient, who stands alone again.

        Raises
        ------
        MergeRefusedError, RecordNotFoundError, PermissionDeniedError
        """
        by = acting.allowed(Permission.CHANGE_PATIENTS)
        return self.store.undo(merged_id, by=by)
