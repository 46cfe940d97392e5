"""DICOM samples to sRGB: photometric interpretation, rescale, window, palette, bit depth."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut

from retina_desktop.domain.errors import DicomUnsupportedError
from retina_desktop.domain.images import GrayImage, RgbImage
from retina_desktop.imaging.colour_management import to_srgb

_YCBCR = {"YBR_FULL", "YBR_FULL_422"}
# After decoding, JPEG 2000's own transforms are undone and the samples are RGB.
_RGB = {"RGB", "YBR_ICT", "YBR_RCT"}
_TWELVE_BITS = 4095
_SIGMOID_STEEPNESS = 4.0


@dataclass(frozen=True, slots=True)
class Samples:
    """Decoded values, shape ``(H, W)`` or ``(H, W, 3)``, and how to read them."""

    values: NDArray[np.generic]
    bits: int
    photometric: str


def to_rgb(dataset: Dataset, samples: Samples) -> RgbImage:
    """Return the samples as a viewer would show them, sRGB, uint8.

    Raises
    ------
    DicomUnsupportedError
        If the photometric interpretation is not read here.
    """
    photometric = samples.photometric
    if photometric in {"MONOCHROME1", "MONOCHROME2"} and samples.values.ndim == 2:
        grey = _grey(dataset, samples)
        if photometric == "MONOCHROME1":
            grey = 255 - grey
        return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)
    if photometric == "PALETTE COLOR" and samples.values.ndim == 2:
        return _profiled(dataset, _palette(dataset, samples))
    if samples.values.ndim == 3 and photometric in _YCBCR:
        return _profiled(dataset, _from_ycbcr(_to_8_bit(samples)))
    if samples.values.ndim == 3 and photometric in _RGB:
        return _profiled(dataset, _to_8_bit(samples))
    raise DicomUnsupportedError(
        "The DICOM picture's colours are coded in a way not read here; export it as RGB."
    )


def _profiled(dataset: Dataset, pixels: RgbImage) -> RgbImage:
    profile = dataset.get("ICCProfile")
    return np.ascontiguousarray(
        to_srgb(pixels, profile if isinstance(profile, bytes) else None)
    )


def _from_ycbcr(pixels: RgbImage) -> RgbImage:
    """Convert full-range ITU-R BT.601 (PS3.3, C.7.6.3.1.2); OpenCV has Cr before Cb."""
    swapped = np.ascontiguousarray(pixels[..., (0, 2, 1)])
    return np.asarray(cv2.cvtColor(swapped, cv2.COLOR_YCrCb2RGB), np.uint8)


def _palette(dataset: Dataset, samples: Samples) -> RgbImage:
    coloured = apply_color_lut(samples.values, dataset)[..., :3]
    if coloured.dtype == np.uint8:
        return np.ascontiguousarray(coloured)
    return _scaled(coloured, 0.0, 65535.0)


def _to_8_bit(samples: Samples) -> NDArray[np.uint8]:
    if samples.values.dtype == np.uint8 and samples.bits == 8:
        return np.ascontiguousarray(samples.values, np.uint8)
    return _scaled(samples.values, 0.0, _white(samples))


def _white(samples: Samples) -> float:
    """Return the value shown as white when nothing else says so.

    All stored bits, except that many cameras store 12 bits in words declared as 16; scaled
    by the declaration such a photograph would be black.
    """
    if samples.bits > 12 and int(samples.values.max()) <= _TWELVE_BITS:
        return float(_TWELVE_BITS)
    return float(2**samples.bits - 1)


def _grey(dataset: Dataset, samples: Samples) -> GrayImage:
    """Apply modality and value-of-interest transforms (PS3.3, C.11.1 and C.11.2)."""
    if "VOILUTSequence" in dataset:
        return _through_lookup_table(dataset, samples)
    values = apply_modality_lut(samples.values, dataset)
    window = _window(dataset)
    if window is not None:
        return _windowed(values, *window)
    is_stored = values is samples.values
    if is_stored and values.dtype.kind == "u":
        return _to_8_bit(samples)
    lowest, highest = float(values.min()), float(values.max())
    return _scaled(values, lowest, max(highest, lowest + 1.0))


def _through_lookup_table(dataset: Dataset, samples: Samples) -> GrayImage:
    values = apply_modality_lut(samples.values, dataset)
    shown = apply_voi_lut(values, dataset, index=0, prefer_lut=True)
    bits = int(dataset.VOILUTSequence[0].LUTDescriptor[2])
    return _scaled(shown, 0.0, float(2**bits - 1))


def _window(dataset: Dataset) -> tuple[float, float, str] | None:
    """Return the first window's centre, width and function, or None if there is no sane one."""
    try:
        center = float(_first(dataset.get("WindowCenter")))
        width = float(_first(dataset.get("WindowWidth")))
    except (TypeError, ValueError):
        return None
    function = str(dataset.get("VOILUTFunction") or "LINEAR").strip().upper()
    is_sane = np.isfinite(center) and np.isfinite(width) and width >= 1.0
    return (center, width, function) if is_sane else None


def _first(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = value[0] if len(value) else None
    if value is None:
        raise TypeError
    return str(value)


def _windowed(
    values: NDArray[np.generic], center: float, width: float, function: str
) -> GrayImage:
    """Apply a window (PS3.3, C.11.2.1.2 and C.11.2.1.3)."""
    if function == "SIGMOID":
        exponent = -_SIGMOID_STEEPNESS * (values.astype(np.float32) - center) / width
        shown = 255.0 / (1.0 + np.exp(np.clip(exponent, -80.0, 80.0)))
        return np.asarray(np.rint(shown), np.uint8)
    if function == "LINEAR_EXACT":
        return _scaled(values, center - width / 2.0, center + width / 2.0)
    low = center - 0.5 - (width - 1.0) / 2.0
    return _scaled(values, low, max(low + width - 1.0, low + 1e-3))


def _scaled(values: NDArray[np.generic], black: float, white: float) -> NDArray[np.uint8]:
    """Map `black` to 0 and `white` to 255, rounded, saturated on both sides."""
    factor = 255.0 / (white - black)
    exact = (values.astype(np.float32) - np.float32(black)) * np.float32(factor)
    return np.asarray(np.rint(np.clip(exact, 0.0, 255.0)), np.uint8)
