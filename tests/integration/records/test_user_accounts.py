"""Users over a year: added, promoted, turned off and on; on each kind of database."""

from pathlib import Path

import pytest

from retina_desktop.bootstrap_records.logged_in import LoggedIn
from retina_desktop.domain.errors import ImageUnreadableError
from retina_desktop.domain.record_errors import (
    ConflictError,
    InvalidEntryError,
    PermissionDeniedError,
    RecordNotFoundError,
    WrongPasswordError,
)
from retina_desktop.domain.users import Role, User
from retina_desktop.imaging.encode import encode_jpeg
from retina_desktop.persistence.key_vault import KeyVault
from retina_desktop.persistence.user_keys import Door, VaultUserKeys
from retina_desktop.services.acting import Acting
from tests.helpers.clinic_logins import ANNA, CHEAP, PASSWORD, Clock
from tests.helpers.records import stamp
from tests.helpers.rendered_fundus import render_fundus

TOM = User("tom", "Tom Okafor", frozenset({Role.TECHNICIAN}))
RIA = User("ria", "Dr Ria Sen", frozenset({Role.READER}))
FIRST = "handed over on paper"


class House:
    """The records of one clinic with everybody's keys, and who sits there."""

    def __init__(self, records, folder: Path) -> None:
        self.clock = Clock()
        self.records = records
        self.door = Door(folder, now=self.clock, cost=CHEAP)
        self.master, self.recovery_key = self.door.vault.create("anna", PASSWORD)
        records.users.add(ANNA, by=stamp(1))

    def sit(self, name: str = "anna") -> LoggedIn:
        account = self.records.users.find(name)
        acting = Acting(account.user, "desk-1", self.clock)
        keys = VaultUserKeys(self.door, self.master)
        return LoggedIn(self.records, acting, keys, account.id)

    def opens(self, name: str, password: str) -> bool:
        try:
            return self.door.unlock(name, password) == self.master
        except WrongPasswordError:
            return False

    def actions(self) -> list[str]:
        return [str(entry.event.action) for entry in self.records.audit.entries()]


@pytest.fixture
def house(records, tmp_path):
    return House(records, tmp_path / "keys")


@pytest.fixture
def staffed(house):
    anna = house.sit()
    for user in (TOM, RIA):
        anna.add_user(anna.acting, user, password=FIRST)
    return house


def account(house, name):
    return house.records.users.find(name)


def test_a_year_of_users(staffed):
    house, anna = staffed, staffed.sit()
    tom = account(house, "tom")
    grown = User("tom", "Dr Tom Okafor", frozenset({Role.READER, Role.TECHNICIAN}))
    tom = anna.change_user(anna.acting, tom.id, grown, expected_version=tom.version)
    assert tom.user == grown
    with pytest.raises(ConflictError):
        anna.deactivate_user(anna.acting, tom.id, expected_version=1)
    assert house.opens("tom", FIRST)
    off = anna.deactivate_user(anna.acting, tom.id, expected_version=2)
    assert (off.user.active, house.opens("tom", FIRST)) == (False, False)
    with pytest.raises(InvalidEntryError, match="reactivate"):
        anna.reset_password(anna.acting, tom.id, password="another password")
    on = anna.reactivate_user(
        anna.acting, tom.id, password="another password", expected_version=3
    )
    assert (on.user, house.opens("tom", "another password")) == (grown, True)
    assert [a.user.name for a in anna.list_users(anna.acting)] == ["anna", "ria", "tom"]
    assert house.actions()[-5:] == [
        "user added",
        "user changed",
        "user deactivated",
        "user reactivated",
        "password reset",
    ]
    assert house.records.audit.verify().intact


def test_a_change_of_roles_turns_nobody_on_or_off(staffed):
    anna = staffed.sit()
    tom = account(staffed, "tom")
    anna.deactivate_user(anna.acting, tom.id, expected_version=1)
    changed = anna.change_user(anna.acting, tom.id, TOM, expected_version=2)
    assert not changed.user.active


def test_one_changes_the_own_password_with_the_old_one(staffed):
    tom = staffed.sit("tom")
    with pytest.raises(WrongPasswordError):
        tom.change_own_password(tom.acting, old="not the password", new="the new password")
    for bad in ("short", "tom", FIRST):
        with pytest.raises(InvalidEntryError):
            tom.change_own_password(tom.acting, old=FIRST, new=bad)
    assert "password changed" not in staffed.actions()
    tom.change_own_password(tom.acting, old=FIRST, new="the new password")
    assert staffed.opens("tom", "the new password")
    assert not staffed.opens("tom", FIRST)


