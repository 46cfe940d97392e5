"""The folder that backups of one set of records share, and which of it is kept.

::

    <folder>/retina-backup-<first digits of the series>/
        images/ab/abcd...            every photograph and report once, as in the image store
        20260302T090000Z/            one backup
            records.db               the encrypted database (of a server: records.pgdump)
            keys.json                the wrapped keys
            files.txt                which files of images/ belong to it: name and size, sorted
            manifest.json            written last: a folder without it is no backup

Nothing but finished files is ever put under a final name, and a backup is taken away manifest
first: whenever the drive vanishes, each backup is whole or none.
"""

import hmac
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from heapq import merge
from pathlib import Path
from shutil import rmtree

from pydantic import TypeAdapter, ValidationError

from retina_desktop.domain.backups import BackupManifest, Rotation, is_backup_id, kept
from retina_desktop.domain.canonical_json import canonical_json
from retina_desktop.domain.record_errors import BackupFailedError, RecordsLockedError
from retina_desktop.persistence.durable_files import (
    sync_folder,
    told_as_sentence,
    write_durably,
)
from retina_desktop.persistence.image_store import FileImageStore, is_file_name
from retina_desktop.services.backup_ports import FoundBackup
from retina_desktop.services.file_locks import lock_alone

PLACE = "the backups"
MANIFEST, LIST, KEYS = "manifest.json", "files.txt", "keys.json"
SERIES_PREFIX = "retina-backup-"
_SERIES_DIGITS = 16
_LOCK = ".lock"
_MANIFEST_BYTES = 1 << 20  # a longer file is none of ours
_MANIFEST = TypeAdapter(BackupManifest)
_NOT_THERE = (
    "The earlier backups are not in this folder; connect the drive they are on, or begin a new "
    "series on this one (backup now --begin-series)."
)
_NO_FOLDER = "The folder for backups does not exist; connect its drive, or make the folder."
_BUSY = "Another backup into this folder is running; wait until it has ended."


class BackupSeries:
    """The backups of one set of records in a folder that somebody chose."""

    def __init__(self, folder: Path, series: str) -> None:
        self._folder = folder
        self.root = folder / f"{SERIES_PREFIX}{series[:_SERIES_DIGITS]}"
        self.images = self.root / "images"

    def prepare(self, *, expected: bool) -> None:
        """Make the series' folder, but never the one chosen: it may be a missing drive's.

        Raises
        ------
        BackupFailedError, RecordsUnavailableError
        """
        with told_as_sentence(PLACE):
            if not self._folder.is_dir():
                raise BackupFailedError(_NO_FOLDER)
            if not self.root.is_dir():
                if expected:
                    raise BackupFailedError(_NOT_THERE)
                self.root.mkdir(mode=0o700)
                sync_folder(self._folder)
            self.images.mkdir(mode=0o700, exist_ok=True)
            sync_folder(self.root)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other programs from backing up into this series.

        Raises
        ------
        RecordsLockedError
        """
        with told_as_sentence(PLACE):
            lock = (self.root / _LOCK).open("a+b")
        with lock:
            if not lock_alone(lock):
                raise RecordsLockedError(_BUSY)
            yield

    def names(self) -> set[str]:
        """Return every backup's name, finished or not."""
        with suppress(FileNotFoundError):
            return {place.name for place in self.root.iterdir() if is_backup_id(place.name)}
        return set()

    def found(self) -> tuple[FoundBackup, ...]:
        """Return the finished backups that can be read, newest first."""
        return found_in(self.root)

    def clean(self) -> None:
        """Take away what a backup left that did not end; its copied files serve the next."""
        for name in sorted(self.names()):
            if not (self.root / name / MANIFEST).exists():
                self._take_away([self.root / name])

    def rotate(
        self, rotation: Rotation, *, store: FileImageStore, all_files: bool
    ) -> list[str]:
        """Take away what `rotation` does not keep; returns the names, oldest first.

        A backup whose manifest cannot be read stays: somebody has to look at it. ``all_files``
        also removes files that no backup names and that no rotation has met.
        """
        found = {backup.manifest.id: backup.manifest.made_at for backup in self.found()}
        gone = sorted(found.keys() - kept(found, rotation))
        self._take_away([self.root / name for name in gone])
        if all_files:
            self._remove_unnamed(file.sha256 for file in store.files())
            for draft in store.drafts():
                draft.unlink(missing_ok=True)
        return gone

    def _take_away(self, places: list[Path]) -> None:
        for place in places:
            with suppress(FileNotFoundError):
                (place / MANIFEST).unlink()
                sync_folder(place)
        lists = [place / LIST for place in places if (place / LIST).exists()]
        self._remove_unnamed(_merged(lists))
        for place in places:
            rmtree(place)
        if places:
            sync_folder(self.root)

    def _remove_unnamed(self, candidates: Iterable[str]) -> None:
        """Remove those of the sorted `candidates` that no backup left names.

        While there is no finished backup nothing goes: what lies there is a beginning.
        """
        left = [backup.place for backup in self.found()]
        lists = [self.root / name / LIST for name in sorted(self.names())]
        # A backup that cannot be read may name anything; then everything stays.
        finished = [path for path in lists if path.with_name(MANIFEST).exists()]
        if not left or len(finished) != len(left):
            return
        try:
            suspects = set(_without(candidates, names_in(left[0] / LIST)))
            for path in finished if suspects else ():
                suspects.difference_update(names_in(path))
        except ValueError:  # a list that was altered says nothing about what is needed
            return
        for name in sorted(suspects):
            (self.images / name[:2] / name).unlink(missing_ok=True)


