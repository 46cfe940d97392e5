"""Files that survive a power cut: written beside their name, then renamed onto it."""

import os
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` so that `path` afterwards holds all of it, or what it held before."""
    draft = path.with_name(path.name + ".part")
    with draft.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY) if hasattr(os, "O_DIRECTORY") else None
    if folder is not None:
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
