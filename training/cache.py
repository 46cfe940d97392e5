"""Photographs prepared once: one memory-mapped array instead of ten thousand files.

Each is decoded and cropped to its field of view by the application's own code, so that a
network learns on what it will be shown.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.errors import ImageUnreadableError
from retina_desktop.domain.images import RgbImage
from retina_desktop.imaging.decode import decode_photograph
from retina_desktop.imaging.enhancement import ENHANCEMENTS
from retina_desktop.imaging.field_of_view import crop_to_field, find_field_of_view
from retina_desktop.ml.threads import physical_cores
from training.ahead import ahead
from training.files import reserve, write_atomically
from training.manifest_data import LabelledImage, ManifestUnreadableError

Squares = NDArray[np.uint8]  # (N, side, side, 3), sRGB

PIXELS_NAME = "squares.npy"
INDEX_NAME = "squares.json"
_NAMED = 5  # photographs in a sentence


class PhotographsUnreadableError(ManifestUnreadableError):
    """Some photographs of the list cannot be decoded; ``paths`` names them all."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = tuple(paths)
        first = ", ".join(self.paths[:_NAMED])
        super().__init__(
            f"Photographs cannot be read ({len(self.paths)}, first {first}); restore them, or "
            "take them out of the list."
        )


def build_cache(
    images: Sequence[LabelledImage],
    *,
    image_dir: Path,
    cache_dir: Path,
    side: int = 256,
    enhancements: Sequence[str] = (),
) -> Squares:
    """Return the photographs as squares of `side` pixels, decoding only what is not cached.

    A cache made of another list of photographs, of other files, at another size or with other
    enhancements is rebuilt.

    Returns
    -------
    Squares
        Shape ``(len(images), side, side, 3)``, uint8, sRGB, memory-mapped read-only.

    Raises
    ------
    PhotographsUnreadableError
        If photographs are missing or none; all of them are named.
    """
    key = _key(images, image_dir, side, enhancements)
    pixels_path, index_path = cache_dir / PIXELS_NAME, cache_dir / INDEX_NAME
    if not (pixels_path.exists() and _stored_key(index_path) == key):
        cache_dir.mkdir(parents=True, exist_ok=True)
        index_path.unlink(missing_ok=True)
        _fill(images, image_dir, pixels_path, side, enhancements)
        write_atomically(index_path, json.dumps({"key": key}).encode())
    squares: Squares = np.load(pixels_path, mmap_mode="r")
    return squares


def field_square(path: Path, side: int, enhancements: Sequence[str] = ()) -> RgbImage:
    """Return the photograph's field of view as the application crops it, ``(side, side, 3)``.

    Where it sees no field the whole picture is shrunk. `enhancements` are named steps of
    `retina_desktop.imaging`, with their defaults, as a model's manifest may ask for them.

    Raises
    ------
    ImageUnreadableError
    """
    pixels = decode_photograph(path, min_side=side).pixels
    field = find_field_of_view(pixels)
    if field is None:
        return plain_square(pixels, side)
    crop = crop_to_field(pixels, field, size=side)
    shown = crop.pixels
    for name in enhancements:
        shown = ENHANCEMENTS[name](shown, crop.inside)
    return shown


def plain_square(pixels: RgbImage, side: int) -> RgbImage:
    """Return the whole picture in `side` x `side` pixels, whatever its shape."""
    shrinks = max(pixels.shape[:2]) > side
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (side, side), interpolation=method), np.uint8)


def _fill(
    images: Sequence[LabelledImage],
    image_dir: Path,
    path: Path,
    side: int,
    enhancements: Sequence[str],
) -> None:
    reserve(path, (len(images), side, side, 3))
    squares = np.load(path, mmap_mode="r+")

    def square(image: LabelledImage) -> RgbImage | None:
        try:
            return field_square(image_dir / image.path, side, enhancements)
        except ImageUnreadableError:
            return None

    unreadable: list[str] = []
    cores = physical_cores()
    for row, pixels in enumerate(ahead(square, images, threads=cores, depth=2 * cores)):
        if pixels is None:
            unreadable.append(images[row].path)
        else:
            squares[row] = pixels
    squares.flush()
    if unreadable:
        raise PhotographsUnreadableError(unreadable)


def _key(
    images: Sequence[LabelledImage], image_dir: Path, side: int, enhancements: Sequence[str]
) -> str:
    words = " ".join(["squares 2", str(side), *enhancements])
    digest = hashlib.sha256(f"{words}\n".encode())
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
