"""Write a folder whole or not at all."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from retina_desktop.domain.errors import OutputUnwritableError
from retina_desktop.domain.transfer_errors import OutputExistsError


@dataclass(frozen=True, slots=True)
class FolderDraft:
    """A folder being filled beside its place."""

    folder: Path

    def write(self, name: str, data: bytes) -> None:
        """Write a file durably; slashes in its name make folders."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())


@contextmanager
def whole_folder(target: Path) -> Iterator[FolderDraft]:
    """Give a draft that becomes `target` when the block ends, or nothing by an exception.

    Raises
    ------
    OutputExistsError
        If `target` is there and not an empty folder.
    OutputUnwritableError
    """
    _refuse_filled(target)
    draft = target.parent / f".draft-{secrets.token_hex(8)}"
    try:
        draft.mkdir(parents=True)
        yield FolderDraft(draft)
        _refuse_filled(target)
        if target.is_dir():
            target.rmdir()
        draft.replace(target)
    except OSError as error:
        why = (error.strerror or "the disk refused it").lower()
        raise OutputUnwritableError(
            f"The folder cannot be written ({why}); free some space or choose another one."
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _refuse_filled(target: Path) -> None:
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise OutputExistsError("There is something in that folder already; name a new one.")
