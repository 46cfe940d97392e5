"""Lists as files for a spreadsheet: CSV and Excel, in which no text can act as a formula."""

import csv
import io
from datetime import UTC, date, datetime
from pathlib import Path

import xlsxwriter

from retina_desktop.domain.lists import Cell, ListTable
from retina_desktop.domain.record_errors import InvalidEntryError

# OWASP, CSV injection: what a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_LONGEST_CELL = 32_767  # characters, Excel's limit
_FIRST_EXCEL_DAY = date(1900, 3, 1)  # before it, Excel counts a day that never was
_NARROWEST, _WIDEST = 8, 48  # of a column, in characters
_DAY, _MOMENT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm"


def list_file(table: ListTable, path: Path, *, made_at: datetime) -> bytes:
    """Return the table in the form that the ending of `path` asks for.

    Raises
    ------
    InvalidEntryError
        If it is neither ``.csv`` nor ``.xlsx``.
    """
    ending = path.suffix.lower()
    if ending == ".csv":
        return as_csv(table)
    if ending == ".xlsx":
        return as_excel(table, made_at=made_at)
    raise InvalidEntryError("file", "A list is written as .csv or .xlsx; name the file so.")


def as_csv(table: ListTable) -> bytes:
    """Return the table as CSV: UTF-8 with a mark, by which Excel knows it, days as ISO 8601."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(table.columns)
    for row in table.rows:
        writer.writerow([_csv_cell(cell) for cell in row])
    return file.getvalue().encode("utf-8-sig")


def as_excel(table: ListTable, *, made_at: datetime) -> bytes:
    """Return the table as an Excel workbook: real dates, a head that stays, fitting columns."""
    file = io.BytesIO()
    # In memory, because its drafts would lie unencrypted in the system's temporary folder.
    book = xlsxwriter.Workbook(file, {"in_memory": True, "default_date_format": _DAY})
    book.set_properties(
        {"title": table.title, "created": made_at.astimezone(UTC).replace(tzinfo=None)}
    )
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    text = book.add_format({"text_wrap": True, "valign": "top"})
    number = book.add_format({"valign": "top"})
    day = book.add_format({"num_format": _DAY, "align": "left", "valign": "top"})
    moment = book.add_format({"num_format": _MOMENT, "align": "left", "valign": "top"})
    sheet = book.add_worksheet("List")
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    for column, name in enumerate(table.columns):
        sheet.write_string(0, column, name, head)
        sheet.set_column(column, column, _width(table, column))
    for at, row in enumerate(table.rows, start=1):
        for column, cell in enumerate(row):
            if isinstance(cell, datetime):
                sheet.write_datetime(at, column, cell.replace(tzinfo=None), moment)
            elif isinstance(cell, date) and cell >= _FIRST_EXCEL_DAY:
                sheet.write_datetime(at, column, cell, day)
            elif isinstance(cell, int):
                sheet.write_number(at, column, cell, number)
            elif cell is not None and cell != "":
                # Not `write`, which makes formulas and links of what looks like them.
                sheet.write_string(at, column, _plain(cell)[:_LONGEST_CELL], text)
    sheet.autofilter(0, 0, max(len(table.rows), 1), len(table.columns) - 1)
    book.close()
    return file.getvalue()


def _csv_cell(cell: Cell) -> str | int:
    if isinstance(cell, int):
        return cell
    shown = _plain(cell)
    return f"'{shown}" if isinstance(cell, str) and shown.startswith(_FORMULA) else shown


def _plain(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="minutes")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _width(table: ListTable, column: int) -> int:
    longest = max((len(_plain(row[column])) for row in table.rows), default=0)
    head = max(len(word) for word in table.columns[column].split())
    return min(max(longest, head + 3, _NARROWEST), _WIDEST)
