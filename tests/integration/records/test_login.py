"""Coming to the records: states, passwords, waits, the locked window, no password at all."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from sqlalchemy import text

from retina_desktop.bootstrap_records import records_folder
from retina_desktop.bootstrap_records.access import (
    RecordsState,
    first_user,
    open_for,
    records_state,
    recover_records,
    set_up_records,
)
from retina_desktop.domain.audit import AuditAction, AuditEvent, RecordKind, RecordReference
from retina_desktop.domain.record_errors import (
    InvalidEntryError,
    LoginNeededError,
    PermissionDeniedError,
    RecordsUnavailableError,
    TooManyAttemptsError,
    WrongPasswordError,
)
from retina_desktop.domain.users import Role, User
from retina_desktop.persistence.key_vault import KeyVault
from retina_desktop.persistence.opening import RecordsPlace, open_records
from tests.helpers.clinic_logins import ANNA, CHEAP, PASSWORD, Clinic
from tests.helpers.records import stamp

TOM = User("tom", "Tom Okafor", frozenset({Role.TECHNICIAN}))
TOMS = "the technician's password"
ALONE = first_user(administrator=None, full_name="Dr Solo")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Records with a password and records without one, to be copied; and recovery keys."""
    folder = tmp_path_factory.mktemp("made")
    clinic, alone = Clinic(folder / "clinic"), Clinic(folder / "alone")
    keys = {"clinic": clinic.set_up(), "alone": alone.set_up(ALONE, None)}
    session = clinic.open()
    session.add_user(session.acting, TOM, password=TOMS)
    session.close()
    return folder, keys


@pytest.fixture
def clinic(made, tmp_path):
    """Records of anna, administrator and reader, and tom, technician."""
    shutil.copytree(made[0] / "clinic", tmp_path / "clinic")
    return Clinic(tmp_path / "clinic")


@pytest.fixture
def alone(made, tmp_path):
    """Records of one person, without a password."""
    shutil.copytree(made[0] / "alone", tmp_path / "alone")
    return Clinic(tmp_path / "alone")


def refused(clinic, user="anna", password="not the password", times=1) -> str:
    for _ in range(times):
        with pytest.raises(WrongPasswordError) as told:
            clinic.open(user, password)
    return str(told.value)


# -- states -------------------------------------------------------------------------------


def test_the_state_is_told_without_opening_anything(clinic, alone, tmp_path):
    empty = Clinic(tmp_path / "empty")
    assert records_state(empty.folders) is RecordsState.NOT_SET_UP
    assert not empty.data.exists()
    assert records_state(clinic.folders) is RecordsState.LOGIN_NEEDED
    assert records_state(alone.folders) is RecordsState.OPEN_WITHOUT_LOGIN
    (alone.records / "device.key").unlink()
    assert records_state(alone.folders) is RecordsState.PASSWORD_NEEDED
    (clinic.records / "keys.json").write_bytes(b"{ damaged")
    assert records_state(clinic.folders) is RecordsState.LOGIN_NEEDED


@pytest.mark.parametrize(
    ("gone", "state"),
    [("keys.json", RecordsState.KEYS_MISSING), ("records.db", RecordsState.SET_UP_UNFINISHED)],
)
def test_what_is_missing_is_told_in_a_sentence(clinic, gone, state):
    (clinic.records / gone).unlink()
    assert records_state(clinic.folders) is state
    with pytest.raises(RecordsUnavailableError) as told:
        clinic.open()
    assert str(told.value) == state.sentence
    (clinic.records / "images" / "ab").mkdir(parents=True)
    (clinic.records / "keys.json").touch()
    if gone == "records.db":
        assert records_state(clinic.folders) is RecordsState.DATABASE_MISSING


def test_the_state_knows_the_files_by_their_names(tmp_path):
    place = RecordsPlace(tmp_path)
    named = (records_folder.DATABASE_FILE, records_folder.KEYS_FILE)
    assert (place.database_file.name, place.keys.name) == named


def test_asking_for_the_state_loads_no_library():
    script = "import sys, retina_desktop.bootstrap_records.records_folder\nprint(*sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    heavy = {"numpy", "cv2", "sqlalchemy", "cryptography", "argon2", "pydantic", "PySide6"}
    assert not set(ended.stdout.split()) & heavy


# -- logging in and out -------------------------------------------------------------------


def test_a_session_is_written_down_from_login_to_logout(clinic):
    session = clinic.open(" Tom ", TOMS)
    assert session.acting.user == TOM
    session.close()
    session.close()
    told = [(action, details["name"]) for action, details in clinic.trail()[-3:]]
    assert told == [("logged in", "tom"), ("logged out", "tom"), ("logged in", "anna")]


def test_several_users_name_themselves(clinic):
    with pytest.raises(RecordsUnavailableError, match="--user"):
        clinic.open(None)
    with pytest.raises(LoginNeededError):
        clinic.open("anna", None)


