"""Who may use the records: add, change and turn off users, passwords, signatures."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from retina_desktop.domain.audit import AuditAction, AuditEvent, RecordKind, RecordReference
from retina_desktop.domain.record_errors import InvalidEntryError
from retina_desktop.domain.users import (
    Permission,
    Stamp,
    User,
    UserAccount,
    check_password,
)
from retina_desktop.services.acting import Acting
from retina_desktop.services.records_ports import AuditTrail
from retina_desktop.services.user_ports import UserKeys, UserStore

_ALONE = (
    "These records open without a password; give yourself one first: retina-desktop records "
    "login --password."
)


@dataclass(frozen=True, slots=True)
class ListUsers:
    """Show who may log in, and who could once."""

    users: UserStore

    def __call__(self, acting: Acting) -> tuple[UserAccount, ...]:
        """Return everybody by name; a PermissionDeniedError without `ADMINISTER`."""
        acting.allowed(Permission.ADMINISTER)
        return self.users.all()


@dataclass(frozen=True, slots=True)
class AddUser:
    """Let somebody new in."""

    users: UserStore
    keys: UserKeys

    def __call__(self, acting: Acting, user: User, *, password: str) -> UserAccount:
        """Return the user as stored; the password is for the first login, to be changed.

        Raises
        ------
        InvalidEntryError, PermissionDeniedError
        """
        by = acting.allowed(Permission.ADMINISTER)
        _require_login(self.keys)
        check_password(password, user_name=user.name)
        account = self.users.add(user, by=by)  # first: a key without a user opens nothing
        self.keys.set_password(user.name, password)
        return account


@dataclass(frozen=True, slots=True)
class ChangeUser:
    """Correct the name shown, give other roles."""

    users: UserStore

    def __call__(
        self, acting: Acting, user_id: int, user: User, *, expected_version: int
    ) -> UserAccount:
        """Return the user as stored now; turning on and off are acts of their own.

        Raises
        ------
        ConflictError, InvalidEntryError, PermissionDeniedError
        """
        by = acting.allowed(Permission.ADMINISTER)
        active = self.users.get(user_id).user.active
        return self.users.update(
            user_id, replace(user, active=active), expected_version=expected_version, by=by
        )


@dataclass(frozen=True, slots=True)
class DeactivateUser:
    """Turn a user off: the way in goes, the name stays on what was signed."""

    users: UserStore
    keys: UserKeys

    def __call__(self, acting: Acting, user_id: int, *, expected_version: int) -> UserAccount:
        """Return the user as stored now; the last active administrator stays.

        Raises
        ------
        ConflictError, InvalidEntryError, PermissionDeniedError
        """
        by = acting.allowed(Permission.ADMINISTER)
        off = replace(self.users.get(user_id).user, active=False)
        account = self.users.update(user_id, off, expected_version=expected_version, by=by)
        self.keys.remove(off.name)
        return account


@dataclass(frozen=True, slots=True)
class ReactivateUser:
    """Turn a user on again, with a new password: the old key is gone."""

    users: UserStore
    keys: UserKeys
    audit: AuditTrail

    def __call__(
        self, acting: Acting, user_id: int, *, password: str, expected_version: int
    ) -> UserAccount:
        """Return the user as stored now.

        Raises
        ------
        ConflictError, InvalidEntryError, PermissionDeniedError
        """
        by = acting.allowed(Permission.ADMINISTER)
        _require_login(self.keys)
        on = replace(self.users.get(user_id).user, active=True)
        check_password(password, user_name=on.name)
        account = self.users.update(user_id, on, expected_version=expected_version, by=by)
        _write_down(self.audit, AuditAction.PASSWORD_RESET, account, by)
        self.keys.set_password(on.name, password)
        return account


@dataclass(frozen=True, slots=True)
class ChangeOwnPassword:
    """Choose another password; what is encrypted stays as it is."""

    users: UserStore
    keys: UserKeys
    audit: AuditTrail

    def __call__(self, acting: Acting, *, old: str, new: str) -> None:
        """Give the user at work the password `new`.

        Raises
        ------
        WrongPasswordError
            If `old` is not the present one; counted as at a login.
        InvalidEntryError
            If `new` will not do.
        """
        by = acting.allowed(Permission.SEE_RECORDS)
        _require_login(self.keys)
        check_password(new, user_name=by.user)
        self.keys.check(by.user, old)
        if new == old:
            raise InvalidEntryError(
                "password", "This is the password you have; choose another."
            )
        account = _own_account(self.users, by)
        _write_down(self.audit, AuditAction.PASSWORD_CHANGED, account, by)
        self.keys.set_password(by.user, new)


@dataclass(frozen=True, slots=True)
class ResetPassword:
    """Give somebody who forgot the password another one, which the user is told at login."""

    users: UserStore
    keys: UserKeys
    audit: AuditTrail

    def __call__(self, acting: Acting, user_id: int, *, password: str) -> None:
        """Give the user the password, which is known to two people until the user changes it.

        Raises
        ------
        InvalidEntryError, PermissionDeniedError, RecordNotFoundError
        """
        by = acting.allowed(Permission.ADMINISTER)
        account = self.users.get(user_id)
        if account.user.name == by.user:
            raise InvalidEntryError(
                "user_name", "Change your own password with the one you have (users password)."
            )
        if not account.user.active:
            raise InvalidEntryError(
                "user_name", "This user is deactivated; reactivate instead (users reactivate)."
            )
        check_password(password, user_name=account.user.name)
        # Written down first: a password that was reset is never reset unseen.
        _write_down(self.audit, AuditAction.PASSWORD_RESET, account, by)
        self.keys.set_password(account.user.name, password)


@dataclass(frozen=True, slots=True)
class SetSignature:
    """Keep the picture of a signature, which signed reports show."""

    users: UserStore
    as_png: Callable[[bytes], bytes]  # `imaging.marks.mark_as_png`

    def __call__(
        self, acting: Acting, user_id: int, picture: bytes | None, *, expected_version: int
    ) -> UserAccount:
        """Return the user as stored now; `picture` is a PNG or JPEG, None takes it away.

        Everybody may set their own, an administrator everybody's.

        Raises
        ------
        ImageUnreadableError, ConflictError, PermissionDeniedError
        """
        account = self.users.get(user_id)
        own = account.user.name == acting.user.name
        by = acting.allowed(Permission.SEE_RECORDS if own else Permission.ADMINISTER)
        png = None if picture is None else self.as_png(picture)
        return self.users.set_signature(user_id, png, expected_version=expected_version, by=by)


@dataclass(frozen=True, slots=True)
class RenewRecoveryKey:
    """Print a new recovery key, because the old print was lost or seen."""

    keys: UserKeys
    audit: AuditTrail

    def __call__(self, acting: Acting) -> str:
        """Return the new key, shown once; the old one opens nothing any more."""
        by = acting.allowed(Permission.ADMINISTER)
        event = AuditEvent(
            AuditAction.RECOVERY_KEY_RENEWED, RecordReference(RecordKind.DATABASE)
        )
        self.audit.record(event, by=by)
        return self.keys.renew_recovery_key()


@dataclass(frozen=True, slots=True)
class StopAskingForPassword:
    """Open the records without a password on this computer, where one person works alone."""

    users: UserStore
    keys: UserKeys
    audit: AuditTrail

    def __call__(self, acting: Acting, *, password: str) -> None:
        """Put the key into a file of this computer; `password` is the present one.

        Raises
        ------
        WrongPasswordError, InvalidEntryError, PermissionDeniedError
        """
        by = acting.allowed(Permission.ADMINISTER)
        if self.keys.without_login:
            raise InvalidEntryError(
                "password", "These records open without a password already."
            )
        if len([a for a in self.users.all() if a.user.active]) != 1:
            raise InvalidEntryError(
                "password", "Several people use these records; each needs a password."
            )
        self.keys.check(by.user, password)
        account = _own_account(self.users, by)
        _write_down(self.audit, AuditAction.LOGIN_SWITCHED, account, by, login="off")
        self.keys.stop_asking(by.user)


@dataclass(frozen=True, slots=True)
class AskForPassword:
    """Let the records, which opened without one, ask for a password again."""

    users: UserStore
    keys: UserKeys
    audit: AuditTrail

    def __call__(self, acting: Acting, *, password: str) -> None:
        """Give the one user a password and remove the key file of this computer.

        Raises
        ------
        InvalidEntryError, PermissionDeniedError
        """
        by = acting.allowed(Permission.ADMINISTER)
        if not self.keys.without_login:
            raise InvalidEntryError(
                "password", "These records ask for a password already; change it instead."
            )
        check_password(password, user_name=by.user)
        account = _own_account(self.users, by)
        _write_down(self.audit, AuditAction.LOGIN_SWITCHED, account, by, login="on")
        self.keys.ask_again(by.user, password)


def _require_login(keys: UserKeys) -> None:
    if keys.without_login:
        raise InvalidEntryError("password", _ALONE)


def _own_account(users: UserStore, by: Stamp) -> UserAccount:
    account = users.find(by.user)
    if account is None:
        raise LookupError("who is at work is no user")
    return account


def _write_down(
    audit: AuditTrail, action: AuditAction, account: UserAccount, by: Stamp, **details: str
) -> None:
    reference = RecordReference(RecordKind.USER, account.id)
    audit.record(AuditEvent(action, reference, {"name": account.user.name, **details}), by=by)
