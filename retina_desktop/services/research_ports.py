"""What the research export needs from storage."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ResearchWishes:
    """Which visits: days are true ones, both included; a label that is present.

    A label counts as present where a model reports it or a reader decided so.
    """

    labels: tuple[str, ...] = ()
    from_day: date | None = None
    to_day: date | None = None


@dataclass(frozen=True, slots=True)
class ChosenVisit:
    """A visit with the patient in whose record it shows."""

    patient_id: int
    examination_id: int


class ResearchSelection(Protocol):
    """Chooses visits."""

    def visits(self, wishes: ResearchWishes) -> Iterator[ChosenVisit]:
        """Yield the visits that fulfil all wishes."""
        ...
