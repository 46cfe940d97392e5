"""Forty-odd numbers which say what a photograph looks like, whatever its camera and size.

They are taken inside the field of view, from a copy of 224 px for detail and one of 56 px for
colour and light, and are what ``quality_model`` judges. The order of `FEATURE_NAMES` is part of
the fitted model: append, refit, never reorder alone.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.images import FieldCrop
from retina_desktop.imaging.resampling import shrink

Features = NDArray[np.float64]  # (len(FEATURE_NAMES),)

DETAIL_SIDE_PX: Final = 224
COLOUR_SIDE_PX: Final = 56
_DETAIL_SIGMAS_PX: Final = (0.8, 1.6, 3.2, 6.4, 12.8)
_MARGIN_PX: Final = 7  # at 224 px: the circle's edge and its halo are no detail of the retina
_LIGHT_OFFSET: Final = 12.0  # grey levels, keeps ratios calm in the dark
_LEAST_PIXELS: Final = 60
_GRID: Final = 7

FEATURE_NAMES: Final = (
    "red_mean", "green_mean", "blue_mean",
    "red_spread", "green_spread", "blue_spread",
    "light_5", "light_50", "light_95",
    "red_green", "green_blue", "red_green_spread", "green_blue_spread",
    "red_green_correlation", "green_blue_correlation",
    "share_red_first", "share_saturated", "share_all_saturated", "share_dark",
    "fall_to_edge", "tilt", "patch_low", "patch_high", "patch_spread",
    "detail_0", "detail_1", "detail_2", "detail_3",
    "skew_0", "skew_1", "skew_2", "skew_3",
    "peak_0", "peak_1", "peak_2", "peak_3",
    "finest_to_fine", "fine_to_middle", "middle_to_coarse",
    "red_detail", "red_green_detail",
    "line_dark", "line_bright", "line_dark_wide", "line_bright_wide",
    "axis_dominance", "coherence", "edge_mean", "edge_99",
    "detail_even", "inside_share",
)  # fmt: skip


def measure_quality(crop: FieldCrop) -> Features | None:
    """Measure a photograph.

    Parameters
    ----------
    crop : FieldCrop
        Of any size; measured at 224 px.

    Returns
    -------
    Features | None
        Shape ``(len(FEATURE_NAMES),)``, all finite; None if next to nothing is inside.
    """
    pixels = shrink(crop.pixels, DETAIL_SIDE_PX)
    inside = shrink(crop.inside.view(np.uint8), DETAIL_SIDE_PX)
    small = shrink(pixels, COLOUR_SIDE_PX)
    inner = _inner(inside)
    small_inner = inner[2::4, 2::4] > 0
    if np.count_nonzero(small_inner) < _LEAST_PIXELS:
        return None
    colours = small[small_inner].astype(np.float32)
    values = [
        *_colour(colours),
        *_light(small, small_inner),
        *_detail(pixels, inner),
        float(small_inner.mean()),
    ]
    return np.nan_to_num(np.array(values, dtype=np.float64), posinf=0.0, neginf=0.0)


def _inner(inside: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return 1 well inside the field, 0 near its edge, the picture's border and outside."""
    side = 2 * _MARGIN_PX + 1
    kernel = np.ones((side, side), dtype=np.uint8)
    return np.asarray(cv2.erode(inside, kernel, borderValue=0), dtype=np.uint8)


def _colour(colours: NDArray[np.float32]) -> list[float]:
    """Return levels, ratios and shares of the field's colours, (N, 3) float32."""
    mean = colours.mean(axis=0) / 255
    spread = colours.std(axis=0) / 255
    light = np.sort(colours.mean(axis=1)) / 255
    logs = np.log(colours + _LIGHT_OFFSET)
    first, second = logs[:, 0] - logs[:, 1], logs[:, 1] - logs[:, 2]
    red, green, blue = colours.T
    count = len(colours)
    top, bottom = colours.max(axis=1), colours.min(axis=1)
    return [
        *mean.tolist(),
        *spread.tolist(),
        *(float(light[int(share * (count - 1))]) for share in (0.05, 0.5, 0.95)),
        float(first.mean()),
        float(second.mean()),
        float(first.std()),
        float(second.std()),
        _correlation(red, green),
        _correlation(green, blue),
        float(((red >= green) & (green >= blue)).mean()),
        float((top >= 250).mean()),
        float((bottom >= 235).mean()),
        float((top < 30).mean()),
    ]


