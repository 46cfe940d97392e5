"""Write a file whole or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from retina_desktop.domain.errors import OutputUnwritableError

_READABLE = 0o644


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` to `path` through a temporary file in the same folder.

    A reader sees the old file or the new one, also after a power cut.

    Raises
    ------
    OutputUnwritableError
        With one sentence; an old file at `path` is untouched then.
    """
    draft: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".draft-", dir=path.parent)
        draft = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(_READABLE)  # mkstemp's own mode is for the owner alone
        draft.replace(path)
    except OSError as error:
        if draft is not None:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
        why = (error.strerror or "the disk refused it").lower()
        raise OutputUnwritableError(
            f"A result cannot be written ({why}); free some space or choose another folder."
        ) from error
