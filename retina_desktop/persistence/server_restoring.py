"""A backup's dump back into an empty database of a clinic's server, by ``pg_restore``."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from shutil import which

from sqlalchemy import inspect
from sqlalchemy.engine import make_url

from retina_desktop.domain.record_errors import BackupFailedError
from retina_desktop.persistence.backup_cipher import decrypt_stream
from retina_desktop.persistence.image_cipher import CHUNK_BYTES, CipherFileError
from retina_desktop.persistence.postgresql_engine import open_postgresql
from retina_desktop.persistence.upgrade_backup import connection_variables

NO_SERVER = (
    "This backup is of records on a PostgreSQL server; make an empty database there, name it "
    "in records_url, and restore again."
)
FILLED = (
    "The server's database was filled before the fault was found: empty it before another try. "
)
_NO_CLIENT = (
    "Restoring the database of a server needs pg_restore on this computer; install "
    "PostgreSQL's client programs and try again."
)
_NOT_EMPTY = "The database named in records_url is not empty; name an empty one."
_FAILED = (
    "The server did not take the backup; its database is still empty. Check that its client "
    "programs here are as new as the server, and try again."
)


def check_empty(url: str) -> None:
    """Raise a BackupFailedError unless the database at `url` has no table."""
    database = open_postgresql(url)
    try:
        with database.read() as session:
            if inspect(session.connection()).get_table_names():
                raise BackupFailedError(_NOT_EMPTY)
    finally:
        database.close()


def fill_database(dump: Path, url: str, key: bytes | None) -> None:
    """Have the server take the dump in one transaction, decrypted on the way.

    Parameters
    ----------
    dump : Path
        As `backup_staging` made it; already compared with the manifest's hash.
    url : str
        Of an empty database.
    key : bytes or None
        None where the backup is not encrypted.

    Raises
    ------
    BackupFailedError
        The database is empty then.
    """
    program = which("pg_restore")
    if program is None:
        raise BackupFailedError(_NO_CLIENT)
    address = make_url(url)
    command = [program, "--no-owner", "--single-transaction", "--exit-on-error"]
    command.append(f"--dbname={address.database or ''}")
    environment = os.environ | connection_variables(address)
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            for part in _content(dump, key):
                if process.stdin is not None:
                    process.stdin.write(part)
            if process.stdin is not None:
                process.stdin.close()
        except (CipherFileError, OSError) as error:
            process.kill()  # before its transaction ends
            raise BackupFailedError(_FAILED) from error
    if process.returncode != 0:
        raise BackupFailedError(_FAILED)


def _content(dump: Path, key: bytes | None) -> Iterator[bytes]:
    with dump.open("rb") as file:
        if key is not None:
            yield from decrypt_stream(file, key)
            return
        while part := file.read(CHUNK_BYTES):
            yield part
