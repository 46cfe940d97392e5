"""Crops of the fields of view, their varied copies, and pictures without a tumour's signs.

On the last a model must fail that does not live on shortcuts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.images import FieldCrop, Mask, RgbImage
from retina_desktop.imaging.central_field import central_field
from retina_desktop.imaging.decode import decode_photograph
from retina_desktop.imaging.field_of_view import crop_to_field
from retina_desktop.imaging.field_reading import read_with_field
from retina_desktop.imaging.surroundings import fill_from_surroundings

RADIUS, HALF_HEIGHT = 0.94, 0.6  # half sides; what is left of the narrowest of all fields
BLUR_SHARE = 0.06  # of the crop's side; vessels, disc and texture are gone
BORDER_SHARE = 0.06  # of the crop's side
HISTOGRAM_BINS = 8  # a channel
_FILLING_CELL = 2  # pixels
_TURN_DEGREES, _ZOOM, _SHIFT = 25.0, 0.15, 0.06
_GAIN, _GAMMA, _BLUR_PIXELS = 0.25, 0.3, 1.5
_JPEG_QUALITY = (40, 95)


@dataclass(frozen=True, slots=True, eq=False)
class Crops:
    """The fields of view as the application cuts them, and what the files tell beside."""

    pixels: NDArray[np.uint8]  # (N, S, S, 3)
    inside: NDArray[np.bool_]  # (N, S, S)
    facts: NDArray[np.float64]  # (N, F): see `file_facts`

    def __len__(self) -> int:
        return len(self.pixels)

    def crop(self, row: int) -> FieldCrop:
        """Return one of them; it lies nowhere in a photograph any more."""
        return FieldCrop(self.pixels[row], self.inside[row], left=0.0, top=0.0, pitch=1.0)

    def take(self, rows: Sequence[int] | NDArray[np.int64]) -> "Crops":
        """Return some of them."""
        return Crops(self.pixels[rows], self.inside[rows], self.facts[rows])


def cut_crop(path: Path, size: int) -> tuple[FieldCrop, NDArray[np.float64]] | None:
    """Return the crop of a photograph and its file's facts, None without a field of view.

    Raises
    ------
    ImageUnreadableError
    """
    image, field = read_with_field(decode_photograph, path, input_size=size)
    if field is None:
        return None
    crop = crop_to_field(image.pixels, field, size=size)
    longer = max(image.width, image.height)
    facts = (
        image.width,
        image.height,
        np.log(path.stat().st_size),
        field.radius / image.scale / longer,
        field.completeness,
        crop.inside.mean(),
    )
    return crop, np.array(facts, np.float64)


def varied(crop: FieldCrop, generator: np.random.Generator) -> FieldCrop:
    """Return the crop turned, mirrored, zoomed, tinted, blurred and compressed at random.

    First it is cut to the `central_part`, and what lies outside is filled from the field: a
    turn would else bring corners of the camera's own outline into the part that is shown. The
    steps cut the same part again, for every photograph alike.
    """
    turned = _moved(filled_part(crop), generator)
    tinted = _tinted(turned, generator)
    if generator.random() < 0.5:
        sigma = generator.uniform(0.3, _BLUR_PIXELS)
        tinted = np.asarray(cv2.GaussianBlur(tinted, (0, 0), sigma), np.uint8)
    quality = int(generator.integers(*_JPEG_QUALITY))
    _, packed = cv2.imencode(".jpg", tinted[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    pixels = cv2.imdecode(packed, cv2.IMREAD_COLOR_RGB)
    everywhere = np.ones_like(crop.inside)
    return FieldCrop(np.asarray(pixels, np.uint8), everywhere, 0.0, 0.0, 1.0)


def central_part(crop: FieldCrop) -> FieldCrop:
    """Return the part that every camera shows, the same outline for all."""
    return central_field(crop, radius=RADIUS, half_height=HALF_HEIGHT)


def filled_part(crop: FieldCrop) -> RgbImage:
    """Return the `central_part`, everything else filled from it."""
    part = central_part(crop)
    return fill_from_surroundings(part.pixels, part.inside, cell=_FILLING_CELL)


def blurred(crop: FieldCrop) -> FieldCrop:
    """Return the crop without anything small: light and colour of regions remain."""
    filled = fill_from_surroundings(crop.pixels, crop.inside, cell=_FILLING_CELL)
    soft = cv2.GaussianBlur(filled, (0, 0), BLUR_SHARE * crop.size)
    return _within(crop, np.asarray(soft, np.uint8))


def border_only(crop: FieldCrop) -> FieldCrop:
    """Return the crop with everything but its outline and a narrow rim painted over, even."""
    inside = np.pad(crop.inside, 1).astype(np.uint8)
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 5)[1:-1, 1:-1]
    middle: Mask = depth > BORDER_SHARE * crop.size
    rim = crop.inside & ~middle
    colour = crop.pixels[rim].mean(axis=0) if rim.any() else np.zeros(3)
    pixels = crop.pixels.copy()
    pixels[middle] = np.rint(colour).astype(np.uint8)
    return _within(crop, pixels)


def colour_histogram(pixels: RgbImage, inside: Mask) -> NDArray[np.float64]:
    """Return the shares of each channel's levels in the field, the place forgotten: ``(24,)``.

    Square roots, so that few pixels count too (Hellinger).
    """
    area = max(int(inside.sum()), 1)
    mask = np.ascontiguousarray(inside).view(np.uint8)
    counts = [
        cv2.calcHist([pixels], [channel], mask, [HISTOGRAM_BINS], [0, 256]).ravel()
        for channel in range(3)
    ]
    return np.sqrt(np.concatenate(counts).astype(np.float64) / area)


def _within(crop: FieldCrop, pixels: RgbImage) -> FieldCrop:
    shown = np.where(crop.inside[..., np.newaxis], pixels, np.uint8(0))
    return FieldCrop(shown, crop.inside, crop.left, crop.top, crop.pitch)


def _moved(pixels: RgbImage, generator: np.random.Generator) -> RgbImage:
    size = pixels.shape[0]
    middle = (size - 1) / 2
    angle = generator.uniform(-_TURN_DEGREES, _TURN_DEGREES)
    matrix = cv2.getRotationMatrix2D(
        (middle, middle), angle, generator.uniform(1 - _ZOOM / 2, 1 + _ZOOM)
    )
    matrix[:, 2] += generator.uniform(-_SHIFT, _SHIFT, 2) * size
    turned = cv2.warpAffine(pixels, matrix, (size, size), borderMode=cv2.BORDER_REFLECT)
    flips = generator.integers(0, 2, 2)
    step = np.where(flips, -1, 1)
    return np.ascontiguousarray(turned[:: step[0], :: step[1]], np.uint8)


def _tinted(pixels: RgbImage, generator: np.random.Generator) -> RgbImage:
    gains = np.exp(generator.uniform(-_GAIN, _GAIN, 3))
    gamma = np.exp(generator.uniform(-_GAMMA, _GAMMA))
    light = np.power(pixels.astype(np.float32) / 255, gamma) * gains
    return np.asarray(np.rint(np.clip(light, 0, 1) * 255), np.uint8)
