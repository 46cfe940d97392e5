"""A photograph for research: the retina alone, and only where no text is burned into it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import cv2
import numpy as np

from retina_desktop.domain.images import FieldOfView, Mask, RgbImage
from retina_desktop.imaging.burned_in_text import find_text
from retina_desktop.imaging.field_of_view import crop_to_field, find_field_of_view

_MARGIN: Final = 0.012  # of the radius: letters that touch the field's edge go with the frame
_LEAST_MARGIN_PX: Final = 2.0
_BARS_SIDE: Final = 512  # the size at which black bars within the circle are told


class PictureRefusal(StrEnum):
    """Why a photograph does not leave."""

    NO_FIELD = "no field of view was found"
    TEXT = "text was detected in the photograph"
    TOO_SMALL = "the photograph is too small to be searched for text"


_LEAST_SIDE_PX: Final = 200


@dataclass(frozen=True, slots=True, eq=False)
class ResearchPicture:
    """The photograph with everything outside the field black, or why there is none."""

    pixels: RgbImage | None
    refusal: PictureRefusal | None = None


def make_research_picture(image: RgbImage) -> ResearchPicture:
    """Black what is outside the field of view, and refuse where text is left inside.

    Parameters
    ----------
    image : RgbImage
        Shape ``(H, W, 3)``, uint8, sRGB; not changed. Inside the field no pixel is altered.
    """
    if min(image.shape[:2]) < _LEAST_SIDE_PX:
        return ResearchPicture(None, PictureRefusal.TOO_SMALL)
    field = find_field_of_view(image)
    if field is None:
        return ResearchPicture(None, PictureRefusal.NO_FIELD)
    keep = kept_pixels(image, field)
    if not keep.any():
        return ResearchPicture(None, PictureRefusal.NO_FIELD)
    if find_text(image, keep):
        return ResearchPicture(None, PictureRefusal.TEXT)
    pixels = image.copy()
    pixels[~keep] = 0
    return ResearchPicture(pixels)


def kept_pixels(image: RgbImage, field: FieldOfView) -> Mask:
    """Return where a research picture shows the photograph, shape ``(H, W)``.

    The circle less a margin, less the black bars of a cut field. A photograph without a frame
    is kept whole.
    """
    height, width = image.shape[:2]
    rows, columns = np.ogrid[:height, :width]
    radius = field.radius - max(_LEAST_MARGIN_PX, _MARGIN * field.radius)
    distance = np.square(columns - field.center_x) + np.square(rows - field.center_y)
    circle = np.asarray(distance <= radius * radius, np.bool_)
    crop = crop_to_field(image, field, size=_BARS_SIDE)
    shown = cv2.erode(crop.inside.astype(np.uint8), np.ones((3, 3), np.uint8))
    # From a pixel of the image to the crop's: the way of `FieldCrop`, turned round.
    shift_x = (0.5 - crop.left) / crop.pitch - 0.5
    shift_y = (0.5 - crop.top) / crop.pitch - 0.5
    way = np.array([[1 / crop.pitch, 0, shift_x], [0, 1 / crop.pitch, shift_y]])
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    back = cv2.warpAffine(shown, way, (width, height), flags=flags)
    if _has_no_frame(field, height, width):
        return np.ones((height, width), np.bool_)
    return np.asarray(circle & (back > 0), np.bool_)


def _has_no_frame(field: FieldOfView, height: int, width: int) -> bool:
    """Whether the circle contains the whole picture, so that nothing is outside."""
    far_x = max(field.center_x, width - 1 - field.center_x)
    far_y = max(field.center_y, height - 1 - field.center_y)
    return far_x * far_x + far_y * far_y <= field.radius * field.radius * 1.0001
