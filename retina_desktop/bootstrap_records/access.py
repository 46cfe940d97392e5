"""The way into the records: set up once, opened with a password each time.

Light at import, as `bootstrap` is: the database's libraries are loaded when records are opened.
"""

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from retina_desktop.bootstrap_records.opened import OpenedRecords
from retina_desktop.config.folders import Folders
from retina_desktop.domain.audit import AuditAction, AuditEvent, RecordKind, RecordReference
from retina_desktop.domain.record_errors import (
    InvalidEntryError,
    RecordsUnavailableError,
    WrongPasswordError,
)
from retina_desktop.domain.users import Role, Stamp, User
from retina_desktop.services.acting import Acting

if TYPE_CHECKING:
    from retina_desktop.persistence.key_vault import KeyVault, MasterKey
    from retina_desktop.persistence.opening import Records, RecordsPlace

SINGLE_USER = "single-user"  # the name of who works alone and never types one
SHORTEST_PASSWORD = 8

_FIRST_ENTRIES = 20  # of the trail; set-up writes the first user's right after the first
_FIRST_USER = RecordReference(RecordKind.USER, 1)
_NO_RECORDS = (
    "There are no records in this data folder yet; set them up first: retina-desktop records "
    "setup --single-user, or --administrator NAME."
)
_THERE_ALREADY = "There are records in this data folder already; they were left as they are."


def set_up_records(folders: Folders, *, user: User, password: str) -> str:
    """Make the encrypted records with their first user; return the recovery key to print.

    A set-up that was cut off before its end can be repeated with the same user and password.

    Raises
    ------
    RecordsUnavailableError
        If there are records already, or none can be made here.
    WrongPasswordError
        If a set-up was begun by somebody else.
    """
    _check_password(password)
    place, vault = _place(folders), _vault(folders)
    if vault.exists:
        return _finish_set_up(place, vault, user, password)
    if place.database_file.exists() or _has_images(place):
        raise RecordsUnavailableError(
            "There are records in this data folder, but their keys (keys.json) are missing; "
            "restore that file."
        )
    master, recovery = vault.create(user.name, password)
    _make_database(place, master, user)
    return recovery.printed


def recover_records(folders: Folders, *, recovery_key: str, new_password: str) -> str:
    """Give the first user a new password by the recovery key; return the user's name.

    The recovery key stays the same. What is encrypted stays as it is.

    Raises
    ------
    WrongPasswordError
        If the key was mistyped or is of other records.
    """
    from retina_desktop.persistence.recovery_key import RecoveryKey

    _check_password(new_password)
    check_set_up(folders)
    place, vault = _place(folders), _vault(folders)
    master = vault.unlock_with_recovery(RecoveryKey.parse(recovery_key))
    name = _only_user(vault)
    with _opened(place, master, name) as records:
        # Written down first: a key that was used is never used unseen.
        event = AuditEvent(AuditAction.RECOVERY_KEY_USED, _FIRST_USER, {"name": name})
        records.audit.record(event, by=_stamp(name))
    vault.set_password(master, name, new_password)
    return name


@contextmanager
def open_for(folders: Folders, *, user: str | None, password: str) -> Iterator[OpenedRecords]:
    """Give the records to `user`; None is the only user there is.

    Raises
    ------
    RecordsUnavailableError, WrongPasswordError, KeyVaultError
    """
    check_set_up(folders)
    place, vault = _place(folders), _vault(folders)
    name = user or _only_user(vault)
    master = vault.unlock(name, password)
    with _opened(place, master, name) as records:
        known = _first_user(records)
        if known is None or known.name != name:
            raise RecordsUnavailableError(
                "The records' set-up was not finished; run retina-desktop records setup again "
                "with the same user and password."
            )
        acting = Acting(known, _workstation(), _now)
        event = AuditEvent(AuditAction.LOGGED_IN, _FIRST_USER, {"name": name})
        records.audit.record(event, by=_stamp(name))
        yield OpenedRecords(records, acting)


def check_set_up(folders: Folders) -> None:
    """Raise a RecordsUnavailableError where there is nothing to open."""
    place, vault = _place(folders), _vault(folders)
    if not vault.exists and not place.database_file.exists():
        raise RecordsUnavailableError(_NO_RECORDS)
    if not place.database_file.exists():
        raise RecordsUnavailableError(
            "The records' database (records.db) is missing; restore it from a backup, or, if "
            "the set-up was cut off, run retina-desktop records setup again."
        )


def first_user(*, administrator: str | None, full_name: str) -> User:
    """Return the first user: reader and administrator at once, as nobody else is there yet."""
    name = SINGLE_USER if administrator is None else administrator
    return User(name, full_name or name, frozenset({Role.ADMINISTRATOR, Role.READER}))


def _check_password(password: str) -> None:
    if len(password) < SHORTEST_PASSWORD:
        raise InvalidEntryError(
            "password", f"The password needs at least {SHORTEST_PASSWORD} characters."
        )


def _finish_set_up(place: "RecordsPlace", vault: "KeyVault", user: User, password: str) -> str:
    if not place.database_file.exists() and _has_images(place):
        raise RecordsUnavailableError(
            "The records' database (records.db) is missing; restore it from a backup."
        )
    try:
        master = vault.unlock(user.name, password)
    except WrongPasswordError:
        raise RecordsUnavailableError(_THERE_ALREADY) from None
    if place.database_file.exists():
        with _opened(place, master, user.name) as records:
            if _first_user(records) is not None:
                raise RecordsUnavailableError(_THERE_ALREADY)
    _make_database(place, master, user)
    return vault.renew_recovery_key(master).printed


def _make_database(place: "RecordsPlace", master: "MasterKey", user: User) -> None:
    with _opened(place, master, user.name) as records:
        details = {
            "name": user.name,
            "full name": user.shown_name,
            "roles": ", ".join(sorted(user.roles)),
        }
        event = AuditEvent(AuditAction.USER_ADDED, _FIRST_USER, details)
        records.audit.record(event, by=_stamp(user.name))


def _first_user(records: "Records") -> User | None:
    """Return the user of the trail's beginning, which nobody can change unnoticed."""
    for entry in records.audit.entries(limit=_FIRST_ENTRIES):
        event = entry.event
        if event.action == AuditAction.USER_ADDED and event.record == _FIRST_USER:
            roles = frozenset(Role(role) for role in event.details["roles"].split(", "))
            return User(event.details["name"], event.details["full name"], roles)
    return None


@contextmanager
def _opened(place: "RecordsPlace", master: "MasterKey", name: str) -> Iterator["Records"]:
    from retina_desktop.persistence.opening import open_records

    records = open_records(place, master=master, by=_stamp(name))
    try:
        yield records
    finally:
        records.close()


def _place(folders: Folders) -> "RecordsPlace":
    from retina_desktop.persistence.opening import RecordsPlace

    return RecordsPlace(folders.data / "records")


def _vault(folders: Folders) -> "KeyVault":
    from retina_desktop.persistence.key_vault import KeyVault

    return KeyVault(_place(folders).keys)


def _has_images(place: "RecordsPlace") -> bool:
    return place.images.is_dir() and any(place.images.iterdir())


def _only_user(vault: "KeyVault") -> str:
    users = vault.users()
    if len(users) != 1:
        raise RecordsUnavailableError(
            "Several people use these records; name yourself with --user or RETINA_USER."
        )
    return users[0]


def _stamp(name: str) -> Stamp:
    return Stamp(name, _workstation(), _now())


def _workstation() -> str:
    return platform.node() or "unnamed"


def _now() -> datetime:
    return datetime.now(UTC)
