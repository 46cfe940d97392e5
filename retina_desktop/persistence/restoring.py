"""A backup becomes the records: copied beside, checked whole, and only then put in place.

The restored folder takes its place by renaming. A program killed before leaves what was there;
killed between the two renamings (the present records aside, the restored ones in), the next
start ends it (`finish_restore`).
"""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage, rmtree

from retina_desktop.domain.audit import AuditAction, AuditEvent, RecordKind, RecordReference
from retina_desktop.domain.backups import BackupManifest
from retina_desktop.domain.record_errors import (
    BackupFailedError,
    DiskFullError,
    RecordsLockedError,
    RecordsUnavailableError,
    StoredImageDamagedError,
    StoredImageMissingError,
)
from retina_desktop.domain.users import Stamp
from retina_desktop.persistence.backup_checking import parts_problems
from retina_desktop.persistence.backup_series import KEYS, LIST, PLACE, found_in, listed
from retina_desktop.persistence.backup_staging import POSTGRESQL_PART, SQLITE_PART
from retina_desktop.persistence.durable_files import (
    make_folder_durably,
    sync_folder,
    told_as_sentence,
)
from retina_desktop.persistence.file_copying import FileCopier, send_part
from retina_desktop.persistence.image_store import FileImageStore
from retina_desktop.persistence.key_vault import KeyPurpose, KeyVault, MasterKey
from retina_desktop.persistence.opening import Records, RecordsPlace, open_records
from retina_desktop.persistence.restore_folders import (
    ASIDE,
    FINISHED,
    RECORDS,
    SERVER_FILE,
    UNFINISHED,
)
from retina_desktop.persistence.server_place import remember_server
from retina_desktop.persistence.server_restoring import (
    FILLED,
    NO_SERVER,
    check_empty,
    fill_database,
)
from retina_desktop.persistence.sqlite_engine import Encryption
from retina_desktop.persistence.whole_check import WholeCheck
from retina_desktop.services.backup_ports import FoundBackup
from retina_desktop.services.file_locks import lock_alone
from retina_desktop.services.tasks import TaskContext
from retina_desktop.services.verifying import CheckedRecords

