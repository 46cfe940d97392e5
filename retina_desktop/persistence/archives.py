"""Zip archives that are whole or not there; AES-256 where there is a password."""

import os
import secrets
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from retina_desktop.domain.errors import OutputUnwritableError
from retina_desktop.domain.transfer_errors import OutputExistsError


def make_archive(
    path: Path, *, password: str, at: datetime, replace: bool
) -> AbstractContextManager["ZipArchive"]:
    """Give an archive to fill; implements `services.export_ports.ArchiveMaker`.

    Every file in it is dated `at`. An exception in the block leaves nothing behind.
    """
    return _made(path, password, at, replace=replace)


@dataclass(frozen=True, slots=True)
class ZipArchive:
    """Implements `services.export_ports.Archive`."""

    file: Any  # a ZipFile, or pyzipper's, which has no types
    at: datetime

    def add(self, name: str, data: bytes) -> None:
        """Add a file; photographs and PDFs are compressed already and only stored."""
        stored = not name.endswith((".json", ".csv", ".txt"))
        method = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        moment = max(self.at.timetuple()[:6], (1980, 1, 1, 0, 0, 0))
        info = self.file.zipinfo_cls(name, moment)
        info.compress_type = method
        info.external_attr = 0o600 << 16
        self.file.writestr(info, data)


class _PlainZip(zipfile.ZipFile):
    zipinfo_cls = zipfile.ZipInfo


@contextmanager
def _made(path: Path, password: str, at: datetime, *, replace: bool) -> Iterator[ZipArchive]:
    _refuse_existing(path, replace=replace)
    draft = path.with_name(f".draft-{secrets.token_hex(8)}")
    try:
        with draft.open("xb") as file:
            with _opened(file, password) as zipped:
                yield ZipArchive(zipped, at)
            file.flush()
            os.fsync(file.fileno())
        _refuse_existing(path, replace=replace)  # somebody else may have been quicker
        draft.replace(path)
    except OSError as error:
        why = (error.strerror or "the disk refused it").lower()
        raise OutputUnwritableError(
            f"The archive cannot be written ({why}); free some space or choose another folder."
        ) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _opened(file: Any, password: str) -> Any:  # noqa: ANN401 - see `ZipArchive`
    if not password:
        return _PlainZip(file, "w")
    import pyzipper

    zipped = pyzipper.AESZipFile(file, "w", encryption=pyzipper.WZ_AES)
    zipped.setpassword(password.encode())
    return zipped


def _refuse_existing(path: Path, *, replace: bool) -> None:
    if path.is_dir() or (path.exists() and not replace):
        raise OutputExistsError(
            "There is a file or folder of that name already; choose another name, or say to "
            "replace it."
        )
