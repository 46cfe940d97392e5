"""Find the camera's circle in a fundus photograph and cut the square which the models see.

The circle is looked for in a copy of at most 192 px: the frame's grey level is read from the
darkest corner, what is brighter is the field, and a circle is fitted to the part of its outline
which neither the picture's border nor a straight cut of the sensor made. The outline is then
measured anew along rays, at half the height of each edge, for an accuracy below one pixel.
"""

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.images import FieldCrop, FieldOfView, GrayImage, Mask, RgbImage
from retina_desktop.imaging.circle_fit import (
    Circle,
    Points,
    fit_circle,
    least_squares_circle,
    offset_of,
)
from retina_desktop.imaging.resampling import shrink

_REDUCED_SIDE_PX: Final = 192
# A photograph whose 99.5th percentile does not exceed this shows nothing but the frame.
_EMPTY_LEVEL: Final = 8
_EMPTY_RANGE: Final = 4
# Threshold over the frame's level, in shares of the field's brightness; the second is for
# frames brightened by flare.
_THRESHOLD_SHARES: Final = (0.06, 0.25)
_LEAST_THRESHOLD: Final = 3.0
_BRIGHTEST_FRAME_LEVEL: Final = 48  # black, with a generous pedestal and flare
_LEAST_FIELD_AREA: Final = 0.05  # of the picture
_FILLED_SHARE: Final = 0.985  # of the picture bright: there is no frame
# A bounding box's side is a straight cut when the field touches it over more than this share;
# a circle touches it, at the depth looked at, over 15 %.
_CUT_SHARE: Final = 0.30
_CUT_DEPTH_PX: Final = 1.5
_RAYS: Final = 180
_RAY_SAMPLES: Final = 10  # on either side of the outline, half a reduced pixel apart
_LEAST_RAYS: Final = 20  # 40 degrees of outline
_GOOD_SUPPORT: Final = 0.70
_BLACK_BAR_LEVEL: Final = 12  # noise of JPEG reaches 10
_LARGEST_BAR: Final = 0.25  # of the crop's side; more is a dark photograph


def find_field_of_view(image: RgbImage) -> FieldOfView | None:
    """Find the camera's circle.

    Parameters
    ----------
    image : RgbImage
        Shape ``(H, W, 3)``, uint8, sRGB, any size from 1 x 1.

    Returns
    -------
    FieldOfView | None
        The whole circle also where the picture or the sensor cut it, in pixels of ``image``.
        For a picture without a frame the circle through the picture's corners, which contains
        all of it. None only if nothing is in the picture (an even, almost black frame).
    """
    height, width = image.shape[:2]
    if height == 0 or width == 0:
        return None
    light, stride = _sample(image)
    dark, bright, brightest = (float(level) for level in _percentiles(light))
    if brightest <= _EMPTY_LEVEL or (brightest < 16 and brightest - dark <= _EMPTY_RANGE):
        return None
    circle = _find_circle(light, bright) if min(light.shape) >= 16 else None
    if circle is None:
        return _whole_picture(height, width)
    first = (stride - 1) // 2
    circle = (first + stride * circle[0], first + stride * circle[1], stride * circle[2])
    x, y, radius = _refine(image, circle, stride)
    return FieldOfView(x, y, radius, _share_inside(x, y, radius, height, width))