def test_wrong_passwords_wait_across_restarts_and_the_trail_is_told(clinic):
    unknown = refused(clinic, "nobody", times=4)
    assert refused(clinic, "tom", times=4) == unknown
    assert refused(clinic, "tom") == refused(clinic, "nobody")
    with pytest.raises(TooManyAttemptsError, match="30 seconds"):
        clinic.open("tom", TOMS)
    clinic.clock.turn(seconds=31)
    clinic.open("tom", TOMS).close()
    first, second = [details for action, details in clinic.trail() if "refused" in action]
    assert (first["name"], first["refused"]) == ("tom", "5")
    assert (second["name"], second["refused"]) == ("of no user", "5")
    assert len([a for a, _ in clinic.trail() if a == "login refused"]) == 2


def test_a_user_known_only_to_the_trail_is_brought_over_once(made, tmp_path):
    place = RecordsPlace(tmp_path / "old" / "records")
    vault = KeyVault(place.keys, cost=CHEAP)
    master, _ = vault.create("anna", PASSWORD)
    records = open_records(place, master=master, by=stamp(0))
    details = {"name": "anna", "full name": "Dr Anna Ito", "roles": "administrator, reader"}
    reference = RecordReference(RecordKind.USER, 1)
    records.audit.record(AuditEvent(AuditAction.USER_ADDED, reference, details), by=stamp(1))
    records.close()
    old = Clinic(tmp_path / "old")
    for _ in range(2):
        session = old.open()
        (account,) = session.list_users(session.acting)
        assert (account.user, account.created_at) == (ANNA, stamp(1).at)
        assert session.records.audit.verify().intact
        session.close()
    added = [details for action, details in old.trail() if action == "user added"]
    assert added[1:] == [{"name": "anna", "from": "the audit trail"}]


# -- the locked window --------------------------------------------------------------------


def test_a_locked_window_opens_to_its_user_only_and_counts_like_a_login(clinic):
    session = clinic.open("tom", TOMS)
    session.unlock(TOMS)
    for _ in range(5):
        with pytest.raises(WrongPasswordError):
            session.unlock(PASSWORD)  # anna's
    with pytest.raises(TooManyAttemptsError):
        session.unlock(TOMS)
    with pytest.raises(TooManyAttemptsError):
        clinic.open("tom", TOMS)
    clinic.clock.turn(seconds=30)
    session.unlock(TOMS)
    session.close()
    assert [action for action, _ in clinic.trail()].count("unlocked") == 2


def test_who_was_turned_off_or_changed_meanwhile_stays_locked_out(clinic):
    toms, annas = clinic.open("tom", TOMS), clinic.open()
    tom = annas.records.users.find("tom")
    reader = replace(TOM, roles=frozenset({Role.READER}))
    annas.change_user(annas.acting, tom.id, reader, expected_version=1)
    with pytest.raises(PermissionDeniedError, match="log out and in again"):
        toms.unlock(TOMS)
    annas.deactivate_user(annas.acting, tom.id, expected_version=2)
    with pytest.raises(WrongPasswordError):
        toms.unlock(TOMS)
    toms.close()
    annas.close()


def test_a_deactivation_that_was_cut_off_is_finished_at_the_next_opening(clinic):
    session = clinic.open()
    tom = session.records.users.find("tom")
    session.records.users.update(
        tom.id, replace(TOM, active=False), expected_version=1, by=stamp(9)
    )
    session.close()
    assert refused(clinic, "tom", TOMS).startswith("User and password")
    vault = KeyVault(clinic.records / "keys.json")
    assert vault.users() == ("anna", "tom")
    clinic.open().close()
    assert vault.users() == ("anna",)


# -- without a password -------------------------------------------------------------------


def test_one_person_may_work_without_a_password(alone):
    session = alone.open(None, None)
    assert (session.acting.user, session.opens_without_login) == (ALONE, True)
    assert session.records.database.encrypted
    with pytest.raises(InvalidEntryError, match="records login"):
        session.add_user(session.acting, TOM, password=TOMS)
    session.close()
    with pytest.raises(WrongPasswordError):
        alone.open("tom", None)
    with pytest.raises(InvalidEntryError, match="works alone"):
        set_up_records(alone.folders, user=ANNA, password=None)


def test_the_password_can_come_and_go(alone):
    session = alone.open(None, None)
    with pytest.raises(InvalidEntryError):
        session.ask_for_password(session.acting, password="short")
    session.ask_for_password(session.acting, password=PASSWORD)
    session.close()
    assert records_state(alone.folders) is RecordsState.PASSWORD_NEEDED
    assert not (alone.records / "device.key").exists()
    session = alone.open(None)
    with pytest.raises(WrongPasswordError):
        session.stop_asking_for_password(session.acting, password="not the password")
    session.stop_asking_for_password(session.acting, password=PASSWORD)
    session.close()
    assert records_state(alone.folders) is RecordsState.OPEN_WITHOUT_LOGIN
    alone.open(None, None).close()
    with pytest.raises(WrongPasswordError):
        alone.open(None)


