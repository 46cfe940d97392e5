"""What deletion needs from storage."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from retina_desktop.domain.retention import DeletionReason
from retina_desktop.domain.users import Stamp


@dataclass(frozen=True, slots=True)
class RecordSpan:
    """When a patient's record began and last grew, with those merged into it."""

    patient_id: int
    record_number: str
    birth_date: date | None
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class Deleted:
    """What went: rows by table, and files that nothing else named."""

    rows: Mapping[str, int]
    files: int


class DeletionStore(Protocol):
    """The one lawful way out of the records."""

    def span(self, patient_id: int) -> RecordSpan:
        """Return a patient's span.

        Raises
        ------
        RecordNotFoundError, PatientMergedError
        """
        ...

    def spans(self) -> Iterator[RecordSpan]:
        """Yield every patient's span, those merged into others with them."""
        ...

    def contents(self, patient_id: int) -> Mapping[str, int]:
        """Return how many rows of which table a deletion would remove."""
        ...

    def delete(
        self, patient_id: int, *, last_day: date, reason: DeletionReason, by: Stamp
    ) -> Deleted:
        """Remove a patient's whole record, rows first, then files nothing else names.

        Raises
        ------
        ConflictError
            If the record has grown since `last_day`.
        RecordNotFoundError, PatientMergedError
        """
        ...
