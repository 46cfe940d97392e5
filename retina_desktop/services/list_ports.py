"""What lists need from storage."""

from collections.abc import Iterator
from datetime import date
from typing import Protocol

from retina_desktop.domain.lists import ListedExamination


class ExaminationLists(Protocol):
    """Examinations with findings, read many at once."""

    def between(self, first: date, last: date) -> Iterator[ListedExamination]:
        """Yield the examinations from `first` to `last`, both included, by date and number.

        Raises
        ------
        RecordsUnavailableError
        """
        ...
