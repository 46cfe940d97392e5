import os
import sqlite3
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from retina_desktop.domain.audit import AuditAction
from retina_desktop.domain.record_errors import (
    BackupFailedError,
    DatabaseNewerError,
    DiskFullError,
    EncryptionMismatchError,
    EncryptionUnavailableError,
    RecordsDamagedError,
    RecordsLockedError,
    RecordsReadOnlyError,
    RecordsUnavailableError,
    WrongKeyError,
)
from retina_desktop.persistence.columns import Base
from retina_desktop.persistence.database_errors import explained
from retina_desktop.persistence.guards import all_guards, missing_guards
from retina_desktop.persistence.key_vault import MasterKey
from retina_desktop.persistence.opening import RecordsPlace, open_records
from retina_desktop.persistence.postgresql_engine import open_postgresql
from retina_desktop.persistence.search_tables import WORD_TEXT
from retina_desktop.persistence.sqlite_engine import Encryption, open_sqlite
from retina_desktop.persistence.upgrade_backup import back_up_postgresql, back_up_sqlite
from retina_desktop.persistence.upgrading import MIGRATIONS, upgrade_database
from tests.helpers.records import MASTER, keep_photograph, make_details, make_visit, stamp

NEWEST = ScriptDirectory(str(MIGRATIONS)).get_current_head()
NEXT_STEP = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "later", "{newest}", None, None


def upgrade():
    for name, column in (("examination", "operator"), ("patient", "name")):
        with op.batch_alter_table(name) as table:  # a wider column rebuilds SQLite's table
            table.add_column(sa.Column("room", sa.String(20), nullable=True))
            table.alter_column(
                column,
                existing_type=sa.String(255),
                type_=sa.String(300),
                existing_nullable=False,
            )
