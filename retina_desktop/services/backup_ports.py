"""What backups need from outside; `retina_desktop.persistence` adapts."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from retina_desktop.domain.backups import BackupManifest, LastBackup, Rotation
from retina_desktop.domain.users import Stamp
from retina_desktop.services.tasks import TaskContext


@dataclass(frozen=True, slots=True)
class MadeBackup:
    """A finished, verified backup.

    ``copied`` of its files are new in the folder, ``removed`` are older backups that rotation
    took away. ``without_file`` names photographs or reports of the records that could not be
    copied because their file is missing or damaged.
    """

    manifest: BackupManifest
    folder: Path
    copied: int
    copied_bytes: int
    removed: tuple[str, ...] = ()
    without_file: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundBackup:
    """A finished backup in a folder; ``place`` is the backup's own folder."""

    manifest: BackupManifest
    place: Path


@dataclass(frozen=True, slots=True)
class CheckedBackup:
    """What reading a backup again found; ``problems`` are sentences."""

    id: str
    files: int
    problems: tuple[str, ...]

    @property
    def intact(self) -> bool:
        """Whether it can be restored in full."""
        return not self.problems


class Backups(Protocol):
    """Backups of the open records in any folder; one is made at a time in each folder."""

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
        """Make, verify and keep a backup, then take away those that rotation does not keep.

        ``whole_check`` reads every file that lies there already, and replaces a damaged one.
        With ``expected`` there must be earlier backups in the folder.

        Raises
        ------
        BackupFailedError, RecordsUnavailableError
            One sentence; earlier backups are as they were.
        TaskCancelledError
        """
        ...

    def found(self, folder: Path) -> tuple[FoundBackup, ...]:
        """Return the finished backups of these records, newest first."""
        ...

    def check(self, context: TaskContext, folder: Path, backup: str) -> CheckedBackup:
        """Read a whole backup against its hashes; a RecordNotFoundError for an unknown one."""
        ...


class BackupMemory(Protocol):
    """What this computer remembers of its backups, also while their drive is away."""

    def last(self) -> LastBackup | None:
        """Return the newest good backup."""
        ...

    def failure(self) -> tuple[datetime, str] | None:
        """Return moment and sentence of the newest attempt, if it failed."""
        ...

    def succeeded(self, last: LastBackup) -> None:
        """Remember a good backup, and forget a failure before it."""
        ...

    def failed(self, at: datetime, sentence: str) -> None:
        """Remember a failure."""
        ...
