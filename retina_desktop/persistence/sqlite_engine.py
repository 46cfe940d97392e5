"""Opening a SQLite file so that it is durable, checked, and encrypted unless told otherwise.

WAL with ``synchronous=FULL`` keeps every acknowledged commit over a power cut (with NORMAL the
last ones may be lost). The key is raw, 32 bytes: the key vault has already done the slow
derivation from a password.
"""

import logging
import sqlite3
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError

from retina_desktop.domain.record_errors import (
    EncryptionMismatchError,
    EncryptionUnavailableError,
    RecordsReadOnlyError,
    RecordsUnavailableError,
)
from retina_desktop.persistence.database import BEGIN_MODE, Database
from retina_desktop.persistence.database_errors import explained

log = logging.getLogger(__name__)

LOCK_TIMEOUT_S = 5.0
_KEY_BYTES = 32
_PLAIN_HEADER = b"SQLite format 3\0"
_PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",  # macOS: fsync alone leaves data in the disk's cache
    "PRAGMA checkpoint_fullfsync = ON",
    "PRAGMA recursive_triggers = ON",  # else REPLACE deletes behind the guards' back
    "PRAGMA trusted_schema = OFF",
    "PRAGMA temp_store = MEMORY",  # no plain patient data in temporary files
    "PRAGMA cache_size = -16384",  # KiB
)


class Encryption(StrEnum):
    """How a database file is kept; NONE is a decision somebody takes, never a fall-back."""

    SQLCIPHER = "sqlcipher"
    NONE = "none"


def open_sqlite(
    path: Path,
    *,
    key: bytes | None,
    encryption: Encryption = Encryption.SQLCIPHER,
    lock_timeout_s: float = LOCK_TIMEOUT_S,
) -> Database:
    """Open or create the database at `path`; its folder exists.

    Parameters
    ----------
    path : Path
        The file.
    key : bytes or None
        32 bytes; None exactly when `encryption` is NONE.
    encryption : Encryption
        By the clinic's setting.
    lock_timeout_s : float
        How long to wait for another program's write.

    Raises
    ------
    EncryptionUnavailableError
        If SQLCipher is not installed here.
    EncryptionMismatchError
        If the file is plain though it should be encrypted, or the other way round.
    WrongKeyError, RecordsUnavailableError
    """
    if (key is None) != (encryption is Encryption.NONE):
        raise ValueError("a key belongs to an encrypted database, and only there")
    if key is not None and len(key) != _KEY_BYTES:
        raise ValueError(f"a key has {_KEY_BYTES} bytes")
    _check_kind(path, encryption)
    driver = _driver(encryption)
    engine = create_engine(
        "sqlite+pysqlite://",
        module=driver,
        creator=_connector(driver, path, key, lock_timeout_s),
        poolclass=QueuePool,
        pool_size=4,
        max_overflow=12,
        hide_parameters=True,  # an error's text goes into the log: no patient's data
    )
    event.listen(engine, "begin", _begin)
    try:
        _check_journal(engine)
        path.chmod(0o600)
    except OSError:
        log.warning("the database file's permissions could not be narrowed")
    except BaseException:
        engine.dispose()
        raise
    if encryption is Encryption.NONE:
        log.warning("the records' database is not encrypted, as set")
    return Database(engine, encrypted=encryption is Encryption.SQLCIPHER)


def _driver(encryption: Encryption) -> ModuleType:
    if encryption is Encryption.NONE:
        return sqlite3
    try:
        from sqlcipher3 import dbapi2  # type: ignore[import-untyped]  # publishes no types
    except ImportError as error:
        raise EncryptionUnavailableError(
            "This installation cannot encrypt the records (SQLCipher is missing); install it, "
            "or choose unencrypted records in the settings and encrypt the disk itself."
        ) from error
    module: ModuleType = dbapi2
    return module


def _connector(
    driver: ModuleType, path: Path, key: bytes | None, lock_timeout_s: float
) -> Callable[[], Any]:
    def connect() -> Any:  # noqa: ANN401 - the drivers share no type
        connection = driver.connect(
            str(path), timeout=lock_timeout_s, isolation_level=None, check_same_thread=False
        )
        try:
            if key is not None:
                connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
            for pragma in _PRAGMAS:
                connection.execute(pragma)
        except BaseException:
            connection.close()
            raise
        return connection

    return connect


def _begin(connection: Connection) -> None:
    mode = connection.get_execution_options().get(BEGIN_MODE, "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


def _check_journal(engine: Engine) -> None:
    """Switch to WAL (which is kept in the file) and see that it worked; read one page."""
    try:
        raw = engine.raw_connection()
        try:
            cursor = raw.cursor()
            cursor.execute("PRAGMA journal_mode = WAL")
            journal = cursor.fetchall()[0][0]
            cursor.execute("SELECT count(*) FROM sqlite_master")
            cursor.fetchall()
            cursor.close()
        finally:
            raw.close()
    except engine.dialect.loaded_dbapi.Error as error:
        wrapped = DBAPIError("opening", None, error)
        told = explained(wrapped)
        raise told if told is not wrapped else error from error
    if str(journal).lower() != "wal":
        raise RecordsUnavailableError(
            "The records' folder does not allow safe shared use (a network share, perhaps); "
            "choose a folder on this computer, or PostgreSQL for several workstations."
        )


def _check_kind(path: Path, encryption: Encryption) -> None:
    try:
        with path.open("rb") as file:
            header = file.read(len(_PLAIN_HEADER))
    except FileNotFoundError:
        return
    except IsADirectoryError as error:
        raise RecordsUnavailableError("A folder lies where the database should be.") from error
    except PermissionError as error:
        raise RecordsReadOnlyError(
            "The records' database cannot be read; ask for permission on its folder."
        ) from error
    if not header:
        return
    plain = header == _PLAIN_HEADER
    if plain and encryption is Encryption.SQLCIPHER:
        raise EncryptionMismatchError(
            "The database is not encrypted although the settings ask for encryption; "
            "change the setting or choose another folder."
        )
    if not plain and encryption is Encryption.NONE:
        raise EncryptionMismatchError(
            "The database is encrypted, or is no database, although the settings say that "
            "records are not encrypted; change the setting or choose another folder."
        )
