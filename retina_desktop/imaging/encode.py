"""Pictures back to bytes."""

import cv2
import numpy as np

from retina_desktop.domain.images import GrayImage, RgbImage

_JPEG_QUALITY = 92


def encode_png(image: GrayImage | RgbImage) -> bytes:
    """Return `image`, grey ``(H, W)`` or RGB ``(H, W, 3)`` uint8, as a PNG, without loss."""
    return _encode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 3])


def encode_jpeg(image: GrayImage | RgbImage, *, quality: int = _JPEG_QUALITY) -> bytes:
    """Return `image` as a JPEG of `quality` in [1, 100]."""
    return _encode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])


def _encode(suffix: str, image: GrayImage | RgbImage, options: list[int]) -> bytes:
    bgr = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    ok, data = cv2.imencode(suffix, np.ascontiguousarray(bgr), options)
    if not ok:
        raise ValueError(f"cannot encode an array of shape {image.shape} as {suffix}")
    return bytes(data.tobytes())
