"""A screening table: nothing foreign destroyed, no row lost, one writer."""

import subprocess
import sys

import pytest

from retina_desktop.domain.errors import OutputUnwritableError
from retina_desktop.services.screening_table import open_table, path_key

HEADER = ["path", "error", "p_DR"]
FIRST = b"path,error,p_DR\r\na.jpg,,0.5\r\n"


def resumed(table):
    with open_table(table, HEADER, resume=True) as opened:
        opened.write(["z.jpg", "", "0.1"])
        return opened.finished


@pytest.mark.parametrize(
    "content",
    [
        b"notes without an end of line",
        b"notes\nin two lines\n",
        FIRST + b"b.jpg,\r\n" + b"c.jpg,,0.1\r\n",  # a cell was deleted
        FIRST + b'b"x.jpg,,0.1\r\n' + b"c.jpg,,0.1\r\n" * 9000,  # a quote was typed
        FIRST + b'"' + b"x" * 200_000 + b'",,\r\n',
        FIRST.replace(b",", b";"),  # what some spreadsheets make of commas
    ],
)
def test_what_this_program_did_not_write_is_refused_and_left_alone(tmp_path, content):
    table = tmp_path / "out.csv"
    table.write_bytes(content)
    with pytest.raises(OutputUnwritableError, match="choose another name"):
        resumed(table)
    assert table.read_bytes() == content


@pytest.mark.parametrize(
    "content",
    [FIRST, b"\xef\xbb\xbf" + FIRST, FIRST.replace(b"\r\n", b"\n"), FIRST + b"\r\n"],
    ids=["ours", "byte order mark", "line feeds", "an empty line"],
)
def test_a_table_saved_by_a_spreadsheet_is_gone_on_with(tmp_path, content):
    table = tmp_path / "out.csv"
    table.write_bytes(content)
    assert resumed(table) == {path_key("a.jpg")}
    assert table.read_bytes() == content + b"z.jpg,,0.1\r\n"


@pytest.mark.parametrize("content", [b"", b"path,err", FIRST[:17], FIRST + b'"half'])
def test_a_half_written_end_is_cut_off(tmp_path, content):
    table = tmp_path / "out.csv"
    table.write_bytes(content)
    resumed(table)
    rows = table.read_text().splitlines()
    assert rows[0] == "path,error,p_DR"
    assert rows[-1] == "z.jpg,,0.1"
    assert "half" not in table.read_text()


def test_a_second_run_on_the_same_table_is_refused(tmp_path):
    table = tmp_path / "out.csv"
    program = (
        "import sys; from pathlib import Path\n"
        "from retina_desktop.services.screening_table import open_table\n"
        "open_table(Path(sys.argv[1]), ['path', 'error', 'p_DR'], resume=True).__enter__()\n"
    )
    with open_table(table, HEADER, resume=False) as opened:
        opened.write(["a.jpg", "", "0.5"])
        second = subprocess.run(
            [sys.executable, "-c", program, str(table)],
            capture_output=True,
            text=True,
            check=False,
        )
        opened.write(["b.jpg", "", "0.5"])
    assert "Another run is writing this results file" in second.stderr
    assert table.read_bytes().count(b"\r\n") == 3
    resumed(table)  # the lock ended with its holder


def test_a_table_replaced_while_it_is_written_is_noticed(tmp_path):
    table = tmp_path / "out.csv"

    def screen_while_it_is_replaced():
        with open_table(table, HEADER, resume=False) as opened:
            table.rename(tmp_path / "moved.csv")
            table.write_bytes(FIRST)
            opened.write(["a.jpg", "", ""])

    with pytest.raises(OutputUnwritableError, match="moved, deleted or replaced"):
        screen_while_it_is_replaced()
    assert table.read_bytes() == FIRST


def test_a_folder_as_table_is_one_sentence(tmp_path):
    with pytest.raises(OutputUnwritableError, match="folder, device or pipe"):
        resumed(tmp_path)


def test_a_name_that_is_no_utf_8_comes_back(tmp_path):
    table = tmp_path / "out.csv"
    with open_table(table, HEADER, resume=False) as opened:
        opened.write(["/x/a\udcff.jpg", "", ""])
    assert b"/x/a\xff.jpg" in table.read_bytes()
    assert resumed(table) == {path_key("/x/a\udcff.jpg")}
