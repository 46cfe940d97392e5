"""From a model's small heatmap to colours over the photograph it explains.

A convolutional network answers with a map of 7x7 to 12x12 cells over the square crop it saw.
Here that map is laid over the photograph, cell centre on the place it stands for, as a smooth
surface that runs through every cell's value: between two cells it never leaves their range, so
the fixed scale of `retina_desktop.domain.heatmaps` (0.5 = at the threshold) holds everywhere.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.heatmaps import Heatmap
from retina_desktop.domain.images import FieldOfView, GrayImage, RgbImage
from retina_desktop.imaging.colormaps import Colormap, alpha_table, colormap_table

THRESHOLD_HEAT = 0.5  # where a finding is at its operating point; see domain.heatmaps

_SAMPLES_PER_CELL = 16  # of the smooth surface, linear between them
_FIELD_EDGE = 2.0  # pixels the soft edge is drawn inside the circle, to end at the circle
_SUBPIXEL_BITS = 4  # of the circle's centre and radius
_LONGEST_SHIFT = 1.0  # pixels a contour point moves from its pixel to the exact heat


@dataclass(frozen=True, slots=True)
class _Placement:
    """A small map's square on a photograph, and the pixels whose centres lie in it."""

    left: float
    top: float
    side: float
    x0: int
    y0: int
    x1: int  # exclusive
    y1: int

    @property
    def is_empty(self) -> bool:
        return self.x1 <= self.x0 or self.y1 <= self.y0


def enlarge_activation(
    heat: Heatmap,
    *,
    left: float,
    top: float,
    side: float,
    width: int,
    height: int,
    field: FieldOfView | None = None,
) -> Heatmap:
    """Lay a small map over the photograph at the photograph's own size.

    Parameters
    ----------
    heat : Heatmap
        Shape ``(h, w)``, float32 in [0, 1].
    left, top, side : float
        The square the map covers, in pixels of the photograph, as in
        `retina_desktop.domain.images.FieldCrop` (side = size * pitch): cell ``(row, column)``
        has its centre at ``(left + (column + 0.5) * side / w - 0.5, top + ...)``. The square
        may reach out of the photograph.
    width, height : int
        Of the photograph.
    field : FieldOfView or None
        The camera's circle in pixels of the photograph; None shows the whole square.

    Returns
    -------
    Heatmap
        Shape ``(height, width)``, float32 in [0, heat.max()]; 0 outside the square and
        outside the field, whose last four pixels it fades over.

    Raises
    ------
    ValueError
        If the map is not two-dimensional with values in [0, 1], or a size is not positive.
    """
    placement = _placed(left, top, side, width=width, height=height)
    samples = _sampled(_checked(heat), placement)
    return _full_size(samples, placement, width=width, height=height, field=field)


def enlarge_activation_u8(
    heat: Heatmap,
    *,
    left: float,
    top: float,
    side: float,
    width: int,
    height: int,
    field: FieldOfView | None = None,
) -> GrayImage:
    """Do as `enlarge_activation`, several times as fast, to bytes of ``heat * 255``.

    Differs from the rounded float form by at most 2 of 255.
    """
    placement = _placed(left, top, side, width=width, height=height)
    samples = _sampled(_checked(heat), placement)
    levels = np.rint(samples * np.float32(255.0)).astype(np.uint8)
    return _full_size(levels, placement, width=width, height=height, field=field)


