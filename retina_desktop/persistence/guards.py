"""Putting the guards in place, and taking them away for what is lawful.

A migration runs between `drop_guards` and `install_guards`, because a rebuilt table loses its
triggers; so does the one lawful deletion, by retention rules. Both stay in one transaction.
"""

from sqlalchemy import Connection

from retina_desktop.persistence import guards_postgresql, guards_sqlite
from retina_desktop.persistence.guard_rules import all_guards


def install_guards(connection: Connection) -> None:
    """Put the triggers in place, also where some are there already."""
    for statement in _dialect(connection).installing(all_guards()):
        connection.exec_driver_sql(statement)


def drop_guards(connection: Connection) -> None:
    """Take the triggers away for a migration, inside the same transaction."""
    for statement in _dialect(connection).dropping(connection, all_guards()):
        connection.exec_driver_sql(statement)


def missing_guards(connection: Connection) -> tuple[str, ...]:
    """Return the names of guards that somebody removed."""
    present = set(_dialect(connection).installed(connection))
    return tuple(guard.name for guard in all_guards() if guard.name not in present)


def _dialect(
    connection: Connection,
) -> "type[guards_sqlite.Triggers | guards_postgresql.Triggers]":
    if connection.dialect.name == "postgresql":
        return guards_postgresql.Triggers
    return guards_sqlite.Triggers
