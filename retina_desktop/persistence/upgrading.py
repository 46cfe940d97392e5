"""Bringing a database to this program's schema, or refusing to touch a newer one.

An existing database is copied and the copy verified before anything changes; the upgrade, its
audit entry and the guards are one transaction, so a crash leaves the old database.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import Script, ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from retina_desktop.domain.audit import AuditAction, AuditEvent, RecordKind, RecordReference
from retina_desktop.domain.record_errors import DatabaseNewerError, RecordsDamagedError
from retina_desktop.domain.users import Stamp
from retina_desktop.persistence.audited_database import append_events
from retina_desktop.persistence.columns import Base
from retina_desktop.persistence.database import BEGIN_MODE, Database, keep_writers_out
from retina_desktop.persistence.database_errors import explained
from retina_desktop.persistence.guards import drop_guards, install_guards

MIGRATIONS = Path(__file__).with_name("migrations")
_NOT_OURS = (
    "The tables of this database are not those of its version, so nothing was changed; restore "
    "the last backup."
)


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What was done: both revisions, ``before`` None for a new database; equal: nothing."""

    before: str | None
    after: str


def upgrade_database(
    database: Database,
    *,
    by: Stamp,
    seal_key: bytes | None,
    back_up: Callable[[Database, str], object],
    migrations: Path = MIGRATIONS,
) -> Upgrade:
    """Create or upgrade the schema; two programs that start together do it once.

    Parameters
    ----------
    database : Database
        Any of the two kinds.
    by : Stamp
        For the audit entry.
    seal_key : bytes or None
        See `AuditedDatabase`.
    back_up : callable
        Given the database and its revision; makes and verifies a backup, or raises a
        RetinaError and so prevents the upgrade. Not called for an empty database.
    migrations : Path
        The folder of ``versions/``.

    Raises
    ------
    DatabaseNewerError
        If a newer program wrote the database; it is not touched.
    """
    scripts = ScriptDirectory(str(migrations))
    newest = scripts.get_current_head()
    if newest is None:
        raise ValueError("there are no migrations")
    current = current_revision(database)
    _refuse_newer(scripts, current)
    if current == newest:
        return Upgrade(current, newest)
    if current is not None:
        back_up(database, current)
    with _exclusive(database) as connection:
        return _run(connection, scripts, newest, by, seal_key)


def current_revision(database: Database) -> str | None:
    """Return the schema's revision, None for an empty database."""
    with database.read() as session:
        return _revision(session.connection())


def _revision(connection: Connection) -> str | None:
    try:
        return MigrationContext.configure(connection).get_current_revision()
    except CommandError as error:  # several at once, which this program never writes
        raise RecordsDamagedError(_NOT_OURS) from error


def _run(
    connection: Connection,
    scripts: ScriptDirectory,
    newest: str,
    by: Stamp,
    seal_key: bytes | None,
) -> Upgrade:
    before = _revision(connection)
    _refuse_newer(scripts, before)
    if before == newest:  # another program was quicker
        return Upgrade(before, newest)
    drop_guards(connection)
    try:
        _run_steps(connection, scripts, newest)
    except DBAPIError as error:
        told = explained(error)
        raise told if told is not error else RecordsDamagedError(_NOT_OURS) from error
    _check_foreign_keys(connection)
    install_guards(connection)
    action = AuditAction.DATABASE_UPGRADED if before else AuditAction.DATABASE_CREATED
    event = AuditEvent(
        action,
        RecordReference(RecordKind.DATABASE),
        {"from": before or "", "to": newest},
    )
    with Session(bind=connection) as session:
        append_events(session, [event], by, seal_key)
        session.flush()
        connection.commit()
    return Upgrade(before, newest)


def _run_steps(connection: Connection, scripts: ScriptDirectory, newest: str) -> None:
    def steps(revision: Sequence[str], _context: MigrationContext) -> object:
        # As alembic.command.upgrade does; there is no public way without an env.py.
        return scripts._upgrade_revs(newest, revision)  # type: ignore[arg-type]

    context = MigrationContext.configure(
        connection,
        opts={
            "fn": steps,
            "target_metadata": Base.metadata,  # for the names of constraints
            "transactional_ddl": True,
        },
    )
    with Operations.context(context):
        context.run_migrations()


def _refuse_newer(scripts: ScriptDirectory, revision: str | None) -> None:
    if revision is None:
        return
    try:
        known: Script | None = scripts.get_revision(revision)
    except CommandError:
        known = None
    if known is None:
        raise DatabaseNewerError(
            "These records were written by a newer version of this program; "
            "install that version on this computer."
        )


@contextmanager
def _exclusive(database: Database) -> Iterator[Connection]:
    """Give a connection whose transaction nobody else writes beside."""
    try:
        with database.engine.connect().execution_options(
            **{BEGIN_MODE: "IMMEDIATE"}
        ) as connection:
            keep_writers_out(connection)
            if not database.is_postgresql:
                # Rebuilding a table drops it, which foreign keys would take for deletions.
                # The pragma does nothing within a transaction, hence past SQLAlchemy.
                cursor = connection.connection.cursor()
                cursor.execute("PRAGMA foreign_keys = OFF")
                cursor.close()
            try:
                yield connection
            finally:
                connection.invalidate()  # never back to the pool without foreign keys
    except DBAPIError as error:
        told = explained(error)
        raise told if told is not error else error from error


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
        raise RecordsDamagedError(
            "The upgrade of the records would break them and was undone; keep the old version."
        )
