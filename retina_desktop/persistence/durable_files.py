"""Files that are whole on the disk or not there: temporary, fsync, rename, fsync folder."""

import errno
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from retina_desktop.domain.record_errors import (
    DiskFullError,
    RecordsReadOnlyError,
    RecordsUnavailableError,
)

DRAFT_PREFIX = ".new-"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


def write_durably(path: Path, parts: Iterable[bytes]) -> None:
    """Write `parts` to `path`, replacing what was there; durable when the call returns.

    The temporary file is in the same folder, is locked while it grows (see
    `remove_abandoned_draft`) and is removed when anything fails. Its folder exists.
    """
    draft = path.parent / f"{DRAFT_PREFIX}{secrets.token_hex(8)}"
    try:
        with draft.open("xb") as file:
            _lock(file.fileno())
            draft.chmod(0o600)
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def make_folder_durably(folder: Path) -> None:
    """Create `folder` and its parents so that a power cut does not take them away."""
    if folder.is_dir():
        return
    make_folder_durably(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the folder's list of names durable; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_abandoned_draft(draft: Path) -> bool:
    """Remove a temporary file nobody is writing; False when somebody is."""
    try:
        with draft.open("rb") as file:
            if not _lock(file.fileno()):
                return False
            if os.name != "nt":  # there an open file cannot be removed, and a busy one neither
                draft.unlink(missing_ok=True)
                return True
        draft.unlink(missing_ok=True)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


@contextmanager
def told_as_sentence(place: str) -> Iterator[None]:
    """Turn the operating system's errors into one sentence about `place`."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFullError(
                f"There is no room left on the disk of {place}; free some space and try again."
            ) from error
        if error.errno in _FORBIDDEN:
            raise RecordsReadOnlyError(
                f"The folder of {place} cannot be written; ask for write permission on it."
            ) from error
        raise RecordsUnavailableError(
            f"The folder of {place} does not answer; check the disk or the network."
        ) from error


def _lock(handle: int) -> bool:
    """Hold the file until it is closed; False when another process does."""
    try:
        import fcntl
    except ImportError:  # Windows keeps open files from being removed by itself
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