def test_a_password_that_was_reset_is_told_until_it_is_changed(staffed):
    anna, tom = staffed.sit(), staffed.sit("tom")
    with pytest.raises(InvalidEntryError, match="the one you have"):
        anna.reset_password(anna.acting, anna.user_id, password="another password")
    assert tom.password_reset is None
    anna.reset_password(anna.acting, tom.user_id, password="another password")
    assert tom.password_reset.by == "anna"
    assert not staffed.opens("tom", FIRST)
    tom.change_own_password(tom.acting, old="another password", new="only tom knows it")
    assert tom.password_reset is None


@pytest.mark.parametrize("name", ["tom", "ria"])
def test_only_an_administrator_manages_users(staffed, name):
    session, anna = staffed.sit(name), account(staffed, "anna")
    acting, new = session.acting, User("bob", "Bob", frozenset({Role.READER}))
    before = (staffed.actions(), (staffed.door.vault.users()))
    acts = (
        lambda: session.list_users(acting),
        lambda: session.add_user(acting, new, password=FIRST),
        lambda: session.change_user(acting, anna.id, ANNA, expected_version=1),
        lambda: session.deactivate_user(acting, anna.id, expected_version=1),
        lambda: session.reactivate_user(acting, anna.id, password=FIRST, expected_version=1),
        lambda: session.reset_password(acting, anna.id, password=FIRST),
        lambda: session.set_signature(acting, anna.id, b"", expected_version=1),
        lambda: session.renew_recovery_key(acting),
        lambda: session.stop_asking_for_password(acting, password=FIRST),
        lambda: session.ask_for_password(acting, password=FIRST),
        lambda: session.save_lock_time(acting, 0, expected_version=0),
    )
    for act in acts:
        with pytest.raises(PermissionDeniedError, match="ask an administrator"):
            act()
    assert (staffed.actions(), staffed.door.vault.users()) == before


def test_everybody_may_keep_the_own_signature(staffed):
    ria = staffed.sit("ria")
    photograph = encode_jpeg(render_fundus(size=(120, 360), seed=1))
    kept = ria.set_signature(ria.acting, ria.user_id, photograph, expected_version=1)
    picture = staffed.records.users.signature(ria.user_id)
    assert picture.startswith(b"\x89PNG")
    assert kept.signature_sha256
    for bad in (b"", b"GIF89a", picture[:100]):
        with pytest.raises(ImageUnreadableError):
            ria.set_signature(ria.acting, ria.user_id, bad, expected_version=2)
    ria.set_signature(ria.acting, ria.user_id, None, expected_version=2)
    assert staffed.records.users.signature(ria.user_id) is None


def test_a_new_recovery_key_replaces_the_old(staffed):
    anna = staffed.sit()
    printed = anna.renew_recovery_key(anna.acting)
    assert printed != staffed.recovery_key.printed
    with pytest.raises(WrongPasswordError, match="newest"):
        staffed.door.vault.unlock_with_recovery(staffed.recovery_key)
    assert staffed.actions()[-1] == "recovery key renewed"


def test_unknown_users_and_bad_passwords_are_sentences(staffed):
    anna = staffed.sit()
    with pytest.raises(RecordNotFoundError):
        anna.reset_password(anna.acting, 99, password="another password")
    bob = User("bob-the-reader", "Bob", frozenset({Role.READER}))
    for bad in ("1234567", "Bob-The-Reader", "x" * 1025):
        with pytest.raises(InvalidEntryError):
            anna.add_user(anna.acting, bob, password=bad)
    assert account(staffed, "bob-the-reader") is None


def test_two_administrators_at_once_lose_no_key(staffed):
    first, second = staffed.sit(), staffed.sit()
    vaults = [KeyVault(staffed.door.vault._path, cost=CHEAP) for _ in range(2)]
    assert [vault.users() for vault in vaults] == [("anna", "ria", "tom")] * 2
    for session, name in ((first, "bob"), (second, "eve")):
        user = User(name, name.title(), frozenset({Role.TECHNICIAN}))
        session.add_user(session.acting, user, password=FIRST)
    assert staffed.door.vault.users() == ("anna", "bob", "eve", "ria", "tom")
