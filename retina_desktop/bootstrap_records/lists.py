"""The lists' wiring: what is read, and how it becomes a file."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from retina_desktop.domain.lists import ListTable
from retina_desktop.services.lists import ListExaminations, ListPatients

if TYPE_CHECKING:
    from retina_desktop.persistence.opening import Records


def list_examinations(records: "Records") -> ListExaminations:
    """Return the use case that gives out examinations between two days."""
    from retina_desktop.persistence.examination_lists import SqlExaminationLists

    lists = SqlExaminationLists(records.audited)
    return ListExaminations(lists, records.audit, datetime.astimezone)


def list_patients(records: "Records") -> ListPatients:
    """Return the use case that gives out patients."""
    return ListPatients(records.audit)


def list_file(table: ListTable, path: Path, *, made_at: datetime) -> bytes:
    """Return a list as the file that the ending of `path` asks for (``.csv``, ``.xlsx``).

    Raises
    ------
    InvalidEntryError
        For another ending.
    """
    from retina_desktop.reporting.list_files import list_file as written

    return written(table, path, made_at=made_at)