def _correlation(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    a, b = first - first.mean(), second - second.mean()
    return float((a @ b) / (np.sqrt((a @ a) * (b @ b)) + len(a)))


def _light(small: NDArray[np.uint8], inner: NDArray[np.bool_]) -> list[float]:
    """Return how the light falls over the field, relative to its mean."""
    level = small.max(axis=2).astype(np.float32) * inner
    weight = inner.astype(np.float32)
    cells = (_GRID, _GRID)
    share = cv2.resize(weight, cells, interpolation=cv2.INTER_AREA)
    patch = cv2.resize(level, cells, interpolation=cv2.INTER_AREA)
    full = share > 0.35
    if np.count_nonzero(full) < 4:
        return [0.0, 0.0, 1.0, 1.0, 0.0]
    patches = patch[full] / share[full]
    mean = float(patches.mean()) + _LIGHT_OFFSET / 4
    row, column = np.nonzero(full)
    middle = (_GRID - 1) / 2
    y, x = (row - middle) / middle, (column - middle) / middle
    relative = patches / mean - 1
    radial = np.square(x) + np.square(y)
    radial -= radial.mean()
    fall = float((relative @ radial) / (radial @ radial + 1e-6))
    tilt = float(np.hypot(relative @ x / (x @ x + 1e-6), relative @ y / (y @ y + 1e-6)))
    return [
        fall,
        tilt,
        float(patches.min()) / mean,
        float(patches.max()) / mean,
        float(relative.std()),
    ]


def _detail(pixels: NDArray[np.uint8], inner: NDArray[np.uint8]) -> list[float]:
    """Return contrast by scale, its skewness, and lines, edges and directions."""
    green = pixels[..., 1].astype(np.float32)
    blurred = [_blurred(green, sigma) for sigma in _DETAIL_SIGMAS_PX[:3]]
    quarter = _resized(blurred[2], COLOUR_SIDE_PX, cv2.INTER_AREA)
    coarse = [_blurred(quarter, sigma / 4) for sigma in _DETAIL_SIGMAS_PX[3:]]
    chosen, few = inner[::2, ::2] > 0, inner[2::4, 2::4] > 0
    base = coarse[1] + _LIGHT_OFFSET
    wide_base = _resized(base, DETAIL_SIDE_PX // 2, cv2.INTER_LINEAR)[chosen]
    # Statistics over every second row and column are as good, and four times as quick.
    sharp, fine, middle, soft = (plane[::2, ::2][chosen] for plane in (green, *blurred))
    bands = [
        (fine - middle) / wide_base,
        (middle - soft) / wide_base,
        ((quarter - coarse[0]) / base)[few],
        ((coarse[0] - coarse[1]) / base)[few],
    ]
    finest = (sharp - fine) / wide_base
    strength = [float(np.sqrt(np.square(band).mean())) + 1e-4 for band in bands]
    finest_strength = float(np.sqrt(np.square(finest).mean())) + 1e-4
    moments = [_moments(band, rms) for band, rms in zip(bands, strength, strict=True)]
    return [
        *(float(np.log(rms)) for rms in strength),
        *(skew for skew, _ in moments),
        *(peak for _, peak in moments),
        float(np.log(finest_strength / strength[0])),
        float(np.log(strength[0] / strength[1])),
        float(np.log(strength[1] / strength[3])),
        *_red_detail(pixels, few),
        *_lines(blurred[0], wide_base, chosen),
        *_edges(blurred[0], wide_base, chosen),
        _evenness(blurred[0] - blurred[2], base, inner),
    ]


def _blurred(plane: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma), dtype=np.float32)


def _resized(plane: NDArray[np.float32], side: int, method: int) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(plane, (side, side), interpolation=method), dtype=np.float32)


