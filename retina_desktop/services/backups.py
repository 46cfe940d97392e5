"""The use cases of backups: make one, list and check them, the plan, and the state."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from retina_desktop.domain.audit import AuditAction, AuditEvent, RecordKind, RecordReference
from retina_desktop.domain.backups import BackupPlan, BackupState, LastBackup, Rotation
from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.json_values import JsonValue
from retina_desktop.domain.record_errors import InvalidEntryError
from retina_desktop.domain.users import Permission
from retina_desktop.services.acting import Acting
from retina_desktop.services.backup_ports import (
    BackupMemory,
    Backups,
    CheckedBackup,
    FoundBackup,
    MadeBackup,
)
from retina_desktop.services.records_ports import AuditTrail
from retina_desktop.services.settings_ports import SettingStore
from retina_desktop.services.tasks import TaskContext

SETTING = "backup.plan"
_NO_FOLDER = (
    "No folder for backups is set; choose one: retina-desktop backup plan --folder FOLDER."
)


@dataclass(frozen=True, slots=True)
class ReadBackupPlan:
    """The plan in force."""

    settings: SettingStore

    def __call__(self) -> BackupPlan:
        """Return the plan; one that a newer program wrote is read as far as it is known."""
        stored = self.settings.get(SETTING)
        return _plan_of(stored.value) if stored else BackupPlan()


@dataclass(frozen=True, slots=True)
class ChangeBackupPlan:
    """Choose where and how often backups are made by themselves."""

    settings: SettingStore

    def __call__(self, acting: Acting, plan: BackupPlan) -> None:
        """Keep `plan` for every workstation.

        Raises
        ------
        InvalidEntryError, PermissionDeniedError, ConflictError
        """
        by = acting.allowed(Permission.ADMINISTER)
        if plan.folder and not Path(plan.folder).is_absolute():
            raise InvalidEntryError("folder", "Give the whole path of the backups' folder.")
        stored = self.settings.get(SETTING)
        value: dict[str, JsonValue] = {
            "folder": plan.folder,
            "every_hours": plan.every_hours,
            "daily": plan.rotation.daily,
            "weekly": plan.rotation.weekly,
            "monthly": plan.rotation.monthly,
        }
        version = stored.version if stored else 0
        self.settings.put(SETTING, value, expected_version=version, by=by)


@dataclass(frozen=True, slots=True)
class BackUp:
    """Make a backup, on demand or because it is due."""

    backups: Backups
    memory: BackupMemory
    plan: ReadBackupPlan
    audit: AuditTrail

    def __call__(
        self,
        context: TaskContext,
        acting: Acting,
        *,
        folder: Path | None = None,
        whole_check: bool = False,
        begin_series: bool = False,
    ) -> MadeBackup:
        """Return the backup, verified and written down in the audit trail.

        Parameters
        ----------
        context : TaskContext
            For progress and cancel; a cancelled backup leaves none behind.
        acting : Acting
            Anybody may make the planned backup; another folder needs an administrator.
        folder : Path or None
            None is the plan's.
        whole_check : bool
            Also read again every file that lies in the folder from earlier backups.
        begin_series : bool
            Also begin anew where earlier backups were made into this folder and are not there
            (a second drive); otherwise that is refused, as a wrong or missing drive looks so.

        Raises
        ------
        BackupFailedError, RecordsUnavailableError, PermissionDeniedError, TaskCancelledError
        """
        own_folder = folder is not None
        by = acting.allowed(Permission.ADMINISTER if own_folder else Permission.SEE_RECORDS)
        plan = self.plan()
        target = _folder(folder or Path(plan.folder)) if own_folder or plan.is_set else None
        if target is None:
            raise InvalidEntryError("folder", _NO_FOLDER)
        last = self.memory.last()
        expected = last is not None and Path(last.folder) == target and not begin_series
        try:
            made = self.backups.make(
                context,
                target,
                rotation=plan.rotation,
                whole_check=whole_check,
                expected=expected,
                by=by,
            )
        except RetinaError as error:
            with suppress(RetinaError):  # a full disk: the first error is the one to tell
                self.memory.failed(by.at, str(error))
            raise
        self._write_down(acting, made, target)
        return made

    def _write_down(self, acting: Acting, made: MadeBackup, target: Path) -> None:
        manifest = made.manifest
        self.memory.succeeded(
            LastBackup(manifest.id, manifest.made_at, str(target), manifest.without_file)
        )
        details = {
            "backup": manifest.id,
            "files": str(manifest.files),
            "new files": str(made.copied),
            "without file": str(manifest.without_file),
            "removed by rotation": str(len(made.removed)),
        }
        event = AuditEvent(
            AuditAction.BACKUP_MADE, RecordReference(RecordKind.DATABASE), details
        )
        self.audit.record(event, by=acting.allowed(Permission.SEE_RECORDS))


@dataclass(frozen=True, slots=True)
class ShowBackupState:
    """Last good backup, overdue or not, last failure: for a status line."""

    memory: BackupMemory
    plan: ReadBackupPlan

    def __call__(self) -> BackupState:
        """Return the state; neither the backups' folder nor its drive is touched."""
        failure = self.memory.failure()
        state = BackupState(self.plan(), self.memory.last())
        if failure is not None:
            state = replace(state, failed_at=failure[0], failure=failure[1])
        return state


@dataclass(frozen=True, slots=True)
class ListBackups:
    """The finished backups of these records in a folder."""

    backups: Backups
    plan: ReadBackupPlan

    def __call__(
        self, acting: Acting, *, folder: Path | None = None
    ) -> tuple[FoundBackup, ...]:
        """Return them, newest first; `folder` None is the plan's."""
        acting.allowed(Permission.ADMINISTER)
        return self.backups.found(_chosen(self.plan(), folder))


@dataclass(frozen=True, slots=True)
class CheckBackup:
    """Read a whole backup again."""

    backups: Backups
    plan: ReadBackupPlan

    def __call__(
        self,
        context: TaskContext,
        acting: Acting,
        *,
        folder: Path | None = None,
        backup: str | None = None,
    ) -> CheckedBackup:
        """Return what was found; `backup` None is the newest.

        Raises
        ------
        RecordNotFoundError, RecordsUnavailableError, TaskCancelledError
        """
        acting.allowed(Permission.ADMINISTER)
        return self.backups.check(context, _chosen(self.plan(), folder), backup or "")


def _chosen(plan: BackupPlan, folder: Path | None) -> Path:
    if folder is None and not plan.is_set:
        raise InvalidEntryError("folder", _NO_FOLDER)
    return _folder(folder or Path(plan.folder))


def _folder(path: Path) -> Path:
    return path.expanduser().absolute()


def _plan_of(value: JsonValue) -> BackupPlan:
    if not isinstance(value, Mapping):
        return BackupPlan()
    rotation = Rotation(
        **{
            name: number
            for name in ("daily", "weekly", "monthly")
            if isinstance(number := value.get(name), int)
        }
    )
    folder, hours = value.get("folder"), value.get("every_hours")
    return BackupPlan(
        folder if isinstance(folder, str) else "",
        hours if isinstance(hours, int) else BackupPlan().every_hours,
        rotation,
    )
