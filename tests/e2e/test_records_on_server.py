"""A clinic whose records are on its PostgreSQL server, from the command line."""

import json

import cv2
import pytest

from retina_desktop.domain.images import Laterality
from tests.e2e.test_records import Clinic, positives
from tests.helpers.record_fixtures import postgres  # noqa: F401 - a fixture
from tests.helpers.rendered_fundus import render_fundus

NOWHERE = "postgresql+psycopg://retina:xyzzy-secret@127.0.0.1:1/records"


def name_server(clinic: Clinic, address: str) -> None:
    clinic.folder.mkdir(exist_ok=True)
    text = json.dumps({"records_url": address})
    (clinic.folder / "settings.json").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def server_clinic(postgres, tmp_path_factory):  # noqa: F811 - the fixture
    """Give a clinic after a visit that was read, signed and reported."""
    folder = tmp_path_factory.mktemp("server-clinic")
    clinic = Clinic(folder / "data")
    name_server(clinic, postgres.new_database(empty=True))
    clinic.ok("records", "setup", "--administrator", "anna")
    clinic.ok("patients", "add", "P-1", "Zebulon Quillfeather")
    photograph = folder / "eye.jpg"
    fundus = render_fundus(size=(356, 536), laterality=Laterality.RIGHT, seed=3)
    cv2.imwrite(str(photograph), fundus[..., ::-1])
    examined = clinic.ok("examine", "--patient", "P-1", "--right", photograph)
    agreed = [word for place in positives(examined) for word in ("--agree", place)]
    clinic.ok("sign", "--examination", 1, *agreed, "--referral", "none")
    clinic.ok("report", "--examination", 1, "--out", folder / "report.pdf")
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF")
    return clinic


def test_rows_are_on_the_server_and_files_in_the_folder(server_clinic):
    found = server_clinic.ok("patients", "find", "quillfeather")
    assert "P-1" in json.dumps(found)
    assert server_clinic.ok("audit", "verify")["problems"] == []
    assert server_clinic.ok("verify")["problems"] == []
    assert not (server_clinic.records / "records.db").exists()
    kept = [path for path in (server_clinic.records / "images").rglob("*") if path.is_file()]
    assert len(kept) == 2  # the photograph and the report


def test_a_backup_is_restored_into_an_empty_database(
    server_clinic,
    postgres,  # noqa: F811 - the fixture
    tmp_path,
):
    usb = tmp_path / "usb"
    usb.mkdir()
    assert server_clinic.ok("backup", "now", "--folder", usb)["copied"] == 2
    assert server_clinic.ok("backup", "verify", "--folder", usb)["intact"]
    fresh = Clinic(tmp_path / "fresh")
    refused = fresh.run("restore", usb)
    assert (refused.code, "make an empty database" in refused.err) == (3, True)
    address = postgres.new_database(empty=True)
    name_server(fresh, address)
    assert fresh.ok("restore", usb)["problems"] == []
    assert "P-1" in json.dumps(fresh.ok("patients", "find", "quillfeather"))
    assert fresh.ok("verify")["problems"] == []
    assert (fresh.records / "server.json").exists()
    again = Clinic(tmp_path / "again")
    name_server(again, address)
    refused = again.run("restore", usb)
    assert (refused.code, "not empty" in refused.err) == (3, True)


def test_an_address_of_another_database_is_refused_before_anything_is_touched(
    server_clinic,
    postgres,  # noqa: F811 - the fixture
):
    settings = server_clinic.folder / "settings.json"
    ours = settings.read_text(encoding="utf-8")
    images = sorted((server_clinic.records / "images").rglob("*"))
    try:
        name_server(server_clinic, postgres.new_database(empty=True))
        refused = server_clinic.run("patients", "find", "quillfeather")
        assert (refused.code, "not that of these records" in refused.err) == (3, True)
        settings.write_text("{}", encoding="utf-8")
        refused = server_clinic.run("patients", "find", "quillfeather")
        assert (refused.code, "records_url" in refused.err) == (3, True)
        repeated = server_clinic.run("records", "setup", "--administrator", "anna")
        assert (repeated.code, "records_url" in repeated.err) == (3, True)
    finally:
        settings.write_text(ours, encoding="utf-8")
    assert sorted((server_clinic.records / "images").rglob("*")) == images
    server_clinic.ok("worklist")


def test_a_second_clinic_cannot_be_set_up_in_the_same_database(server_clinic, tmp_path):
    second = Clinic(tmp_path / "data")
    address = json.loads((server_clinic.folder / "settings.json").read_bytes())["records_url"]
    name_server(second, address)
    refused = second.run("records", "setup", "--administrator", "ben")
    assert (refused.code, "already" in refused.err) == (3, True)
    assert not (second.records / "keys.json").exists()
    assert server_clinic.ok("audit", "verify")["problems"] == []


@pytest.mark.parametrize(
    "address", [NOWHERE, "mysql://x:xyzzy-secret@h/d", "xyzzy-secret", "x:y@z:q/"]
)
def test_a_server_that_does_not_answer_is_one_sentence_without_the_password(tmp_path, address):
    clinic = Clinic(tmp_path / "data")
    refused = clinic.run(
        "records", "setup", "--administrator", "anna", RETINA_RECORDS_URL=address
    )
    assert refused.code == 3
    assert len(refused.err.strip().splitlines()) == 1
    written = [p.read_bytes() for p in clinic.folder.rglob("*") if p.is_file()]
    assert not any(b"xyzzy" in text for text in [refused.err.encode(), *written])
    assert not (clinic.records / "keys.json").exists()


def test_records_in_a_file_are_not_passed_over_for_a_server(tmp_path):
    clinic = Clinic(tmp_path / "data")
    clinic.ok("records", "setup", "--single-user")
    refused = clinic.run("worklist", RETINA_RECORDS_URL=NOWHERE)
    assert (refused.code, "records.db" in refused.err) == (3, True)
