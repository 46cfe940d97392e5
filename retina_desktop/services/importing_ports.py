"""What imports need from storage, beside the stores of `records_ports`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from retina_desktop.domain.examinations import ExaminationDetails
from retina_desktop.domain.users import Stamp
from retina_desktop.services.records_ports import NewPhotograph


@dataclass(frozen=True, slots=True)
class KnownPhotograph:
    """Where in the records a photograph's bytes are named, withdrawn or not.

    ``patient_id`` is the patient in whose record the visit shows, also after a merger.
    """

    sha256: str
    patient_id: int
    examination_id: int
    visit_date: date


@dataclass(frozen=True, slots=True)
class KeptVisit:
    """What became of a visit's photographs; ``added`` are hashes, the others were there."""

    examination_id: int
    new: bool
    added: frozenset[str]


class ImportedVisits(Protocol):
    """Visits that can be brought in again and again without anything twice."""

    def known(self, sha256s: Sequence[str]) -> tuple[KnownPhotograph, ...]:
        """Return every place where photographs with these hashes are named."""
        ...

    def day_is_locked(self, patient_id: int, day: date) -> bool:
        """Whether the patient has examinations of that day, and all of them are signed."""
        ...

    def has_visit(self, patient_id: int, day: date) -> bool:
        """Whether the patient has an examination of that day."""
        ...

    def keep(
        self,
        patient_id: int,
        details: ExaminationDetails,
        photographs: Sequence[NewPhotograph],
        *,
        by: Stamp,
    ) -> KeptVisit:
        """Add what is missing to the patient's examination of that day, in one transaction.

        A day without an examination gets one. What the day's examinations hold already is
        not added again, also when another workstation brought it in a moment ago.

        Raises
        ------
        AlreadySignedError
            If all examinations of that day are signed, and something is missing.
        StoredImageMissingError, RecordNotFoundError
        """
        ...