def crop_to_field(image: RgbImage, field: FieldOfView, *, size: int) -> FieldCrop:
    """Cut the square around a field and resize it, black outside circle and picture.

    The square's side is the longer side of the bounding box of the circle within the picture,
    rounded to whole pixels (by a quarter of a crop pixel at worst), and the square is centred
    on that box; a circle cut above and below thus keeps its width and gets black bars.

    Parameters
    ----------
    image : RgbImage
        Shape ``(H, W, 3)``, uint8; not changed.
    field : FieldOfView
        In pixels of ``image``.
    size : int
        Side of the crop in pixels, at least 1.

    Returns
    -------
    FieldCrop
        The crop with the transform back to pixels of ``image``. Averaged over areas when
        shrunk (no aliasing), bilinear when enlarged.

    Raises
    ------
    ValueError
        If ``size`` is below 1, or the circle does not meet the picture.
    """
    if size < 1:
        raise ValueError(f"size must be at least 1, got {size!r}")
    height, width = image.shape[:2]
    x0, x1 = _span(field.center_x, field.radius, width)
    y0, y1 = _span(field.center_y, field.radius, height)
    if x0 >= x1 or y0 >= y1:
        raise ValueError("the field of view lies outside of the picture")
    side = max(x1 - x0, y1 - y0)
    halvings = max(0, int(math.log2(side / size)))
    side = max(1, round(side / 2**halvings)) << halvings
    left = round((x0 + x1 - side) / 2 + 0.5)  # x0 and x1 are edges, left is a pixel's index
    top = round((y0 + y1 - side) / 2 + 0.5)
    square = _square(image, left, top, side)
    pixels = shrink(square, size)
    pitch = side / size
    disc = _disc(field, left, top, pitch, size)
    _clear_beyond_picture(disc, left, top, pitch, (height, width))
    _clear_bars(disc, pixels)
    masked = _as_bytes(cv2.bitwise_and(pixels, pixels, mask=disc))
    return FieldCrop(masked, disc.view(np.bool_), float(left), float(top), pitch)


def _sample(image: RgbImage) -> tuple[GrayImage, int]:
    """Return the brightest channel of every n-th pixel, at most 192 px a side, and n."""
    stride = max(1, math.ceil(max(image.shape[:2]) / _REDUCED_SIDE_PX))
    first = (stride - 1) // 2
    height, width = image.shape[:2]
    part = image[min(first, height - 1) :: stride, min(first, width - 1) :: stride]
    return np.maximum(np.maximum(part[..., 0], part[..., 1]), part[..., 2]), stride


def _percentiles(light: GrayImage) -> NDArray[np.int64]:
    """Return the grey levels below which 0.5, 90 and 99.5 percent of the pixels lie."""
    below = np.cumsum(np.bincount(light.ravel(), minlength=256))
    return np.searchsorted(below, np.array([0.005, 0.90, 0.995]) * light.size)


def _find_circle(light: GrayImage, bright: float) -> Circle | None:
    """Return the circle in pixels of the reduced picture, None if there is no frame."""
    light = _as_bytes(cv2.GaussianBlur(light, (3, 3), 0))
    frame, grain = _frame_level(light)
    if frame > _BRIGHTEST_FRAME_LEVEL:
        return None
    least, most = 0.25 * min(light.shape), 1.1 * math.hypot(*light.shape)
    best: Circle | None = None
    best_support = 0.0
    for share in _THRESHOLD_SHARES:
        threshold = frame + max(_LEAST_THRESHOLD, 3 * grain, share * (bright - frame))
        outline = _outline(light, threshold)
        if outline is None:
            continue
        fitted = fit_circle(outline, least_radius=least, most_radius=most)
        if fitted is not None and fitted[1] > best_support:
            best, best_support = fitted
        if best_support >= _GOOD_SUPPORT:
            break
    return best


