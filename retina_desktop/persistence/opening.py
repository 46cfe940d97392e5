"""Opening the records: database, image store and audit trail as one, checked and upgraded."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from retina_desktop.domain.users import Stamp
from retina_desktop.persistence.abandoned_copies import remove_abandoned_copies
from retina_desktop.persistence.analysis_store import SqlAnalysisStore
from retina_desktop.persistence.audit_trail import SqlAuditTrail
from retina_desktop.persistence.audited_database import AuditedDatabase
from retina_desktop.persistence.database import Database
from retina_desktop.persistence.durable_files import make_folder_durably, told_as_sentence
from retina_desktop.persistence.examination_store import SqlExaminationStore
from retina_desktop.persistence.file_removals import carry_out_removals
from retina_desktop.persistence.form_draft_store import SqlFormDraftStore
from retina_desktop.persistence.image_store import FileImageStore
from retina_desktop.persistence.key_vault import KeyPurpose, MasterKey
from retina_desktop.persistence.patient_store import SqlPatientStore
from retina_desktop.persistence.postgresql_engine import open_postgresql
from retina_desktop.persistence.reading_store import SqlReadingStore
from retina_desktop.persistence.reconciliation import Reconciliation, reconcile_images
from retina_desktop.persistence.search_index import bring_index_in_step
from retina_desktop.persistence.setting_store import SqlSettingStore
from retina_desktop.persistence.sqlite_engine import Encryption, open_sqlite
from retina_desktop.persistence.upgrade_backup import back_up_postgresql, back_up_sqlite
from retina_desktop.persistence.upgrading import Upgrade, upgrade_database
from retina_desktop.persistence.user_store import SqlUserStore


@dataclass(frozen=True, slots=True)
class RecordsPlace:
    """Where the records are, and whether they are encrypted.

    ``url`` (``postgresql+psycopg://...``) puts the rows on a server; images, keys and backups
    stay in ``folder``. With `Encryption.NONE` neither the database nor the images are
    encrypted: a choice somebody made, told in the log at every start.
    """

    folder: Path
    encryption: Encryption = Encryption.SQLCIPHER
    url: str | None = None

    @property
    def database_file(self) -> Path:
        """The SQLite file, when there is no server."""
        return self.folder / "records.db"

    @property
    def images(self) -> Path:
        """The image store."""
        return self.folder / "images"

    @property
    def keys(self) -> Path:
        """The key vault."""
        return self.folder / "keys.json"

    @property
    def backups(self) -> Path:
        """Where the copies before upgrades go."""
        return self.folder / "backups"


@dataclass(frozen=True, slots=True)
class Records:
    """The open records; close them at the end."""

    place: RecordsPlace
    master: MasterKey | None
    database: Database
    audited: AuditedDatabase
    patients: SqlPatientStore
    examinations: SqlExaminationStore
    analyses: SqlAnalysisStore
    readings: SqlReadingStore
    users: SqlUserStore
    settings: SqlSettingStore
    form_drafts: SqlFormDraftStore
    audit: SqlAuditTrail
    images: FileImageStore
    upgrade: Upgrade
    reconciliation: Reconciliation
    pseudonym_key: bytes | None = field(default=None, repr=False)  # None: nothing is encrypted

    def close(self) -> None:
        """Close every connection."""
        self.database.close()


def open_records(place: RecordsPlace, *, master: MasterKey | None, by: Stamp) -> Records:
    """Open, or create, the records at `place`: upgrade them, and reconcile files with rows.

    Parameters
    ----------
    place : RecordsPlace
        By the settings.
    master : MasterKey or None
        From the key vault; None exactly when nothing is encrypted.
    by : Stamp
        Who opens them, for the audit trail.

    Raises
    ------
    RecordsUnavailableError
        One of its kinds, with one sentence.
    """
    if (master is None) != (place.encryption is Encryption.NONE):
        raise ValueError("a master key belongs to encrypted records, and only there")
    with told_as_sentence("the records"):
        make_folder_durably(place.folder)
    key = master.derive(KeyPurpose.DATABASE) if master else None
    seal_key = master.derive(KeyPurpose.AUDIT_SEAL) if master else None
    moment = by.at.strftime("%Y%m%dT%H%M%S%f")
    if place.url is None:
        database = open_sqlite(place.database_file, key=key, encryption=place.encryption)
        back_up = partial(back_up_sqlite, folder=place.backups, key=key, stamp=moment)
    else:
        database = open_postgresql(place.url)
        back_up = partial(back_up_postgresql, folder=place.backups, stamp=moment)
    try:
        remove_abandoned_copies(place.backups)
        upgrade = upgrade_database(database, by=by, seal_key=seal_key, back_up=back_up)
        bring_index_in_step(database)
        image_key = master.derive(KeyPurpose.IMAGES) if master else None
        images = FileImageStore(place.images, key=image_key)
        audited = AuditedDatabase(database, seal_key=seal_key)
        carry_out_removals(audited, images, by=by)
        reconciliation = reconcile_images(audited, images, by=by)
    except BaseException:
        database.close()
        raise
    return Records(
        place=place,
        master=master,
        database=database,
        audited=audited,
        patients=SqlPatientStore(audited),
        examinations=SqlExaminationStore(audited, images),
        analyses=SqlAnalysisStore(audited),
        readings=SqlReadingStore(audited),
        users=SqlUserStore(audited),
        settings=SqlSettingStore(audited),
        form_drafts=SqlFormDraftStore(audited),
        audit=SqlAuditTrail(audited),
        images=images,
        upgrade=upgrade,
        reconciliation=reconciliation,
        pseudonym_key=master.derive(KeyPurpose.PSEUDONYMS) if master else None,
    )
