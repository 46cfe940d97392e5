"""Users in the database; their passwords' keys are in the key vault."""

import json
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from retina_desktop.domain.audit import AuditAction, RecordKind
from retina_desktop.domain.canonical_json import canonical_json
from retina_desktop.domain.record_errors import (
    ConflictError,
    FieldChange,
    InvalidEntryError,
    RecordNotFoundError,
)
from retina_desktop.domain.users import (
    PasswordReset,
    Role,
    Stamp,
    User,
    UserAccount,
    check_administrator_stays,
)
from retina_desktop.persistence.audited_database import AuditedDatabase, AuditedWrite
from retina_desktop.persistence.tables import AuditEntryRow, UserRow

FIRST_USER = 1  # whose entry in the trail was the only trace in the records' first version
_SIGNATURE = "signature"


class SqlUserStore:
    """Implements `services.user_ports.UserStore`."""

    def __init__(self, database: AuditedDatabase) -> None:
        self._database = database

    def all(self) -> tuple[UserAccount, ...]:
        """Return everybody, by name."""
        with self._database.read() as session:
            rows = session.scalars(select(UserRow).order_by(UserRow.name))
            return tuple(account_of(row) for row in rows)

    def get(self, user_id: int) -> UserAccount:
        """Return a user."""
        with self._database.read() as session:
            return account_of(_existing(session.get(UserRow, user_id)))

    def find(self, name: str) -> UserAccount | None:
        """Return the user of exactly this name."""
        with self._database.read() as session:
            row = _named(session, name)
            return account_of(row) if row else None

    def add(self, user: User, *, by: Stamp) -> UserAccount:
        """Keep a new user."""
        with self._database.write(by) as work:
            if _named(work.session, user.name) is not None:
                raise InvalidEntryError(
                    "user_name", "There is a user of this name already; choose another name."
                )
            details = {"name": user.name, "roles": _shown_roles(user)}
            return add_account(work, user, made=by, details=details)

    def update(
        self, user_id: int, user: User, *, expected_version: int, by: Stamp
    ) -> UserAccount:
        """Replace all but the name; the last active administrator stays."""
        with self._database.write(by) as work:
            row = _existing(work.session.get(UserRow, user_id))
            stored = account_of(row)
            if user.name != stored.user.name:
                raise InvalidEntryError("user_name", "A user's name cannot be changed.")
            changes = _differences(stored.user, user)
            _require_version(stored, expected_version, changes)
            if not changes:
                return stored
            for column, value in user_columns(user).items():
                setattr(row, column, value)
            _check_administrator_stays(work.session)
            details = {"name": user.name, "roles": _shown_roles(user)}
            details["fields"] = ", ".join(change.field for change in changes)
            return _changed(work, row, _action(stored.user, user), details)

    def signature(self, user_id: int) -> bytes | None:
        """Return the PNG of a user's signature."""
        with self._database.read() as session:
            return _existing(session.get(UserRow, user_id)).signature

    def set_signature(
        self, user_id: int, picture: bytes | None, *, expected_version: int, by: Stamp
    ) -> UserAccount:
        """Keep the PNG of a user's signature; None takes it away."""
        with self._database.write(by) as work:
            row = _existing(work.session.get(UserRow, user_id, with_for_update=True))
            stored = account_of(row)
            same = row.signature == picture
            changes = () if same else (FieldChange(_SIGNATURE, "", ""),)
            _require_version(stored, expected_version, changes)
            if same:
                return stored
            row.signature = picture
            details = {"name": row.name, "fields": _SIGNATURE}
            return _changed(work, row, AuditAction.USER_CHANGED, details)

    def last_reset(self, user_id: int) -> PasswordReset | None:
        """Return who reset the user's password; None once the user has chosen one since."""
        chosen = (
            AuditAction.PASSWORD_CHANGED,
            AuditAction.RECOVERY_KEY_USED,
            AuditAction.LOGIN_SWITCHED,
        )
        said = (AuditAction.PASSWORD_RESET, *chosen)
        with self._database.read() as session:
            last = session.scalar(
                select(AuditEntryRow)
                .where(
                    AuditEntryRow.record_kind == RecordKind.USER.value,
                    AuditEntryRow.record_id == user_id,
                    AuditEntryRow.action.in_([action.value for action in said]),
                )
                .order_by(AuditEntryRow.sequence.desc())
                .limit(1)
            )
            if last is None or last.action != AuditAction.PASSWORD_RESET:
                return None
            return PasswordReset(last.made_by, last.made_at)


def account_of(row: UserRow) -> UserAccount:
    """Return the user of a row."""
    roles = frozenset(Role(role) for role in json.loads(row.roles))
    return UserAccount(
        id=row.id,
        version=row.version,
        user=User(row.name, row.shown_name, roles, row.active),
        created_at=row.created_at,
        created_by=row.created_by,
        changed_at=row.changed_at,
        changed_by=row.changed_by,
        signature_sha256="" if row.signature is None else sha256(row.signature).hexdigest(),
    )


def user_columns(user: User) -> dict[str, Any]:
    """Return the columns of a user; `Any` because each has a type of its own."""
    return {
        "name": user.name,
        "shown_name": user.shown_name,
        "roles": canonical_json(user.roles),
        "active": user.active,
    }


def add_account(
    work: AuditedWrite, user: User, *, made: Stamp, details: dict[str, str]
) -> UserAccount:
    """Insert a user; `made` says who once did, which may be long ago."""
    row = UserRow(
        version=1,
        created_at=made.at,
        created_by=made.user,
        changed_at=made.at,
        changed_by=made.user,
        **user_columns(user),
    )
    work.session.add(row)
    work.session.flush()
    account = account_of(row)
    work.note(AuditAction.USER_ADDED, RecordKind.USER, row.id, record=account, details=details)
    return account


def _changed(
    work: AuditedWrite, row: UserRow, action: AuditAction, details: dict[str, str]
) -> UserAccount:
    row.version += 1
    row.changed_at, row.changed_by = work.by.at, work.by.user
    work.session.flush()
    account = account_of(row)
    work.note(action, RecordKind.USER, row.id, record=account, details=details)
    return account


def _action(stored: User, user: User) -> AuditAction:
    if stored.active == user.active:
        return AuditAction.USER_CHANGED
    return AuditAction.USER_REACTIVATED if user.active else AuditAction.USER_DEACTIVATED


def _check_administrator_stays(session: Session) -> None:
    session.flush()
    check_administrator_stays(account_of(row).user for row in session.scalars(select(UserRow)))


def _require_version(
    stored: UserAccount, expected: int, changes: tuple[FieldChange, ...]
) -> None:
    if stored.version != expected:
        raise ConflictError(
            record="user",
            stored_version=stored.version,
            changed_by=stored.changed_by,
            changes=changes,
        )


def _differences(stored: User, yours: User) -> tuple[FieldChange, ...]:
    pairs = {
        "full_name": (stored.shown_name, yours.shown_name),
        "roles": (_shown_roles(stored), _shown_roles(yours)),
        "active": ("yes" if stored.active else "no", "yes" if yours.active else "no"),
    }
    return tuple(FieldChange(name, *pair) for name, pair in pairs.items() if pair[0] != pair[1])


def _shown_roles(user: User) -> str:
    return ", ".join(sorted(user.roles))


def _named(session: Session, name: str) -> UserRow | None:
    return session.scalar(select(UserRow).where(UserRow.name == name))


def _existing(row: UserRow | None) -> UserRow:
    if row is None:
        raise RecordNotFoundError("There is no such user.")
    return row
