"""Finding, merging and following patients from the command line."""

import pytest

PASSWORD = "a long enough password"  # of these tests alone


@pytest.fixture
def run(program):
    """Run a command on new records of one person."""
    environment = {"RETINA_PASSWORD": PASSWORD}

    def command(*arguments, code=0):
        ended = program(*arguments, environment=environment)
        assert ended.code == code, ended.err
        assert "Traceback" not in ended.err
        return ended

    command("records", "setup", "--single-user")
    return command


def test_doubles_are_found_merged_followed_and_parted(run, sample):
    run("patients", "add", "P-1", "Zebulon Quill", "--birth-date", "1960-02-03")
    run("patients", "add", "P-01", "Quill Zebulon", "--birth-date", "1960-03-02")
    run("examine", "--patient", "P-01", "--left", sample)

    (pair,) = run("patients", "duplicates", "--json").json["pairs"]
    assert pair["likeness"]["score"] > 0.9
    assert "swapped" in run("patients", "duplicates").out
    found = run("patients", "find", "zebulom", "--json").json
    assert [hit["similar"] for hit in found["hits"]] == [True, True]

    run("patients", "merge", "P-1", "P-01")
    found = run("patients", "find", "P-01", "--unsigned", "--born", "1960-02-03").out
    assert found.startswith("P-1  Zebulon Quill")
    assert "also known as P-01  Quill Zebulon" in found
    assert run("patients", "show", "P-01", "--json").json["patient"]["id"] == 1
    history = run("patients", "history", "P-01", "--json").json
    assert len(history["visits"]) == 1
    assert "OS:" in run("patients", "history", "P-1").out
    assert "already" in run("patients", "merge", "P-1", "P-01", code=3).err
    assert run("audit", "verify", code=0).code == 0

    run("patients", "unmerge", "P-01")
    assert run("patients", "history", "P-1", "--json").json["visits"] == []


def test_wrong_questions_are_told(run):
    assert "label" in run("patients", "find", "x", "--label", "NOPE", code=2).err
    assert "Type a record number" in run("patients", "find", code=2).err
    assert "No patient" in run("patients", "find", "nobody").err
    assert "No patient" in run("patients", "merge", "A", "B", code=3).err
    wrong = ("--visited-from", "2026-02-02", "--visited-to", "2026-01-01")
    assert "swap" in run("patients", "find", *wrong, code=3).err