_LOCK = ".restore.lock"
_DATABASE, _FILES = 0.2, 0.7  # shares of the work
# Where SQLite keeps its locks in a file on POSIX (sqlite.org/fileformat2.html, lock bytes).
_LOCK_BYTES = 0x40000000, 512


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, and where the records that were there are now (None: none were).

    ``lost`` names files of the backup that could not be restored, ``problems`` are sentences
    on all that is not as it should be; both are empty unless losses were accepted.
    """

    manifest: BackupManifest
    folder: Path
    moved_to: Path | None
    lost: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def backups_in(folder: Path) -> tuple[FoundBackup, ...]:
    """Return the finished backups in `folder` or in a series in it, newest first.

    A folder that is itself a backup gives that one.

    Raises
    ------
    RecordsUnavailableError
    """
    with told_as_sentence(PLACE):
        if not folder.is_dir():
            raise BackupFailedError(
                "There is no such folder of backups; connect its drive, or check the path."
            )
        inside = [place for place in sorted(folder.iterdir()) if place.is_dir()]
    found = [backup for place in (folder, *inside) for backup in found_in(place)]
    if not found:
        found = [backup for backup in found_in(folder.parent) if backup.place == folder]
    return tuple(sorted(found, key=lambda b: (b.manifest.made_at, b.manifest.id), reverse=True))


@dataclass(frozen=True, slots=True)
class Restore:
    """Restores one backup into the data folder `data`."""

    data: Path
    unlock: Callable[[KeyVault], MasterKey]  # by a password or the recovery key
    by: Callable[[], Stamp]
    url: str | None = None  # of an empty database, where the rows are to lie on a server

    def __call__(
        self,
        context: TaskContext,
        backup: FoundBackup,
        *,
        move_aside: bool = False,
        accept_losses: bool = False,
    ) -> Restored:
        """Return what was restored, once it is in place and in its audit trail.

        Parameters
        ----------
        context : TaskContext
            A cancel leaves everything as it was.
        backup : FoundBackup
            From `backups_in`.
        move_aside : bool
            Move records that are there out of the way; otherwise they are a reason to refuse.
        accept_losses : bool
            Restore what can be restored of a backup that is damaged in part.

        Raises
        ------
        BackupFailedError, RecordsUnavailableError, WrongPasswordError, KeyVaultError,
        TaskCancelledError
        """
        on_server = _has_part(backup.manifest, POSTGRESQL_PART)
        if on_server and self.url is None:
            raise BackupFailedError(NO_SERVER)
        if on_server and self.url is not None:
            check_empty(self.url)
        with told_as_sentence("the records"):
            make_folder_durably(self.data)
            lock = (self.data / _LOCK).open("a+b")
        with lock:
            if not lock_alone(lock):
                raise RecordsLockedError("Another restore is running; wait until it has ended.")
            self._check_place(backup.manifest, move_aside=move_aside)
            vault = KeyVault(backup.place / KEYS)
            master = self.unlock(vault) if backup.manifest.encrypted else None
            context.progress(0.0, "Reading the backup")
            with told_as_sentence(PLACE):
                problems = parts_problems(context, backup.place, backup.manifest, master)
            if problems:  # without its database there is nothing to restore
                raise BackupFailedError(
                    "This backup is damaged and was not restored; choose another one: "
                    + " ".join(problems)
                )
            try:
                restored = self._restore(context, backup, master, accept_losses=accept_losses)
            except BaseException:
                with suppress(OSError):
                    rmtree(self.data / UNFINISHED)
                raise
            return self._put_in_place(restored)

    def _check_place(self, manifest: BackupManifest, *, move_aside: bool) -> None:
        present = self.data / RECORDS
        with told_as_sentence("the records"):
            for left in (UNFINISHED, FINISHED):  # of a restore that was cut off
                if (self.data / left).exists():
                    rmtree(self.data / left)
            occupied = present.exists() and any(present.iterdir())
            free = disk_usage(self.data).free
        if occupied and not move_aside:
            raise RecordsUnavailableError(
                "There are records in this data folder already; choose another folder, or move "
                "them aside (restore --move-aside)."
            )
        if occupied and in_use(present / SQLITE_PART):
            raise RecordsLockedError(
                "The records in this data folder are open; close the program and try again."
            )
        if free < manifest.size_bytes * 1.1:
            raise DiskFullError(
                "There is not enough room on this disk for the backup; free some space or "
                "choose another data folder."
            )

    def _restore(
        self,
        context: TaskContext,
        backup: FoundBackup,
        master: MasterKey | None,
        *,
        accept_losses: bool,
    ) -> Restored:
        folder = self.data / UNFINISHED
        lost = self._copy(context, backup, folder, master)
        if lost and not accept_losses:
            raise BackupFailedError(
                f"{len(lost)} photographs or reports of this backup are damaged, so nothing "
                "was restored; choose another backup, or restore the rest with --accept-losses."
            )
        encryption = Encryption.SQLCIPHER if master else Encryption.NONE
        url = self._fill_server(backup, master)
        place, by = RecordsPlace(folder, encryption, url), self.by()
        records = open_records(place, master=master, by=by)
        try:
            if url is not None:
                remember_server(records.database, folder / SERVER_FILE)
            checked = self._checked(context, records)
            # What the records lacked when the backup was made, no restore can bring back.
            worse = len(checked.missing) > len(lost) + backup.manifest.without_file
            others = len(checked.problems) - len(checked.missing)
            if (worse or others) and not accept_losses:
                raise BackupFailedError(
                    (FILLED if url else "")
                    + "The restored records are not as they were written, so nothing was "
                    "changed; choose another backup, or take them as they are with "
                    "--accept-losses: " + " ".join(checked.problems[:3])
                )
            details = {"backup": backup.manifest.id, "files lost": str(len(lost))}
            reference = RecordReference(RecordKind.DATABASE)
            event = AuditEvent(AuditAction.RESTORED, reference, details)
            records.audit.record(event, by=by)
        finally:
            records.close()
        return Restored(backup.manifest, folder, None, tuple(lost), checked.problems)

    def _fill_server(self, backup: FoundBackup, master: MasterKey | None) -> str | None:
        """Give the server its rows; returns its address, None for records in a file."""
        if self.url is None or not _has_part(backup.manifest, POSTGRESQL_PART):
            return None
        key = master.derive(KeyPurpose.BACKUPS) if master else None
        fill_database(backup.place / POSTGRESQL_PART, self.url, key)
        return self.url

    @staticmethod
    def _checked(context: TaskContext, records: Records) -> CheckedRecords:
        """Check all but the files' bytes, which were checked when they were copied."""
        check = WholeCheck(
            records.database,
            records.audit,
            records.images,
            KeyVault(records.place.keys),
            records.master,
            read_files=False,
        )
        rest = 1 - _FILES
        return check(
            TaskContext(lambda share, words: context.progress(_FILES + rest * share, words))
        )

    def _copy(
        self, context: TaskContext, backup: FoundBackup, folder: Path, master: MasterKey | None
    ) -> list[str]:
        """Copy all parts and files; returns the names of files that are damaged or missing."""

        def tell(share: float) -> None:
            context.progress(_DATABASE * share, "Copying the database")

        key = master.derive(KeyPurpose.IMAGES) if master else None
        source = FileImageStore(backup.place.parent / "images", key=key)
        copier, lost, count = FileCopier(FileImageStore(folder / "images", key=key)), [], 0
        with told_as_sentence("the restored records"):
            (folder / "images").mkdir(mode=0o700, parents=True)
            for part in backup.manifest.parts:
                if part.name in (SQLITE_PART, KEYS):
                    send_part(backup.place / part.name, folder, tell)
            for name, _size in listed(backup.place / LIST):
                count += 1
                share = min(count / max(backup.manifest.files, 1), 1.0)
                context.progress(
                    _DATABASE + (_FILES - _DATABASE) * share, "Copying photographs and reports"
                )
                try:
                    copier.copy(source, name)
                except (StoredImageMissingError, StoredImageDamagedError):
                    lost.append(name)
            copier.end_shard()
        return lost

    def _put_in_place(self, restored: Restored) -> Restored:
        present, finished = self.data / RECORDS, self.data / FINISHED
        moved_to = None
        with told_as_sentence("the records"):
            sync_folder(restored.folder)
            restored.folder.replace(finished)
            sync_folder(self.data)
            if present.exists():
                if any(present.iterdir()):
                    moved_to = self._free_name()
                    present.replace(moved_to)
                else:
                    present.rmdir()
            finished.replace(present)
            sync_folder(self.data)
        return Restored(restored.manifest, present, moved_to, restored.lost, restored.problems)

    def _free_name(self) -> Path:
        number = 1
        while (place := self.data / f"{ASIDE}-{number}").exists():
            number += 1
        return place


def _has_part(manifest: BackupManifest, name: str) -> bool:
    return any(part.name == name for part in manifest.parts)


def in_use(database: Path) -> bool:
    """Whether a program has the SQLite file open; Windows keeps such files from moving."""
    if os.name == "nt" or not database.exists():
        return False
    import fcntl

    start, length = _LOCK_BYTES
    try:
        with database.open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)
    except OSError:
        return True
    return False