def found_in(root: Path) -> tuple[FoundBackup, ...]:
    """Return the finished backups directly in the folder `root`, newest first."""
    found = []
    with told_as_sentence(PLACE):
        names = sorted(place.name for place in root.iterdir()) if root.is_dir() else []
        for name in names:
            manifest = read_manifest(root / name) if is_backup_id(name) else None
            if manifest is not None:
                found.append(FoundBackup(manifest, root / name))
    return tuple(sorted(found, key=lambda b: (b.manifest.made_at, b.manifest.id), reverse=True))


def read_manifest(place: Path) -> BackupManifest | None:
    """Return the manifest of the backup at `place`; None if there is none that can be read."""
    try:
        with (place / MANIFEST).open("rb") as file:
            manifest = _MANIFEST.validate_json(file.read(_MANIFEST_BYTES))
    except (FileNotFoundError, NotADirectoryError, ValidationError, ValueError):
        return None
    return manifest if manifest.id == place.name else None


def write_manifest(place: Path, manifest: BackupManifest) -> None:
    """Make a backup of what lies at `place`: from here on it counts."""
    text = _MANIFEST.dump_json(manifest, indent=1)
    write_durably(place / MANIFEST, [text])


def sealed(manifest: BackupManifest, key: bytes | None) -> BackupManifest:
    """Return the manifest with its seal; without a key it has none."""
    return replace(manifest, seal=_seal(manifest, key))


def is_sealed(manifest: BackupManifest, key: bytes | None) -> bool:
    """Whether the manifest is as it was written by who has the key."""
    return hmac.compare_digest(manifest.seal, _seal(manifest, key))


def listed(path: Path) -> Iterator[tuple[str, int]]:
    """Yield names and sizes of a list of files.

    Raises
    ------
    ValueError
        For a line that is none.
    """
    with path.open(encoding="ascii", errors="strict") as file:
        for line in file:
            name, _, size = line.partition(" ")
            if not is_file_name(name):
                raise ValueError("a line of the list names no file")
            yield name, int(size)


def names_in(path: Path) -> Iterator[str]:
    """Yield the names alone."""
    return (name for name, _ in listed(path))


def _seal(manifest: BackupManifest, key: bytes | None) -> str:
    if key is None:
        return ""
    text = canonical_json(replace(manifest, seal=""))
    return hmac.new(key, f"backup\n{text}".encode(), "sha256").hexdigest()


def _merged(lists: list[Path]) -> Iterator[str]:
    last = ""
    for name in merge(*(names_in(path) for path in lists)):
        if name != last:
            yield name
        last = name


def _without(names: Iterable[str], others: Iterator[str]) -> Iterator[str]:
    """Yield the sorted `names` that are not among the sorted `others`."""
    other = next(others, None)
    for name in names:
        while other is not None and other < name:
            other = next(others, None)
        if other != name:
            yield name
