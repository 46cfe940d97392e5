"""The records' beginning, and the way back in when a password is forgotten."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from retina_desktop.bootstrap_records.records_folder import (
    Workstation,
    check_set_up,
    door_of,
    open_place,
    records_state,
    server_url,
    typed_name,
)
from retina_desktop.config.folders import Folders
from retina_desktop.domain.audit import AuditAction, AuditEvent, RecordKind, RecordReference
from retina_desktop.domain.record_errors import (
    InvalidEntryError,
    RecordsUnavailableError,
    TooManyAttemptsError,
    WrongPasswordError,
)
from retina_desktop.domain.records_states import RecordsState
from retina_desktop.domain.users import (
    SINGLE_USER,
    Permission,
    Role,
    User,
    UserAccount,
    check_password,
)
from retina_desktop.persistence.restore_folders import SERVER_FILE

if TYPE_CHECKING:
    from retina_desktop.persistence.key_vault import MasterKey
    from retina_desktop.persistence.opening import Records
    from retina_desktop.persistence.user_keys import Door

WHAT_NO_PASSWORD_MEANS = (
    "Whoever can use this account of the computer can read the records without a password; "
    "copies and backups stay encrypted and open with the recovery key."
)

_THERE_ALREADY = "There are records in this data folder already; they were left as they are."


def first_user(*, administrator: str | None, full_name: str) -> User:
    """Return the first user: reader and administrator at once, as nobody else is there yet.

    ``administrator`` is None for one person who works alone and types no name.
    """
    name = SINGLE_USER if administrator is None else administrator
    return User(name, full_name or name, frozenset({Role.ADMINISTRATOR, Role.READER}))


def set_up_records(
    folders: Folders, *, user: User, password: str | None, at: Workstation | None = None
) -> str:
    """Make the encrypted records with their first user; return the recovery key to print.

    Without a password the key lies in a file of this computer (`WHAT_NO_PASSWORD_MEANS`); that
    is for who works alone. A set-up that was cut off before its end can be repeated with the
    same user and password.

    Raises
    ------
    RecordsUnavailableError
        If there are records already, or none can be made here.
    InvalidEntryError
        If the password will not do.
    """
    if password is not None:
        check_password(password, user_name=user.name)
    elif user.name != SINGLE_USER:
        raise InvalidEntryError("password", "Only who works alone can do without a password.")
    state = records_state(folders)
    if state.is_damaged:
        raise RecordsUnavailableError(state.sentence)
    desk = at or Workstation()
    door = door_of(folders, desk)
    if state is not RecordsState.NOT_SET_UP:
        return _finish_set_up(folders, desk, door, user, password)
    _check_server_is_free(folders)
    master, recovery = _make_keys(door, user, password)
    _make_database(folders, desk, master, user)
    return recovery


def recover_records(
    folders: Folders,
    *,
    recovery_key: str,
    new_password: str,
    user: str | None = None,
    at: Workstation | None = None,
) -> str:
    """Give an administrator a new password by the recovery key; return the user's name.

    ``user`` may be None where there is one administrator. The recovery key stays the same, and
    what is encrypted stays as it is; a key file of this computer opens nothing any more.

    Raises
    ------
    WrongPasswordError
        If the key was mistyped or is of other records.
    InvalidEntryError
        If the user is no active administrator, or the password will not do.
    """
    from retina_desktop.persistence.recovery_key import RecoveryKey
    from retina_desktop.persistence.user_keys import VaultUserKeys

    check_set_up(folders)
    desk = at or Workstation()
    door = door_of(folders, desk)
    master = door.vault.unlock_with_recovery(RecoveryKey.parse(recovery_key))
    with _opened(folders, desk, master, "recovery") as records:
        account = _administrator(records, typed_name(user) if user is not None else None)
        name = account.user.name
        check_password(new_password, user_name=name)
        # Written down first: a key that was used is never used unseen.
        reference = RecordReference(RecordKind.USER, account.id)
        event = AuditEvent(AuditAction.RECOVERY_KEY_USED, reference, {"name": name})
        records.audit.record(event, by=desk.stamp(name))
    VaultUserKeys(door, master).ask_again(name, new_password)
    return name


def _administrator(records: "Records", name: str | None) -> UserAccount:
    able = [a for a in records.users.all() if a.user.may(Permission.ADMINISTER)]
    if name is None and len(able) == 1:
        return able[0]
    if name is None:
        names = ", ".join(account.user.name for account in able)
        raise InvalidEntryError(
            "user_name", f"Name the administrator who gets the new password (--user): {names}."
        )
    for account in able:
        if account.user.name == name:
            return account
    raise InvalidEntryError(
        "user_name",
        "The recovery key gives a new password to an active administrator, who resets the "
        "others' then; name one.",
    )


def _make_keys(door: "Door", user: User, password: str | None) -> tuple["MasterKey", str]:
    if password is None:
        # The file comes before the keys that it opens: a kill in between loses nothing.
        secret = door.device_key.make(user.name)
        master, recovery = door.device_vault.create(user.name, secret)
    else:
        door.device_key.remove()  # of a set-up without a password that was cut off
        master, recovery = door.vault.create(user.name, password)
    return master, recovery.printed


def _finish_set_up(
    folders: Folders, desk: Workstation, door: "Door", user: User, password: str | None
) -> str:
    state = records_state(folders)
    try:
        if password is None:
            name, master = door.unlock_without_password()
            if name != user.name:
                raise RecordsUnavailableError(_THERE_ALREADY)
        else:
            master = door.unlock(user.name, password)
    except TooManyAttemptsError:
        raise
    except WrongPasswordError:
        raise RecordsUnavailableError(state.sentence or _THERE_ALREADY) from None
    if state is RecordsState.SET_UP_UNFINISHED:
        _check_server_is_free(folders)
    else:
        with _opened(folders, desk, master, user.name) as records:
            if records.users.all():
                raise RecordsUnavailableError(_THERE_ALREADY)
    _make_database(folders, desk, master, user)
    return door.vault.renew_recovery_key(master).printed


def _check_server_is_free(folders: Folders) -> None:
    """Ask the server before any key is made for it."""
    url = server_url(folders)
    if url is not None:
        from retina_desktop.persistence.server_place import check_free

        check_free(url)


def _make_database(
    folders: Folders, desk: Workstation, master: "MasterKey", user: User
) -> None:
    with _opened(folders, desk, master, user.name) as records:
        if records.place.url is not None:
            from retina_desktop.persistence.server_place import remember_server

            remember_server(records.database, records.place.folder / SERVER_FILE)
        records.users.add(user, by=desk.stamp(user.name))


@contextmanager
def _opened(
    folders: Folders, desk: Workstation, master: "MasterKey", name: str
) -> Iterator["Records"]:
    from retina_desktop.persistence.first_user import bring_first_user_over

    by = desk.stamp(name)
    records = open_place(folders, master=master, by=by)
    try:
        bring_first_user_over(records.audited, records.audit.entries(), by=by)
        yield records
    finally:
        records.close()
