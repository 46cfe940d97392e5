"""Original photographs by their SHA-256: untouched bytes, encrypted or plain, durable."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256 as new_sha256
from io import BytesIO
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
    replace_file,
    sync_folder,
    told_as_sentence,
    write_durably,
)
from retina_desktop.persistence.image_cipher import (
    CHUNK_BYTES,
    CipherFileError,
    ImageHeader,
    Readable,
    decrypt,
    encrypt,
)
from retina_desktop.services.records_ports import KeptImage

_PLACE = "the image store"
_IN_MEMORY = 64 * 2**20  # bytes; larger files are read twice instead
_SET_ASIDE = "set-aside"
_HEX = frozenset("0123456789abcdef")
_FILE_NAME = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file found in the store; its path is put together when asked: there are millions."""

    sha256: str
    folder: Path

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.folder / self.sha256


def is_file_name(name: object) -> bool:
    """Whether `name` is a SHA-256 as files of the store are named: 64 lower-case hex digits."""
    return isinstance(name, str) and _FILE_NAME.fullmatch(name) is not None


class FileImageStore:
    """Implements `services.records_ports.ImageStore` in a folder of its own.

    ``<folder>/ab/abcd...`` holds the image whose SHA-256 is ``abcd...``, encrypted when there
    is a key. Safe for several threads and processes: a file appears whole, by a rename.
    """

    def __init__(self, folder: Path, *, key: bytes | None) -> None:
        self._folder = folder
        self._key = key

    @property
    def folder(self) -> Path:
        """Where the store is."""
        return self._folder

    def add(self, source: BinaryIO) -> KeptImage:
        """Keep the bytes of `source`; a good twin is left alone, a damaged one replaced."""
        source.seek(0)
        content = source.read(_IN_MEMORY + 1)
        if len(content) <= _IN_MEMORY:
            steady: Readable = BytesIO(content)
            digest, size = new_sha256(content).digest(), len(content)
        else:
            source.seek(0)
            digest, size = _hash(source)
            source.seek(0)
            steady = _Checked(source, digest)
        name = digest.hex()
        if self._is_good(name):
            return KeptImage(name, size, new=False)
        with told_as_sentence(_PLACE):
            path = self._path(name)
            make_folder_durably(path.parent)
            try:
                write_durably(path, self._parts(steady, digest, size))
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

    def stored_bytes(self, sha256: str) -> Iterator[bytes]:
        """Yield the file as it lies there, checked on the way: good once it has ended well.

        Raises
        ------
        StoredImageMissingError, StoredImageDamagedError
        """
        with _told_of_file(), self._path(sha256).open("rb") as file:
            passed = _Passed(file)
            for _ in self._checked(passed, bytes.fromhex(sha256)):
                yield from passed.taken()
            yield from passed.taken()

    def stored_size(self, sha256: str) -> int | None:
        """Return the bytes that the file takes; None if there is none."""
        try:
            return self._path(sha256).stat().st_size
        except OSError:
            return None

    def path_of(self, sha256: str) -> Path:
        """Return where the file lies, or would."""
        return self._path(sha256)

    def files(self) -> Iterator[StoredFile]:
        """Yield every file of the store, sorted by name, one folder's names at a time."""
        for shard in self._shards():
            prefix = shard.name
            for name in sorted(os.listdir(shard)):  # noqa: PTH208 - a million names
                if name.startswith(prefix) and is_file_name(name):
                    yield StoredFile(name, shard)

    def drafts(self) -> Iterator[Path]:
        """Yield the temporary files of writers at work, or dead."""
        for shard in self._shards():
            names = os.listdir(shard)  # noqa: PTH208 - as above
            for name in sorted(n for n in names if n.startswith(DRAFT_PREFIX)):
                yield shard / name

    def set_aside(self, sha256: str) -> bool:
        """Move an image no record names out of the way, not deleted; False if there is none."""
        return self._move(self._path(sha256), self._aside(sha256))

    def bring_back(self, sha256: str) -> bool:
        """Put back an image that was set aside; False if there is none."""
        return self._move(self._aside(sha256), self._path(sha256))

    def remove(self, sha256: str) -> bool:
        """Remove a file for good, also where it was set aside; False if there was none."""
        removed = False
        for path in (self._path(sha256), self._aside(sha256)):
            with told_as_sentence(_PLACE):
                if path.is_file():
                    path.unlink(missing_ok=True)
                    sync_folder(path.parent)
                    removed = True
        return removed

    def _is_good(self, name: str) -> bool:
        try:
            self.verify(name)
        except (StoredImageMissingError, StoredImageDamagedError):
            return False
        return True

    def _parts(self, source: Readable, digest: bytes, size: int) -> Iterator[bytes]:
        if self._key is None:
            return _chunks(source)
        return encrypt(source, ImageHeader(os.urandom(32), size, digest), self._key)

    def _plain(self, name: str) -> Iterator[bytes]:
        with _told_of_file(), self._path(name).open("rb") as file:
            yield from self._checked(file, bytes.fromhex(name))

    def _checked(self, file: Readable, digest: bytes) -> Iterator[bytes]:
        if self._key is None:
            return _chunks(_Checked(file, digest))
        return decrypt(file, self._key, digest=digest)

    def _path(self, name: str) -> Path:
        if not is_file_name(name):
            raise ValueError("an image's name is its SHA-256 in lower-case hex digits")
        return self._folder / name[:2] / name

    def _aside(self, name: str) -> Path:
        return self._folder / _SET_ASIDE / self._path(name).name

    def _shards(self) -> Iterator[Path]:
        with suppress(FileNotFoundError):
            for shard in sorted(self._folder.iterdir()):
                if len(shard.name) == 2 and not set(shard.name) - _HEX and shard.is_dir():
                    yield shard

    def _move(self, source: Path, target: Path) -> bool:
        if not source.is_file():
            return False
        with told_as_sentence(_PLACE):
            make_folder_durably(target.parent)
            replace_file(source, target)
            sync_folder(target.parent)
            sync_folder(source.parent)
        return True


@contextmanager
def _told_of_file() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise StoredImageMissingError(
            "This photograph's file is missing from the image store; restore it from a "
            "backup, or add the photograph again."
        ) from error
    except (CipherFileError, OSError) as error:
        raise StoredImageDamagedError(
            "This photograph's file in the image store is damaged; restore it from a "
            "backup, or add the photograph again."
        ) from error


class _Passed:
    """Remembers what was read through it until it is asked for."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._taken: list[bytes] = []

    def read(self, size: int) -> bytes:
        """Return the next bytes."""
        chunk = self._file.read(size)
        self._taken.append(chunk)
        return chunk

    def taken(self) -> list[bytes]:
        """Return what was read since the last call."""
        taken, self._taken = self._taken, []
        return taken


class _Checked:
    """A file whose bytes must turn out, at its end, to have the hash expected."""

    def __init__(self, file: Readable, digest: bytes) -> None:
        self._file = file
        self._digest = digest
        self._check = new_sha256()

    def read(self, size: int) -> bytes:
        """Return the next bytes; a CipherFileError at the end of other content."""
        chunk = self._file.read(size)
        self._check.update(chunk)
        if not chunk and self._check.digest() != self._digest:
            raise CipherFileError("the content is not what its hash says")
        return chunk


def _hash(source: BinaryIO) -> tuple[bytes, int]:
    check, size = new_sha256(), 0
    for chunk in _chunks(source):
        check.update(chunk)
        size += len(chunk)
    return check.digest(), size


def _chunks(file: Readable) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk
