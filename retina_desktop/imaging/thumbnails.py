"""Small pictures for lists and timelines."""

import cv2
import numpy as np

from retina_desktop.domain.images import RgbImage
from retina_desktop.imaging.encode import encode_jpeg

THUMBNAIL_SIDE = 160  # pixels of the longer side
_QUALITY = 80


def make_thumbnail(pixels: RgbImage, *, side: int = THUMBNAIL_SIDE) -> bytes:
    """Return a JPEG of at most `side` pixels.

    Parameters
    ----------
    pixels : RgbImage
        Shape ``(H, W, 3)``, uint8, sRGB.
    side : int
        Longer side of the result; a smaller picture keeps its size.
    """
    height, width = pixels.shape[:2]
    factor = min(1.0, side / max(height, width))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return encode_jpeg(small.astype(np.uint8, copy=False), quality=_QUALITY)
