"""What comes in, goes out and is deleted, from the command line."""

import json
import os
import zipfile

import cv2
import numpy as np
import pytest
from skimage.data import retina
from typer.testing import CliRunner

from retina_desktop.cli.record_commands import app
from retina_desktop.domain.images import Laterality
from tests.helpers.clinics import fundus_jpeg
from tests.helpers.dicom_files import dicom_bytes

PASSWORD = "a long enough password"  # of these tests alone


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Photographs by name, by table and by DICOM header."""
    folder = tmp_path_factory.mktemp("clinic")
    named = folder / "named"
    named.mkdir()
    (named / "P-1_OD_2024-03-02.jpg").write_bytes(fundus_jpeg(1))
    (named / "holiday.jpg").write_bytes(fundus_jpeg(2))
    real = np.ascontiguousarray(retina()[::3, ::3])
    cv2.imwrite(str(folder / "left.png"), real[..., ::-1])
    (folder / "list.csv").write_bytes(
        "Bild;record number;name;visit date;eye\nleft.png;P-1;Zoë Quill;2.3.2024;OS\n".encode(
            "cp1252"
        )
    )
    (folder / "dicom").mkdir()
    tags = {"PatientID": "P-2", "PatientName": "Quill^Zoe", "StudyDate": "20240501"}
    (folder / "dicom" / "1").write_bytes(
        dicom_bytes(np.ascontiguousarray(real[::-1]), photometric="RGB", **tags)
    )
    return folder


@pytest.fixture(scope="module")
def run(place):
    """Run a command in the clinic."""

    def start(*arguments, code=0, **variables):
        # In this process: thirty starts of Python would take longer than all they do.
        environment = {name: None for name in os.environ if name.startswith("RETINA_")}
        environment |= {"RETINA_DATA_DIR": str(place / "data"), "RETINA_PASSWORD": PASSWORD}
        words = [str(argument) for argument in arguments]
        ended = CliRunner().invoke(app, words, env=environment | variables)
        assert ended.exit_code == code, ended.output
        assert "Internal error" not in ended.stderr
        return json.loads(ended.stdout) if "--json" in arguments else ended

    start("records", "setup", "--single-user")
    return start


@pytest.fixture(scope="module")
def arrived(run, place):
    """Everything imported, with what the commands said; each needs the one before."""
    plan = run("import", "folder", place / "named", "--plan", "--json", code=1)
    assert plan["planned"]
    assert plan["counts"] == {"new patient": 1, "refused": 1}
    assert run("patients", "find", "P-1", "--json")["patients"] == []

    done = run("import", "folder", place / "named", "--analyse", "--json", code=1)
    by_name = {row["path"].split("/")[-1]: row for row in done["files"]}
    assert by_name["P-1_OD_2024-03-02.jpg"]["outcome"] == "new patient"
    assert by_name["holiday.jpg"]["error"] == "import_refused"
    again = run("import", "folder", place / "named", "--json", code=1)
    assert again["counts"] == {"already in the records": 1, "refused": 1}

    told = run("import", "csv", place / "list.csv", code=3)
    assert "--column file=HEADER" in told.stderr
    listed = ("import", "csv", place / "list.csv", "--column", "file=Bild", "--json")
    assert run(*listed)["counts"] == {"added to a visit": 1}
    assert run("import", "dicom", place / "dicom", "--json")["counts"] == {"new patient": 1}


def test_what_was_imported_is_in_the_records(run, arrived):
    shown = run("examinations", "show", "--examination", 1, "--json")
    eyes = [image["laterality"] for image in shown["images"]]
    assert eyes == [Laterality.RIGHT, Laterality.LEFT]
    assert len(shown["analyses"]) == 1


def test_a_photograph_of_another_patient_needs_to_be_accepted(run, place, arrived):
    file = place / "dicom" / "1"
    ended = run("examine", file, "--patient", "P-1", code=3)
    assert "names another patient" in ended.stderr
    run("examine", file, "--patient", "P-1", "--accept-other-patient")
    actions = [e["event"]["action"] for e in run("audit", "show", "--json")["entries"]]
    assert "other patient accepted" in actions


def test_a_record_leaves_whole_and_goes_for_good(run, place, arrived):
    out = place / "P.zip"
    ended = run("patients", "export", "P-1", "--out", out, "--heatmaps")
    assert "not encrypted" in ended.stderr
    with zipfile.ZipFile(out) as archive:
        names = archive.namelist()
    assert {
        "record.json",
        "examination-1/photograph-1.jpg",
        "examination-1/preview.pdf",
    } <= set(names)
    run("patients", "export", "P-1", "--out", out, code=3)
    run("patients", "export", "P-1", "--out", out, "--replace", "--encrypt", code=2,
        RETINA_EXPORT_PASSWORD="short")  # fmt: skip
    run("examinations", "export", "--examination", 1, "--out", place / "one.json")
    assert (
        json.loads((place / "one.json").read_bytes())["schema"] == "retina-desktop examination"
    )

    research = place / "research"
    counts = run("export-research", "--out", research, "--json")["counts"]
    assert counts["patients"] == 2
    assert "P-1" not in (research / "photographs.csv").read_text(encoding="utf-8")
    run("export-research", "--out", research, code=3)
    run("export-research", "--out", place / "none", "--label", "NONE", code=3)

    plan = run("patients", "delete", "P-1", "--json")
    assert not plan["may_delete"]
    ended = run("patients", "delete", "P-1", "--confirm", "P-1", "--reason", "other", code=3)
    assert "cannot be deleted before 20" in ended.stderr
    run("patients", "retention", "--years", 0, "--until-age", 0)
    due = run("patients", "due-for-deletion", "--json")["due"]
    assert "P-2" in [row["record_number"] for row in due]
    run("patients", "delete", "P-2", "--confirm", "P-2", code=2)
    ended = run("patients", "delete", "P-2", "--confirm", "P-2", "--reason", "retention over")
    assert "Backups" in ended.stderr
    run("patients", "show", "P-2", code=3)
    verified = run("records", "verify", "--json")
    assert verified["intact"]


def test_wrong_usage_is_told(run, place):
    bad = run("import", "folder", place / "named", "--pattern", "{eye}", code=3)
    assert "{record_number}" in bad.stderr
    run("import", "folder", place / "list.csv", code=2)
    run("import", "csv", place / "list.csv", "--column", "colour=Bild", code=2)
    run("import", "csv", place / "none.csv", code=2)
    (place / "empty").mkdir()
    ended = run("import", "dicom", place / "empty", code=3)
    assert "no photograph" in ended.stderr
