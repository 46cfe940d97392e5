"""Opening the clinic's PostgreSQL."""

from sqlalchemy import URL, create_engine, make_url

from retina_desktop.domain.record_errors import RecordsUnavailableError
from retina_desktop.persistence.database import Database

LOCK_TIMEOUT_S = 5.0
CONNECT_TIMEOUT_S = 5


def open_postgresql(url: str | URL, *, lock_timeout_s: float = LOCK_TIMEOUT_S) -> Database:
    """Open the database at `url` (``postgresql+psycopg://user:password@host/name``).

    ``synchronous_commit`` is forced on: an acknowledged write is on the server's disk.

    Raises
    ------
    RecordsUnavailableError
        If the server does not answer, or the URL is of another kind.
    """
    address = make_url(url)
    if address.drivername not in {"postgresql", "postgresql+psycopg"}:
        raise RecordsUnavailableError(
            "The database's address must begin with postgresql+psycopg://; correct the setting."
        )
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
