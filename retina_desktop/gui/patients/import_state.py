"""An import as it is wished, planned and carried out."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from retina_desktop.services.importing import BROUGHT_IN, ImportReport

DEFAULT_PATTERN = "{record_number}_{eye}_{date}"


class ImportSource(StrEnum):
    """Where photographs and what is said of them come from."""

    FOLDER = "folder"
    TABLE = "csv"
    DICOM = "dicom"


class ImportStep(StrEnum):
    """Where the dialog is."""

    WISHES = "wishes"
    PLANNING = "planning"
    PLANNED = "planned"
    CARRYING_OUT = "carrying out"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What is to be imported; ``pattern`` is for folders, ``date_format`` for tables."""

    source: ImportSource
    path: Path
    pattern: str = DEFAULT_PATTERN
    date_format: str = ""
    visit_date: date | None = None
    new_patients: bool = True
    analyse: bool = True


@dataclass(frozen=True, slots=True)
class ImportState:
    """All that the dialog shows."""

    step: ImportStep = ImportStep.WISHES
    request: ImportRequest | None = None
    report: ImportReport | None = None
    progress: float = 0.0
    error: str = ""

    @property
    def busy(self) -> bool:
        """Whether a worker plans or imports."""
        return self.step in (ImportStep.PLANNING, ImportStep.CARRYING_OUT)

    @property
    def to_bring_in(self) -> int:
        """How many files the plan would bring in, or have been brought in."""
        if self.report is None:
            return 0
        return sum(file.outcome in BROUGHT_IN for file in self.report.files)
