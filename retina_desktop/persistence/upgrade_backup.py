"""The verified copy of a database that comes before its upgrade."""

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from sqlalchemy import URL, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.record_errors import BackupFailedError
from retina_desktop.persistence.abandoned_copies import copying_into
from retina_desktop.persistence.database import Database
from retina_desktop.persistence.durable_files import (
    make_folder_durably,
    sync_folder,
    told_as_sentence,
)
from retina_desktop.persistence.sqlite_engine import Encryption, open_sqlite
from retina_desktop.persistence.tables import AuditHeadRow

_FAILED = (
    "The backup before the upgrade failed, so nothing was changed; check the room and the "
    "permissions in the backup folder."
)
_PG_TIMEOUT_S = 3600.0


def back_up_sqlite(
    database: Database, revision: str, *, folder: Path, key: bytes | None, stamp: str
) -> Path:
    """Copy the database to `folder` and verify the copy by opening it.

    The copy is encrypted with the same key. ``stamp`` (a moment such as ``20260102T030405``)
    makes its name unique.

    Raises
    ------
    BackupFailedError
        Nothing is left behind then.
    """
    target = folder / f"before-upgrade-from-{revision}-{stamp}.db"
    draft = target.with_suffix(".part")
    try:
        with copying_into(folder):
            with database.write() as writer:  # keeps other programs from writing meanwhile
                head = writer.execute(select(AuditHeadRow.sequence, AuditHeadRow.hash)).one()
                _copy(database, draft)
            _verify(draft, key, (head.sequence, head.hash))
            with told_as_sentence("the backups"):
                with draft.open("r+b") as file:
                    os.fsync(file.fileno())
                draft.replace(target)
                sync_folder(folder)
    except (RetinaError, SQLAlchemyError, OSError) as error:
        raise BackupFailedError(_FAILED) from error
    finally:
        for left in (draft, *(Path(f"{draft}{end}") for end in ("-wal", "-shm", "-journal"))):
            with suppress(OSError):
                left.unlink(missing_ok=True)
    return target


def back_up_postgresql(database: Database, revision: str, *, folder: Path, stamp: str) -> Path:
    """Dump the server's database to `folder` with ``pg_dump`` and verify that it reads back.

    Raises
    ------
    BackupFailedError
        Also when PostgreSQL's client programs are not installed on this computer.
    """
    tools = shutil.which("pg_dump"), shutil.which("pg_restore")
    if tools[0] is None or tools[1] is None:
        raise BackupFailedError(
            "The backup before the upgrade needs pg_dump and pg_restore on this computer; "
            "install PostgreSQL's client programs and start again."
        )
    target = folder / f"before-upgrade-from-{revision}-{stamp}.pgdump"
    draft = target.with_suffix(".part")
    try:
        with told_as_sentence("the backups"):
            make_folder_durably(folder)
        command = [tools[0], "--format=custom", f"--file={draft}"]
        environment = os.environ | connection_variables(database.engine.url)
        _call(command, environment)
        listing = _call([tools[1], "--list", str(draft)], environment)
        if "TABLE DATA" not in listing or "audit_entry" not in listing:
            raise BackupFailedError(_FAILED)
        with told_as_sentence("the backups"):
            with draft.open("r+b") as file:
                os.fsync(file.fileno())
            draft.replace(target)
            sync_folder(folder)
    except (RetinaError, OSError, subprocess.SubprocessError) as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise BackupFailedError(_FAILED) from error
    return target


def _copy(database: Database, target: Path) -> None:
    raw = database.engine.raw_connection()
    try:
        cursor = raw.cursor()
        try:
            cursor.execute("VACUUM INTO ?", (str(target),))
        finally:
            cursor.close()
    except database.engine.dialect.loaded_dbapi.Error as error:
        raise BackupFailedError(_FAILED) from error
    finally:
        raw.close()


def _verify(copy: Path, key: bytes | None, head: tuple[int, str]) -> None:
    encryption = Encryption.NONE if key is None else Encryption.SQLCIPHER
    opened = open_sqlite(copy, key=key, encryption=encryption)
    try:
        with opened.read() as session:
            said = session.execute(text("PRAGMA integrity_check")).scalar_one()
            found = session.execute(select(AuditHeadRow.sequence, AuditHeadRow.hash)).one()
            entries = session.scalar(select(func.count()).select_from(text("audit_entry")))
    finally:
        opened.close()
    if said != "ok" or tuple(found) != head or entries != head[0]:
        raise BackupFailedError(_FAILED)


def connection_variables(url: URL) -> dict[str, str]:
    """Return libpq's variables: a password on the command line would show in process lists."""
    host = url.query.get("host", url.host)
    port = url.query.get("port", url.port)
    named = {
        "PGHOST": host,
        "PGPORT": port,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    return {name: str(value) for name, value in named.items() if value}


def _call(command: list[str], environment: dict[str, str]) -> str:
    return subprocess.run(  # programs found by name, arguments of ours alone
        command,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=_PG_TIMEOUT_S,
    ).stdout
