"""Photographs decoded once: one memory-mapped array instead of ten thousand JPEG files."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.files import write_atomically
from training.manifest_data import LabelledImage, ManifestUnreadableError

Squares = NDArray[np.uint8]  # (N, side, side, 3), sRGB

PIXELS_NAME = "squares.npy"
INDEX_NAME = "squares.json"


def build_cache(
    images: Sequence[LabelledImage], *, image_dir: Path, cache_dir: Path, side: int = 256
) -> Squares:
    """Return the photographs as squares of `side` pixels, decoding only what is not cached.

    The pack's photographs are already cropped to the field of view. A cache made of another
    list of photographs, of other files or at another size is rebuilt.

    Returns
    -------
    Squares
        Shape ``(len(images), side, side, 3)``, uint8, sRGB, memory-mapped read-only.

    Raises
    ------
    ManifestUnreadableError
        If a photograph of the list is missing or no image.
    """
    key = _key(images, image_dir, side)
    pixels_path, index_path = cache_dir / PIXELS_NAME, cache_dir / INDEX_NAME
    if not (pixels_path.exists() and _stored_key(index_path) == key):
        cache_dir.mkdir(parents=True, exist_ok=True)
        index_path.unlink(missing_ok=True)
        _fill(images, image_dir, pixels_path, side)
        write_atomically(index_path, json.dumps({"key": key}).encode())
    squares: Squares = np.load(pixels_path, mmap_mode="r")
    return squares


def _fill(images: Sequence[LabelledImage], image_dir: Path, path: Path, side: int) -> None:
    shape = (len(images), side, side, 3)
    squares = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
    for row, image in enumerate(images):
        pixels = cv2.imread(str(image_dir / image.path), cv2.IMREAD_COLOR)
        if pixels is None:
            raise ManifestUnreadableError(f"{image.path} is missing or no image.")
        shrinks = max(pixels.shape[:2]) > side
        method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        resized = cv2.resize(pixels, (side, side), interpolation=method)
        squares[row] = cv2.cvtColor(resized, cv2.COLOR_BGR2RGB)
    squares.flush()


def _key(images: Sequence[LabelledImage], image_dir: Path, side: int) -> str:
    digest = hashlib.sha256(f"squares 1 {side}\n".encode())
    for image in images:
        path = image_dir / image.path
        size = path.stat().st_size if path.exists() else -1
        digest.update(f"{image.path} {size}\n".encode())
    return digest.hexdigest()


def _stored_key(index_path: Path) -> str | None:
    try:
        key = json.loads(index_path.read_bytes())["key"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return key if isinstance(key, str) else None