def blend_heatmap(
    image: RgbImage,
    heat: Heatmap | GrayImage,
    *,
    opacity: float,
    colormap: Colormap | str = Colormap.VIRIDIS,
) -> RgbImage:
    """Return the photograph with the heatmap's colours over it.

    How much colour covers a pixel follows its heat (`colormaps.alpha_table`) times `opacity`,
    so anatomy stays visible and cold pixels keep their exact values.

    Parameters
    ----------
    image : RgbImage
        Shape ``(H, W, 3)``.
    heat : Heatmap or GrayImage
        Shape ``(H, W)``: float32 in [0, 1], or uint8 of heat * 255 (quicker).
    opacity : float
        In [0, 1].
    colormap : Colormap or str
        The palette.

    Raises
    ------
    ValueError
        If the shapes do not match, `opacity` is out of range or there is no such palette.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"expected a uint8 (H, W, 3) image, got {image.dtype} {image.shape}")
    if heat.shape != image.shape[:2]:
        raise ValueError(f"heatmap of {heat.shape} does not lie on an image of {image.shape}")
    if not 0.0 <= opacity <= 1.0:
        raise ValueError(f"opacity must be in [0, 1], got {opacity!r}")
    colour, keep = _blend_tables(colormap, opacity)
    blended = image.copy()
    levels = to_gray(heat)
    x, y, width, height = cv2.boundingRect(levels)  # of what is not 0
    if width and height:
        part = np.s_[y : y + height, x : x + width]
        # Into arrays that are there already: fresh pages cost as much as the arithmetic.
        kept = cv2.applyColorMap(levels[part], keep)
        cv2.multiply(image[part], kept, kept, 1 / 255)
        cv2.add(kept, cv2.applyColorMap(levels[part], colour), dst=blended[part])
    return blended


def to_gray(heat: Heatmap | GrayImage) -> GrayImage:
    """Return a heatmap as bytes of ``heat * 255``, rounded; bytes come back as they are."""
    if heat.dtype == np.uint8:
        return np.ascontiguousarray(heat, np.uint8)
    return np.asarray(cv2.convertScaleAbs(heat, alpha=255.0), np.uint8)


def threshold_contours(
    heat: Heatmap | GrayImage, *, level: float = THRESHOLD_HEAT
) -> list[NDArray[np.float32]]:
    """Return the closed lines on which the heat is `level`, to a fraction of a pixel.

    Parameters
    ----------
    heat : Heatmap or GrayImage
        Shape ``(H, W)``: float32 in [0, 1], or uint8 of heat * 255.
    level : float
        In (0, 1); by default the threshold of the finding.

    Returns
    -------
    list[NDArray[np.float32]]
        One array of ``(N, 2)`` points ``(x, y)`` a line, in pixel centres, first point not
        repeated; outer lines and holes alike. Empty where no place is that hot.

    Raises
    ------
    ValueError
        If `heat` is not two-dimensional or `level` out of range.
    """
    if heat.ndim != 2:
        raise ValueError(f"expected a two-dimensional heatmap, got shape {heat.shape}")
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must be in (0, 1), got {level!r}")
    height = level * 255.0 if heat.dtype == np.uint8 else level
    hot = (heat >= height).view(np.uint8)
    lines, _ = cv2.findContours(hot, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    return [
        _refined(np.asarray(line[:, 0], np.int64), heat, height)
        for line in lines
        if len(line) >= 3
    ]


def _checked(heat: Heatmap) -> NDArray[np.float64]:
    if heat.ndim != 2 or not heat.size:
        raise ValueError(f"expected a two-dimensional heatmap, got shape {heat.shape}")
    values = heat.astype(np.float64)
    if not (values.min() >= 0.0 and values.max() <= 1.0):  # also catches NaN
        raise ValueError("a heatmap's values must be in [0, 1]")
    return values


def _placed(left: float, top: float, side: float, *, width: int, height: int) -> _Placement:
    if width < 1 or height < 1:
        raise ValueError(f"width and height must be positive, got {width} x {height}")
    if not (np.isfinite([left, top, side]).all() and side > 0.0):
        raise ValueError(f"no square: left {left!r}, top {top!r}, side {side!r}")
    # The square's pixels reach from left - 0.5 to left + side - 0.5.
    x0, x1 = np.clip(np.ceil([left - 0.5, left + side - 0.5]), 0, width).astype(int).tolist()
    y0, y1 = np.clip(np.ceil([top - 0.5, top + side - 0.5]), 0, height).astype(int).tolist()
    return _Placement(left, top, side, x0, y0, x1, y1)


def _sampled(heat: NDArray[np.float64], placement: _Placement) -> Heatmap:
    """Return the smooth surface on a grid spread evenly over the placement's pixels."""
    if placement.is_empty:
        return np.zeros((1, 1), np.float32)
    rows = _cells_at(placement.y0, placement.y1, placement.top, placement.side, heat.shape[0])
    columns = _cells_at(
        placement.x0, placement.x1, placement.left, placement.side, heat.shape[1]
    )
    surface = _interpolated(_interpolated(heat, rows).T, columns).T
    return np.ascontiguousarray(np.clip(surface, 0.0, heat.max()), np.float32)


def _cells_at(
    first: int, end: int, start: float, side: float, cells: int
) -> NDArray[np.float64]:
    """Return where, in cells from the first one's centre, the samples of a span lie."""
    pixels_per_cell = side / cells
    wanted = int(np.ceil((end - first) / pixels_per_cell * _SAMPLES_PER_CELL))
    count = min(max(wanted, 2), end - first)
    pixels = first - 0.5 + (np.arange(count) + 0.5) * ((end - first) / count)
    return np.asarray((pixels + 0.5 - start) / pixels_per_cell - 0.5, np.float64)


