"""The restore drill: a clinic, two backups, two fresh computers, everything there again."""

import cv2
import pytest

from retina_desktop.domain.images import Laterality
from retina_desktop.persistence.image_store import FileImageStore
from retina_desktop.persistence.key_vault import KeyPurpose, KeyVault
from tests.e2e.test_records import PASSWORD, Clinic, positives
from tests.helpers.rendered_fundus import render_fundus


@pytest.fixture(scope="module")
def drill(tmp_path_factory):
    """Give the clinic after its second backup, and what its commands said."""
    folder = tmp_path_factory.mktemp("drill")
    clinic, usb = Clinic(folder / "data"), folder / "usb"
    usb.mkdir()
    said = clinic.said | {"usb": usb, "photographs": []}
    said["key"] = clinic.ok("records", "setup", "--administrator", "anna")["recovery_key"]
    clinic.ok("backup", "plan", "--folder", usb)
    for seed, number in ((3, "P-1"), (4, "P-2")):
        photograph = folder / f"eye {seed}.jpg"
        fundus = render_fundus(size=(356, 536), laterality=Laterality.RIGHT, seed=seed)
        cv2.imwrite(str(photograph), fundus[..., ::-1])
        said["photographs"].append(photograph.read_bytes())
        clinic.ok("patients", "add", number, f"Somebody {number}")
        examined = clinic.ok("examine", "--patient", number, "--right", photograph)
        if number == "P-1":
            agreed = [word for place in positives(examined) for word in ("--agree", place)]
            clinic.ok("sign", "--examination", 1, *agreed, "--referral", "none")
            clinic.ok("report", "--examination", 1, "--out", folder / "report.pdf")
        said[f"backup {number}"] = clinic.ok("backup", "now")
    clinic.said = said
    return clinic


def test_the_second_backup_is_incremental(drill):
    first, second = drill.said["backup P-1"], drill.said["backup P-2"]
    assert (first["copied"], first["manifest"]["files"]) == (2, 2)  # photograph and report
    assert (second["copied"], second["manifest"]["files"]) == (1, 3)


def test_state_list_and_verify_agree(drill):
    newest = drill.said["backup P-2"]["manifest"]["id"]
    state = drill.ok("backup", "state")
    assert (state["last"]["id"], state["overdue"], state["failure"]) == (newest, False, "")
    listed = drill.ok("backup", "list")["backups"]
    assert [backup["manifest"]["id"] for backup in listed] == [newest]  # one a day is kept
    assert drill.ok("backup", "verify")["intact"]
    assert not drill.ok("backup", "now", "--if-due")["made"]


@pytest.mark.parametrize("by", ["password", "recovery key"])
def test_a_fresh_computer_has_everything_again(drill, tmp_path, by):
    fresh = Clinic(tmp_path / "fresh")
    if by == "password":
        fresh.ok("restore", drill.said["usb"])
    else:
        key = drill.said["key"]
        ended = fresh.run(
            "restore", drill.said["usb"], "--recovery", password=None, RETINA_RECOVERY_KEY=key
        )
        assert ended.code == 0, ended.err
    verified = fresh.ok("verify")
    assert (verified["intact"], verified["files"]) == (True, 3)
    for number in ("P-1", "P-2"):
        assert fresh.ok("patients", "show", number) == drill.ok("patients", "show", number)
    assert photographs_of(fresh) >= set(drill.said["photographs"])
    occupied = fresh.run("restore", drill.said["usb"])
    assert (occupied.code, occupied.err.count("\n")) == (3, 1)


def test_a_wrong_password_and_an_empty_folder_are_one_sentence(drill, tmp_path):
    fresh = Clinic(tmp_path / "fresh")
    wrong = fresh.run("restore", drill.said["usb"], password="not the password")
    nothing = fresh.run("restore", tmp_path)
    for ended in (wrong, nothing):
        assert (ended.code, ended.err.count("\n")) == (3, 1)


def photographs_of(clinic):
    master = KeyVault(clinic.records / "keys.json").unlock("anna", PASSWORD)
    store = FileImageStore(clinic.records / "images", key=master.derive(KeyPurpose.IMAGES))
    return {store.read(file.sha256) for file in store.files()}
