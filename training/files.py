"""Files that survive a power cut: written beside their name, then renamed onto it."""

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

_CHUNK_BYTES = 1 << 24


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` so that `path` afterwards holds all of it, or what it held before."""
    draft = path.with_name(path.name + ".part")
    try:
        with draft.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    except OSError:
        if draft.is_file():
            draft.unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY) if hasattr(os, "O_DIRECTORY") else None
    if folder is not None:
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def reserve(path: Path, shape: Sequence[int]) -> None:
    """Make a ``.npy`` of uint8 zeros whose place on the disk is taken, not only promised.

    Writing through a memory map into a file with holes ends the process when the disk is
    full (SIGBUS); here the disk says so before.

    Raises
    ------
    OSError
        If there is no room; the file is gone again.
    """
    # Another run may have the old file mapped: cut short under it, that would end its process.
    path.unlink(missing_ok=True)
    try:
        with path.open("wb") as stream:
            header = {"descr": "|u1", "fortran_order": False, "shape": tuple(shape)}
            np.lib.format.write_array_header_1_0(stream, header)
            _take(stream, math.prod(shape))
            stream.flush()
            os.fsync(stream.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _take(stream: BinaryIO, size: int) -> None:
    if hasattr(os, "posix_fallocate") and size:
        stream.flush()
        os.posix_fallocate(stream.fileno(), stream.tell(), size)
        return
    zeros = bytes(min(size, _CHUNK_BYTES))
    while size > 0:
        size -= stream.write(zeros[: min(size, len(zeros))])
