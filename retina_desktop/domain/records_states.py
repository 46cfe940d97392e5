"""How the records lie there, told before anything is opened."""

from enum import StrEnum


class RecordsState(StrEnum):
    """What somebody meets who comes to the records; `sentence` says what to do."""

    NOT_SET_UP = "not set up"
    SET_UP_UNFINISHED = "set-up unfinished"
    OPEN_WITHOUT_LOGIN = "open without login"
    PASSWORD_NEEDED = "password needed"  # one person works here alone: no name is typed
    LOGIN_NEEDED = "login needed"  # name and password
    KEYS_MISSING = "keys missing"
    DATABASE_MISSING = "database missing"
    SERVER_NOT_NAMED = "server not named"  # the rows are on a server whose address is not set
    FILE_AND_SERVER = "file and server"  # a server is set, and the rows are in a file

    @property
    def is_ready(self) -> bool:
        """Whether there is something to open."""
        return self in _READY

    @property
    def is_damaged(self) -> bool:
        """Whether something must be restored or put right first."""
        return self in _DAMAGED

    @property
    def sentence(self) -> str:
        """What is the matter and what to do; empty when the records can be opened."""
        return _SENTENCES.get(self, "")


_READY = frozenset(
    {
        RecordsState.OPEN_WITHOUT_LOGIN,
        RecordsState.PASSWORD_NEEDED,
        RecordsState.LOGIN_NEEDED,
    }
)
_DAMAGED = frozenset(
    {
        RecordsState.KEYS_MISSING,
        RecordsState.DATABASE_MISSING,
        RecordsState.SERVER_NOT_NAMED,
        RecordsState.FILE_AND_SERVER,
    }
)
_SENTENCES = {
    RecordsState.NOT_SET_UP: (
        "There are no records in this data folder yet; set them up first: retina-desktop "
        "records setup --single-user, or --administrator NAME."
    ),
    RecordsState.SET_UP_UNFINISHED: (
        "The records' set-up was not finished; run retina-desktop records setup again with the "
        "same user and password."
    ),
    RecordsState.KEYS_MISSING: (
        "There are records in this data folder, but their keys (keys.json) are missing; "
        "restore that file."
    ),
    RecordsState.DATABASE_MISSING: (
        "The records' database (records.db) is missing; restore it from a backup."
    ),
    RecordsState.SERVER_NOT_NAMED: (
        "These records are on a PostgreSQL server whose address is not set; set records_url in "
        "the data folder's settings.json, or RETINA_RECORDS_URL."
    ),
    RecordsState.FILE_AND_SERVER: (
        "The records of this data folder are in its file records.db, but records_url names a "
        "server; remove that setting, or choose another data folder."
    ),
}