def _interpolated(values: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Interpolate the rows of `values` at fractional row numbers, without overshoot.

    Monotone piecewise cubic Hermite interpolation (Fritsch and Carlson, SIAM J. Numerical
    Analysis 17(2), 1980) with the harmonic mean of neighbouring slopes (Fritsch and Butland,
    1984); constant beyond the outermost rows' centres, where nothing is known.
    """
    last = len(values) - 1
    if last == 0:
        return np.repeat(values, len(at), axis=0)
    steps = np.diff(values, axis=0)
    before, after = steps[:-1], steps[1:]
    slopes = np.zeros_like(values)
    same_way = before * after > 0.0
    slopes[1:-1][same_way] = (2.0 * before * after)[same_way] / (before + after)[same_way]
    position = np.clip(at, 0.0, last)
    cell = np.minimum(position.astype(int), last - 1)
    t = (position - cell)[:, None]
    rise = t * t * (3.0 - 2.0 * t)
    return np.asarray(
        values[cell]
        + rise * steps[cell]
        + t * (1.0 - t) ** 2 * slopes[cell]
        - t * t * (1.0 - t) * slopes[cell + 1],
        np.float64,
    )


def _full_size(
    samples: NDArray[Any],
    placement: _Placement,
    *,
    width: int,
    height: int,
    field: FieldOfView | None,
) -> NDArray[Any]:
    """Bring samples to the placement's pixels and zero what lies outside the field."""
    enlarged = np.zeros((height, width), samples.dtype)
    if placement.is_empty:
        return enlarged
    size = (placement.x1 - placement.x0, placement.y1 - placement.y0)
    part = enlarged[placement.y0 : placement.y1, placement.x0 : placement.x1]
    cv2.resize(samples, size, dst=part, interpolation=cv2.INTER_LINEAR)
    if field is not None:
        depth = cv2.CV_8U if samples.dtype == np.uint8 else cv2.CV_32F
        cv2.multiply(part, _soft_circle(field, placement), part, 1 / 255, depth)
    return enlarged


def _soft_circle(field: FieldOfView, placement: _Placement) -> GrayImage:
    """Return 255 inside the field, 0 outside, for the placement's pixels."""
    circle = np.zeros(
        (placement.y1 - placement.y0, placement.x1 - placement.x0), dtype=np.uint8
    )
    unit = 1 << _SUBPIXEL_BITS
    center = (
        round((field.center_x - placement.x0) * unit),
        round((field.center_y - placement.y0) * unit),
    )
    radius = int((field.radius - _FIELD_EDGE) * unit)
    if radius > 2 * unit:  # smaller ones are drawn too large, and are no fields of view
        cv2.circle(circle, center, radius, 255, cv2.FILLED, cv2.LINE_AA, _SUBPIXEL_BITS)
    _clear_bars(circle, field, placement)
    return circle


def _clear_bars(circle: GrayImage, field: FieldOfView, placement: _Placement) -> None:
    """Clear the rows and columns beyond the limits of the field, in place."""
    for view, first, last, offset in (
        (circle, field.top, field.bottom, placement.y0),
        (circle.T, field.left, field.right, placement.x0),
    ):
        length = view.shape[0]
        view[: round(min(max(first - offset + _FIELD_EDGE, 0), length))] = 0
        view[round(min(max(last - offset - _FIELD_EDGE + 1, 0), length)) :] = 0


def _blend_tables(
    colormap: Colormap | str, opacity: float
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return by heat the colour to add and the share of the photograph to keep, of 255."""
    alpha = alpha_table()[:, None] * opacity
    colour = np.rint(colormap_table(colormap) * alpha)
    keep = np.rint(255.0 * (1.0 - alpha)).repeat(3, axis=1)
    return (
        colour.astype(np.uint8).reshape(256, 1, 3),
        keep.astype(np.uint8).reshape(256, 1, 3),
    )


def _refined(
    points: NDArray[np.int64], heat: Heatmap | GrayImage, level: float
) -> NDArray[np.float32]:
    """Move border pixels along the heat's gradient to where the heat is `level`."""
    x, y = points[:, 0], points[:, 1]
    right = np.minimum(x + 1, heat.shape[1] - 1)
    below = np.minimum(y + 1, heat.shape[0] - 1)
    left, above = np.maximum(x - 1, 0), np.maximum(y - 1, 0)
    slope_x = (heat[y, right].astype(np.float64) - heat[y, left]) / (right - left)
    slope_y = (heat[below, x].astype(np.float64) - heat[above, x]) / (below - above)
    steepness = np.maximum(slope_x**2 + slope_y**2, 1e-12)
    missing = (level - heat[y, x]) / steepness
    shift = np.stack([missing * slope_x, missing * slope_y], axis=1)
    length = np.linalg.norm(shift, axis=1, keepdims=True)
    shift *= np.minimum(1.0, _LONGEST_SHIFT / np.maximum(length, 1e-12))
    return np.asarray(points + shift, np.float32)
