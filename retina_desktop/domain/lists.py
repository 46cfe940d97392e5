"""Lists that leave the program as files: examinations with what was found, patients."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeAlias

from retina_desktop.domain.examinations import ExaminationSummary
from retina_desktop.domain.patients import PatientDetails

Cell: TypeAlias = str | int | date | datetime | None


@dataclass(frozen=True, slots=True)
class ListTable:
    """Named columns and rows of as many cells; moments are aware."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...] = field(repr=False)

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("a row has a cell for each column")


@dataclass(frozen=True, slots=True)
class ListedExamination:
    """One examination of a list, with whose it is and what stands of its findings.

    Findings are words by eye: the reader's decision where there is one, else the model's.
    """

    visit: ExaminationSummary
    patient: PatientDetails
    right: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    unstated: tuple[str, ...] = ()
    reader: str = ""  # who signed
    signed_at: datetime | None = None