"""
BROKEN_STEP = NEXT_STEP + '    op.execute("DELETE FROM patient")\n    raise RuntimeError\n'


@pytest.fixture
def later(tmp_path):
    """Give the migrations of a later program."""

    def make(step):
        folder = tmp_path / "later"
        (folder / "versions").mkdir(parents=True)
        for known in (MIGRATIONS / "versions").glob("r*.py"):
            (folder / "versions" / known.name).write_text(known.read_text())
        (folder / "versions" / "later.py").write_text(step.replace("{newest}", NEWEST))
        return folder

    return make


def upgrade(backend, records, migrations, backups):
    def back_up(database, revision):
        if database.is_postgresql:
            return back_up_postgresql(database, revision, folder=backups, stamp="now")
        key = None if backend.master is None else backend.master.derive("database")
        return back_up_sqlite(database, revision, folder=backups, key=key, stamp="now")

    return upgrade_database(
        records.database,
        by=stamp(9),
        seal_key=records.audited.seal_key,
        back_up=back_up,
        migrations=migrations,
    )


def test_the_migrations_make_exactly_the_tables(records):
    with records.database.read() as session:
        opts = {"include_name": lambda name, *_: WORD_TEXT not in (name or "")}
        context = MigrationContext.configure(session.connection(), opts=opts)
        assert compare_metadata(context, Base.metadata) == []
        assert missing_guards(session.connection()) == ()
        assert len(all_guards()) == 29


def test_every_connection_is_durable_and_checked(backend, records):
    if backend.name == "postgresql":
        expected = {"SHOW synchronous_commit": "on"}
    else:
        expected = {
            "PRAGMA journal_mode": "wal",
            "PRAGMA synchronous": 2,
            "PRAGMA foreign_keys": 1,
            "PRAGMA recursive_triggers": 1,
        }
    with records.database.read() as one, records.database.read() as two:
        for session in (one, two):
            for question, answer in expected.items():
                assert session.execute(text(question)).scalar_one() == answer


def test_an_upgrade_backs_up_keeps_the_records_and_the_guards(
    backend, records, examination, later, tmp_path
):
    before = records.patients.get(examination.patient_id)

    done = upgrade(backend, records, later(NEXT_STEP), tmp_path / "backups")

    assert (done.before, done.after) == (NEWEST, "later")
    (backup,) = (tmp_path / "backups").iterdir()
    assert backup.stat().st_size > 0
    assert records.patients.get(before.id) == before
    with records.database.read() as session:
        assert session.execute(text("SELECT room FROM examination")).scalar_one() is None
        if backend.name != "postgresql":
            assert session.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
    report = records.audit.verify()
    assert report.intact
    last = list(records.audit.entries())[-1]
    assert last.event.action == AuditAction.DATABASE_UPGRADED
    if backend.name == "sqlcipher":
        assert b"SQLite format 3" not in backup.read_bytes()[:32]


def test_a_newer_database_is_refused_in_one_sentence(backend, records, later, tmp_path):
    upgrade(backend, records, later(NEXT_STEP), tmp_path / "backups")

    with pytest.raises(DatabaseNewerError, match="newer version"):
        backend.open(20)

    with records.database.read() as session:
        revision = session.execute(text("SELECT version_num FROM alembic_version"))
        assert revision.scalar_one() == "later"


def test_a_failing_upgrade_changes_nothing(backend, records, patient, later, tmp_path):
    with pytest.raises(RuntimeError):
        upgrade(backend, records, later(BROKEN_STEP), tmp_path / "backups")

    assert records.patients.get(patient.id) == patient
    assert records.audit.verify().intact
    records.close()
    backend.open(20).close()


def test_without_a_backup_there_is_no_upgrade(backend, records, later, tmp_path):
    (tmp_path / "backups").write_text("a file where the folder should be")
    with pytest.raises(BackupFailedError, match="nothing was changed"):
        upgrade(backend, records, later(NEXT_STEP), tmp_path / "backups")
    records.close()
    backend.open(20).close()


def test_what_is_encrypted_shows_nothing_in_its_files(tmp_path):
    place = RecordsPlace(tmp_path / "records")
    records = open_records(place, master=MASTER, by=stamp())
    patient = records.patients.add(make_details(name="Visible Name"), by=stamp(1))
    kept = [keep_photograph(records, b"visible photograph " * 20, analysed=False)]
    records.examinations.add(patient.id, make_visit(), photographs=kept, by=stamp(2))
    files = [path for path in place.folder.rglob("*") if path.is_file()]
    everything = b"".join(path.read_bytes() for path in files)
    records.close()

    assert len(files) >= 2
    assert b"Visible Name" not in everything
    assert b"visible photograph" not in everything
    assert b"SQLite format 3" not in everything
    assert place.database_file.stat().st_mode & 0o077 == 0


def test_encryption_is_never_dropped_or_assumed_silently(tmp_path, monkeypatch, caplog):
    plain, secret = RecordsPlace(tmp_path / "p", Encryption.NONE), RecordsPlace(tmp_path / "s")
    open_records(plain, master=None, by=stamp()).close()
    assert "not encrypted" in caplog.text
    open_records(secret, master=MASTER, by=stamp()).close()

    with pytest.raises(EncryptionMismatchError):
        open_records(RecordsPlace(plain.folder), master=MASTER, by=stamp())
    with pytest.raises(EncryptionMismatchError):
        open_records(RecordsPlace(secret.folder, Encryption.NONE), master=None, by=stamp())
    with pytest.raises(WrongKeyError):
        open_records(secret, master=MasterKey(bytes(32)), by=stamp())
    with pytest.raises(ValueError, match="master key"):
        open_records(secret, master=None, by=stamp())
    monkeypatch.setitem(sys.modules, "sqlcipher3", None)
    with pytest.raises(EncryptionUnavailableError, match="choose unencrypted"):
        open_records(secret, master=MASTER, by=stamp())


def test_a_full_disk_is_told_and_nothing_is_lost(backend, records, patient):
    if backend.name == "postgresql":
        pytest.skip("a server's disk cannot be filled from here")
    with records.database.read() as session:
        pages = session.execute(text("PRAGMA page_count")).scalar_one()
    with records.database.engine.connect() as connection:  # the pool's one connection
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    big = make_details(notes="n" * 20_000)

    with pytest.raises(DiskFullError):
        records.patients.update(patient.id, big, expected_version=1, by=stamp(3))

    with records.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert records.patients.get(patient.id) == patient
    assert records.audit.verify().intact
    records.patients.update(patient.id, big, expected_version=1, by=stamp(4))


def test_a_locked_database_is_told(backend, records, patient):
    if backend.name == "postgresql":
        waiting = open_postgresql(backend.place.url, lock_timeout_s=0.05)
    else:
        key = None if backend.master is None else backend.master.derive("database")
        waiting = open_sqlite(
            backend.place.database_file,
            key=key,
            encryption=backend.place.encryption,
            lock_timeout_s=0.05,
        )
    with records.database.write():
        with pytest.raises(RecordsLockedError), waiting.write():
            pass
        with waiting.read() as session:
            assert session.scalar(text("SELECT count(*) FROM patient")) == 1
    waiting.close()
    assert records.patients.get(patient.id) == patient


def test_a_damaged_file_is_told(sqlite_backend, sqlite_records):
    for number in range(40):
        sqlite_records.patients.add(make_details(f"N-{number}", notes="x" * 2000), by=stamp(1))
    sqlite_records.close()
    path = sqlite_backend.place.database_file
    content = bytearray(path.read_bytes())
    for page in range(4096, len(content), 4096):
        content[page : page + 2000] = b"\xff" * 2000
    path.write_bytes(content)

    with pytest.raises(RecordsDamagedError):
        sqlite_backend.open(9)


def test_a_folder_that_cannot_be_used_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordsUnavailableError):
        open_records(RecordsPlace(tmp_path / "file" / "r"), master=MASTER, by=stamp())
    (tmp_path / "r" / "records.db").mkdir(parents=True)
    with pytest.raises(RecordsUnavailableError, match="folder"):
        open_records(RecordsPlace(tmp_path / "r"), master=MASTER, by=stamp())


def test_a_read_only_database_is_told(sqlite_backend, sqlite_records):
    with sqlite_records.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
    with pytest.raises(RecordsReadOnlyError):
        sqlite_records.patients.add(make_details(), by=stamp(1))


def test_a_server_that_does_not_answer_is_told(tmp_path):
    for url in (
        f"postgresql+psycopg://retina@/records?host={tmp_path}",
        "postgresql+psycopg://retina@127.0.0.1:9/records",
        "mysql://retina@host/records",
    ):
        with pytest.raises(RecordsUnavailableError):
            open_postgresql(url)


def test_the_driver_without_error_codes_is_understood_by_its_text():
    error = OperationalError("x", None, sqlite3.OperationalError("database is locked"))
    assert isinstance(explained(error), RecordsLockedError)
    bug = OperationalError("x", None, sqlite3.OperationalError("no such table: x"))
    assert explained(bug) is bug


@pytest.mark.skipif(os.name == "nt", reason="file modes do not bind on Windows")
def test_a_read_only_folder_is_told_also_by_the_operating_system(sqlite_backend, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    sqlite_backend.place.folder.chmod(0o500)
    with pytest.raises(RecordsReadOnlyError):
        sqlite_backend.open()
    sqlite_backend.place.folder.chmod(0o700)


def test_importing_the_stores_opens_nothing():
    code = (
        "import sys, retina_desktop.services.records_ports, retina_desktop.services.signing;"
        "sys.exit('sqlalchemy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