def _frame_level(light: GrayImage) -> tuple[float, float]:
    """Return the grey level of the darkest corner and its spread (95th percentile - median)."""
    height, width = light.shape
    h, w = max(2, height // 24), max(2, width // 24)
    corners = (light[:h, :w], light[:h, -w:], light[-h:, :w], light[-h:, -w:])
    darkest = min(corners, key=_median)
    ranked = np.sort(darkest, axis=None)
    level = float(ranked[ranked.size // 2])
    return level, float(ranked[int(0.95 * ranked.size)]) - level


def _outline(light: GrayImage, threshold: float) -> Points | None:
    """Return the outline's points which the circle made, None if there is no frame."""
    _, mask = cv2.threshold(light, threshold, 255, cv2.THRESH_BINARY)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), dtype=np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    contour = max(contours, key=cv2.contourArea)
    hull = cv2.convexHull(contour)
    area = cv2.contourArea(hull)
    height, width = light.shape
    inner = (height - 1) * (width - 1)
    if area < _LEAST_FIELD_AREA * inner or area > _FILLED_SHARE * inner:
        return None
    return _round_part(contour, hull, light.shape)


def _round_part(
    contour: NDArray[np.generic], hull: NDArray[np.generic], shape: tuple[int, ...]
) -> Points | None:
    """Return contour points near the convex hull and off every straight cut."""
    height, width = shape[:2]
    points = np.asarray(contour, dtype=np.float64).reshape(-1, 2)
    filled = np.zeros((height, width), dtype=np.uint8)
    cv2.fillConvexPoly(filled, np.asarray(hull, dtype=np.int32), 255)
    x0, y0, w, h = cv2.boundingRect(np.asarray(hull, dtype=np.int32))
    x1, y1 = x0 + w - 1, y0 + h - 1
    keep = np.ones(len(points), dtype=np.bool_)
    x, y = points[:, 0], points[:, 1]
    depth = round(_CUT_DEPTH_PX)
    if y0 <= 1 or _touch(filled[y0 + depth]) > _CUT_SHARE * w:
        keep &= y > y0 + 2.5
    if y1 >= height - 2 or _touch(filled[y1 - depth]) > _CUT_SHARE * w:
        keep &= y < y1 - 2.5
    if x0 <= 1 or _touch(filled[:, x0 + depth]) > _CUT_SHARE * h:
        keep &= x > x0 + 2.5
    if x1 >= width - 2 or _touch(filled[:, x1 - depth]) > _CUT_SHARE * h:
        keep &= x < x1 - 2.5
    kept = points[keep]
    inset = cv2.erode(filled, np.ones((7, 7), dtype=np.uint8), borderValue=0)
    columns, rows = kept[:, 0].astype(np.intp), kept[:, 1].astype(np.intp)
    kept = kept[inset[rows, columns] == 0]  # a dent by lashes or shadow is no outline
    return kept if len(kept) >= 12 else None


def _touch(line: NDArray[np.uint8]) -> int:
    return int(np.count_nonzero(line))


def _refine(image: RgbImage, circle: Circle, stride: int) -> Circle:
    """Measure the outline in the full picture, along rays at half the height of each edge."""
    height, width = image.shape[:2]
    x, y, radius = circle
    angle = np.arange(_RAYS) * (math.tau / _RAYS)
    ray_x, ray_y = np.cos(angle), np.sin(angle)
    step = 0.5 * stride
    reach = radius + step * np.arange(-_RAY_SAMPLES, _RAY_SAMPLES + 1)
    far_x, far_y = x + ray_x * reach[-1], y + ray_y * reach[-1]
    seen = (far_x >= 0) & (far_x <= width - 1) & (far_y >= 0) & (far_y <= height - 1)
    ray_x, ray_y = ray_x[seen], ray_y[seen]
    if len(ray_x) < _LEAST_RAYS:
        return circle
    map_x = (x + ray_x[:, None] * reach).astype(np.float32)
    map_y = (y + ray_y[:, None] * reach).astype(np.float32)
    profile = cv2.remap(image, map_x, map_y, cv2.INTER_LINEAR).max(axis=2).astype(np.float32)
    edge, clear = _edges(profile)
    distance = reach[0] + step * edge[clear]
    points = np.stack([x + ray_x[clear] * distance, y + ray_y[clear] * distance], axis=1)
    return _refit(points, circle)


def _edges(profile: NDArray[np.float32]) -> tuple[NDArray[np.float64], Mask]:
    """Return where each row falls to half its height last (in samples), and where it does."""
    count = profile.shape[1]
    inner, outer = profile[:, :5].mean(axis=1), profile[:, -5:].mean(axis=1)
    half = (inner + outer) / 2
    above = profile >= half[:, None]
    last = count - 1 - np.argmax(above[:, ::-1], axis=1)
    after = np.minimum(last + 1, count - 1)
    rows = np.arange(len(profile))
    drop = np.maximum(profile[rows, last] - profile[rows, after], 1e-3)
    part = np.clip((profile[rows, last] - half) / drop, 0, 1)
    clear = (inner - outer > _LEAST_THRESHOLD) & (last < count - 1) & (last > 0)
    return last + part.astype(np.float64), clear


def _refit(points: Points, circle: Circle) -> Circle:
    """Fit to edges, dropping the outlying ones; in doubt the old circle stands."""
    for tolerance in (0.02, 0.008):
        if len(points) < _LEAST_RAYS:
            return circle
        offset = offset_of(points, circle)
        near = np.abs(offset - _median(offset)) < max(tolerance * circle[2], 0.75)
        points = points[near]
        if len(points) < _LEAST_RAYS:
            return circle
        fitted = least_squares_circle(points)
        if abs(fitted[2] / circle[2] - 1) > 0.04:
            return circle
        circle = fitted
    return circle


def _median(values: NDArray[np.generic]) -> float:
    """Return the middle value, or the mean of the two in the middle.

    As ``np.median``, which on its first call imports ``numpy.ma``, and the window waits for the
    interpreter.
    """
    ranked = np.sort(values, axis=None)
    return (float(ranked[(ranked.size - 1) // 2]) + float(ranked[ranked.size // 2])) / 2


def _whole_picture(height: int, width: int) -> FieldOfView:
    radius = math.hypot(height, width) / 2
    share = height * width / (math.pi * radius**2)
    return FieldOfView((width - 1) / 2, (height - 1) / 2, radius, share)


def _share_inside(x: float, y: float, radius: float, height: int, width: int) -> float:
    """Return the share of the circle's area within the picture, by summing 512 chords."""
    offset = (np.arange(512) + 0.5) / 256 - 1
    row = y + radius * offset
    half = radius * np.sqrt(1 - offset**2)
    chord = np.minimum(x + half, width - 0.5) - np.maximum(x - half, -0.5)
    chord = np.where((row >= -0.5) & (row <= height - 0.5), np.maximum(chord, 0), 0)
    return float(min(1.0, chord.sum() / (2 * half.sum())))


def _span(center: float, radius: float, length: int) -> tuple[float, float]:
    """Return the circle's extent on one axis within the picture, as pixel edges."""
    return max(center - radius, -0.5), min(center + radius, length - 0.5)


def _square(image: RgbImage, left: int, top: int, side: int) -> RgbImage:
    """Return the square, filled with black where it reaches out; else a view of the picture."""
    height, width = image.shape[:2]
    x0, x1 = max(left, 0), min(left + side, width)
    y0, y1 = max(top, 0), min(top + side, height)
    part = image[y0:y1, x0:x1]
    if part.shape[:2] == (side, side):
        return part
    margins = (y0 - top, top + side - y1, x0 - left, left + side - x1)
    return _as_bytes(cv2.copyMakeBorder(part, *margins, cv2.BORDER_CONSTANT, value=(0, 0, 0)))


def _disc(field: FieldOfView, left: int, top: int, pitch: float, size: int) -> GrayImage:
    """Return 1 inside the circle, 0 outside, in crop pixels."""
    axis = (np.arange(size, dtype=np.float32) + 0.5) * np.float32(pitch) - 0.5
    dx = np.square(axis + np.float32(left - field.center_x))
    dy = np.square(axis + np.float32(top - field.center_y))
    inside = dy[:, None] + dx[None, :] <= np.float32(field.radius**2)
    return np.asarray(inside.view(np.uint8), dtype=np.uint8)


def _clear_beyond_picture(
    disc: GrayImage, left: int, top: int, pitch: float, shape: tuple[int, int]
) -> None:
    """Clear rows and columns whose centres lie beyond the picture's border, in place."""
    size = disc.shape[0]
    height, width = shape
    for start, length, axis in ((left, width, 1), (top, height, 0)):
        position = start + (np.arange(size) + 0.5) * pitch - 0.5
        beyond = (position < -0.5) | (position > length - 0.5)
        if axis:
            disc[:, beyond] = 0
        else:
            disc[beyond] = 0


def _clear_bars(disc: GrayImage, pixels: RgbImage) -> None:
    """Clear black bars above, below or beside a cut circle, in place.

    Some files hold them; to a model they are what lies beyond the picture's border.
    """
    size = disc.shape[0]
    most = int(_LARGEST_BAR * size)
    light = pixels.reshape(size, -1)
    rows, columns = light.max(axis=1), light.max(axis=0).reshape(size, 3).max(axis=1)
    for brightest, view in ((rows, disc), (columns, disc.T)):
        lit = np.flatnonzero(brightest > _BLACK_BAR_LEVEL)
        if len(lit) and 0 < lit[0] <= most:
            view[: lit[0]] = 0
        if len(lit) and 0 < size - 1 - lit[-1] <= most:
            view[lit[-1] + 1 :] = 0


def _as_bytes(array: NDArray[np.generic]) -> NDArray[np.uint8]:
    return np.asarray(array, dtype=np.uint8)
