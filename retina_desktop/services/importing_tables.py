"""A table of photographs as spreadsheets and other programs save it: CSV of many kinds."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from retina_desktop.domain.patients import Sex
from retina_desktop.domain.transfer_errors import PatternError, TableUnreadableError
from retina_desktop.services.importing_claims import Claim
from retina_desktop.services.importing_dates import ANY_CLEAR_DATE, DateFormat
from retina_desktop.services.importing_names import eye_of_word


class Column(StrEnum):
    """What a table can say."""

    FILE = "file"
    RECORD_NUMBER = "record_number"
    NAME = "name"
    BIRTH_DATE = "birth_date"
    SEX = "sex"
    EYE = "eye"
    VISIT_DATE = "visit_date"
    NOTES = "notes"


_HEADERS = {
    Column.FILE: "file filename path image imagefile photograph photo",
    Column.RECORD_NUMBER: "recordnumber record recordno mrn patientid patientnumber number id",
    Column.NAME: "name patientname patient fullname",
    Column.BIRTH_DATE: "birthdate dateofbirth dob born birthday patientbirthdate",
    Column.SEX: "sex gender patientsex",
    Column.EYE: "eye laterality side",
    Column.VISIT_DATE: "visitdate visit date examinationdate examdate studydate takenon",
    Column.NOTES: "notes note comment comments remarks",
}
_COLUMN_OF = {word: column for column, words in _HEADERS.items() for word in words.split()}
_SEXES = {
    "f": Sex.FEMALE,
    "female": Sex.FEMALE,
    "m": Sex.MALE,
    "male": Sex.MALE,
    "o": Sex.OTHER,
    "other": Sex.OTHER,
    "u": Sex.NOT_STATED,
    "unknown": Sex.NOT_STATED,
    "": Sex.NOT_STATED,
}
_DELIMITERS = ",;\t|"
_NEEDED = (Column.FILE, Column.RECORD_NUMBER)
_MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class TableWishes:
    """How to read a table where its own headers do not tell.

    ``columns`` names headers by column; ``dates`` spells every day of the table.
    """

    columns: Mapping[Column, str]
    dates: DateFormat = ANY_CLEAR_DATE

    def __post_init__(self) -> None:
        if self.dates.has_short_years:
            raise PatternError(
                "In a table years need four digits; birth dates have two centuries."
            )


def claims_by_table(data: bytes, wishes: TableWishes, *, below: Path) -> tuple[Claim, ...]:
    """Return what each row says; files are named relative to `below`, or absolutely.

    Raises
    ------
    TableUnreadableError
        If it is no table, or a column is missing.
    """
    if len(data) > _MOST_BYTES:
        raise TableUnreadableError("The table is too large to be a list of photographs.")
    rows = _rows(_text(data), wishes)
    try:
        return tuple(_claims(rows, wishes, below))
    except csv.Error as error:
        raise TableUnreadableError(
            "The table is damaged; save it again as CSV (UTF-8) and try again."
        ) from error


def _text(data: bytes) -> str:
    """Decode as UTF-8, UTF-16 with its mark, or the Western code page of old spreadsheets."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise TableUnreadableError("The table is no text; save it as CSV (UTF-8) and try again.")


def _rows(text: str, wishes: TableWishes) -> Iterator[list[str]]:
    """Parse with the delimiter by which the header makes most sense."""

    def parsed(delimiter: str) -> Iterator[list[str]]:
        return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)

    def sense(delimiter: str) -> tuple[int, int]:
        try:
            header = next(parsed(delimiter), [])
        except csv.Error:
            return 0, 0
        return len(_columns(header, wishes)), len(header)

    return parsed(max(_DELIMITERS, key=sense))


def _columns(header: list[str], wishes: TableWishes) -> dict[Column, int]:
    wanted = {_folded(name): column for column, name in wishes.columns.items()}
    found: dict[Column, int] = {}
    for index, name in enumerate(header):
        column = wanted.get(_folded(name))
        if column is None:
            column = _COLUMN_OF.get(_folded(name))
            if column in wishes.columns:
                continue  # somebody named another header for it
        if column is not None:
            found.setdefault(column, index)
    return found


def _folded(header: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", header)).casefold()


def _claims(rows: Iterator[list[str]], wishes: TableWishes, below: Path) -> Iterator[Claim]:
    columns = _columns(next(rows, []), wishes)
    for column in (*_NEEDED, *wishes.columns):
        if column not in columns:
            raise TableUnreadableError(
                f"The table has no column for {column.replace('_', ' ')}; name it with "
                f"--column {column}=HEADER."
            )
    for row in rows:
        said = {
            column: row[index].strip() if index < len(row) else ""
            for column, index in columns.items()
        }
        if any(said.values()):
            yield _claim(said, wishes.dates, below)


def _claim(said: dict[Column, str], dates: DateFormat, below: Path) -> Claim:
    file = said[Column.FILE]
    path = below / file if "\x00" not in file else below
    problem = "" if file else "The row names no file."
    sex, eye_word = said.get(Column.SEX, "").casefold(), said.get(Column.EYE, "")
    eye = eye_of_word(eye_word)
    if sex not in _SEXES:
        problem = problem or "The sex in the table is none of F, M, O and U."
    if eye_word and eye is None:
        problem = (
            problem or "The eye in the table is not written as OD, OS, R, L, right or left."
        )
    days = {}
    for column in (Column.BIRTH_DATE, Column.VISIT_DATE):
        written = said.get(column, "")
        days[column] = dates.read(written)
        if written and days[column] is None:
            problem = problem or (
                f"The {column.replace('_', ' ')} in the table cannot be read without doubt; "
                "say how it is written, for instance --date-format DD/MM/YYYY."
            )
    return Claim(
        path,
        record_number=said[Column.RECORD_NUMBER],
        name=said.get(Column.NAME, ""),
        birth_date=days[Column.BIRTH_DATE],
        sex=_SEXES.get(sex, Sex.NOT_STATED),
        eye=eye,
        visit_date=days[Column.VISIT_DATE],
        notes=said.get(Column.NOTES, ""),
        problem=problem,
    )
