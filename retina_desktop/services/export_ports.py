"""What exports need from outside: the whole of a record, and a place to put it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from retina_desktop.domain.audit import AuditEntry


class WholeRecord(Protocol):
    """What belongs to a patient beyond what the other stores show."""

    def audit_entries(self, patient_id: int) -> tuple[AuditEntry, ...]:
        """Return every entry about the patient and what hangs on them, in order."""
        ...

    def analysis_ids(self, image_ids: Sequence[int]) -> tuple[int, ...]:
        """Return all analyses of these photographs, withdrawn ones too, oldest first."""
        ...


class Archive(Protocol):
    """An archive being written."""

    def add(self, name: str, data: bytes) -> None:
        """Add a file; slashes in its name make folders."""
        ...


class ArchiveMaker(Protocol):
    """Makes an archive that is whole at its path or not there."""

    def __call__(
        self, path: Path, *, password: str, at: datetime, replace: bool
    ) -> AbstractContextManager[Archive]:
        """Give an archive to fill; empty `password` leaves it open to everybody.

        Raises
        ------
        OutputExistsError
            If there is a file of that name, and `replace` is False.
        OutputUnwritableError
        """
        ...


class VisitPdfs(Protocol):
    """The PDFs of an examination."""

    def __call__(self, examination_id: int) -> Sequence[tuple[str, str, bytes]]:
        """Return name, record (``report:3``) and bytes of each."""
        ...
