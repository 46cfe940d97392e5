"""Screening a folder: every photograph once, whatever happens in between."""

import csv
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.domain.errors import (
    ImageTruncatedError,
    OutputUnwritableError,
    TaskCancelledError,
)
from retina_desktop.services.folder_screening import ScreenFolder, photographs_below
from retina_desktop.services.results import ScreeningColumns
from retina_desktop.services.tasks import TaskContext
from tests.helpers.analyses import CODES, make_photograph

HEADER = ["path", "error", "is_fundus", "gradable", "quality", "referral"]
HEADER += [f"p_{code}" for code in CODES]
COLUMNS = ScreeningColumns(CODES)


class Analyse:
    """Counts what it is asked; fails on names that say so."""

    def __init__(self):
        self.asked = []
        self.lock = threading.Lock()

    def __call__(self, context, path, /):
        with self.lock:
            self.asked.append(path.name)
        if "damaged" in path.name:
            raise ImageTruncatedError("The file ends before its picture does.")
        if "bug" in path.name:
            raise ZeroDivisionError
        return make_photograph()


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "photographs"
    (root / "b").mkdir(parents=True)
    for name in (
        "1.jpg",
        "2.PNG",
        "b/3.tif",
        "b/1.2.840.7",
        "b/plain",
        "notes.txt",
        ".hidden.jpg",
    ):
        (root / name).write_bytes(b"x")
    return root


def rows_of(table):
    with table.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def names(table):
    return [Path(row[0]).name for row in rows_of(table)[1:]]


@pytest.mark.parametrize("workers", [1, 4])
def test_each_photograph_has_one_row_in_the_contract_s_columns(folder, tmp_path, workers):
    table = tmp_path / "out.csv"
    counts = ScreenFolder(Analyse(), COLUMNS, workers=workers)(
        TaskContext(), folder, table=table, resume=False
    )
    rows = rows_of(table)
    assert rows[0] == HEADER
    assert sorted(names(table)) == ["1.2.840.7", "1.jpg", "2.PNG", "3.tif", "plain"]
    assert (counts.done, counts.failed, counts.skipped) == (5, 0, 0)
    row = dict(zip(HEADER, rows[1], strict=True))
    assert (row["is_fundus"], row["gradable"], row["referral"]) == ("true", "true", "soon")
    assert row["p_DR"] == "0.900000"
    assert row["p_RP"] == ""  # not assessed, never 0


def test_a_bad_photograph_or_a_bug_costs_one_row_only(folder, tmp_path):
    (folder / "damaged.jpg").write_bytes(b"x")
    (folder / "bug.jpg").write_bytes(b"x")
    logged = []
    table = tmp_path / "out.csv"
    counts = ScreenFolder(Analyse(), COLUMNS, log_error=logged.append)(
        TaskContext(), folder, table=table, resume=False
    )
    errors = {Path(r[0]).name: r[1] for r in rows_of(table)[1:] if r[1]}
    assert errors == {"damaged.jpg": "image_truncated", "bug.jpg": "internal_error"}
    assert (counts.done, counts.failed) == (7, 2)
    assert [type(error) for error in logged] == [ZeroDivisionError]


def test_an_existing_table_is_not_overwritten(folder, tmp_path):
    table = tmp_path / "out.csv"
    table.write_text("somebody's work\n")
    with pytest.raises(OutputUnwritableError, match="exists already"):
        ScreenFolder(Analyse(), COLUMNS)(TaskContext(), folder, table=table, resume=False)
    assert table.read_text() == "somebody's work\n"


def test_a_table_of_another_model_is_not_continued(folder, tmp_path):
    table = tmp_path / "out.csv"
    table.write_bytes(b"path,error,p_FOO\r\n")
    with pytest.raises(OutputUnwritableError, match="another model"):
        ScreenFolder(Analyse(), COLUMNS)(TaskContext(), folder, table=table, resume=True)
    assert table.read_bytes() == b"path,error,p_FOO\r\n"


@given(cut=st.integers(0, 100_000))
def test_a_table_cut_anywhere_is_completed(tmp_path_factory, cut):
    tmp_path = tmp_path_factory.mktemp("cut")
    root = tmp_path / "photographs"
    root.mkdir()
    for name in ("a.jpg", 'quote"d.jpg', "new\nline.jpg", "ü,comma.jpg", "z.jpg"):
        (root / name).write_bytes(b"x")
    table = tmp_path / "out.csv"
    whole = Analyse()
    ScreenFolder(whole, COLUMNS)(TaskContext(), root, table=table, resume=False)
    data = table.read_bytes()
    table.write_bytes(data[: cut % (len(data) + 1)])
    again = Analyse()
    counts = ScreenFolder(again, COLUMNS)(TaskContext(), root, table=table, resume=True)
    assert sorted(rows_of(table)) == sorted(csv_rows(data))
    assert counts.skipped + len(again.asked) == 5


