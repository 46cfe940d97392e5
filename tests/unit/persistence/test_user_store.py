"""Users on each kind of database."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from retina_desktop.domain.audit import AuditAction, AuditEvent, RecordKind, RecordReference
from retina_desktop.domain.record_errors import (
    ConflictError,
    InvalidEntryError,
    RecordNotFoundError,
)
from retina_desktop.domain.users import Role, User
from tests.helpers.records import stamp

ANNA = User("anna", "Dr Anna Ito", frozenset({Role.ADMINISTRATOR, Role.READER}))
TOM = User("tom", "Tom Okafor", frozenset({Role.TECHNICIAN}))


@pytest.fixture
def users(records):
    records.users.add(ANNA, by=stamp(1))
    records.users.add(TOM, by=stamp(2))
    return records.users


def test_users_come_back_by_name(users):
    assert [account.user for account in users.all()] == [ANNA, TOM]
    tom = users.find("tom")
    assert tom == users.get(tom.id)
    assert (tom.version, tom.created_by, tom.changed_at) == (1, "anna", stamp(2).at)
    assert users.find("To") is None
    with pytest.raises(RecordNotFoundError):
        users.get(99)


def test_a_name_is_given_once_even_after_deactivation(users):
    tom = users.find("tom")
    users.update(tom.id, replace(TOM, active=False), expected_version=1, by=stamp(3))
    with pytest.raises(InvalidEntryError, match="already"):
        users.add(replace(TOM, shown_name="Another Tom"), by=stamp(4))


def test_changes_are_versioned_and_audited(records, users):
    tom = users.find("tom")
    grown = replace(TOM, roles=frozenset({Role.READER}), shown_name="Dr Tom Okafor")
    changed = users.update(tom.id, grown, expected_version=1, by=stamp(3))
    assert (changed.user, changed.version) == (grown, 2)
    assert users.update(tom.id, grown, expected_version=2, by=stamp(4)) == changed
    with pytest.raises(ConflictError, match="full name, roles"):
        users.update(tom.id, TOM, expected_version=1, by=stamp(5))
    with pytest.raises(InvalidEntryError, match="cannot be changed"):
        users.update(tom.id, replace(grown, name="thomas"), expected_version=2, by=stamp(5))
    off = replace(grown, active=False)
    users.update(tom.id, off, expected_version=2, by=stamp(6))
    users.update(tom.id, grown, expected_version=3, by=stamp(7))
    entries = [entry.event for entry in records.audit.entries()][-3:]
    assert [event.action for event in entries] == [
        "user changed",
        "user deactivated",
        "user reactivated",
    ]
    assert entries[0].details["fields"] == "full_name, roles"
    assert records.audit.verify().intact


@pytest.mark.parametrize(
    "changes", [{"active": False}, {"roles": frozenset({Role.READER})}], ids=["off", "role"]
)
def test_the_last_active_administrator_stays(records, users, changes):
    head = records.audit.head()
    anna = users.find("anna")
    with pytest.raises(InvalidEntryError, match="last active administrator"):
        users.update(anna.id, replace(ANNA, **changes), expected_version=1, by=stamp(3))
    assert (users.find("anna"), records.audit.head()) == (anna, head)


def test_a_signature_is_kept_and_taken_away(records, users):
    tom = users.find("tom")
    signed = users.set_signature(tom.id, b"a picture", expected_version=1, by=stamp(3))
    assert (users.signature(tom.id), len(signed.signature_sha256)) == (b"a picture", 64)
    assert users.set_signature(tom.id, b"a picture", expected_version=2, by=stamp(4)) == signed
    with pytest.raises(ConflictError):
        users.set_signature(tom.id, b"another", expected_version=1, by=stamp(4))
    with records.database.write() as session:
        session.execute(text("UPDATE app_user SET signature = NULL"))
    assert [p.record for p in records.audit.verify().problems] == [f"user:{tom.id}"]
    users.set_signature(tom.id, b"another", expected_version=2, by=stamp(5))
    users.set_signature(tom.id, None, expected_version=3, by=stamp(6))
    assert users.signature(tom.id) is None
    assert users.get(tom.id).signature_sha256 == ""


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE app_user SET roles = '[\"administrator\"]' WHERE name = 'tom'",
        "UPDATE app_user SET roles = '[\"technician\", \"technician\"]' WHERE name = 'tom'",
        "UPDATE app_user SET shown_name = 'Tom Okafor ' WHERE name = 'tom'",
        "UPDATE app_user SET active = NOT active WHERE name = 'tom'",
        "UPDATE app_user SET roles = 'nonsense' WHERE name = 'tom'",
        "DELETE FROM app_user WHERE name = 'tom'",
    ],
)
def test_verify_finds_a_user_edited_behind_the_program(records, users, edit):
    tom = users.find("tom")
    assert records.audit.verify().intact
    with records.database.write() as session:
        session.execute(text(edit))
    assert [p.record for p in records.audit.verify().problems] == [f"user:{tom.id}"]


def test_a_reset_is_told_until_the_user_chooses_a_password(records, users):
    tom = users.find("tom")
    reference = RecordReference(RecordKind.USER, tom.id)
    assert users.last_reset(tom.id) is None
    records.audit.record(AuditEvent(AuditAction.PASSWORD_RESET, reference), by=stamp(5))
    reset = users.last_reset(tom.id)
    assert (reset.by, reset.at) == ("anna", stamp(5).at)
    assert "anna" in reset.sentence
    assert users.last_reset(users.find("anna").id) is None
    records.audit.record(
        AuditEvent(AuditAction.PASSWORD_CHANGED, reference), by=stamp(6, user="tom")
    )
    assert users.last_reset(tom.id) is None
