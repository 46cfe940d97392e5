"""Trainings as processes: found again, ended, and what they said last."""

import json
import os
import sys
from datetime import UTC, datetime

import pytest

from retina_desktop.services import training_runs_process
from retina_desktop.services.training_runs import (
    Stage,
    TrainingError,
)
from retina_desktop.services.training_runs_process import (
    find_running,
    last_words,
    log_tail,
    start,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def begin(folder, script, stage=Stage.TRAIN):
    command = (sys.executable, "-c", script)
    environment = dict(os.environ)
    return start(command, stage=stage, work_dir=folder, environment=environment, now=NOW)


WAITS = "import time\nprint('here', flush=True)\nwhile True: time.sleep(0.05)"


def ended(process):
    process._process.wait(timeout=20)
    return process


def test_a_process_is_found_again_and_ended_by_another_window(tmp_path):
    process = begin(tmp_path, WAITS)
    found = find_running(tmp_path)
    assert found.stage is Stage.TRAIN
    assert found.is_alive
    assert found.exit_code is None
    with pytest.raises(TrainingError, match="already runs"):
        begin(tmp_path, WAITS)
    found.kill()
    assert ended(process).exit_code != 0
    assert not found.is_alive
    assert find_running(tmp_path) is None


def test_another_process_with_its_number_is_not_touched(tmp_path):
    process = begin(tmp_path, WAITS)
    note = tmp_path / "window" / training_runs_process.NOTE_NAME
    content = json.loads(note.read_text())
    note.write_text(json.dumps({**content, "created": content["created"] - 100.0}))
    assert find_running(tmp_path) is None
    process.kill()


def test_a_stage_that_saves_nothing_is_just_ended(tmp_path):
    process = begin(tmp_path, WAITS, Stage.EVALUATE)
    process.ask_to_stop()
    assert not process.is_alive


def test_its_last_words_are_those_of_the_newest_stage(tmp_path):
    ended(begin(tmp_path, "print('first')"))
    ended(begin(tmp_path, "import sys; sys.exit('No room;\\n make some. \\n\\n')"))
    log = log_tail(tmp_path)
    assert log.split("\n")[0] == "=== train, 2026-03-02 09:00"
    assert last_words(log) == "make some."
    ended(begin(tmp_path, ""))
    assert last_words(log_tail(tmp_path)) == ""
    assert last_words("") == ""


def test_a_log_is_shown_without_colours_and_overwritten_bars(tmp_path):
    (tmp_path / "window").mkdir()
    text = b"\x1b[31mred\x1b[0m\n10 %\r20 %\r100 %\nnot \xff text\r\n"
    (tmp_path / "window" / "log.txt").write_bytes(text)
    assert log_tail(tmp_path) == "red\n100 %\nnot \ufffd text"


def test_a_long_log_shows_its_end(tmp_path):
    (tmp_path / "window").mkdir()
    lines = [f"line {number}" for number in range(50_000)]
    (tmp_path / "window" / "log.txt").write_text("\n".join(lines))
    shown = log_tail(tmp_path).split("\n")
    assert shown[-1] == "line 49999"
    assert shown[0] in lines


def test_what_cannot_be_started_is_said(tmp_path):
    (tmp_path / "window").write_text("a file where the folder should be")
    with pytest.raises(TrainingError, match="cannot be started"):
        begin(tmp_path, "")
