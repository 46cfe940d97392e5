"""Reports and lists from the command line, on encrypted records of a signed and a new visit."""

import io
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import pypdf
import pytest
import skimage.data

from retina_desktop.bootstrap_records.access import first_user, open_for, set_up_records
from retina_desktop.bootstrap_records.reports import report_desk
from retina_desktop.config.folders import Folders
from retina_desktop.domain.decisions import Decision, Grade, Reading
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.domain.report_content import Language, Paper
from retina_desktop.services.report_settings import ReportDefaults
from tests.helpers.records import VISIT, keep_photograph, make_details, make_visit, stamp

PASSWORD = "a long enough password"  # of these tests alone
NAME = "Zebulon Quillfeather"


@dataclass
class Clinic:
    """A data folder and the commands run on it."""

    folder: Path
    out: Path
    said: dict[str, Any] = field(default_factory=dict)

    def run(self, *arguments) -> subprocess.CompletedProcess[str]:
        kept = {key: value for key, value in os.environ.items() if "RETINA_" not in key}
        mine = {"RETINA_DATA_DIR": str(self.folder), "RETINA_PASSWORD": PASSWORD}
        ended = subprocess.run(
            [sys.executable, "-m", "retina_desktop", *map(str, arguments)],
            env=kept | mine,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert "Traceback" not in ended.stderr
        assert "Internal error" not in ended.stderr
        return ended

    def ok(self, *arguments) -> Any:
        ended = self.run(*arguments, "--json")
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory):
    """Two visits of one day: the first is signed."""
    folder = tmp_path_factory.mktemp("clinic")
    clinic = Clinic(folder / "data", folder / "out")
    folders = Folders.find({"RETINA_DATA_DIR": str(clinic.folder)})
    set_up_records(
        folders, user=first_user(administrator="anna", full_name="Dr Anna"), password=PASSWORD
    )
    jpeg = cv2.imencode(".jpg", skimage.data.retina()[::4, ::4, ::-1])[1].tobytes()
    with open_for(folders, user="anna", password=PASSWORD) as session:
        records = session.records
        for number, name in (("P-1", NAME), ("P-2", "=1+1")):
            patient = records.patients.add(make_details(number, name=name), by=stamp())
            photographs = [keep_photograph(records, jpeg + number.encode(), dr=0.9)]
            records.examinations.add(
                patient.id, make_visit(), photographs=photographs, by=stamp()
            )
        said = Reading(
            decisions=(Decision(Laterality.RIGHT, "DR", Grade.PRESENT),),
            referral=ReferralTier.SOON,
        )
        records.readings.save(1, said, expected_version=0, by=stamp())
        chosen = ReportDefaults(Paper.LETTER, Language.SPANISH)
        report_desk(records, folders).save_defaults(session.acting, chosen)
        records.readings.sign(1, shown_name="Dr Anna", expected_version=1, by=stamp())
    return clinic


def text_of(pdf: Path) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(pdf).pages)


def test_a_report_is_made_listed_and_given_out_again(clinic):
    first, again = clinic.out / "first.pdf", clinic.out / "again.pdf"
    made = clinic.ok("report", "--examination", 1, "--template", "leaflet", "--out", first)
    assert "Su examen de los ojos" in text_of(first)
    assert NAME in text_of(first)
    (listed,) = clinic.ok("reports", "list", "--examination", 1)["reports"]
    assert (listed["number"], listed["draft"], listed["paper"]) == (
        made["report"],
        False,
        "letter",
    )
    clinic.ok("report", "--number", made["report"], "--out", again)
    assert again.read_bytes() == first.read_bytes()


def test_a_days_reports_are_files_without_a_patients_name(clinic):
    folder = clinic.out / "day"
    rows = clinic.ok("report-day", VISIT, "--out", folder, "--template", "summary")["reports"]
    made = [row for row in rows if row["report"]]
    assert [row["examination"] for row in made] == [1]
    assert [row["not_signed"] for row in rows].count(True) == 1
    assert [file.name for file in folder.iterdir()] == [made[0]["file"]]
    assert made[0]["file"] == f"report-{made[0]['report']}.pdf"


def test_a_days_list_becomes_a_table_without_formulas(clinic):
    table = clinic.out / "day.csv"
    assert clinic.ok("worklist", "--day", VISIT, "--export", table)["rows"] == 2
    lines = table.read_text("utf-8-sig").splitlines()
    assert lines[0].startswith("Examination,Visit date,Record number,Name")
    assert any(",'=1+1," in line for line in lines)
    book = clinic.out / "days.xlsx"
    days = ("--from", "2026-01-01", "--to", "2026-12-31")
    assert clinic.ok("examinations", "list", *days, "--export", book)["rows"] == 2
    with zipfile.ZipFile(io.BytesIO(book.read_bytes())) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("report", "--out", "x.pdf"), 2, "Name either --examination"),
        (("worklist", "--export", "x.txt"), 2, "A list is written as .csv or .xlsx"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_sentence(clinic, arguments, code, sentence):
    ended = clinic.run(*arguments)
    assert ended.returncode == code
    assert ended.stderr.startswith(sentence)
    assert ended.stderr.count("\n") == 1
