"""Merged patients: whose record shows whose visits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from retina_desktop.domain.record_errors import RecordsDamagedError
from retina_desktop.persistence.tables import PatientRow


@dataclass(frozen=True, slots=True)
class Families:
    """Every merged patient by the one they were merged into; few, so known all at once."""

    merged_into: Mapping[int, int]

    def kept(self, patient_id: int) -> int:
        """Return the patient in whose record this one shows; itself when not merged."""
        seen = {patient_id}
        while (into := self.merged_into.get(patient_id)) is not None:
            if into in seen:
                raise RecordsDamagedError(
                    "Two patients are merged into each other; restore the last backup."
                )
            seen.add(into)
            patient_id = into
        return patient_id

    def of(self, patient_id: int) -> tuple[int, ...]:
        """Return everybody whose visits show in one record with this patient's."""
        kept = self.kept(patient_id)
        return self.members([kept])[kept]

    def members(self, kept_ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
        """Return, by kept patient, that patient and all who were merged into them."""
        found = {kept: [kept] for kept in kept_ids}
        if found:
            for merged in sorted(self.merged_into):
                family = found.get(self.kept(merged))
                if family is not None:
                    family.append(merged)
        return {kept: tuple(members) for kept, members in found.items()}


def families(session: Session) -> Families:
    """Return who is merged into whom."""
    merged = select(PatientRow.id, PatientRow.merged_into).where(
        PatientRow.merged_into.is_not(None)
    )
    return Families({child: into for child, into in session.execute(merged) if into})
