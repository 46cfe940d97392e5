"""What a database driver complains of, told in one sentence."""

from sqlalchemy.exc import DBAPIError, OperationalError

from retina_desktop.domain.record_errors import (
    AlreadySignedError,
    DiskFullError,
    RecordsDamagedError,
    RecordsLockedError,
    RecordsReadOnlyError,
    RecordsUnavailableError,
    WrongKeyError,
)
from retina_desktop.persistence.guard_rules import SIGNED

_FULL = "There is no room left on the disk of the records; free some space and try again."
_READ_ONLY = "The records' folder cannot be written; ask for write permission on it."
_LOCKED = "Another program is using the records; wait a moment and try again."
_DAMAGED = "The records' database is damaged; stop working and restore the last backup."
_WRONG_KEY = "The database cannot be opened with this key; check that key file and data match."
_IO = "The disk of the records does not answer as it should; check it and its cables."
_UNREACHABLE = "The records cannot be reached; check the folder, the network or the server."
_SIGNED = "This examination is signed and locked; write an addendum instead."

# By SQLite's primary result codes (sqlite.org/rescode.html).
_BY_CODE: dict[int, tuple[type[RecordsUnavailableError], str]] = {
    5: (RecordsLockedError, _LOCKED),  # SQLITE_BUSY
    6: (RecordsLockedError, _LOCKED),  # SQLITE_LOCKED
    8: (RecordsReadOnlyError, _READ_ONLY),  # SQLITE_READONLY
    10: (RecordsUnavailableError, _IO),  # SQLITE_IOERR
    11: (RecordsDamagedError, _DAMAGED),  # SQLITE_CORRUPT
    13: (DiskFullError, _FULL),  # SQLITE_FULL
    14: (RecordsUnavailableError, _UNREACHABLE),  # SQLITE_CANTOPEN
    26: (WrongKeyError, _WRONG_KEY),  # SQLITE_NOTADB
}
# By PostgreSQL's SQLSTATE, or its class.
_BY_STATE: dict[str, tuple[type[RecordsUnavailableError], str]] = {
    "53100": (DiskFullError, _FULL),
    "55P03": (RecordsLockedError, _LOCKED),
    "40P01": (RecordsLockedError, _LOCKED),
    "40001": (RecordsLockedError, _LOCKED),
    "25006": (RecordsReadOnlyError, _READ_ONLY),
    "42501": (RecordsReadOnlyError, _READ_ONLY),
    "XX": (RecordsDamagedError, _DAMAGED),
}
# Drivers built for an older Python carry no code.
_BY_TEXT = {
    "database is locked": 5,
    "database table is locked": 6,
    "attempt to write a readonly database": 8,
    "disk i/o error": 10,
    "database disk image is malformed": 11,
    "database or disk is full": 13,
    "unable to open database file": 14,
    "file is not a database": 26,
    "file is encrypted or is not a database": 26,
}


def explained(error: DBAPIError) -> Exception:
    """Return what to raise instead of `error`: a RetinaError, or itself when it is a bug."""
    original = error.orig
    text = str(original).lower()
    if SIGNED in text:
        return AlreadySignedError(_SIGNED)
    found = _by_state(getattr(original, "sqlstate", None)) or _by_code(original, text)
    if found is None and error.connection_invalidated:
        found = RecordsUnavailableError, _UNREACHABLE
    if found is None and isinstance(error, OperationalError) and _is_network(original):
        found = RecordsUnavailableError, _UNREACHABLE
    return found[0](found[1]) if found else error


def _by_state(state: object) -> tuple[type[RecordsUnavailableError], str] | None:
    if not isinstance(state, str):
        return None
    return _BY_STATE.get(state) or _BY_STATE.get(state[:2])


def _by_code(
    original: BaseException | None, text: str
) -> tuple[type[RecordsUnavailableError], str] | None:
    code = getattr(original, "sqlite_errorcode", None)
    if not isinstance(code, int):
        code = next((number for said, number in _BY_TEXT.items() if said in text), -1)
    return _BY_CODE.get(code & 0xFF)


def _is_network(original: BaseException | None) -> bool:
    """Whether the driver never got an answer: a psycopg error without a SQLSTATE."""
    return hasattr(original, "sqlstate") and getattr(original, "sqlstate", None) is None
