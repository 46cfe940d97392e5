"""Keeping other programs out while a small file is read, changed and written back."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from retina_desktop.domain.record_errors import RecordsLockedError
from retina_desktop.persistence.durable_files import make_folder_durably, told_as_sentence
from retina_desktop.services.file_locks import lock_alone

PATIENCE_S = 20.0  # many passwords can be checked one after the other in that time
_PAUSE_S = 0.02


@contextmanager
def held(lock_file: Path, *, place: str, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Hold the empty file `lock_file`; the operating system lets go of it after a kill.

    A file of its own, because the file it guards is replaced when it is written.

    Raises
    ------
    RecordsLockedError
        If another program holds it for longer than `patience_s` seconds.
    """
    with told_as_sentence(place):
        make_folder_durably(lock_file.parent)
        file = lock_file.open("ab")
    with file:
        give_up_at = time.monotonic() + patience_s
        while not lock_alone(file):
            if time.monotonic() >= give_up_at:
                raise RecordsLockedError(
                    f"Another program is busy with {place}; try again in a moment."
                )
            time.sleep(_PAUSE_S)
        yield
