"""Who may do what: users, their roles, and the stamp that every write carries."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from retina_desktop.domain.plain_text import clean_line
from retina_desktop.domain.record_errors import InvalidEntryError, PermissionDeniedError

SINGLE_USER = "single-user"  # the name of who works alone and never types one
SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 1024

_USER_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class Permission(StrEnum):
    """What a role may include."""

    SEE_RECORDS = "see records"
    CHANGE_PATIENTS = "change patients"
    EXAMINE = "add examinations and photographs"
    READ = "decide on findings and sign"
    EXPORT = "export records"
    DELETE = "delete records"
    ADMINISTER = "manage users, backups and settings"
    SEE_AUDIT = "see the audit trail"


class Role(StrEnum):
    """What a user is in the clinic."""

    TECHNICIAN = "technician"
    READER = "reader"
    ADMINISTRATOR = "administrator"

    @property
    def permissions(self) -> frozenset[Permission]:
        """Everything this role may do."""
        return _PERMISSIONS[self]


_TECHNICIAN = frozenset(
    {Permission.SEE_RECORDS, Permission.CHANGE_PATIENTS, Permission.EXAMINE}
)
_PERMISSIONS = {
    Role.TECHNICIAN: _TECHNICIAN,
    Role.READER: _TECHNICIAN | {Permission.READ, Permission.EXPORT},
    # An administrator keeps the house but signs nothing: reading is a clinician's act.
    Role.ADMINISTRATOR: frozenset(Permission) - {Permission.READ},
}


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who can log in; ``name`` is what they type, ``shown_name`` what is printed.

    ``roles`` are several where one person is, say, reader and administrator.
    """

    name: str
    shown_name: str
    roles: frozenset[Role]
    active: bool = True

    def __post_init__(self) -> None:
        check_user_name(self.name)
        shown = clean_line(self.shown_name, field="full_name", limit=200, required=True)
        object.__setattr__(self, "shown_name", shown)
        if not self.roles:
            raise InvalidEntryError("roles", "A user needs at least one role.")

    def may(self, permission: Permission) -> bool:
        """Whether one of the user's roles includes `permission`."""
        return self.active and any(permission in role.permissions for role in self.roles)

    def require(self, permission: Permission) -> None:
        """Raise a PermissionDeniedError unless the user may do it."""
        if not self.may(permission):
            raise PermissionDeniedError(
                f"Your role does not include to {permission}; ask an administrator."
            )


@dataclass(frozen=True, slots=True)
class UserAccount:
    """A user as stored; ``version`` rises by one with every change.

    ``signature_sha256`` is the hash of the signature's picture, empty where there is none.
    """

    id: int
    version: int
    user: User
    created_at: datetime
    created_by: str
    changed_at: datetime
    changed_by: str
    signature_sha256: str = ""


@dataclass(frozen=True, slots=True)
class PasswordReset:
    """An administrator gave a user a password, and the user has not chosen another since."""

    by: str
    at: datetime

    @property
    def sentence(self) -> str:
        """What the user is told at every login until then."""
        return (
            f"Your password was reset by {self.by} on {self.at:%Y-%m-%d} (UTC); choose one "
            "that only you know."
        )


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who does something, at which workstation, when; carried by every write.

    ``at`` is aware; it is passed in, never read from a clock by who stores it.
    """

    user: str
    workstation: str
    at: datetime

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("a stamp's moment must be aware")


def check_user_name(name: str) -> None:
    """Raise an InvalidEntryError unless `name` can be a user's name."""
    if not _USER_NAME.fullmatch(name):
        raise InvalidEntryError(
            "user_name",
            "A user's name has 1 to 64 of the characters a-z, 0-9, dot, dash and underscore.",
        )


def check_password(password: str, *, user_name: str) -> None:
    """Raise an InvalidEntryError unless `password` is one that a user may choose."""
    if len(password) < SHORTEST_PASSWORD or password.casefold() == user_name.casefold():
        raise InvalidEntryError(
            "password",
            f"A password needs at least {SHORTEST_PASSWORD} characters and must not be the "
            "user's name; choose another.",
        )
    if len(password) > LONGEST_PASSWORD:
        raise InvalidEntryError(
            "password", f"A password has at most {LONGEST_PASSWORD} characters."
        )


def check_administrator_stays(users: Iterable[User]) -> None:
    """Raise an InvalidEntryError unless one of `users` can still administer the records."""
    if not any(user.may(Permission.ADMINISTER) for user in users):
        raise InvalidEntryError(
            "roles",
            "This is the last active administrator; make somebody else administrator first.",
        )
