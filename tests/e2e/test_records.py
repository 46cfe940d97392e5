"""A small clinic day from the command line: encrypted records, a signature, a PDF."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import pypdf
import pytest
from sqlalchemy import text

from retina_desktop.domain.images import Laterality
from retina_desktop.persistence.guards import drop_guards, install_guards
from retina_desktop.persistence.key_vault import KeyVault
from retina_desktop.persistence.opening import RecordsPlace, open_records
from retina_desktop.persistence.recovery_key import RecoveryKey
from tests.helpers.records import stamp
from tests.helpers.rendered_fundus import render_fundus

PASSWORD = "a long enough password"  # of these tests alone
NAME, NOTES = "Zebulon Quillfeather", "lives beside the lighthouse"
TIMEOUT_S = 120


@dataclass
class Ended:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Clinic:
    """A data folder and the commands run on it."""

    folder: Path
    said: dict[str, Any] = field(default_factory=dict)

    @property
    def records(self) -> Path:
        return self.folder / "records"

    def run(self, *arguments, password: str | None = PASSWORD, **variables) -> Ended:
        environment = {
            **{
                key: value for key, value in os.environ.items() if not key.startswith("RETINA_")
            },
            "RETINA_DATA_DIR": str(self.folder),
            **variables,
        }
        if password is not None:
            environment["RETINA_PASSWORD"] = password
        process = subprocess.run(
            [sys.executable, "-m", "retina_desktop", *map(str, arguments)],
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=TIMEOUT_S,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert "Traceback" not in process.stderr
        assert "Internal error" not in process.stderr
        return Ended(process.returncode, process.stdout, process.stderr)

    def ok(self, *arguments) -> Any:
        ended = self.run(*arguments, "--json")
        assert ended.code == 0, ended.err
        return ended.json


def positives(examined) -> list[str]:
    """Return what must be decided, as the options of ``sign`` name it."""
    eyes = {image["id"]: Laterality(image["laterality"]).shown for image in examined["images"]}
    return [
        f"{eyes[analysis['image_id']]}:{finding['label']}"
        for analysis in examined["analyses"]
        for finding in analysis["content"]["findings"]
        if finding["probability"] is not None
        and finding["probability"] >= finding["threshold"]
        and finding["label"] != "Disease_Risk"
    ]


@pytest.fixture(scope="module")
def day(tmp_path_factory, sample):
    """A day, run once: two eyes and a spoilt file of one patient, read and signed."""
    folder = tmp_path_factory.mktemp("clinic")
    clinic = Clinic(folder / "data")
    said = clinic.said
    right = folder / f"{NAME} right.jpg"
    fundus = render_fundus(size=(712, 1072), laterality=Laterality.RIGHT, seed=3, exudates=20)
    cv2.imwrite(str(right), fundus[..., ::-1])
    spoilt = folder / "spoilt.jpg"
    spoilt.write_bytes(right.read_bytes()[:2000])

    said["setup"] = clinic.ok(
        "records", "setup", "--administrator", "anna", "--full-name", "Dr Anna Ito"
    )
    patient = ("P-1", NAME, "--birth-date", "1961-05-04", "--sex", "M", "--notes", NOTES)
    clinic.ok("patients", "add", *patient)
    said["examine"] = clinic.run(
        "examine", spoilt, "--patient", "P-1", "--right", right, "--left", sample, "--json"
    )
    said["worklist"] = clinic.ok("worklist")
    said["too early"] = clinic.run("sign", "--examination", 1, "--text", "Come back.")
    said["draft.pdf"] = folder / "draft.pdf"
    said["draft"] = clinic.ok("report", "--examination", 1, "--out", said["draft.pdf"])
    agreed = [word for place in positives(said["examine"].json) for word in ("--agree", place)]
    said["signed"] = clinic.ok(
        "sign", "--examination", 1, *agreed, "--add", "OS:macular pucker", "--referral", "soon"
    )
    said["signed.pdf"] = folder / "signed.pdf"
    said["report"] = clinic.ok(
        "report", "--examination", 1, "--out", said["signed.pdf"], "--paper", "letter"
    )
    said["audit"] = clinic.ok("audit", "show")["entries"]
    return clinic


def text_of(pdf: Path) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(pdf).pages)


def test_the_set_up_gives_a_recovery_key_that_opens_the_vault(day):
    key = RecoveryKey.parse(day.said["setup"]["recovery_key"])
    vault = KeyVault(day.records / "keys.json")
    assert vault.unlock_with_recovery(key) == vault.unlock("anna", PASSWORD)


def test_a_spoilt_photograph_stops_no_other(day):
    ended = day.said["examine"]
    assert ended.code == 1
    assert "spoilt.jpg: " in ended.err
    examined = ended.json
    assert [error["error"] for error in examined["errors"]] == ["image_truncated"]
    assert [image["laterality"] for image in examined["images"]] == ["R", "L"]
    assert [image["laterality_source"] for image in examined["images"]] == ["user", "user"]
    assert [a["image_id"] for a in examined["analyses"]] == [1, 2]
    assert len(examined["analyses"][0]["content"]["findings"]) == 29


def test_the_worklist_shows_the_analysed_visit(day):
    (row,) = day.said["worklist"]["examinations"]
    assert (row["record_number"], row["name"]) == ("P-1", NAME)
    assert (row["visit"]["state"], row["visit"]["analysed_images"]) == ("analysed", 2)


def test_nothing_is_signed_before_everything_is_decided(day):
    ended = day.said["too early"]
    assert ended.code == 3
    assert ended.err.startswith("This examination cannot be signed yet: ")
    assert "Choose the referral." in ended.err


def test_a_draft_says_so_and_a_signed_report_names_the_reader(day):
    draft, signed = text_of(day.said["draft.pdf"]), text_of(day.said["signed.pdf"])
    assert "DRAFT" in draft
    assert "DRAFT" not in signed
    assert "Signed by Dr Anna Ito" in signed
    for words in (NAME, "P-1", "4 May 1961", "macular pucker", "Come back.", "Refer soon"):
        assert words in signed
    page = pypdf.PdfReader(day.said["signed.pdf"]).pages[0].mediabox
    assert (round(page.width), round(page.height)) == (612, 792)


def test_what_was_typed_too_early_is_in_the_signed_reading(day):
    reading = day.said["signed"]["reading"]
    assert reading["reading"]["comment"] == "Come back."
    assert reading["signature"]["shown_name"] == "Dr Anna Ito"
    decided = [(d["eye"], d["label"], d["agreement"]) for d in reading["reading"]["decisions"]]
    expected = [place.split(":") for place in positives(day.said["examine"].json)]
    assert decided == [("R" if eye == "OD" else "L", label, "agree") for eye, label in expected]


def test_a_signed_examination_takes_addenda_only(day):
    again = day.run("sign", "--examination", 1, "--referral", "none")
    assert (again.code, again.err.count("\n")) == (3, 1)
    day.ok("examinations", "addendum", "--examination", 1, "--text", "Called the patient.")
    shown = day.ok("examinations", "show", "--examination", 1)
    assert [added["text"] for added in shown["addenda"]] == ["Called the patient."]
    assert shown["reading"] == day.said["signed"]["reading"]


def test_the_trail_tells_the_day_with_every_report_and_no_name(day):
    entries = day.said["audit"]
    actions = [entry["event"]["action"] for entry in entries]
    for action in ("user added", "patient added", "image added", "analysis added", "signed"):
        assert action in actions
    made = [e["event"]["details"] for e in entries if e["event"]["action"] == "report made"]
    assert [report["report"] for report in made] == [
        day.said["draft"]["report"],
        day.said["report"]["report"],
    ]
    assert [report["signed"] for report in made] == ["no", "yes"]
    assert NAME not in json.dumps(entries)
    assert {entry["stamp"]["user"] for entry in entries} == {"anna"}


def test_the_head_of_a_printed_report_pins_the_trail(day):
    head = day.said["report"]["head"]
    assert day.ok("audit", "verify", "--head", head)["intact"]
    number, digest = head.split(":")
    assert day.run("audit", "verify", "--head", f"{number}:{digest[::-1]}").code == 1


def test_patients_are_found_by_a_part_of_the_name_and_shown_by_number(day):
    (found,) = day.ok("patients", "find", "QUILLFÈ")["patients"]
    assert found["details"]["name"] == NAME
    shown = day.ok("patients", "show", "P-1")
    assert [visit["state"] for visit in shown["visits"]] == ["signed"]
    twin = day.run("patients", "add", "P-1", "Somebody Else")
    assert (twin.code, twin.err.count("\n")) == (3, 1)


def test_a_wrong_password_is_one_sentence(day):
    ended = day.run("worklist", password="not the password")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err == "User and password do not belong together; check both and try again.\n"


def test_without_a_password_nothing_hangs(day):
    ended = day.run("worklist", password=None)
    assert ended.code == 2
    assert "RETINA_PASSWORD" in ended.err


def test_nothing_of_the_patient_lies_there_in_clear(day, sample):
    secrets = [
        word.encode(coding)
        for word in (NAME, "Quillfeather", NOTES, "macular pucker")
        for coding in ("utf-8", "utf-16-le")
    ]
    secrets.append(sample.read_bytes()[1000:1064])
    files = [path for path in day.folder.rglob("*") if path.is_file()]
    assert {"records.db", "keys.json"} <= {path.name for path in files}
    kept = [path for path in files if "images" in path.parts]
    assert len(kept) == 4  # two photographs, two reports
    for path in files:
        content = path.read_bytes()
        assert not [secret for secret in secrets if secret in content], path.name
        assert "Quillfeather" not in str(path.relative_to(day.folder))


def test_records_are_set_up_once_and_needed_first(day, tmp_path):
    again = day.run("records", "setup", "--single-user", password="another long password")
    assert (again.code, again.err.count("\n")) == (3, 1)
    both = day.run("records", "setup", "--single-user", "--administrator", "tom")
    assert both.code == 2
    empty = Clinic(tmp_path / "empty")
    ended = empty.run("worklist")
    assert ended.code == 3
    assert "records setup" in ended.err
    short = empty.run("records", "setup", "--single-user", password="short")
    assert short.code == 3
    assert not empty.records.exists()


@pytest.fixture
def copy(day, tmp_path):
    shutil.copytree(day.folder, tmp_path / "copy")
    return Clinic(tmp_path / "copy", day.said)


def test_a_forgotten_password_is_replaced_with_the_recovery_key(copy):
    key = copy.said["setup"]["recovery_key"]
    mistyped = copy.run("records", "recover", RETINA_RECOVERY_KEY=key[::-1])
    assert (mistyped.code, mistyped.err.count("\n")) == (3, 1)
    changed = copy.run("records", "recover", password="a new password", RETINA_RECOVERY_KEY=key)
    assert changed.code == 0
    assert copy.run("worklist").code == 3
    assert copy.run("worklist", password="a new password").code == 0


def test_verify_passes_on_what_nobody_touched(copy):
    verified = copy.ok("records", "verify")
    assert verified["intact"]
    assert verified["files"] == 4  # two photographs, two reports


def test_verify_finds_a_damaged_and_a_missing_photograph(day, copy):
    names = sorted(image["sha256"] for image in day.said["examine"].json["images"])
    first, second = (copy.records / "images" / name[:2] / name for name in names)
    content = bytearray(first.read_bytes())
    content[len(content) // 2] ^= 1
    first.write_bytes(content)
    second.unlink()
    ended = copy.run("records", "verify", "--json")
    assert ended.code == 1
    assert (ended.json["damaged"], ended.json["missing"]) == ([first.name], [second.name])
    # What can be printed still is.
    copy.ok("report", "--examination", 1, "--out", copy.folder.parent / "left.pdf")


def test_audit_verify_finds_what_an_intruder_with_the_key_changed(copy):
    place = RecordsPlace(copy.records)
    master = KeyVault(place.keys).unlock("anna", PASSWORD)
    records = open_records(place, master=master, by=stamp(user="anna"))
    with records.database.write() as session:
        drop_guards(session.connection())
        for intrusion in (
            "UPDATE audit_entry SET made_by = 'tom' WHERE sequence = 4",
            "DELETE FROM audit_entry WHERE sequence = 6",
            "UPDATE patient SET notes = 'nothing' WHERE id = 1",
        ):
            session.execute(text(intrusion))
        install_guards(session.connection())
    records.close()
    ended = copy.run("audit", "verify", "--json")
    assert ended.code == 1
    found = [(p["fault"], p["sequence"]) for p in ended.json["problems"]]
    assert {("altered", 4), ("missing", 6)} <= set(found)
    assert "record altered" in [fault for fault, _ in found]


def test_the_command_line_loads_no_database_and_no_pdf_engine_before_it_is_asked():
    script = "import sys, retina_desktop.cli.app\nprint(*sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    heavy = {"sqlalchemy", "alembic", "sqlcipher3", "cryptography", "argon2", "reportlab"}
    loaded = set(ended.stdout.split())
    assert not loaded & heavy
    assert "retina_desktop.bootstrap_records" not in loaded
