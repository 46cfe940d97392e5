"""Turning a decoded picture upright and shrinking it to what is needed."""

import math
import struct

import cv2
import numpy as np

from retina_desktop.domain.images import RgbImage

_UPRIGHT = 1
_ORIENTATION_TAG = 0x0112
_SHORT = 3
_MOST_ENTRIES = 1000


def oriented(pixels: RgbImage, orientation: int) -> RgbImage:
    """Return the picture as it should be seen (EXIF 2.32, tag 0x0112), contiguous.

    Parameters
    ----------
    pixels : RgbImage
        As stored, shape ``(H, W, 3)``.
    orientation : int
        1 to 8; any other value means upright. Values from 5 swap width and height.
    """
    if 5 <= orientation <= 8:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def reduced(pixels: RgbImage, min_side: int | None) -> RgbImage:
    """Shrink by the largest whole factor that keeps the shorter side at `min_side` or more.

    A whole factor averages equal blocks, as a JPEG decoded at reduced scale does; pixels
    that do not fill a last block are spread over the others.
    """
    height, width = pixels.shape[:2]
    factor = min(height, width) // min_side if min_side else 1
    if factor <= 1:
        return pixels
    size = (math.ceil(width / factor), math.ceil(height / factor))
    small: RgbImage = np.asarray(
        cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8
    )
    return small


def exif_orientation(exif: bytes) -> int:
    """Read the orientation from EXIF bytes, 1 when there is none or the bytes are nonsense.

    Own and short rather than Pillow's, which reads every tag and warns about each bad one.
    """
    exif = exif.removeprefix(b"Exif\x00\x00")
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return _UPRIGHT
    try:
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (entries,) = struct.unpack_from(f"{order}H", exif, start)
        for entry in range(min(entries, _MOST_ENTRIES)):
            tag, kind, _, value = struct.unpack_from(
                f"{order}HHIH", exif, start + 2 + 12 * entry
            )
            if tag == _ORIENTATION_TAG and kind == _SHORT:
                return int(value) if 1 <= value <= 8 else _UPRIGHT
    except struct.error:
        return _UPRIGHT
    return _UPRIGHT
