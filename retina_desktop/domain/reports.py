"""Printed reports as records: what was given out can be given out again, byte for byte."""

from dataclasses import dataclass
from datetime import datetime

from retina_desktop.domain.report_content import Language, Paper, Template


@dataclass(frozen=True, slots=True)
class NewReport:
    """A report about to enter the records; its PDF is in the store of files already.

    ``audit_sequence`` and ``audit_hash`` are the head that its pages show: they pin the trail.
    ``shown_name`` is the name of who made it.
    """

    number: str
    examination_id: int
    template: Template
    paper: Paper
    language: Language
    draft: bool  # made before the examination was signed, and marked so on every page
    audit_sequence: int
    audit_hash: str
    pdf_sha256: str
    size_bytes: int
    shown_name: str

    def __post_init__(self) -> None:
        if not self.number or not self.number.isascii() or not self.number.isprintable():
            raise ValueError("a report has a number of plain characters")
        if self.size_bytes < 1:
            raise ValueError("a report has bytes")


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report as stored; nothing of it ever changes."""

    id: int
    number: str
    examination_id: int
    template: Template
    paper: Paper
    language: Language
    draft: bool
    audit_sequence: int
    audit_hash: str
    pdf_sha256: str
    size_bytes: int
    shown_name: str
    made_at: datetime
    made_by: str

    @property
    def file_name(self) -> str:
        """A name for its file; holds nothing of the patient."""
        return f"report-{self.number}.pdf"
