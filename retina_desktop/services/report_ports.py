"""What reports need from outside: a press that prints them, and a place that keeps them."""

from datetime import datetime
from typing import Protocol

from retina_desktop.domain.clinic import ClinicProfile
from retina_desktop.domain.images import RgbImage
from retina_desktop.domain.report_content import (
    Language,
    ModelProfile,
    Paper,
    ReportContent,
    Template,
)
from retina_desktop.domain.reports import NewReport, StoredReport
from retina_desktop.domain.stored_analyses import ModelProvenance
from retina_desktop.domain.users import Stamp
from retina_desktop.services.acting import Acting


class ReportStore(Protocol):
    """The reports made; only ever added to. Safe to call from several threads."""

    def add(self, report: NewReport, *, by: Stamp) -> StoredReport:
        """Keep a report whose PDF is in the store of files, and write it into the trail.

        Raises
        ------
        StoredImageMissingError
            If its PDF is not there.
        RecordNotFoundError
            If there is no such examination.
        """
        ...

    def find(self, number: str) -> StoredReport:
        """Return the report with this number.

        Raises
        ------
        RecordNotFoundError
        """
        ...

    def of_examination(self, examination_id: int) -> tuple[StoredReport, ...]:
        """Return the reports of a visit, newest first."""
        ...

    def newest(self, limit: int) -> tuple[StoredReport, ...]:
        """Return the last reports made, newest first."""
        ...


class ReportPress(Protocol):
    """Prints a content; the same content gives the same bytes."""

    def __call__(
        self, content: ReportContent, *, template: Template, paper: Paper, language: Language
    ) -> bytes:
        """Return the PDF.

        Raises
        ------
        ImageUnreadableError
            If the clinic's logo or the reader's signature cannot be read.
        """
        ...


class PhotographDecoder(Protocol):
    """Turns a photograph's original bytes into pixels."""

    def __call__(self, original: bytes, *, min_side: int) -> RgbImage:
        """Return the picture at a scale whose shorter side is not below `min_side`.

        Raises
        ------
        ImageUnreadableError
        """
        ...


class ReportSurroundings(Protocol):
    """What a report shows that is no part of the visit."""

    def clinic(self, acting: Acting) -> ClinicProfile:
        """Return who reports."""
        ...

    def local_time(self, moment: datetime) -> datetime:
        """Return the same moment in the clinic's time zone, in which reports tell it."""
        ...

    def signature_picture(self, user: str) -> bytes:
        """Return the signature of the user of that name as PNG or JPEG; empty if none."""
        ...

    def model_profile(self, model: ModelProvenance) -> ModelProfile:
        """Return what the model's manifest says, or its id where it is not installed."""
        ...
