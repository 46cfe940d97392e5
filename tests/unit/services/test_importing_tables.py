from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.domain.images import Laterality
from retina_desktop.domain.patients import Sex
from retina_desktop.domain.transfer_errors import PatternError, TableUnreadableError
from retina_desktop.services.importing_dates import DateFormat
from retina_desktop.services.importing_tables import Column, TableWishes, claims_by_table

PLAIN = TableWishes({})
HERE = Path("photographs")
ROW = "a.jpg,P-1,Zoë Ñandú,1961-05-04,F,OD,2024-03-02,from the mobile unit"
HEADER = "file,record number,name,birth date,sex,eye,visit date,notes"


def claims(text, encoding="utf-8", wishes=PLAIN):
    return claims_by_table(text.encode(encoding), wishes, below=HERE)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_tables_of_all_kinds_say_the_same(encoding, delimiter):
    text = f"{HEADER}\r\n{ROW}\r\n\r\n".replace(",", delimiter)
    (claim,) = claims(text, encoding)
    assert claim.path == HERE / "a.jpg"
    assert (claim.record_number, claim.name) == ("P-1", "Zoë Ñandú")
    assert (claim.birth_date, claim.visit_date) == (date(1961, 5, 4), date(2024, 3, 2))
    assert (claim.sex, claim.eye) == (Sex.FEMALE, Laterality.RIGHT)
    assert (claim.notes, claim.problem) == ("from the mobile unit", "")


def test_headers_may_be_called_otherwise_or_be_named():
    (claim,) = claims("Image;MRN;Side\nb.jpg;7;left\n")
    assert (claim.record_number, claim.eye) == ("7", Laterality.LEFT)
    wishes = TableWishes({Column.RECORD_NUMBER: "Akte", Column.FILE: "Bild"})
    (claim,) = claims("Bild,Akte,ID\nb.jpg,7,99\n", wishes=wishes)
    assert claim.record_number == "7"


def test_a_quoted_cell_may_hold_delimiters_and_line_breaks():
    (claim,) = claims('file,id,name,notes\nb.jpg,7,"Rao, Asha","one\ntwo"\n')
    assert (claim.name, claim.notes) == ("Rao, Asha", "one\ntwo")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("a.jpg,1,n,04/05/1961,F,OD,2024-03-02,", "birth date"),
        ("a.jpg,1,n,1961-05-04,woman,OD,2024-03-02,", "sex"),
        ("a.jpg,1,n,1961-05-04,F,OU,2024-03-02,", "eye"),
        ("a.jpg,1,n,1961-05-04,F,OD,yesterday,", "visit date"),
        (",1,n,1961-05-04,F,OD,2024-03-02,", "no file"),
    ],
)
def test_a_cell_that_cannot_be_read_rules_out_its_row_alone(row, words):
    bad, good = claims(f"{HEADER}\n{row}\n{ROW}\n")
    assert words in bad.problem
    assert good.problem == ""


def test_slashes_need_a_format():
    wishes = TableWishes({}, DateFormat("DD/MM/YYYY"))
    text = "file,id,visit date\na.jpg,1,02/03/2024\n"
    assert claims(text)[0].problem
    assert claims(text, wishes=wishes)[0].visit_date == date(2024, 3, 2)
    with pytest.raises(PatternError):
        TableWishes({}, DateFormat("DD/MM/YY"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"name,eye\nx,OD\n",
        b"\xff\xfeodd",
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b'file,id\n"a.jpg,1\n',
        b"file,name\na.jpg,x\n",
    ],
)
def test_what_is_no_table_is_told_in_a_sentence(data):
    with pytest.raises(TableUnreadableError, match=r"^The table .*\.$"):
        claims_by_table(data, PLAIN, below=HERE)


@given(st.binary(max_size=200))
def test_no_bytes_break_it(data):
    with suppress(TableUnreadableError):
        claims_by_table(b"file,id\n" + data, PLAIN, below=HERE)