def test_several_users_cannot_do_without_passwords(clinic):
    session = clinic.open()
    with pytest.raises(InvalidEntryError, match="Several people"):
        session.stop_asking_for_password(session.acting, password=PASSWORD)
    session.close()


def test_a_switch_cut_off_halfway_keeps_the_password_valid(alone):
    session = alone.open(None, None)
    session.ask_for_password(session.acting, password=PASSWORD)
    session.close()
    # As a kill leaves it between the key file and the keys.
    session = alone.open(None)
    session.user_keys._door.device_key.make("single-user")
    session.close()
    assert records_state(alone.folders) is RecordsState.OPEN_WITHOUT_LOGIN
    with pytest.raises(LoginNeededError, match="log in with your password"):
        alone.open(None, None)
    alone.open(None).close()
    assert records_state(alone.folders) is RecordsState.PASSWORD_NEEDED


def test_a_set_up_without_a_password_cut_off_after_the_keys_goes_on(tmp_path):
    alone = Clinic(tmp_path)
    lost = alone.set_up(ALONE, None)
    (alone.records / "records.db").unlink()
    printed = alone.set_up(ALONE, None)
    assert printed != lost
    alone.open(None, None).close()
    with pytest.raises(RecordsUnavailableError, match="already"):
        alone.set_up(ALONE, None)


def test_a_key_file_of_a_set_up_cut_off_before_the_keys_stays_nowhere(tmp_path):
    clinic = Clinic(tmp_path)
    clinic.set_up(ALONE, None)
    for name in ("records.db", "keys.json"):
        (clinic.records / name).unlink()
    clinic.set_up()
    assert records_state(clinic.folders) is RecordsState.LOGIN_NEEDED
    clinic.open().close()


# -- forgotten passwords ------------------------------------------------------------------


def recover(clinic, key, password="a password by recovery", user=None):
    return recover_records(
        clinic.folders, recovery_key=key, new_password=password, user=user, at=clinic.desk
    )


def test_the_recovery_key_gives_a_named_administrator_a_password(clinic, made):
    key = made[1]["clinic"]
    with pytest.raises(InvalidEntryError, match="active administrator"):
        recover(clinic, key, user="tom")
    with pytest.raises(InvalidEntryError, match="8 characters"):
        recover(clinic, key, "short")
    refused(clinic, times=5)
    assert recover(clinic, key) == "anna"
    assert clinic.open(password="a password by recovery").acting.user == ANNA
    refused(clinic)


def test_of_two_administrators_one_is_named(clinic, made):
    session = clinic.open()
    ria = User("ria", "Dr Ria Sen", frozenset({Role.ADMINISTRATOR}))
    session.add_user(session.acting, ria, password="the second's password")
    session.close()
    key = made[1]["clinic"]
    with pytest.raises(InvalidEntryError, match="anna, ria"):
        recover(clinic, key)
    assert recover(clinic, key, user=" Ria") == "ria"
    clinic.open("ria", "a password by recovery").close()
    clinic.open().close()


def test_records_without_a_password_come_back_on_another_computer(alone, made):
    (alone.records / "device.key").unlink()  # a backup does not hold it
    assert recover(alone, made[1]["alone"]) == "single-user"
    alone.open(None, "a password by recovery").close()


def test_recovery_asks_for_a_password_where_none_was_needed(alone, made):
    recover(alone, made[1]["alone"])
    assert records_state(alone.folders) is RecordsState.PASSWORD_NEEDED


# -- sudden ends --------------------------------------------------------------------------

_BUSY = """
import sys
from pathlib import Path
from tests.helpers.clinic_logins import Clinic
clinic = Clinic(Path(sys.argv[1]))
session = clinic.open()
tom = session.records.users.find("tom")
while True:
    print("again", flush=True)
    off = session.deactivate_user(session.acting, tom.id, expected_version=tom.version)
    print("off", flush=True)
    tom = session.reactivate_user(
        session.acting, tom.id, password="another password", expected_version=off.version
    )
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no SIGKILL")
@pytest.mark.parametrize("after", [0, 3])
def test_a_kill_leaves_keys_and_users_that_agree_after_the_next_opening(clinic, after):
    with subprocess.Popen(
        [sys.executable, "-c", _BUSY, str(clinic.data)], stdout=subprocess.PIPE
    ) as program:
        for _ in range(1 + after):
            assert program.stdout.readline()
        program.send_signal(signal.SIGKILL)
        program.wait()
    with open_for(clinic.folders, user="anna", password=PASSWORD, at=clinic.desk) as session:
        assert session.records.audit.verify().intact
        active = session.records.users.find("tom").user.active
        has_key = session.user_keys.has_password("tom")
        assert active or not has_key
        with session.records.database.read() as reading:
            assert reading.execute(text("SELECT count(*) FROM app_user")).scalar() == 2
