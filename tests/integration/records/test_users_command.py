"""`users` and `records login|recover|clinic` on the command line, with several people."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.main import get_group
from typer.testing import CliRunner

from retina_desktop.bootstrap_records.access import open_for
from retina_desktop.cli.record_commands import app
from retina_desktop.config.folders import Folders
from retina_desktop.persistence.key_vault import KeyVault
from tests.helpers.clinic_logins import CHEAP
from tests.helpers.records import make_visit, stamp

ANNAS, TOMS, RIAS = "anna's long password", "tom's long password", "ria's long password"


@dataclass
class Terminal:
    """The commands, run by somebody on one data folder; who is in the environment."""

    folder: Path

    def run(self, *arguments, user=None, password=None, new=None, key=None) -> Any:
        variables = {
            "RETINA_DATA_DIR": str(self.folder),
            "RETINA_USER": user,
            "RETINA_PASSWORD": password,
            "RETINA_NEW_PASSWORD": new,
            "RETINA_RECOVERY_KEY": key,
        }
        return CliRunner().invoke(app, [str(each) for each in arguments], env=variables)

    def anna(self, *arguments, **more) -> Any:
        return self.run(*arguments, user="anna", password=ANNAS, **more)

    def ok(self, *arguments, **who) -> Any:
        ended = self.run(*arguments, "--json", **who)
        assert ended.exit_code == 0, ended.stderr
        return json.loads(ended.stdout)

    def cheapen(self, **passwords: str) -> None:
        """Make guesses quick: what is tested here is not Argon2."""
        path = self.folder / "records" / "keys.json"
        for name, password in passwords.items():
            master = KeyVault(path).unlock(name, password)
            KeyVault(path, cost=CHEAP).set_password(master, name, password)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A clinic of anna (administrator and reader), tom (technician) and ria (reader)."""
    terminal = Terminal(tmp_path_factory.mktemp("made") / "data")
    setup = ("records", "setup", "--administrator", "anna", "--full-name", "Dr Anna Ito")
    key = terminal.ok(*setup, password=ANNAS)["recovery_key"]
    terminal.cheapen(anna=ANNAS)
    who = {"user": "anna", "password": ANNAS}
    terminal.ok("users", "add", "tom", "--role", "technician", new=TOMS, **who)
    ria = ("users", "add", "ria", "--full-name", "Dr Ria Sen", "--role", "reader")
    terminal.ok(*ria, new=RIAS, **who)
    terminal.cheapen(tom=TOMS, ria=RIAS)
    return terminal.folder, key


@pytest.fixture
def clinic(made, tmp_path):
    shutil.copytree(made[0], tmp_path / "data")
    return Terminal(tmp_path / "data")


def refused(ended) -> str:
    """Return the one sentence of a command that did nothing."""
    assert (ended.exit_code, ended.stdout, ended.stderr.count("\n")) == (3, "", 1)
    return ended.stderr


def test_everybody_does_what_the_role_includes(clinic):
    tom, ria = {"user": "tom", "password": TOMS}, {"user": "ria", "password": RIAS}
    patient = clinic.ok("patients", "add", "P-1", "Zebulon Quillfeather", **tom)["patient"]
    with open_for(Folders(Path(), clinic.folder), **tom) as session:
        session.records.examinations.add(patient["id"], make_visit(), by=stamp(user="tom"))
    for arguments in (
        ("sign", "--examination", 1, "--referral", "none"),
        ("users", "list"),
        ("users", "deactivate", "anna"),
        ("audit", "show"),
        ("records", "clinic", "set", "--lock-after", 0),
    ):
        assert "Your role does not include" in refused(clinic.run(*arguments, **tom))
    for arguments in (
        ("users", "add", "bob", "--role", "reader"),
        ("users", "reset-password", "tom"),
        ("users", "recovery-key"),
    ):
        assert "ask an administrator" in refused(clinic.run(*arguments, **ria))
    users = clinic.ok("users", "list", user="anna", password=ANNAS)["users"]
    assert [user["name"] for user in users] == ["anna", "ria", "tom"]


def test_a_user_comes_and_goes(clinic):
    tom = {"user": "tom", "password": TOMS}
    assert clinic.anna("users", "deactivate", "tom").stdout.endswith("deactivated\n")
    assert "do not belong together" in refused(clinic.run("worklist", **tom))
    back = clinic.anna("users", "reactivate", "tom", new="tom's second password")
    assert back.stdout == "tom  tom; technician\n"
    again = clinic.run("worklist", user="Tom", password="tom's second password")
    assert again.exit_code == 0
    assert "Your password was reset by anna" in again.stderr
    assert "last active administrator" in refused(clinic.anna("users", "deactivate", "anna"))


