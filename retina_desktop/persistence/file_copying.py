"""Files on their way to another drive: hashed while they are copied, then read back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256 as new_sha256
from pathlib import Path

from retina_desktop.domain.backups import BackupPart
from retina_desktop.domain.record_errors import (
    BackupFailedError,
    StoredImageDamagedError,
    StoredImageMissingError,
)
from retina_desktop.persistence.durable_files import hash_of, sync_folder, write_durably
from retina_desktop.persistence.image_cipher import CHUNK_BYTES
from retina_desktop.persistence.image_store import FileImageStore

_NOT_AS_WRITTEN = (
    "The drive did not give back what was written to it; nothing else was changed: replace the "
    "drive, or choose another folder."
)


@dataclass(slots=True)
class FileCopier:
    """Copies files into a store, in the order of their names; reads them back by folder."""

    target: FileImageStore
    copied: int = 0
    copied_bytes: int = 0
    _shard: Path | None = None
    _written: dict[Path, str] = field(default_factory=dict)

    def is_good(self, name: str) -> bool:
        """Whether the file is there, and whole."""
        try:
            self.target.verify(name)
        except (StoredImageMissingError, StoredImageDamagedError):
            return False
        return True

    def copy(self, source: FileImageStore, name: str) -> int:
        """Copy one file, checking it on the way; hash and copy are one reading."""
        path = self.target.path_of(name)
        if path.parent != self._shard:
            self.end_shard()
            path.parent.mkdir(mode=0o700, exist_ok=True)
            self._shard = path.parent
        part = write_part(path, source.stored_bytes(name), verified=False)
        self._written[path] = part.sha256
        self.copied += 1
        self.copied_bytes += part.size_bytes
        return part.size_bytes

    def end_shard(self) -> None:
        """Make the names durable, and read the new files back."""
        if self._shard is None:
            return
        sync_folder(self._shard)
        for path, digest in self._written.items():
            if hash_of(path) != digest:
                path.unlink()
                raise BackupFailedError(_NOT_AS_WRITTEN)
        self._written.clear()
        self._shard = None


def send_part(source: Path, folder: Path, tell: Callable[[float], None]) -> BackupPart:
    """Copy one file into `folder`; `tell` hears the share done and may raise to stop."""
    size = max(source.stat().st_size, 1)

    def read() -> Iterator[bytes]:
        done = 0
        with source.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                done += len(chunk)
                tell(min(done / size, 1.0) / 2)
                yield chunk

    return write_part(
        folder / source.name, read(), tell=lambda done: tell((1 + done / size) / 2)
    )


def write_part(
    target: Path,
    parts: Iterator[bytes],
    *,
    verified: bool = True,
    tell: Callable[[int], None] | None = None,
) -> BackupPart:
    """Write a file, hashing on the way, and read it back unless the caller does."""
    check, size = new_sha256(), 0

    def passed() -> Iterator[bytes]:
        nonlocal size
        for part in parts:
            check.update(part)
            size += len(part)
            yield part

    write_durably(target, passed(), name_too=verified)
    if verified and hash_of(target, tell) != check.hexdigest():
        raise BackupFailedError(_NOT_AS_WRITTEN)
    return BackupPart(target.name, size, check.hexdigest())
