"""Backups and the whole check of open records, and restoring into a data folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retina_desktop import __version__
from retina_desktop.bootstrap_records.records_folder import Workstation, server_url
from retina_desktop.config.folders import Folders
from retina_desktop.domain.backups import BackupState
from retina_desktop.domain.record_errors import RecordNotFoundError, RecordsUnavailableError
from retina_desktop.services.backup_ports import FoundBackup
from retina_desktop.services.backups import (
    BackUp,
    ChangeBackupPlan,
    CheckBackup,
    ListBackups,
    ReadBackupPlan,
    ShowBackupState,
)
from retina_desktop.services.tasks import TaskContext
from retina_desktop.services.verifying import VerifyRecords

if TYPE_CHECKING:
    from retina_desktop.persistence.backup import FolderBackups
    from retina_desktop.persistence.backup_memory import FileBackupMemory
    from retina_desktop.persistence.key_vault import KeyVault, MasterKey
    from retina_desktop.persistence.opening import Records
    from retina_desktop.persistence.restoring import Restored


@dataclass(frozen=True, slots=True)
class BackupDesk:
    """The use cases of backups over open records."""

    records: "Records"

    @property
    def back_up(self) -> BackUp:
        """Make a backup."""
        return BackUp(self._backups, self._memory, self.read_plan, self.records.audit)

    @property
    def show_state(self) -> ShowBackupState:
        """Tell the last good backup, whether one is due or overdue, the last failure."""
        return ShowBackupState(self._memory, self.read_plan)

    @property
    def list_backups(self) -> ListBackups:
        """Show what is in a folder."""
        return ListBackups(self._backups, self.read_plan)

    @property
    def check_backup(self) -> CheckBackup:
        """Read a whole backup again."""
        return CheckBackup(self._backups, self.read_plan)

    @property
    def read_plan(self) -> ReadBackupPlan:
        """The plan in force."""
        return ReadBackupPlan(self.records.settings)

    @property
    def change_plan(self) -> ChangeBackupPlan:
        """Choose where and how often."""
        return ChangeBackupPlan(self.records.settings)

    @property
    def verify_records(self) -> VerifyRecords:
        """Check everything the records hold."""
        from retina_desktop.persistence.key_vault import KeyVault
        from retina_desktop.persistence.whole_check import WholeCheck

        records = self.records
        vault = KeyVault(records.place.keys)
        return VerifyRecords(
            WholeCheck(records.database, records.audit, records.images, vault, records.master)
        )

    def backup_state(self) -> BackupState:
        """Return the state for a status line: one small file and one row are read."""
        return self.show_state()

    @property
    def _backups(self) -> "FolderBackups":
        from retina_desktop.persistence.backup import FolderBackups

        records = self.records
        return FolderBackups(
            records.database,
            records.images,
            records=records.place.folder,
            master=records.master,
            software_version=__version__,
        )

    @property
    def _memory(self) -> "FileBackupMemory":
        from retina_desktop.persistence.backup_memory import FileBackupMemory

        return FileBackupMemory(self.records.place.folder)


def backups_to_restore(folder: Path) -> tuple[FoundBackup, ...]:
    """Return what can be restored from `folder`, newest first; no key is needed to look.

    Raises
    ------
    RecordsUnavailableError
    """
    from retina_desktop.persistence.restoring import backups_in

    return backups_in(folder.expanduser().absolute())


def chosen_backup(folder: Path, name: str | None) -> FoundBackup:
    """Return the backup called `name`, None for the newest.

    Raises
    ------
    RecordNotFoundError
        If there is none, or if the folder holds the backups of several clinics' records.
    """
    found = backups_to_restore(folder)
    if name is None and len({backup.manifest.series for backup in found}) > 1:
        raise RecordNotFoundError(
            "This folder holds backups of different records; name the folder of one of them "
            "(retina-backup-...)."
        )
    for backup in found:
        if name in (None, backup.manifest.id):
            return backup
    raise RecordNotFoundError(
        "There is no such finished backup in this folder; restore FOLDER --list shows them."
    )


def restore_backup(
    folders: Folders,
    context: TaskContext,
    backup: FoundBackup,
    *,
    user: str | None,
    password: str = "",
    recovery_key: str | None = None,
    move_aside: bool = False,
    accept_losses: bool = False,
    at: Workstation | None = None,
) -> "Restored":
    """Put `backup` into the data folder; by the recovery key where one is given.

    Raises
    ------
    RecordsUnavailableError, WrongPasswordError, KeyVaultError, TaskCancelledError
    """
    from retina_desktop.persistence.recovery_key import RecoveryKey
    from retina_desktop.persistence.restoring import Restore

    workstation = at or Workstation()
    who = user or "restore"

    def unlock(vault: "KeyVault") -> "MasterKey":
        nonlocal who
        if recovery_key is not None:
            return vault.unlock_with_recovery(RecoveryKey.parse(recovery_key))
        who = user or _only_user(vault)
        return vault.unlock(who, password)

    restore = Restore(folders.data, unlock, lambda: workstation.stamp(who), server_url(folders))
    return restore(context, backup, move_aside=move_aside, accept_losses=accept_losses)


def _only_user(vault: "KeyVault") -> str:
    users = vault.users()
    if len(users) != 1:
        raise RecordsUnavailableError(
            "Several people use these records; name yourself with --user or RETINA_USER."
        )
    return users[0]
