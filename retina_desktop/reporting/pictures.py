"""Photographs and maps brought to print resolution, as JPEG."""

from collections.abc import Collection
from dataclasses import dataclass

import cv2
import numpy as np

from retina_desktop.domain.analyses import ActivationMaps
from retina_desktop.domain.heatmaps import scale_activation
from retina_desktop.domain.images import FieldOfView, RgbImage
from retina_desktop.domain.labels import DISEASE_RISK
from retina_desktop.domain.reading_order import reading_order, strength_of
from retina_desktop.domain.report_content import ReportedPhotograph
from retina_desktop.imaging.encode import encode_jpeg
from retina_desktop.imaging.overlay import blend_heatmap, enlarge_activation_u8

DOTS_PER_INCH = 200
_POINTS_PER_INCH = 72
_JPEG_QUALITY = 88
_OVERLAY_OPACITY = 0.75
_MARGIN = 1.02  # of the field's radius, so that its edge is seen


@dataclass(frozen=True, slots=True)
class PrintedPhotograph:
    """JPEG of the photograph, and of the same cut with its overlay where there is one."""

    photograph: bytes
    overlay: bytes
    overlay_label: str  # empty where there is no overlay


@dataclass(frozen=True, slots=True)
class _Cut:
    """A square of the original, in its pixels; pixel centres are at whole numbers."""

    left: float
    top: float
    side: float


def print_photograph(
    photo: ReportedPhotograph, *, side_pt: float, rejected: Collection[str] = ()
) -> PrintedPhotograph | None:
    """Return the square around the field of view, for a print `side_pt` points wide.

    Never more than 200 dots an inch, nor more than the photograph has. None without pixels.
    ``rejected`` are the labels that the reader says are absent.
    """
    if photo.photograph is None:
        return None
    height, width = photo.photograph.shape[:2]
    original_width = photo.analysis.width if photo.analysis else width
    scale = width / original_width
    cut = _cut_of(photo, original_width, height / scale)
    pixels = round(min(side_pt / _POINTS_PER_INCH * DOTS_PER_INCH, cut.side * scale))
    square = _cut_out(photo.photograph, cut, scale, max(pixels, 1))
    label = choose_overlay(photo, rejected=rejected)
    overlay = b""
    if label and photo.maps is not None:
        overlay = encode_jpeg(
            _overlaid(square, cut, photo, photo.maps, label), quality=_JPEG_QUALITY
        )
    plain = encode_jpeg(square, quality=_JPEG_QUALITY)
    return PrintedPhotograph(plain, overlay, label if overlay else "")


def choose_overlay(photo: ReportedPhotograph, *, rejected: Collection[str] = ()) -> str:
    """Return the label whose map is shown: the one asked for, or the first in `reading_order`.

    Empty where nothing was found, or the reader
    rejected it: a map of what is absent would only mislead.
    """
    if photo.maps is None or photo.analysis is None:
        return ""
    codes = set(photo.maps.codes)
    if photo.overlay_label:
        return photo.overlay_label if photo.overlay_label in codes else ""
    shown = codes - set(rejected)
    present = [finding for finding in photo.analysis.positives if finding.label in shown]
    named = [finding for finding in present if finding.label != DISEASE_RISK]
    if rejected and not named:
        return ""  # "any abnormality" rests on what was rejected
    first = min(named or present, key=reading_order, default=None)
    return first.label if first else ""


def _cut_of(photo: ReportedPhotograph, width: float, height: float) -> _Cut:
    field = photo.analysis.field_of_view if photo.analysis else None
    if field is None:
        side = max(width, height)
        return _Cut((width - side) / 2 - 0.5, (height - side) / 2 - 0.5, side)
    radius = field.radius * _MARGIN
    return _Cut(field.center_x - radius, field.center_y - radius, 2 * radius)


def _cut_out(image: RgbImage, cut: _Cut, scale: float, pixels: int) -> RgbImage:
    """Return the square `cut` of the original, resampled from `image` (scale to the original).

    Shrinking averages (no aliasing); what lies outside the picture is black, as the camera's
    frame is.
    """
    left, top = round((cut.left + 0.5) * scale), round((cut.top + 0.5) * scale)
    side = max(round(cut.side * scale), 1)
    height, width = image.shape[:2]
    x0, x1 = max(left, 0), min(left + side, width)
    y0, y1 = max(top, 0), min(top + side, height)
    square = np.zeros((side, side, 3), np.uint8)
    if x1 > x0 and y1 > y0:
        square[y0 - top : y1 - top, x0 - left : x1 - left] = image[y0:y1, x0:x1]
    resized = cv2.resize(square, (pixels, pixels), interpolation=cv2.INTER_AREA)
    return np.asarray(resized, np.uint8)


def _overlaid(
    square: RgbImage, cut: _Cut, photo: ReportedPhotograph, maps: ActivationMaps, label: str
) -> RgbImage:
    finding = photo.analysis.finding(label) if photo.analysis else None
    strength = strength_of(finding) if finding else 0.0
    pixels = square.shape[0]
    per_pixel = cut.side / pixels
    field = maps.field_of_view
    heat = enlarge_activation_u8(
        scale_activation(maps.of(label), strength=strength),
        left=(maps.left - 0.5 - cut.left) / per_pixel,
        top=(maps.top - 0.5 - cut.top) / per_pixel,
        side=maps.side / per_pixel,
        width=pixels,
        height=pixels,
        field=_in_cut(field, cut, per_pixel) if field else None,
    )
    return blend_heatmap(square, heat, opacity=_OVERLAY_OPACITY)


def _in_cut(field: FieldOfView, cut: _Cut, per_pixel: float) -> FieldOfView:
    def across(position: float) -> float:
        return (position - cut.left) / per_pixel - 0.5

    def down(position: float) -> float:
        return (position - cut.top) / per_pixel - 0.5

    return FieldOfView(
        across(field.center_x),
        down(field.center_y),
        field.radius / per_pixel,
        field.completeness,
        left=across(field.left),
        top=down(field.top),
        right=across(field.right),
        bottom=down(field.bottom),
    )
