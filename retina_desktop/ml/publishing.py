"""A folder that is whole takes its name in one step."""

import os
from pathlib import Path


def publish(draft: Path, destination: Path) -> None:
    """Rename in one step, and make the name itself survive a power cut.

    Raises
    ------
    OSError
        If the disk refuses it.
    """
    draft.rename(destination)
    if os.name == "posix":
        handle = os.open(destination.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
