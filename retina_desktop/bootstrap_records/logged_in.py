"""Somebody at work: the open records until logging out, and the house's own use cases."""

from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING

from retina_desktop.domain.audit import AuditAction, AuditEvent, RecordKind, RecordReference
from retina_desktop.domain.record_errors import PermissionDeniedError
from retina_desktop.domain.users import PasswordReset, Permission
from retina_desktop.imaging.marks import mark_as_png
from retina_desktop.services.acting import Acting
from retina_desktop.services.clinic_profile import (
    OpenClinicProfile,
    OpenLockTime,
    SaveClinicProfile,
    SaveLockTime,
)
from retina_desktop.services.user_accounts import (
    AddUser,
    AskForPassword,
    ChangeOwnPassword,
    ChangeUser,
    DeactivateUser,
    ListUsers,
    ReactivateUser,
    RenewRecoveryKey,
    ResetPassword,
    SetSignature,
    StopAskingForPassword,
)
from retina_desktop.services.user_ports import UserKeys

if TYPE_CHECKING:
    from retina_desktop.persistence.opening import Records


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The open records and who works with them; `close` is logging out.

    ``keys`` and ``user_id`` are given by `access.open_session`; only what has to do with users
    needs them.
    """

    records: "Records"
    acting: Acting
    keys: UserKeys | None = None
    user_id: int = 0
    _ended: Event = field(default_factory=Event, init=False, repr=False, compare=False)

    @property
    def user_keys(self) -> UserKeys:
        """The ways in; a bug (LookupError) where the records were not opened by a user."""
        if self.keys is None:
            raise LookupError("the records were opened without a user's keys")
        return self.keys

    @property
    def opens_without_login(self) -> bool:
        """Whether no password is needed here: then there is nothing to lock with."""
        return self.user_keys.without_login

    @property
    def password_reset(self) -> PasswordReset | None:
        """What the user is to be told after logging in; None when there is nothing."""
        return self.records.users.last_reset(self.user_id)

    def unlock(self, password: str) -> None:
        """Do nothing if the password is the user's, who is still who logged in.

        Raises
        ------
        WrongPasswordError
            Also its kind TooManyAttemptsError; counted as at a login.
        PermissionDeniedError
            If the user's roles were changed meanwhile: log in anew.
        """
        user = self.acting.user
        self.user_keys.check(user.name, password)
        if self.records.users.get(self.user_id).user != user:
            raise PermissionDeniedError(
                "An administrator has changed your name or roles; log out and in again."
            )
        self._write_down(AuditAction.UNLOCKED)

    def close(self) -> None:
        """Log out and close every connection; a second call does nothing."""
        if self._ended.is_set():
            return
        self._ended.set()
        try:
            if self.keys is not None:
                self._write_down(AuditAction.LOGGED_OUT)
        finally:
            self.records.close()

    def _write_down(self, action: AuditAction) -> None:
        reference = RecordReference(RecordKind.USER, self.user_id)
        event = AuditEvent(action, reference, {"name": self.acting.user.name})
        self.records.audit.record(event, by=self.acting.allowed(Permission.SEE_RECORDS))

    # -- users ------------------------------------------------------------------------------

    @property
    def list_users(self) -> ListUsers:
        """Show who may log in."""
        return ListUsers(self.records.users)

    @property
    def add_user(self) -> AddUser:
        """Let somebody new in."""
        return AddUser(self.records.users, self.user_keys)

    @property
    def change_user(self) -> ChangeUser:
        """Correct the name shown, give other roles."""
        return ChangeUser(self.records.users)

    @property
    def deactivate_user(self) -> DeactivateUser:
        """Turn a user off."""
        return DeactivateUser(self.records.users, self.user_keys)

    @property
    def reactivate_user(self) -> ReactivateUser:
        """Turn a user on again."""
        return ReactivateUser(self.records.users, self.user_keys, self.records.audit)

    @property
    def change_own_password(self) -> ChangeOwnPassword:
        """Choose another password."""
        return ChangeOwnPassword(self.records.users, self.user_keys, self.records.audit)

    @property
    def reset_password(self) -> ResetPassword:
        """Give somebody another password."""
        return ResetPassword(self.records.users, self.user_keys, self.records.audit)

    @property
    def set_signature(self) -> SetSignature:
        """Keep the picture of a signature."""
        return SetSignature(self.records.users, mark_as_png)

    @property
    def renew_recovery_key(self) -> RenewRecoveryKey:
        """Print a new recovery key."""
        return RenewRecoveryKey(self.user_keys, self.records.audit)

    @property
    def stop_asking_for_password(self) -> StopAskingForPassword:
        """Open without a password on this computer."""
        return StopAskingForPassword(self.records.users, self.user_keys, self.records.audit)

    @property
    def ask_for_password(self) -> AskForPassword:
        """Ask for a password again."""
        return AskForPassword(self.records.users, self.user_keys, self.records.audit)

    # -- the clinic -------------------------------------------------------------------------

    @property
    def open_clinic_profile(self) -> OpenClinicProfile:
        """Show who examines and reports."""
        return OpenClinicProfile(self.records.settings)

    @property
    def save_clinic_profile(self) -> SaveClinicProfile:
        """Change who examines and reports."""
        return SaveClinicProfile(self.records.settings, mark_as_png)

    @property
    def open_lock_time(self) -> OpenLockTime:
        """Tell when an idle window locks."""
        return OpenLockTime(self.records.settings)

    @property
    def save_lock_time(self) -> SaveLockTime:
        """Choose when an idle window locks."""
        return SaveLockTime(self.records.settings)