def test_a_reset_password_is_told_until_it_is_changed(clinic):
    assert clinic.anna("users", "reset-password", "ria", new="for one day only").exit_code == 0
    who = {"user": "ria", "password": "for one day only"}
    changed = clinic.run("users", "password", new="only ria knows this", **who)
    assert "was reset by anna" in changed.stderr
    quiet = clinic.run("worklist", user="ria", password="only ria knows this")
    assert (quiet.exit_code, "reset" in quiet.stderr) == (0, False)


def test_a_change_names_what_changes(clinic, tmp_path):
    signature = tmp_path / "signature.png"
    Image.new("RGBA", (300, 90), (0, 0, 90, 60)).save(signature)
    own = ("users", "change", "ria", "--signature", signature)
    user = clinic.ok(*own, user="ria", password=RIAS)["user"]
    assert (user["signature"], user["version"]) == (True, 2)
    roles = ("--role", "reader", "--role", "administrator", "--no-signature")
    changed = clinic.anna("users", "change", "ria", *roles, "--full-name", "Prof. Ria Sen")
    assert changed.stdout == "ria  Prof. Ria Sen; administrator, reader\n"
    assert clinic.anna("users", "change", "ria").exit_code == 2
    assert clinic.anna("users", "add", "bob").exit_code == 2
    for missing in (tmp_path, tmp_path / "nothing.png"):
        refused(clinic.anna("users", "change", "ria", "--signature", missing))
    refused(clinic.anna("users", "change", "nobody", "--role", "reader"))


def test_without_a_new_password_nothing_hangs(clinic):
    ended = clinic.anna("users", "reset-password", "tom")
    assert (ended.exit_code, "RETINA_NEW_PASSWORD" in ended.stderr) == (2, True)


def test_the_recovery_key_is_renewed_and_helps_a_named_administrator(clinic, made):
    renewed = clinic.anna("users", "recovery-key").stdout.strip()
    changed = {"password": "a password by recovery"}
    assert "newest one printed" in refused(
        clinic.run("records", "recover", key=made[1], **changed)
    )
    assert "administrator" in refused(
        clinic.run("records", "recover", "--user", "tom", key=renewed, **changed)
    )
    assert (
        clinic.run("records", "recover", "--user", "anna", key=renewed, **changed).exit_code
        == 0
    )
    assert clinic.run("worklist", user="anna", **changed).exit_code == 0


def test_the_clinic_is_named_once_and_for_all_workstations(clinic, tmp_path):
    logo = tmp_path / "logo.jpg"
    Image.new("RGB", (4000, 100), (9, 90, 90)).save(logo)
    assert clinic.anna("records", "clinic", "set", "--address", "1 Harbour Lane").exit_code == 2
    named = ("records", "clinic", "set", "--name", "Clínica Ñandú", "--logo", logo)
    clinic.anna(*named, "--address", "1 Harbour Lane", "--address", "Port Ellen")
    clinic.anna("records", "clinic", "set", "--contact", "+44 1496 0", "--lock-after", "3")
    shown = clinic.ok("records", "clinic", "show", user="tom", password=TOMS)
    assert 0 < shown["clinic"].pop("logo_bytes") < 10_000
    assert (shown["clinic"], shown["lock_after_minutes"]) == (
        {
            "name": "Clínica Ñandú",
            "address": ["1 Harbour Lane", "Port Ellen"],
            "contact": "+44 1496 0",
        },
        3,
    )
    assert "never (0)" in refused(
        clinic.anna("records", "clinic", "set", "--lock-after", "500")
    )
    text = clinic.anna("records", "clinic", "set", "--no-logo", "--lock-after", "0").stdout
    assert text.endswith("without a logo\nWindows lock never.\n")


def test_one_person_opens_without_a_password_and_changes_that(tmp_path):
    alone = Terminal(tmp_path / "data")
    mixed = ("records", "setup", "--administrator", "anna", "--no-password")
    assert alone.run(*mixed).exit_code == 2
    ended = alone.run("records", "setup", "--single-user", "--no-password")
    assert len(ended.stdout.strip()) == 44
    assert "Whoever can use this account of the computer can read the records" in ended.stderr
    assert alone.run("worklist").exit_code == 0
    assert "records login --password" in refused(alone.run("users", "password"))
    assert alone.run("records", "login", "--password", new="a new password").exit_code == 0
    asked = alone.run("worklist")
    assert (asked.exit_code, "RETINA_PASSWORD" in asked.stderr) == (2, True)
    back = alone.run("records", "login", "--no-password", password="a new password")
    assert (back.exit_code, alone.run("worklist").exit_code) == (0, 0)


def test_no_password_and_no_key_can_be_given_as_an_argument():
    def options(group, path=()):
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from options(command, (*path, name))
            else:
                yield from ((*path, name, option) for option in command.params)

    secret = [
        (*path, option.name)
        for *path, option in options(get_group(app))
        if ("password" in option.name or "key" in option.name) and not option.is_flag
    ]
    assert not secret
