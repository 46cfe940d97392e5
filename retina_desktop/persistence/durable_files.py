"""Files that are whole on the disk or not there: temporary, fsync, rename, fsync folder."""

import errno
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from retina_desktop.domain.record_errors import (
    DiskFullError,
    RecordsReadOnlyError,
    RecordsUnavailableError,
)
from retina_desktop.services.file_locks import lock_alone

DRAFT_PREFIX = ".new-"
_CHUNK_BYTES = 1 << 20
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_SUCH_CALL = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS}
_WAITS_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
# Windows renames and removes no open file: there a draft is safe while it is written, and in
# the moment between that and its name because it is young.
_OPEN_FILES_STAY = os.name == "nt"
_SETTLED_S = 60
_TRIES = 20
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


def write_durably(path: Path, parts: Iterable[bytes], *, name_too: bool = True) -> None:
    """Write `parts` to `path`, replacing what was there; durable when the call returns.

    The temporary file is in the same folder, is locked until it has its name (see
    `remove_abandoned_draft`) and is removed when anything fails. Its folder exists. Who writes
    many files turns ``name_too`` off and calls `sync_folder` at the end: until then a power
    cut can take the name away, never leave it on half a file.
    """
    file = _new_draft(path.parent)
    draft = Path(file.name)
    try:
        with file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
            if not _OPEN_FILES_STAY:
                replace_file(draft, path)
        if _OPEN_FILES_STAY:
            replace_file(draft, path)
    except BaseException:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
    if name_too:
        sync_folder(path.parent)


def replace_file(source: Path, target: Path) -> None:
    """Give `source` the name `target`; on Windows, wait a moment for who has that open."""
    for wait_s in _WAITS_S if os.name == "nt" else ():
        try:
            source.replace(target)
        except PermissionError:  # a reader, or a virus scanner
            time.sleep(wait_s)
        else:
            return
    source.replace(target)


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
    except OSError as error:
        if error.errno not in _NO_SUCH_CALL:  # some network drives have none
            raise
    finally:
        os.close(handle)


def remove_abandoned_draft(draft: Path) -> bool:
    """Remove a temporary file nobody is writing; whether there was one to remove."""
    try:
        if _OPEN_FILES_STAY:
            if time.time() - draft.stat().st_mtime < _SETTLED_S:
                return False
            draft.unlink()  # fails while somebody has it open
            return True
        with draft.open("rb") as file:
            if not lock_alone(file, without_locks=False):
                return False
            draft.unlink()  # fails when its writer gave it its name meanwhile
    except OSError:
        return False
    return True


def forget_cached(file: BinaryIO) -> None:
    """Let what is read next come from the disk itself, where the system can be asked to."""
    if hasattr(os, "posix_fadvise"):
        with suppress(OSError):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def hash_of(path: Path, tell: Callable[[int], None] | None = None) -> str:
    """Return the SHA-256 of a file as its drive gives it; `tell` hears how far it got."""
    check, done = sha256(), 0
    with path.open("rb") as file:
        forget_cached(file)
        while chunk := file.read(_CHUNK_BYTES):
            check.update(chunk)
            done += len(chunk)
            if tell is not None:
                tell(done)
    return check.hexdigest()


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


def _new_draft(folder: Path) -> BinaryIO:
    """Create a temporary file that `remove_abandoned_draft` leaves alone until it is closed.

    Who cleans up can come between its creation and its lock and take it for abandoned; then
    it is no loss, being empty, and the next one is tried. Where that never ends, the drive's
    locks do not work: there nobody who cleans up gets one either.
    """
    for _ in range(_TRIES):
        file = _created(folder)
        if _OPEN_FILES_STAY or _is_ours(file):
            return file
        file.close()
        with suppress(OSError):
            Path(file.name).unlink(missing_ok=True)
    return _created(folder)


def _created(folder: Path) -> BinaryIO:
    # For the owner alone from the first byte; USB drives do not know a later chmod.
    draft = folder / f"{DRAFT_PREFIX}{secrets.token_hex(8)}"
    return open(draft, "xb", opener=_for_owner)


def _is_ours(file: BinaryIO) -> bool:
    """Whether the file is locked, and still has its name now that it is."""
    with suppress(OSError):
        return lock_alone(file) and Path(file.name).exists()
    return False


def _for_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
