"""Opening the clinic's PostgreSQL."""

from importlib.util import find_spec

from sqlalchemy import URL, create_engine, make_url
from sqlalchemy.exc import ArgumentError

from retina_desktop.domain.record_errors import RecordsUnavailableError
from retina_desktop.persistence.database import Database

LOCK_TIMEOUT_S = 5.0
CONNECT_TIMEOUT_S = 5
_NOT_AN_ADDRESS = (
    "The database's address (records_url) must be of the form "
    "postgresql+psycopg://user@host:port/database; correct the setting."
)
_NO_DRIVER = (
    "This installation cannot use a PostgreSQL server; install the program with its part "
    "'postgresql'."
)


def open_postgresql(url: str | URL, *, lock_timeout_s: float = LOCK_TIMEOUT_S) -> Database:
    """Open the database at `url` (``postgresql+psycopg://user:password@host/name``).

    ``synchronous_commit`` is forced on: an acknowledged write is on the server's disk.

    Raises
    ------
    RecordsUnavailableError
        If the server does not answer, or the URL is of another kind.
    """
    address = _parsed(url)
    if find_spec("psycopg") is None:
        raise RecordsUnavailableError(_NO_DRIVER)
    options = (
        f"-c lock_timeout={round(lock_timeout_s * 1000)} -c synchronous_commit=on"
        " -c timezone=UTC"
    )
    engine = create_engine(
        address.set(drivername="postgresql+psycopg"),
        connect_args={"options": options, "connect_timeout": CONNECT_TIMEOUT_S},
        pool_pre_ping=True,
        pool_size=4,
        max_overflow=12,
        hide_parameters=True,  # an error's text goes into the log: no patient's data
    )
    database = Database(engine, encrypted=False)
    try:
        with database.read() as session:
            session.connection()
    except BaseException:
        database.close()
        raise
    return database


def _parsed(url: str | URL) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):  # their texts may hold a part of the password
        raise RecordsUnavailableError(_NOT_AN_ADDRESS) from None
    if address.drivername not in {"postgresql", "postgresql+psycopg"}:
        raise RecordsUnavailableError(_NOT_AN_ADDRESS)
    return address