def csv_rows(data):
    return list(csv.reader(data.decode().splitlines(keepends=True)))


def test_cancelling_keeps_whole_rows_and_resuming_finishes(folder, tmp_path):
    table = tmp_path / "out.csv"
    context = TaskContext()
    context.on_progress = lambda fraction, message: context.cancel()
    with pytest.raises(TaskCancelledError):
        ScreenFolder(Analyse(), COLUMNS)(context, folder, table=table, resume=False)
    assert 1 <= len(rows_of(table)) - 1 < 5
    ScreenFolder(Analyse(), COLUMNS)(TaskContext(), folder, table=table, resume=True)
    assert len(set(names(table))) == len(names(table)) == 5


def test_a_table_that_cannot_be_written_is_one_sentence(folder, tmp_path):
    with pytest.raises(OutputUnwritableError, match=r"cannot be written .*; free some space"):
        ScreenFolder(Analyse(), COLUMNS)(
            TaskContext(), folder, table=tmp_path / "no" / "out.csv", resume=False
        )


def test_links_to_folders_are_not_followed(folder):
    (folder / "b" / "loop").symlink_to(folder, target_is_directory=True)
    assert sum(1 for _ in photographs_below(folder)) == 5


def test_a_folder_that_cannot_be_listed_is_told_and_passed_over(folder):
    told = []
    listed = photographs_below(folder / "gone", on_unreadable=told.append)
    assert list(listed) == []
    assert isinstance(told[0], FileNotFoundError)


def test_few_photographs_are_in_flight(tmp_path):
    root = tmp_path / "many"
    root.mkdir()
    for number in range(200):
        (root / f"{number}.jpg").write_bytes(b"x")
    started = Analyse()
    context = TaskContext()
    most = 0

    def on_progress(fraction, message):
        nonlocal most
        most = max(most, len(started.asked) - int(message))

    context.on_progress = on_progress
    ScreenFolder(started, COLUMNS, workers=2)(
        context, root, table=tmp_path / "out.csv", resume=False
    )
    assert most <= 4


def test_resuming_knows_a_photograph_by_any_spelling(folder, tmp_path, monkeypatch):
    table = tmp_path / "out.csv"
    monkeypatch.chdir(tmp_path)
    ScreenFolder(Analyse(), COLUMNS)(
        TaskContext(), Path(folder.name), table=table, resume=False
    )
    again = Analyse()
    for spelling in (folder, Path(folder.name), Path("..") / tmp_path.name / folder.name):
        counts = ScreenFolder(again, COLUMNS)(TaskContext(), spelling, table=table, resume=True)
        assert (counts.done, counts.skipped) == (0, 5)
    assert again.asked == []


def test_resuming_from_another_working_folder_repeats_nothing(folder, tmp_path, monkeypatch):
    table = tmp_path / "out.csv"
    monkeypatch.chdir(tmp_path)
    ScreenFolder(Analyse(), COLUMNS)(
        TaskContext(), Path(folder.name), table=table, resume=False
    )
    before = table.read_bytes()
    monkeypatch.chdir("/")
    with pytest.raises(OutputUnwritableError, match="photographs elsewhere"):
        ScreenFolder(Analyse(), COLUMNS)(TaskContext(), folder, table=table, resume=True)
    assert table.read_bytes() == before


def test_links_that_lead_nowhere_or_in_a_circle_have_a_row(folder, tmp_path):
    (folder / "circle.jpg").symlink_to("circle.jpg")
    (folder / "gone.jpg").symlink_to("nothing.jpg")
    (folder / "whole.jpg").symlink_to("1.jpg")
    asked = {path.name for path in photographs_below(folder)}
    assert asked >= {"circle.jpg", "gone.jpg", "whole.jpg"}


def test_the_table_itself_is_no_photograph(folder):
    table = folder / "results"
    analyse = Analyse()
    ScreenFolder(analyse, COLUMNS)(TaskContext(), folder, table=table, resume=False)
    ScreenFolder(analyse, COLUMNS)(TaskContext(), folder, table=table, resume=True)
    assert sorted(analyse.asked) == ["1.2.840.7", "1.jpg", "2.PNG", "3.tif", "plain"]


def test_folders_that_cannot_be_listed_are_counted(folder, tmp_path):
    counts = ScreenFolder(Analyse(), COLUMNS)(
        TaskContext(), folder / "gone", table=tmp_path / "out.csv", resume=False
    )
    assert (counts.done, counts.unlisted) == (0, 1)
