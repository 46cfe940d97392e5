"""Adding a bundle from a folder or a ZIP archive: checked before it becomes visible.

Only the manifest and the files it lists are copied, to the places it lists, and never more
bytes than it lists: an archive's other names (``../evil``) and sizes (a bomb) have no effect.
"""

import hashlib
import os
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from retina_desktop.domain.errors import BundleRefusedError, OutputUnwritableError
from retina_desktop.domain.manifests import BundleFile
from retina_desktop.ml.bundle_reading import Bundle, check_manifest, damaged, read_bundle
from retina_desktop.ml.manifest_json import LARGEST_MANIFEST, MANIFEST_NAME, parse_manifest
from retina_desktop.ml.publishing import publish

_BLOCK = 1024 * 1024
_ENCRYPTED = 1  # bit of an archive entry's flags


class _Source(Protocol):
    """Where a bundle comes from."""

    def open(self, name: str) -> IO[bytes]:
        """Open the file `name` of the bundle; an OSError or KeyError if there is none."""
        ...


def import_bundle(source: Path, into: Path) -> Bundle:
    """Copy the bundle `source` to a new folder ``<id>-<version>`` in `into`.

    Every byte is checked on the way; the folder appears complete or not at all. A bundle that
    is already there with the same content is left as it is and returned.

    Parameters
    ----------
    source : Path
        A bundle's folder, or a ZIP archive that holds the bundle's files at its top or in one
        folder.
    into : Path
        The folder of bundles; made if it does not exist.

    Raises
    ------
    BundleRefusedError
        If the source is no bundle, is damaged, or if another bundle with the same id and
        version is there.
    OutputUnwritableError
        If the copy cannot be written.
    """
    with _opened(source) as origin:
        manifest_text = b"".join(_blocks(origin, MANIFEST_NAME, limit=LARGEST_MANIFEST))
        manifest = parse_manifest(manifest_text)
        check_manifest(manifest)
        destination = into / f"{manifest.id}-{manifest.version}"
        if destination.exists():
            return _same_or_refused(destination, manifest_text)
        with _draft(into) as draft:
            for entry in manifest.files:
                _write(draft / entry.path, _checked_blocks(origin, entry))
            _write(draft / MANIFEST_NAME, iter([manifest_text]))
            read_bundle(draft).read(manifest.weights)  # which must not contradict themselves
            _publish(draft, destination)
    return read_bundle(destination)


def _same_or_refused(destination: Path, manifest_text: bytes) -> Bundle:
    installed = read_bundle(destination)
    installed.verify()
    if (destination / MANIFEST_NAME).read_bytes() != manifest_text:
        raise BundleRefusedError(
            f"Another model is installed as {installed.manifest.id} "
            f"{installed.manifest.version}; remove it first, or give the new one a higher "
            "version."
        )
    return installed


class _FolderSource:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, name: str) -> IO[bytes]:
        place = (self._folder / name).resolve(strict=True)
        if not place.is_relative_to(self._folder.resolve()):
            raise BundleRefusedError(f"The model's file {name} is a link out of its folder.")
        if not place.is_file():
            raise FileNotFoundError(name)
        return place.open("rb")


class _ZipSource:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        entries = archive.infolist()
        tops = [
            entry.filename.removesuffix(MANIFEST_NAME)
            for entry in entries
            if entry.filename.split("/")[-1] == MANIFEST_NAME and entry.filename.count("/") <= 1
        ]
        if len(tops) != 1:
            raise BundleRefusedError(
                f"The ZIP archive holds {len(tops) or 'no'} {MANIFEST_NAME}; a model bundle "
                "has one."
            )
        self._archive, self._top = archive, tops[0]

    def open(self, name: str) -> IO[bytes]:
        entry = self._archive.getinfo(self._top + name)
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise BundleRefusedError(f"The model's file {name} is a link.")
        if entry.flag_bits & _ENCRYPTED:
            raise BundleRefusedError("The ZIP archive is encrypted; pack the bundle again.")
        return self._archive.open(entry)


@contextmanager
def _opened(source: Path) -> Iterator[_Source]:
    if source.is_dir():
        yield _FolderSource(source)
        return
    try:
        archive = zipfile.ZipFile(source)
    except (OSError, zipfile.BadZipFile) as error:
        raise BundleRefusedError(
            "This is no model bundle: neither a folder nor a ZIP archive that can be read."
        ) from error
    with archive:
        yield _ZipSource(archive)


def _blocks(origin: _Source, name: str, *, limit: int) -> Iterator[bytes]:
    """Yield a file's bytes, at most one more than `limit`."""
    left = limit + 1
    try:
        with origin.open(name) as stream:
            while left > 0 and (block := stream.read(min(_BLOCK, left))):
                left -= len(block)
                yield block
    except (OSError, KeyError) as error:
        raise BundleRefusedError(
            f"The model's file {name} is missing or cannot be read."
        ) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise BundleRefusedError(
            f"The ZIP archive is damaged at {name}, or packed in an unusual way."
        ) from error


def _checked_blocks(origin: _Source, entry: BundleFile) -> Iterator[bytes]:
    """Yield a listed file's bytes; refuses at the end if they are not the listed ones."""
    digest, size = hashlib.sha256(), 0
    for block in _blocks(origin, entry.path, limit=entry.bytes):
        digest.update(block)
        size += len(block)
        yield block
    if size != entry.bytes or digest.hexdigest() != entry.sha256:
        raise damaged(entry)


@contextmanager
def _draft(into: Path) -> Iterator[Path]:
    """Make a hidden folder in `into`, removed at the end unless it was renamed."""
    try:
        into.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".import-", dir=into))
        draft.chmod(0o755)
    except OSError as error:
        raise _unwritable(error) from error
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write(path: Path, blocks: Iterator[bytes]) -> None:
    # A failure of the source is a BundleRefusedError already, so an OSError is the disk's.
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as stream:
            for block in blocks:
                stream.write(block)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise _unwritable(error) from error


def _publish(draft: Path, destination: Path) -> None:
    try:
        publish(draft, destination)
    except OSError as error:
        raise _unwritable(error) from error


def _unwritable(error: OSError) -> OutputUnwritableError:
    why = (error.strerror or "the disk refused it").lower()
    return OutputUnwritableError(f"The model cannot be stored ({why}); free some space.")
