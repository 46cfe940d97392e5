"""Backups in a folder: the encrypted database as it is, each photograph once, all verified."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree

from retina_desktop.domain.backups import (
    BackupManifest,
    Rotation,
    backup_id,
)
from retina_desktop.domain.record_errors import (
    RecordNotFoundError,
    StoredImageDamagedError,
    StoredImageMissingError,
)
from retina_desktop.domain.users import Stamp
from retina_desktop.persistence.backup_checking import check_backup
from retina_desktop.persistence.backup_series import (
    KEYS,
    LIST,
    PLACE,
    BackupSeries,
    sealed,
    write_manifest,
)
from retina_desktop.persistence.backup_staging import Staged, series_of, staged
from retina_desktop.persistence.database import Database
from retina_desktop.persistence.durable_files import (
    sync_folder,
    told_as_sentence,
)
from retina_desktop.persistence.file_copying import FileCopier, send_part, write_part
from retina_desktop.persistence.image_store import FileImageStore
from retina_desktop.persistence.key_vault import KeyPurpose, MasterKey
from retina_desktop.services.backup_ports import CheckedBackup, FoundBackup, MadeBackup
from retina_desktop.services.tasks import TaskContext

_COPIED, _SENT = 0.15, 0.25  # shares of the work: the database copied here, and sent there


class FolderBackups:
    """Implements `services.backup_ports.Backups` for open records.

    Parameters
    ----------
    database, images
        Of the open records.
    records : Path
        The records' own folder, with the keys; its ``backups`` is used for the copying.
    master : MasterKey or None
        None where nothing is encrypted: the backup is as plain as the records then.
    software_version : str
        For the manifest.
    """

    def __init__(
        self,
        database: Database,
        images: FileImageStore,
        *,
        records: Path,
        master: MasterKey | None,
        software_version: str,
    ) -> None:
        self._database = database
        self._images = images
        self._records = records
        self._master = master
        self._software_version = software_version

    def make(
        self,
        context: TaskContext,
        folder: Path,
        *,
        rotation: Rotation,
        whole_check: bool,
        expected: bool,
        by: Stamp,
    ) -> MadeBackup:
        """Make, verify and keep a backup, then take away what rotation does not keep."""
        name, series = self._series(folder)
        series.prepare(expected=expected)
        with series.alone(), told_as_sentence(PLACE):
            series.clean()
            place = series.root / backup_id(by.at, series.names())
            place.mkdir(mode=0o700)
            work = _Making(place, FileCopier(self._store(series)))
            try:
                manifest = self._fill(context, work, name, whole_check=whole_check, by=by)
                write_manifest(place, manifest)
            except BaseException:
                with suppress(OSError):
                    rmtree(place)
                raise
            sync_folder(series.root)
            removed = series.rotate(rotation, store=work.copier.target, all_files=whole_check)
        context.on_progress(1.0, "")
        return MadeBackup(
            manifest,
            place,
            work.copier.copied,
            work.copier.copied_bytes,
            tuple(removed),
            tuple(work.without_file),
        )

    def found(self, folder: Path) -> tuple[FoundBackup, ...]:
        """Return the finished backups of these records, newest first."""
        _, series = self._series(folder)
        with told_as_sentence(PLACE):
            return series.found()

    def check(self, context: TaskContext, folder: Path, backup: str) -> CheckedBackup:
        """Read a whole backup against its hashes; an empty name is the newest."""
        _, series = self._series(folder)
        with told_as_sentence(PLACE):
            names = sorted(series.names())
            finished = [found.manifest.id for found in series.found()]
            chosen = backup or next(iter(finished), "") or next(reversed(names), "")
            if chosen not in names:
                raise RecordNotFoundError(
                    "There is no such backup in this folder; backup list shows what there is."
                )
            return check_backup(context, series.root / chosen, self._master)

    def _series(self, folder: Path) -> tuple[str, BackupSeries]:
        with self._database.read() as session:
            name = series_of(session)
        return name, BackupSeries(folder, name)

    def _store(self, series: BackupSeries) -> FileImageStore:
        return FileImageStore(series.images, key=self._key(KeyPurpose.IMAGES))

    def _key(self, purpose: KeyPurpose) -> bytes | None:
        return self._master.derive(purpose) if self._master else None

    def _fill(
        self,
        context: TaskContext,
        work: "_Making",
        series: str,
        *,
        whole_check: bool,
        by: Stamp,
    ) -> BackupManifest:
        with staged(
            self._database,
            key=self._key(KeyPurpose.DATABASE),
            stream_key=self._key(KeyPurpose.BACKUPS),
            folder=self._records / "backups",
            tell=lambda done: context.progress(_COPIED * done, "Copying the database"),
        ) as taken:

            def tell(done: float) -> None:
                share = _COPIED + (_SENT - _COPIED) * done
                context.progress(share, "Writing the database")

            parts = [send_part(taken.database, work.place, tell)]
            keys = self._records / KEYS
            if keys.exists():
                parts.append(send_part(keys, work.place, tell))
            lines = self._copy_files(context, work, taken, whole_check=whole_check)
            parts.append(write_part(work.place / LIST, lines))
        manifest = BackupManifest(
            id=work.place.name,
            made_at=by.at,
            made_by=by.user,
            schema_revision=taken.schema_revision,
            software_version=self._software_version,
            series=series,
            audit_sequence=taken.audit_sequence,
            audit_hash=taken.audit_hash,
            encrypted=self._master is not None,
            patients=taken.patients,
            examinations=taken.examinations,
            files=work.files,
            without_file=len(work.without_file),
            files_bytes=work.files_bytes,
            parts=tuple(parts),
        )
        return sealed(manifest, self._key(KeyPurpose.BACKUPS))

    def _copy_files(
        self, context: TaskContext, work: "_Making", taken: Staged, *, whole_check: bool
    ) -> Iterator[bytes]:
        """Copy what is not there yet, and yield the lines of the backup's list."""
        with taken.names.open(encoding="ascii") as names:
            for number, line in enumerate(names):
                share = _SENT + (1.0 - _SENT) * number / max(taken.files, 1)
                context.progress(share, "Copying photographs and reports")
                name = line.strip()
                size = self._keep(work, name, whole_check=whole_check)
                if size is not None:
                    work.files += 1
                    work.files_bytes += size
                    yield f"{name} {size}\n".encode()
        work.copier.end_shard()

    def _keep(self, work: "_Making", name: str, *, whole_check: bool) -> int | None:
        """Return the size in the backup; None where neither side has the whole file."""
        there = work.copier.target.stored_size(name)
        here = self._images.stored_size(name)
        if there is not None and here in (there, None) and not whole_check:
            return there
        if there is not None and work.copier.is_good(name):
            return there
        try:
            return work.copier.copy(self._images, name)
        except (StoredImageMissingError, StoredImageDamagedError):
            work.without_file.append(name)
            return None


@dataclass(slots=True)
class _Making:
    """A backup on its way."""

    place: Path
    copier: FileCopier
    files: int = 0
    files_bytes: int = 0
    without_file: list[str] = field(default_factory=list)
