"""Original photographs by their SHA-256: untouched bytes, encrypted or plain, durable."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256 as new_sha256
from pathlib import Path
from typing import BinaryIO

from retina_desktop.domain.record_errors import (
    RecordsUnavailableError,
    StoredImageDamagedError,
    StoredImageMissingError,
)
from retina_desktop.persistence.durable_files import (
    DRAFT_PREFIX,
    make_folder_durably,
    sync_folder,
    told_as_sentence,
    write_durably,
)
from retina_desktop.persistence.image_cipher import (
    CHUNK_BYTES,
    CipherFileError,
    ImageHeader,
    decrypt,
    encrypt,
)
from retina_desktop.services.records_ports import KeptImage

_PLACE = "the image store"
_SET_ASIDE = "set-aside"
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file found in the store."""

    sha256: str
    path: Path


class FileImageStore:
    """Implements `services.records_ports.ImageStore` in a folder of its own.

    ``<folder>/ab/abcd...`` holds the image whose SHA-256 is ``abcd...``, encrypted when there
    is a key. Safe for several threads and processes: a file appears whole, by a rename.
    """

    def __init__(self, folder: Path, *, key: bytes | None) -> None:
        self._folder = folder
        self._key = key

    def add(self, source: BinaryIO) -> KeptImage:
        """Keep the bytes of `source`; a good twin is left alone, a damaged one replaced."""
        source.seek(0)
        digest, size = _hash(source)
        name = digest.hex()
        if self._is_good(name):
            return KeptImage(name, size, new=False)
        source.seek(0)
        with told_as_sentence(_PLACE):
            path = self._path(name)
            make_folder_durably(path.parent)
            try:
                write_durably(path, self._parts(source, digest, size))
            except CipherFileError as error:
                raise RecordsUnavailableError(
                    "The photograph changed while it was being kept; add it again."
                ) from error
        return KeptImage(name, size, new=True)

    def read(self, sha256: str) -> bytes:
        """Return the original bytes, verified."""
        return b"".join(self._plain(sha256))

    def has(self, sha256: str) -> bool:
        """Whether there is a file of that name."""
        return self._path(sha256).is_file()

    def verify(self, sha256: str) -> None:
        """Read the whole file, keeping nothing.

        Raises
        ------
        StoredImageMissingError, StoredImageDamagedError
        """
        for _ in self._plain(sha256):
            pass

    def files(self) -> Iterator[StoredFile]:
        """Yield every image of the store, sorted within its folder."""
        for shard in self._shards():
            for path in sorted(shard.iterdir()):
                if len(path.name) == 64 and not set(path.name) - _HEX:
                    yield StoredFile(path.name, path)

    def drafts(self) -> Iterator[Path]:
        """Yield the temporary files of writers at work, or dead."""
        for shard in self._shards():
            yield from sorted(shard.glob(f"{DRAFT_PREFIX}*"))

    def set_aside(self, sha256: str) -> None:
        """Move an image no record names out of the way; nothing is deleted."""
        with told_as_sentence(_PLACE):
            self._move(self._path(sha256), self._aside(sha256))

    def bring_back(self, sha256: str) -> bool:
        """Put back an image that was set aside; False if there is none."""
        aside = self._aside(sha256)
        if not aside.is_file():
            return False
        with told_as_sentence(_PLACE):
            self._move(aside, self._path(sha256))
        return True

    def _is_good(self, name: str) -> bool:
        try:
            self.verify(name)
        except (StoredImageMissingError, StoredImageDamagedError):
            return False
        return True

    def _parts(self, source: BinaryIO, digest: bytes, size: int) -> Iterator[bytes]:
        if self._key is None:
            return _unchanged(source, digest)
        return encrypt(source, ImageHeader(os.urandom(32), size, digest), self._key)

    def _plain(self, name: str) -> Iterator[bytes]:
        expected = bytes.fromhex(name)
        try:
            with self._path(name).open("rb") as file:
                check = new_sha256()
                chunks = _chunks(file) if self._key is None else decrypt(file, self._key)
                for chunk in chunks:
                    check.update(chunk)
                    yield chunk
        except FileNotFoundError as error:
            raise StoredImageMissingError(
                "This photograph's file is missing from the image store; restore it from a "
                "backup, or add the photograph again."
            ) from error
        except (CipherFileError, OSError) as error:
            raise _damaged() from error
        if check.digest() != expected:
            raise _damaged()

    def _path(self, name: str) -> Path:
        if len(name) != 64 or set(name) - _HEX:
            raise ValueError("an image's name is its SHA-256 in lower-case hex digits")
        return self._folder / name[:2] / name

    def _aside(self, name: str) -> Path:
        return self._folder / _SET_ASIDE / self._path(name).name

    def _shards(self) -> Iterator[Path]:
        with suppress(FileNotFoundError):
            for shard in sorted(self._folder.iterdir()):
                if len(shard.name) == 2 and not set(shard.name) - _HEX and shard.is_dir():
                    yield shard

    def _move(self, source: Path, target: Path) -> None:
        make_folder_durably(target.parent)
        source.replace(target)
        sync_folder(target.parent)
        sync_folder(source.parent)


def _hash(source: BinaryIO) -> tuple[bytes, int]:
    check, size = new_sha256(), 0
    for chunk in _chunks(source):
        check.update(chunk)
        size += len(chunk)
    return check.digest(), size


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def _unchanged(source: BinaryIO, digest: bytes) -> Iterator[bytes]:
    check = new_sha256()
    for chunk in _chunks(source):
        check.update(chunk)
        yield chunk
    if check.digest() != digest:
        raise CipherFileError("the source changed while it was read")


def _damaged() -> StoredImageDamagedError:
    return StoredImageDamagedError(
        "This photograph's file in the image store is damaged; restore it from a backup, or "
        "add the photograph again."
    )
