"""The database's part of a backup, made beside the records while they are in use.

Everything is of one steady state: the copy, the list of files that the records name, and the
counts. SQLite works on this disk alone; a drive that may vanish gets finished files.
"""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree, which
from tempfile import mkdtemp
from typing import IO, Any

from alembic.migration import MigrationContext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from retina_desktop.domain.record_errors import BackupFailedError
from retina_desktop.persistence.abandoned_copies import STAGING_PREFIX, copying_into
from retina_desktop.persistence.backup_cipher import encrypt_stream
from retina_desktop.persistence.database import Database
from retina_desktop.persistence.durable_files import (
    told_as_sentence,
    write_durably,
)
from retina_desktop.persistence.image_cipher import CHUNK_BYTES
from retina_desktop.persistence.kept_files import named_files
from retina_desktop.persistence.tables import (
    AuditEntryRow,
    AuditHeadRow,
    ExaminationRow,
    PatientRow,
)
from retina_desktop.persistence.upgrade_backup import connection_variables

SQLITE_PART, POSTGRESQL_PART = "records.db", "records.pgdump"
_PAGES = 512  # of 4 KiB, copied between two looks at a cancel
_DAMAGED = (
    "The records' database is damaged and was not copied; the earlier backups are as they "
    "were: run retina-desktop verify, and restore the last good one."
)
_NO_CLIENT = (
    "A backup of the clinic's server needs pg_dump on this computer; install PostgreSQL's "
    "client programs and try again."
)
_PG_FAILED = (
    "The clinic's server gave no backup of its database; check that its client programs here "
    "are as new as the server, and try again."
)


@dataclass(frozen=True, slots=True)
class Staged:
    """What was taken from the database; both files are removed after use."""

    database: Path  # named as in the backup
    names: Path  # one SHA-256 a line, sorted
    schema_revision: str
    audit_sequence: int
    audit_hash: str
    patients: int
    examinations: int
    files: int


def series_of(session: Session) -> str:
    """Return what tells these records from all others: the hash of their first entry."""
    first = session.scalar(select(AuditEntryRow.hash).order_by(AuditEntryRow.sequence).limit(1))
    if first is None:
        raise BackupFailedError(_DAMAGED)
    return first


@contextmanager
def staged(
    database: Database,
    *,
    key: bytes | None,
    stream_key: bytes | None,
    folder: Path,
    tell: Callable[[float], None],
) -> Iterator[Staged]:
    """Give the copy of the database, in a folder that is gone afterwards.

    Parameters
    ----------
    database : Database
        In use by anybody meanwhile.
    key : bytes or None
        Of the SQLite file; the copy has the same. None where it is plain.
    stream_key : bytes or None
        For a server's dump.
    folder : Path
        On this computer, with room for the whole database.
    tell : callable
        Called with the share done, often; may raise to stop.

    Raises
    ------
    BackupFailedError, RecordsUnavailableError
    """
    with copying_into(folder):
        place = Path(mkdtemp(prefix=STAGING_PREFIX, dir=folder))
        try:
            with told_as_sentence("the records"), database.read() as session:
                facts = _facts(session)
                names, count = _write_names(session, place)
                if database.is_postgresql:
                    copy = _dump(session, database, place, stream_key)
                else:
                    copy = _copy(session, place, key, tell)
                tell(1.0)
            yield Staged(copy, names, *facts, files=count)
        finally:
            rmtree(place, ignore_errors=True)


def _facts(session: Session) -> tuple[str, int, str, int, int]:
    """Read the head first: with it the steady state begins."""
    head = session.execute(select(AuditHeadRow.sequence, AuditHeadRow.hash)).first()
    revision = MigrationContext.configure(session.connection()).get_current_revision()
    if head is None or revision is None:
        raise BackupFailedError(_DAMAGED)
    counts = [
        session.scalar(select(func.count()).select_from(row)) or 0
        for row in (PatientRow, ExaminationRow)
    ]
    return revision, head.sequence, head.hash, counts[0], counts[1]


def _write_names(session: Session, place: Path) -> tuple[Path, int]:
    target, count = place / "names", 0
    with target.open("w", encoding="ascii", newline="\n") as file:
        for name in named_files(session):
            file.write(f"{name}\n")
            count += 1
    return target, count


def _copy(
    session: Session, place: Path, key: bytes | None, tell: Callable[[float], None]
) -> Path:
    """Copy by SQLite's own backup, within the reading transaction: writers go on meanwhile."""
    target = place / SQLITE_PART
    source: Any = session.connection().connection.driver_connection
    driver = session.connection().dialect.loaded_dbapi
    copy = driver.connect(str(target), isolation_level=None)
    try:
        if key is not None:
            copy.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        copy.execute("PRAGMA synchronous = OFF")  # the finished file is what is made durable
        source.backup(
            copy,
            pages=_PAGES,
            progress=lambda _status, left, total: tell(1.0 - left / max(total, 1)),
        )
        copy.execute("PRAGMA temp_store = MEMORY")
        copy.execute("PRAGMA journal_mode = DELETE").fetchall()
        said = copy.execute("PRAGMA quick_check(1)").fetchall()
    except driver.DatabaseError as error:
        if "full" in str(error):
            raise OSError(28, "no room for the copy") from error
        raise BackupFailedError(_DAMAGED) from error
    finally:
        copy.close()
    if said != [("ok",)]:
        raise BackupFailedError(_DAMAGED)
    return target


def _dump(session: Session, database: Database, place: Path, key: bytes | None) -> Path:
    """Let ``pg_dump`` read the same steady state; its stream is encrypted before any disk."""
    program = which("pg_dump")
    if program is None:
        raise BackupFailedError(_NO_CLIENT)
    snapshot = session.scalar(select(func.pg_export_snapshot()))
    target = place / POSTGRESQL_PART
    command = [program, "--format=custom", "--no-owner", f"--snapshot={snapshot}"]
    environment = os.environ | connection_variables(database.engine.url)
    try:
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as dump:
            if dump.stdout is None:
                raise BackupFailedError(_PG_FAILED)
            parts = _parts(dump.stdout)
            write_durably(target, encrypt_stream(parts, key) if key else parts)
    except subprocess.SubprocessError as error:
        raise BackupFailedError(_PG_FAILED) from error
    if dump.returncode != 0:
        raise BackupFailedError(_PG_FAILED)
    return target


def _parts(stream: IO[bytes]) -> Iterator[bytes]:
    while part := stream.read(CHUNK_BYTES):
        yield part
