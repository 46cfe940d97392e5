import csv
import io
import zipfile
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.domain.lists import ListTable
from retina_desktop.domain.record_errors import InvalidEntryError
from retina_desktop.reporting.list_files import as_csv, as_excel, list_file

MADE = datetime(2026, 3, 2, 9, tzinfo=UTC)
SIGNED = datetime(2026, 3, 2, 15, 4, tzinfo=timezone(timedelta(hours=5, minutes=30)))
HOSTILE = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x")', "http://x")
TABLE = ListTable(
    "Examinations",
    ("Examination", "Name", "Birth date", "Signed at"),
    (
        (1, "Asha Rao", date(1961, 7, 23), SIGNED),
        (2, 'آشا, "Rao"', date(1890, 1, 2), None),
        *((3 + at, text, None, None) for at, text in enumerate(HOSTILE)),
    ),
)
NAMESPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def parts(workbook: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def cells(workbook: bytes) -> dict[str, str]:
    """Return what stands in each cell, texts as themselves and dates as numbers."""
    found = parts(workbook)
    strings = [
        "".join(item.itertext()) for item in ET.fromstring(found["xl/sharedStrings.xml"])
    ]
    sheet = ET.fromstring(found["xl/worksheets/sheet1.xml"])
    shown = {}
    for cell in sheet.iter(f"{NAMESPACE}c"):
        value = cell.find(f"{NAMESPACE}v").text
        shown[cell.get("r")] = strings[int(value)] if cell.get("t") == "s" else value
    return shown


def test_csv_is_known_to_excel_and_keeps_every_script():
    data = as_csv(TABLE)
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows[0] == list(TABLE.columns)
    assert rows[1] == ["1", "Asha Rao", "1961-07-23", "2026-03-02 15:04+05:30"]
    assert rows[2] == ["2", 'آشا, "Rao"', "1890-01-02", ""]


@given(st.text(min_size=1))
def test_no_text_in_csv_begins_as_a_formula(text):
    table = ListTable("t", ("Name",), ((text,),))
    decoded = as_csv(table).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(decoded, newline="")))
    if rows[1:]:
        assert not rows[1][0].startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
        assert rows[1][0] in {text, f"'{text}"}


def test_a_workbook_has_real_dates_and_no_formula_or_link():
    shown = cells(as_excel(TABLE, made_at=MADE))
    assert (shown["A1"], shown["B2"], shown["A2"]) == ("Examination", "Asha Rao", "1")
    assert float(shown["C2"]) == (date(1961, 7, 23) - date(1899, 12, 30)).days
    assert float(shown["D2"]) % 1 == pytest.approx((15 * 60 + 4) / 1440, abs=1e-6)
    assert shown["C3"] == "1890-01-02"  # before Excel's calendar
    assert [shown[f"B{row}"] for row in range(4, 4 + len(HOSTILE))] == list(HOSTILE)
    sheet = parts(as_excel(TABLE, made_at=MADE))["xl/worksheets/sheet1.xml"]
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert 'state="frozen"' in sheet
    assert "<autoFilter" in sheet
    assert (
        'numFmtId="164" formatCode="yyyy-mm-dd"'
        in parts(as_excel(TABLE, made_at=MADE))["xl/styles.xml"]
    )


def test_the_same_list_is_the_same_workbook():
    assert as_excel(TABLE, made_at=MADE) == as_excel(TABLE, made_at=MADE)


def test_a_cell_longer_than_excel_takes_is_cut():
    long = ListTable("t", ("Name",), (("x" * 40_000,),))
    assert len(cells(as_excel(long, made_at=MADE))["A2"]) == 32_767


def test_an_empty_list_is_a_head():
    empty = ListTable("t", ("Name", "Sex"), ())
    assert cells(as_excel(empty, made_at=MADE)) == {"A1": "Name", "B1": "Sex"}
    assert as_csv(empty) == b"\xef\xbb\xbfName,Sex\r\n"


def test_the_ending_chooses_the_form():
    assert list_file(TABLE, Path("a.CSV"), made_at=MADE) == as_csv(TABLE)
    assert list_file(TABLE, Path("a.xlsx"), made_at=MADE).startswith(b"PK")
    with pytest.raises(InvalidEntryError, match=r"\.csv or \.xlsx"):
        list_file(TABLE, Path("a.pdf"), made_at=MADE)


def test_a_row_has_a_cell_for_each_column():
    with pytest.raises(ValueError, match="a cell for each column"):
        ListTable("t", ("Name", "Sex"), (("Asha",),))