def _moments(band: NDArray[np.float32], rms: float) -> tuple[float, float]:
    """Return the skewness, and how far the tails reach, both bounded by a logarithm."""
    scaled = np.clip(band / rms, -8, 8)
    square = scaled * scaled
    skew = float((square * scaled).mean())
    tails = float((square * square).mean())
    return float(np.sign(skew) * np.log1p(abs(skew))), float(np.log1p(tails))


def _red_detail(pixels: NDArray[np.uint8], few: NDArray[np.bool_]) -> list[float]:
    """Return the middle-scale contrast of red, and of red against green."""
    side = COLOUR_SIDE_PX
    small = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA)
    logs = np.log(small[..., :2].astype(np.float32) + _LIGHT_OFFSET)
    detail = logs - cv2.GaussianBlur(logs, (0, 0), 3.2)
    red, green = detail[..., 0][few], detail[..., 1][few]
    return [
        float(np.log(np.sqrt(np.square(red).mean()) + 1e-4)),
        float(np.log(np.sqrt(np.square(red - green).mean()) + 1e-4)),
    ]


def _lines(
    light: NDArray[np.float32], base: NDArray[np.float32], chosen: NDArray[np.bool_]
) -> list[float]:
    """Return the mean dark and bright thin structure, of about 4 and 9 px, relative to base."""
    values = []
    for side in (5, 11):
        kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (side, side))
        for operation in (cv2.MORPH_BLACKHAT, cv2.MORPH_TOPHAT):
            structure = cv2.morphologyEx(light, operation, kernel)[::2, ::2][chosen]
            values.append(float(np.log((structure / base).mean() + 1e-4)))
    return values


def _edges(
    light: NDArray[np.float32], base: NDArray[np.float32], chosen: NDArray[np.bool_]
) -> list[float]:
    """Return how much gradients keep to the axes and to one direction, and their strength."""
    gx = cv2.Sobel(light, cv2.CV_32F, 1, 0, scale=0.125)[::2, ::2][chosen] / base
    gy = cv2.Sobel(light, cv2.CV_32F, 0, 1, scale=0.125)[::2, ::2][chosen] / base
    xx, yy, xy = gx * gx, gy * gy, gx * gy
    power = xx + yy
    total = float(power.sum()) + 1e-6
    axis = float(np.square(xx - yy).sum() / (np.square(power).sum() + 1e-9))
    together = np.hypot(float(xx.sum() - yy.sum()), 2 * float(xy.sum())) / total
    size = np.sqrt(power)
    rank = int(0.99 * (len(size) - 1))
    return [
        axis,
        float(together),
        float(np.log(size.mean() + 1e-4)),
        float(np.log(np.partition(size, rank)[rank] + 1e-4)),
    ]


def _evenness(
    detail: NDArray[np.float32], base: NDArray[np.float32], inner: NDArray[np.uint8]
) -> float:
    """Return the contrast of the poorer patches relative to the mean: low if partly blurred."""
    power = np.square(detail) * inner
    cells = (_GRID, _GRID)
    share = cv2.resize(inner.astype(np.float32), cells, interpolation=cv2.INTER_AREA)
    patch = cv2.resize(power, cells, interpolation=cv2.INTER_AREA)
    full = share > 0.35
    if np.count_nonzero(full) < 4:
        return 0.0
    level = cv2.resize(base, cells, interpolation=cv2.INTER_AREA)
    rms = np.sort(np.sqrt(patch[full] / share[full]) / level[full])
    return float(np.log((rms[len(rms) // 4] + 1e-4) / (rms.mean() + 1e-4)))
