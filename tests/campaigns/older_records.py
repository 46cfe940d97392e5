"""Records as an earlier version of the program left them, with some patients in them."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from retina_desktop.domain.audit import AuditAction, RecordKind
from retina_desktop.domain.patients import Patient
from retina_desktop.persistence.audited_database import AuditedDatabase
from retina_desktop.persistence.key_vault import KeyPurpose
from retina_desktop.persistence.row_insertion import insert_row
from retina_desktop.persistence.rows_to_records import patient_columns
from retina_desktop.persistence.sqlite_engine import open_sqlite
from retina_desktop.persistence.tables import PatientRow
from retina_desktop.persistence.upgrading import MIGRATIONS, upgrade_database
from tests.helpers.records import MASTER, make_details, stamp

OLDER = ("r0001_*.py", "r0002_*.py")


def make_older_records(folder: Path, patients: int = 5) -> None:
    """Make encrypted records of the second revision in `folder`."""
    folder.mkdir()
    database = open_sqlite(folder / "records.db", key=MASTER.derive(KeyPurpose.DATABASE))
    seal_key = MASTER.derive(KeyPurpose.AUDIT_SEAL)
    with TemporaryDirectory() as migrations:
        versions = Path(migrations) / "versions"
        versions.mkdir()
        for pattern in OLDER:
            for script in (MIGRATIONS / "versions").glob(pattern):
                shutil.copy(script, versions)
        upgrade_database(
            database,
            by=stamp(0),
            seal_key=seal_key,
            back_up=lambda *_: None,
            migrations=Path(migrations),
        )
    audited = AuditedDatabase(database, seal_key=seal_key)
    for number in range(patients):
        by = stamp(1)
        with audited.write(by) as work:
            details = make_details(f"OLD-{number}")
            made = {"created_at": by.at, "created_by": by.user}
            changed = {"changed_at": by.at, "changed_by": by.user}
            columns = {"version": 1, **made, **changed}
            key = insert_row(work.session, PatientRow, columns | patient_columns(details))
            patient = Patient(id=key, details=details, **columns)
            work.note(AuditAction.PATIENT_ADDED, RecordKind.PATIENT, key, record=patient)
    database.close()
