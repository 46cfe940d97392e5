"""Fixtures for tests of the records; a conftest imports them."""

import shutil
import tempfile
from pathlib import Path

import pytest

from retina_desktop.persistence.opening import RecordsPlace
from retina_desktop.persistence.sqlite_engine import Encryption
from tests.helpers.postgres_server import PostgresServer, find_postgres_programs
from tests.helpers.records import Backend, keep_photograph, make_details, make_visit, stamp

BACKENDS = ("sqlite", "sqlcipher", "postgresql")


@pytest.fixture(scope="session")
def postgres():
    """Give a running server; skip where none is installed."""
    programs = find_postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL's server is not installed (Debian: apt install postgresql)")
    # Not pytest's own folder: the server's account must be able to reach it, and a socket's
    # path may be no longer than about 100 characters.
    folder = Path(tempfile.mkdtemp(prefix="retina-pg-"))
    folder.chmod(0o755)
    server = PostgresServer(folder / "server", programs)
    (folder / "server").mkdir()
    try:
        server.start()
        try:
            address = server.new_database()
            Backend("postgresql", RecordsPlace(folder / "records", url=address)).open().close()
            server.use_copies(address)
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def new_records(tmp_path_factory):
    """Give folders with new records by encryption, to be copied: making them takes longer."""
    folder = tmp_path_factory.mktemp("new-records")
    for encryption in Encryption:
        place = RecordsPlace(folder / encryption.value, encryption)
        Backend(encryption.value, place).open().close()
    return folder


@pytest.fixture(params=BACKENDS)
def backend(request, tmp_path, new_records):
    """Give each kind of database in turn."""
    folder = tmp_path / "records"
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres")
        place = RecordsPlace(folder, url=server.new_database())
    else:
        kind = Encryption.SQLCIPHER if request.param == "sqlcipher" else Encryption.NONE
        shutil.copytree(new_records / kind.value, folder)
        place = RecordsPlace(folder, kind)
    return Backend(request.param, place)


@pytest.fixture
def records(backend):
    """Give open records on each kind of database."""
    opened = backend.open()
    yield opened
    opened.close()


@pytest.fixture
def sqlite_backend(tmp_path, new_records):
    """Give a plain SQLite database, where the kind does not matter."""
    shutil.copytree(new_records / Encryption.NONE.value, tmp_path / "records")
    return Backend("sqlite", RecordsPlace(tmp_path / "records", Encryption.NONE))


@pytest.fixture
def sqlite_records(sqlite_backend):
    """Give open records on plain SQLite."""
    opened = sqlite_backend.open()
    yield opened
    opened.close()


@pytest.fixture
def patient(records):
    """Give a patient in the records."""
    return records.patients.add(make_details(), by=stamp(1))


@pytest.fixture
def examination(records, patient):
    """Give a visit with one analysed photograph of the right eye."""
    photographs = [keep_photograph(records)]
    return records.examinations.add(
        patient.id, make_visit(), photographs=photographs, by=stamp(2)
    )
