"""Users of records whose first user was written into the audit trail alone."""

from collections.abc import Iterator

from sqlalchemy import select

from retina_desktop.domain.audit import AuditAction, AuditEntry, RecordKind, RecordReference
from retina_desktop.domain.users import Role, Stamp, User
from retina_desktop.persistence.audited_database import AuditedDatabase
from retina_desktop.persistence.tables import UserRow
from retina_desktop.persistence.user_store import add_account

_FIRST_ENTRIES = 20  # set-up wrote the first user's right after the first
_FIRST_USER = RecordReference(RecordKind.USER, 1)


def bring_first_user_over(
    database: AuditedDatabase, entries: Iterator[AuditEntry], *, by: Stamp
) -> None:
    """Make a record of the user whom only the trail's beginning names; once, and audited.

    `entries` are the trail's, in order. Nothing happens where there are users, or where a
    set-up was cut off before it named one.
    """
    with database.read() as session:
        if session.scalar(select(UserRow.id).limit(1)) is not None:
            return
    found = _from_trail(entries)
    if found is None:
        return
    user, made = found
    with database.write(by) as work:
        if work.session.scalar(select(UserRow.id).limit(1)) is None:  # nobody was quicker
            details = {"name": user.name, "from": "the audit trail"}
            add_account(work, user, made=made, details=details)


def _from_trail(entries: Iterator[AuditEntry]) -> tuple[User, Stamp] | None:
    for _, entry in zip(range(_FIRST_ENTRIES), entries, strict=False):
        event = entry.event
        if event.action == AuditAction.USER_ADDED and event.record == _FIRST_USER:
            roles = frozenset(Role(role) for role in event.details["roles"].split(", "))
            user = User(event.details["name"], event.details["full name"], roles)
            return user, entry.stamp
    return None
