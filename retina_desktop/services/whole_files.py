"""Write a file whole or not at all."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from retina_desktop.domain.errors import OutputUnwritableError


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` to `path` through a draft in the same folder.

    A reader sees the old file or the new one, also after a power cut. A link stays a link;
    a device or pipe is written to as it is. Who may read a new file is as the user's umask
    says.

    Raises
    ------
    OutputUnwritableError
        With one sentence; an old file at `path` is untouched then.
    """
    try:
        target = path.resolve()
        if target.exists() and not target.is_file():
            target.write_bytes(data)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, data)
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        raise _unwritable(error) from error


def check_writable(path: Path) -> None:
    """Refuse early what `write_whole` would refuse, as far as that can be told.

    Raises
    ------
    OutputUnwritableError
        If the folder of `path`, or the nearest there is above it, cannot be written to.
    """
    try:
        target = path.resolve()
        place = target if target.exists() else target.parent
        while not place.exists():
            place = place.parent
        writable = os.access(place, os.W_OK) and (place == target or place.is_dir())
    except (OSError, RuntimeError) as error:
        raise _unwritable(error) from error
    if not writable:
        raise OutputUnwritableError(
            "A result cannot be written (permission denied); choose another folder."
        )


def _replace(target: Path, data: bytes) -> None:
    draft = target.with_name(f".draft-{secrets.token_hex(8)}")
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except BaseException:  # also when the user stops the program
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def _unwritable(error: Exception) -> OutputUnwritableError:
    reason = error.strerror if isinstance(error, OSError) else None
    why = (reason or "the disk refused it").lower()
    return OutputUnwritableError(
        f"A result cannot be written ({why}); free some space or choose another folder."
    )
