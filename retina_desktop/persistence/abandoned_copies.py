"""Copies of the database on their way, and what is left of those whose program died."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree

from retina_desktop.persistence.durable_files import make_folder_durably, told_as_sentence
from retina_desktop.services.file_locks import lock_alone

STAGING_PREFIX = ".making-"
UPGRADE_DRAFT = "before-upgrade-*.part*"  # and what SQLite puts beside it


@contextmanager
def copying_into(folder: Path) -> Iterator[None]:
    """Make `folder` where needed, and keep `remove_abandoned_copies` away from it meanwhile."""
    with told_as_sentence("the records"):
        make_folder_durably(folder)
        lock = _lock_of(folder).open("a+b")
    with lock:
        lock_alone(lock)  # two that copy at once do not disturb each other
        yield


def remove_abandoned_copies(folder: Path) -> int:
    """Remove what programs left that died while they copied; returns how much there was."""
    left = [*folder.glob(f"{STAGING_PREFIX}*"), *folder.glob(UPGRADE_DRAFT)]
    removed = 0
    if not left:
        return removed
    with suppress(OSError), _lock_of(folder).open("a+b") as lock:
        for place in left if lock_alone(lock) else ():
            if place.is_dir():
                rmtree(place)
            else:
                place.unlink(missing_ok=True)
            removed += 1
    return removed


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")
