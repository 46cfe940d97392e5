"""Work on the field of view alone, so that the camera's black frame does not bleed into it."""

import math
from collections.abc import Callable

import cv2
import numpy as np

from retina_desktop.domain.images import Mask, RgbImage
from retina_desktop.imaging.surroundings import fill_from_surroundings

_FILLING_CELLS = 350  # cells over the field's diameter, of the filled frame


def within_field(
    image: RgbImage, mask: Mask | None, operation: Callable[[RgbImage, Mask], RgbImage]
) -> RgbImage:
    """Apply `operation` to the field's bounding box, its frame filled from the field."""

    def with_filled_frame(field: RgbImage, inside: Mask) -> RgbImage:
        cell = max(math.ceil(field_diameter(inside) / _FILLING_CELLS), 1)
        return operation(fill_from_surroundings(field, inside, cell=cell), inside)

    return within_box(image, mask, operation if mask is None else with_filled_frame)


def within_box(
    image: RgbImage, mask: Mask | None, operation: Callable[[RgbImage, Mask], RgbImage]
) -> RgbImage:
    """Apply `operation` to the field's bounding box as it is; the result is black outside."""
    check_picture(image, mask)
    if mask is None:
        return operation(image, np.ones(image.shape[:2], np.bool_))
    x, y, width, height = cv2.boundingRect(np.ascontiguousarray(mask).view(np.uint8))
    result = np.zeros_like(image)
    if width and height:
        box = np.s_[y : y + height, x : x + width]
        field, inside = np.ascontiguousarray(image[box]), np.ascontiguousarray(mask[box])
        result[box] = blackened(operation(field, inside), inside)
    return result


def check_picture(image: RgbImage, mask: Mask | None) -> None:
    """Raise a ValueError unless they are a uint8 RGB picture and a mask of its shape."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(f"expected a uint8 (H, W, 3) image, got {image.dtype} {image.shape}")
    if mask is not None and (mask.shape != image.shape[:2] or mask.dtype != np.bool_):
        raise ValueError(f"mask of {mask.dtype} {mask.shape} on an image of {image.shape}")


def blackened(image: RgbImage, inside: Mask) -> RgbImage:
    """Return a new picture, black outside the field."""
    return np.asarray(cv2.copyTo(image, np.ascontiguousarray(inside).view(np.uint8)), np.uint8)


def field_diameter(inside: Mask) -> float:
    """Return the field's diameter; cameras cut the circle on two sides, never on four."""
    return float(max(inside.shape))
