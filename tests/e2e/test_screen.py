"""``screen``: killed at any moment, it goes on where it was."""

import csv
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from retina_desktop.domain.labels import RFMID_CODES


def rows_of(table):
    with table.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_folder_becomes_a_table(program, photographs, tmp_path):
    table = tmp_path / "results.csv"
    ended = program("screen", photographs, "--out", table, "--workers", 2)
    assert ended.code == 1  # one photograph is damaged
    assert "4 photographs analysed, 1 failed" in ended.err
    rows = {Path(row["path"]).name: row for row in rows_of(table)}
    assert set(rows) == {"eye OD.jpg", "eye OS.jpg", "cat.png", "damaged.jpg"}
    assert list(rows["cat.png"])[:6] == [
        "path",
        "error",
        "is_fundus",
        "gradable",
        "quality",
        "referral",
    ]
    assert list(rows["cat.png"])[6:] == [f"p_{code}" for code in RFMID_CODES]
    assert rows["damaged.jpg"]["error"] == "image_truncated"
    assert rows["cat.png"]["is_fundus"] == "false"
    assert rows["eye OD.jpg"]["p_DR"]
    assert rows["eye OD.jpg"]["p_RS"] == ""  # not assessed


def test_an_existing_table_is_refused_without_resume(program, photographs, tmp_path):
    table = tmp_path / "results.csv"
    table.write_text("mine")
    ended = program("screen", photographs, "--out", table)
    assert ended.code == 3
    assert "--resume" in ended.err
    assert table.read_text() == "mine"


def test_killed_and_resumed_no_row_is_lost_or_repeated(program, photographs, tmp_path):
    many = tmp_path / "many"
    many.mkdir()
    data = (photographs / "eye OD.jpg").read_bytes()
    for number in range(60):
        (many / f"{number:03d}.jpg").write_bytes(data)
    table = tmp_path / "results.csv"
    command = [sys.executable, "-m", "retina_desktop", "screen", str(many), "--out", str(table)]
    rounds = 0
    while rounds < 3:
        process = subprocess.Popen(
            [*command, "--resume"], env=os.environ, stderr=subprocess.DEVNULL
        )
        before = len(rows_of(table)) if table.exists() else 0
        while process.poll() is None and (
            not table.exists() or table.read_bytes().count(b"\n") < before + 5
        ):
            time.sleep(0)
        process.kill()
        process.wait()
        rounds += 1
    ended = program("screen", many, "--out", table, "--resume")
    assert ended.code == 0
    names = [row["path"] for row in rows_of(table)]
    assert len(names) == len(set(names)) == 60
    assert len({row["p_DR"] for row in rows_of(table)}) == 1


def test_an_empty_folder_says_so(program, tmp_path):
    (tmp_path / "empty").mkdir()
    ended = program("screen", tmp_path / "empty", "--out", tmp_path / "out.csv")
    assert ended.code == 3
    assert "no photograph" in ended.err


def test_a_folder_that_is_none_is_wrong_usage(program, tmp_path):
    assert program("screen", tmp_path / "none", "--out", tmp_path / "out.csv").code == 2


@pytest.mark.skipif(os.name != "posix", reason="rights of files as POSIX has them")
def test_a_folder_that_cannot_be_read_is_told(program, photographs, tmp_path):
    root = tmp_path / "root"
    shutil.copytree(photographs, root / "open")
    closed = root / "closed"
    closed.mkdir(mode=0)
    if os.access(closed, os.R_OK):
        pytest.skip("this user reads everything")
    ended = program("screen", root, "--out", tmp_path / "out.csv")
    assert ended.code == 1
    assert "1 folder could not be read" in ended.err
