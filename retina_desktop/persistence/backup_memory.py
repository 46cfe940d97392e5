"""What this computer remembers of its backups: a small file beside the records."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from retina_desktop.domain.backups import LastBackup
from retina_desktop.persistence.durable_files import told_as_sentence, write_durably

FILE = "backup-state.json"


@dataclass(frozen=True, slots=True)
class _Remembered:
    last: LastBackup | None = None
    failed_at: datetime | None = None
    failure: str = ""


_REMEMBERED = TypeAdapter(_Remembered)


class FileBackupMemory:
    """Implements `services.backup_ports.BackupMemory`; a damaged file is as none."""

    def __init__(self, records: Path) -> None:
        self._path = records / FILE

    def last(self) -> LastBackup | None:
        """Return the newest good backup."""
        return self._read().last

    def failure(self) -> tuple[datetime, str] | None:
        """Return moment and sentence of the newest attempt, if it failed."""
        found = self._read()
        return (found.failed_at, found.failure) if found.failed_at else None

    def succeeded(self, last: LastBackup) -> None:
        """Remember a good backup, and forget a failure before it."""
        self._write(_Remembered(last))

    def failed(self, at: datetime, sentence: str) -> None:
        """Remember a failure."""
        self._write(replace(self._read(), failed_at=at, failure=sentence))

    def _read(self) -> _Remembered:
        try:
            return _REMEMBERED.validate_json(self._path.read_bytes())
        except (OSError, ValidationError, ValueError):
            return _Remembered()

    def _write(self, remembered: _Remembered) -> None:
        document = _REMEMBERED.dump_python(remembered, mode="json")
        with told_as_sentence("the records"):
            write_durably(self._path, [json.dumps(document, indent=1).encode()])
