"""Which database on a server is that of these records, asked before anything is written there.

Photographs and keys lie in the data folder, rows on the server: a wrong address would set every
photograph aside as unknown, or mix the records of two clinics.
"""

import json
from pathlib import Path

from sqlalchemy import func, inspect, select

from retina_desktop.domain.record_errors import RecordsDamagedError, RecordsUnavailableError
from retina_desktop.persistence.backup_staging import series_of
from retina_desktop.persistence.database import Database
from retina_desktop.persistence.durable_files import told_as_sentence, write_durably
from retina_desktop.persistence.postgresql_engine import open_postgresql
from retina_desktop.persistence.tables import UserRow

_OCCUPIED = (
    "The server's database holds other records already; name an empty database in records_url."
)
_ANOTHER = (
    "The server's database is not that of these records; correct its address (records_url)."
)
_UNREADABLE = (
    "The note of which server's database belongs to these records (server.json) is damaged; "
    "restore that file from a copy of the data folder."
)


def check_free(url: str) -> None:
    """Raise a RecordsUnavailableError where somebody's records are in the database at `url`.

    A set-up that was cut off leaves tables without a user.
    """
    database = open_postgresql(url)
    try:
        with database.read() as session:
            tables = inspect(session.connection()).get_table_names()
            if not tables:
                return
            is_ours = UserRow.__tablename__ in tables
            if not is_ours or session.scalar(select(func.count()).select_from(UserRow)):
                raise RecordsUnavailableError(_OCCUPIED)
    finally:
        database.close()


def remember_server(database: Database, note: Path) -> None:
    """Write down which database the records are in."""
    with database.read() as session:
        known = {"first_entry": series_of(session)}
    with told_as_sentence("the records"):
        write_durably(note, [json.dumps(known).encode()])


def check_server(url: str, note: Path) -> None:
    """Raise a RecordsUnavailableError where the database at `url` is not the one in `note`."""
    try:
        expected = json.loads(note.read_bytes())["first_entry"]
    except (OSError, ValueError, LookupError, TypeError):
        raise RecordsDamagedError(_UNREADABLE) from None
    database = open_postgresql(url)
    try:
        with database.read() as session:
            tables = inspect(session.connection()).get_table_names()
            if "audit_entry" not in tables or series_of(session) != expected:
                raise RecordsUnavailableError(_ANOTHER)
    finally:
        database.close()
