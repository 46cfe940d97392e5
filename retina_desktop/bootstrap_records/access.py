"""The way into the records: set up once, opened with a password each time, or without one.

Light at import, as `bootstrap` is: the database's libraries are loaded when records are opened.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from retina_desktop.bootstrap_records.opened import OpenedRecords
from retina_desktop.bootstrap_records.records_folder import (
    Workstation,
    check_set_up,
    door_of,
    open_place,
    records_state,
    typed_name,
)
from retina_desktop.bootstrap_records.set_up import (
    WHAT_NO_PASSWORD_MEANS,
    first_user,
    recover_records,
    set_up_records,
)
from retina_desktop.config.folders import Folders
from retina_desktop.domain.audit import AuditAction, AuditEvent, RecordKind, RecordReference
from retina_desktop.domain.record_errors import (
    LoginNeededError,
    RecordsUnavailableError,
    WrongPasswordError,
)
from retina_desktop.domain.records_states import RecordsState
from retina_desktop.domain.users import Stamp, UserAccount
from retina_desktop.services.acting import Acting

if TYPE_CHECKING:
    from retina_desktop.persistence.key_vault import MasterKey
    from retina_desktop.persistence.opening import Records
    from retina_desktop.persistence.user_keys import Door

__all__ = [
    "WHAT_NO_PASSWORD_MEANS",
    "RecordsState",
    "Workstation",
    "check_set_up",
    "first_user",
    "open_for",
    "open_session",
    "records_state",
    "recover_records",
    "set_up_records",
]

_WRONG = "User and password do not belong together; check both and try again."


def open_session(
    folders: Folders,
    *,
    user: str | None = None,
    password: str | None,
    at: Workstation | None = None,
) -> OpenedRecords:
    """Give the records to `user` until `OpenedRecords.close`.

    Parameters
    ----------
    folders : Folders
        By the command line or the environment.
    user : str or None
        As typed; None is the only user there is.
    password : str or None
        None only where `records_state` is OPEN_WITHOUT_LOGIN.
    at : Workstation or None
        None is this computer.

    Raises
    ------
    RecordsUnavailableError
        With one sentence; one of its kinds.
    WrongPasswordError
        Also its kinds: TooManyAttemptsError while a wait lasts, LoginNeededError where a
        password is needed after all.
    KeyVaultError
        If the keys are missing or damaged.
    """
    check_set_up(folders)
    desk = at or Workstation()
    door = door_of(folders, desk)
    name, master = _unlocked(door, user, password)
    from retina_desktop.persistence.user_keys import VaultUserKeys

    records = open_place(folders, master=master, by=desk.stamp(name))
    try:
        account = _welcomed(records, door, master, desk.stamp(name))
    except BaseException:
        records.close()
        raise
    acting = Acting(account.user, desk.name, desk.now)
    return OpenedRecords(records, acting, VaultUserKeys(door, master), account.id)


@contextmanager
def open_for(
    folders: Folders, *, user: str | None, password: str | None, at: Workstation | None = None
) -> Iterator[OpenedRecords]:
    """Give the records for the length of a block; see `open_session`."""
    opened = open_session(folders, user=user, password=password, at=at)
    try:
        yield opened
    finally:
        opened.close()


def _unlocked(door: "Door", user: str | None, password: str | None) -> tuple[str, "MasterKey"]:
    if password is None:
        if not door.device_key.exists:
            raise LoginNeededError("These records open with a password; log in.")
        name, master = door.unlock_without_password()
        if user is not None and typed_name(user) != name:
            raise WrongPasswordError(_WRONG)
        return name, master
    name = typed_name(user) if user is not None else _only_user(door)
    master = door.unlock(name, password)
    # Left behind by a switch that was cut off: a password opens, so the file does not.
    door.device_key.remove()
    return name, master


def _welcomed(records: "Records", door: "Door", master: "MasterKey", by: Stamp) -> UserAccount:
    """Return who came in, after everything that opening writes down."""
    from retina_desktop.persistence.first_user import bring_first_user_over

    bring_first_user_over(records.audited, records.audit.entries(), by=by)
    accounts = records.users.all()
    if not accounts:
        raise RecordsUnavailableError(RecordsState.SET_UP_UNFINISHED.sentence)
    account = next((a for a in accounts if a.user.name == by.user), None)
    if account is None or not account.user.active:
        raise WrongPasswordError(_WRONG)  # a deactivation that was cut off left the key
    _remove_left_keys(door, master, accounts)
    _tell_refusals(records, door, accounts, by)
    reference = RecordReference(RecordKind.USER, account.id)
    event = AuditEvent(AuditAction.LOGGED_IN, reference, {"name": account.user.name})
    records.audit.record(event, by=by)
    return account


def _remove_left_keys(
    door: "Door", master: "MasterKey", accounts: tuple[UserAccount, ...]
) -> None:
    """Finish deactivations that were cut off between the record and the key."""
    with_key = set(door.vault.users())
    for account in accounts:
        if not account.user.active and account.user.name in with_key:
            door.vault.remove_user(master, account.user.name)


def _tell_refusals(
    records: "Records", door: "Door", accounts: tuple[UserAccount, ...], by: Stamp
) -> None:
    """Write the logins refused since the last opening into the trail."""
    names = tuple(account.user.name for account in accounts)
    refusals = door.throttle.refusals(names)
    if not refusals.users and not refusals.unknown:
        return
    for account in accounts:
        wrong = refusals.users.get(account.user.name)
        if wrong is not None:
            details = {
                "name": account.user.name,
                "refused": str(wrong.untold),
                "last": wrong.last.isoformat(timespec="seconds"),
            }
            reference = RecordReference(RecordKind.USER, account.id)
            records.audit.record(
                AuditEvent(AuditAction.LOGIN_REFUSED, reference, details), by=by
            )
    if refusals.unknown:
        details = {"name": "of no user", "refused": str(refusals.unknown)}
        reference = RecordReference(RecordKind.USER)
        records.audit.record(AuditEvent(AuditAction.LOGIN_REFUSED, reference, details), by=by)
    door.throttle.told(names, refusals)


def _only_user(door: "Door") -> str:
    users = door.vault.users()
    if len(users) != 1:
        raise RecordsUnavailableError(
            "Several people use these records; name yourself with --user or RETINA_USER."
        )
    return users[0]
