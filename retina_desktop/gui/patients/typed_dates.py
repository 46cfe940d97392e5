"""Reads dates as people type them, in the order of their country, and never guesses.

A day and month swapped is a wrong patient; so a date needs all three parts and a year of four
digits, and whoever shows the answer writes the month in letters.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from retina_desktop.domain.record_errors import InvalidEntryError

_INCOMPLETE = "Day, month and year are all needed, like {0}."
_SHORT_YEAR = "Write the year with all four digits, like {0}."
_NO_SUCH_DAY = "There is no such day in the calendar; write it like {0}."
_NOT_A_DATE = "This is not a date; write it like {0}."
_SEPARATORS = re.compile(r"[\s./\-\u060c,\u5e74\u6708\u65e5]+")  # also as China and Japan write
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


class DateOrder(StrEnum):
    """In which order a country writes day, month and year."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"
    YEAR_FIRST = "ymd"

    @property
    def example(self) -> str:
        """A date that cannot be misread, as it is typed in this order."""
        return _EXAMPLES[self]

    def written(self, day: date) -> str:
        """Return `day` with digits, as this order types it."""
        parts = {"d": f"{day.day:02}", "m": f"{day.month:02}", "y": f"{day.year:04}"}
        separator = "-" if self is DateOrder.YEAR_FIRST else "/"
        return separator.join(parts[letter] for letter in self.value)


_EXAMPLES = {
    DateOrder.DAY_FIRST: "31/12/1960",
    DateOrder.MONTH_FIRST: "12/31/1960",
    DateOrder.YEAR_FIRST: "1960-12-31",
}


@dataclass(frozen=True, slots=True)
class _Parts:
    day: str
    month: str
    year: str


def order_of(short_format: str) -> DateOrder:
    """Return the order of a country's short date format, such as ``dd.MM.yy``."""
    found = [letter for letter in short_format.lower() if letter in "dmy"]
    letters = "".join(dict.fromkeys(found))
    return DateOrder(letters) if letters in set(DateOrder) else DateOrder.YEAR_FIRST


def read_date(text: str, order: DateOrder, *, field: str) -> date | None:
    """Return the date that was typed, None for an empty text.

    Parameters
    ----------
    text : str
        Digits of any script with blanks, dots, dashes or slashes between, or eight digits in
        one. A year in front with dashes (1960-12-31) is understood in every country.
    order : DateOrder
        Of the country.
    field : str
        For the error.

    Raises
    ------
    InvalidEntryError
        With what to type instead.
    """
    stripped = text.strip().strip(".")
    if not stripped:
        return None
    parts = _parts(stripped, order, field)
    if len(parts.year) != 4:
        raise InvalidEntryError(field, _SHORT_YEAR.format(order.example))
    try:
        return date(int(parts.year), int(parts.month), int(parts.day))
    except ValueError:
        raise InvalidEntryError(field, _NO_SUCH_DAY.format(order.example)) from None


def _parts(text: str, order: DateOrder, field: str) -> _Parts:
    iso = _ISO.fullmatch(text)
    if iso:
        year, month, day = iso.groups()
        return _Parts(day, month, year)
    pieces = [piece for piece in _SEPARATORS.split(text) if piece]
    if not all(piece.isdecimal() for piece in pieces):
        raise InvalidEntryError(field, _NOT_A_DATE.format(order.example))
    if len(pieces) == 1 and len(pieces[0]) == 8:
        pieces = _cut(pieces[0], order)
    if len(pieces) != 3:
        raise InvalidEntryError(field, _INCOMPLETE.format(order.example))
    by_letter = dict(zip(order.value, pieces, strict=True))
    if len(pieces[0]) == 4 and order is not DateOrder.YEAR_FIRST:
        by_letter = dict(zip("ymd", pieces, strict=True))
    return _Parts(by_letter["d"], by_letter["m"], by_letter["y"])


def _cut(digits: str, order: DateOrder) -> list[str]:
    pieces, start = [], 0
    for letter in order.value:
        width = 4 if letter == "y" else 2
        pieces.append(digits[start : start + width])
        start += width
    return pieces
