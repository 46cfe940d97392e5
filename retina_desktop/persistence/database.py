"""One database with its sessions: reads see a steady state, writes exclude each other."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from retina_desktop.persistence.database_errors import explained

BEGIN_MODE = "begin_mode"  # the execution option that `sqlite_engine` reads
_WRITERS = 0x7265_7469_6E61  # the number of PostgreSQL's advisory lock: "retina"


class Database:
    """An open database; safe to share between threads, each session is for one."""

    def __init__(self, engine: Engine, *, encrypted: bool) -> None:
        self.engine = engine
        self.encrypted = encrypted  # False where the file is plain or the server keeps it
        # A SQLite transaction that reads first and writes later can fail on the way to the
        # write lock; one that takes the lock at once only waits for it.
        reading = {"isolation_level": "REPEATABLE READ"} if self.is_postgresql else {}
        self._reading = engine.execution_options(**reading)
        self._writing = engine.execution_options(**{BEGIN_MODE: "IMMEDIATE"})

    @property
    def is_postgresql(self) -> bool:
        """Whether a server keeps the records."""
        return self.engine.dialect.name == "postgresql"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session for reading; nothing it does is kept.

        Raises
        ------
        RecordsUnavailableError
        """
        with self._told(), self._session(self._reading) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Give a session whose work is durable when the block ends, or undone by an exception.

        Nobody else writes meanwhile: whoever writes holds one lock from the first statement on,
        so two that need each other's rows wait one after the other, never crosswise.

        Raises
        ------
        RecordsUnavailableError
        """
        with self._told(), self._session(self._writing) as session:
            keep_writers_out(session.connection())
            yield session
            session.commit()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @staticmethod
    def _session(engine: Engine) -> Session:
        # A session that somebody uses after its block must fail, not quietly begin anew.
        return Session(engine, expire_on_commit=False, close_resets_only=False)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            told = explained(error)
            if told is error:
                raise
            raise told from error


def keep_writers_out(connection: Connection) -> None:
    """Be the only one who writes until the transaction ends.

    SQLite's immediate transactions are so anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS})")
