"""Multi-scale retinex with colour restoration, its large blurs computed on a pyramid.

The retinex divides each pixel by its surround at several scales, in the logarithm:
``mean over sigma of log(I + 1) - log(G_sigma * (I + 1))`` (Jobson, Rahman and Woodell, "A
multiscale retinex for bridging the gap between color images and the human observation of
scenes", IEEE Trans. Image Processing 6(7), 1997, equation 5). With the usual scales of 15, 80
and 250 pixels the exact surround of a photograph takes many seconds, so each is computed on
the coarsest level of a pyramid that still samples it well.

How the pyramid stays within 0.003 log units of the exact form, also at the black frame's hard
edge, where the surround falls from 200 to 1 within a few sigma:

* Every level covers the span from the first pixel's centre to the last one's, so that
  mirroring a level's cells (BORDER_REFLECT) is the same as mirroring the pixels
  (BORDER_REFLECT_101), whatever the picture's size.
* Cells are halved and doubled with the weights 1 3 3 1 of the quadratic B-spline, whose
  triple zero suppresses aliases; a plain mean of 2x2 does not.
* The blur on the level has the variance that halving and doubling leave of sigma squared, and
  ends where the exact kernel ends: OpenCV cuts it at four sigma, which shows on black.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.images import RgbImage

FloatImage = NDArray[np.float32]  # (H, W, 3)

SIGMAS = (15.0, 80.0, 250.0)  # pixels; small, medium and large scale of the 1997 paper

_KERNEL_END = 4.0  # sigmas; where cv2.GaussianBlur cuts the kernel of a float32 image
_FINEST_CELL = 2  # pixels; where the scales meet
_SMALLEST_BLUR = 3.5  # cells; a level is coarse enough when sigma still spans this many
_COARSEST_CELL = 64  # pixels
_MOST_SIGMAS = 8  # the product of so many surrounds still fits a float32
# Blur, as variance in cells squared, of the ways between pixels and the finest level, whose
# cells are two pixels, give or take, so that phases vary: means over all phases. Down: pairs
# of pixels 1/4, pixels 1/12 and cells 4/12, of 4 pixels squared. Up: linear 1/6, pairs 1/16.
_FINEST_VARIANCE = 1 / 6
_FULL_SIZE_VARIANCE = 11 / 48
_HALVING = (1 / 8, 3 / 8, 3 / 8, 1 / 8)  # quadratic B-spline


def multi_scale_retinex_exact(
    image: RgbImage, *, sigmas: Sequence[float] = SIGMAS
) -> FloatImage:
    """Return the retinex with every surround blurred at full size: the slow reference.

    Parameters
    ----------
    image : RgbImage
        Shape ``(H, W, 3)``, uint8.
    sigmas : Sequence[float]
        Scales of the surround in pixels, each above 0; they weigh the same.

    Returns
    -------
    FloatImage
        Shape ``(H, W, 3)``, float32, in natural-log units: 0 where a pixel equals its
        surround.
    """
    _check(image, sigmas)
    light = np.asarray(image, np.float32) + np.float32(1.0)
    surround = np.zeros_like(light)
    for sigma in sigmas:
        surround += np.log(_blurred(light, sigma))
    return np.asarray(np.log(light) - surround / np.float32(len(sigmas)), np.float32)


def multi_scale_retinex(image: RgbImage, *, sigmas: Sequence[float] = SIGMAS) -> FloatImage:
    """Return the retinex with its surrounds computed on a pyramid.

    Parameters and result as in `multi_scale_retinex_exact`, from which it differs by less
    than 0.003 log units at the default scales.
    """
    _check(image, sigmas)
    small = [sigma for sigma in sigmas if sigma < _SMALLEST_BLUR * _FINEST_CELL]
    large = [sigma for sigma in sigmas if sigma >= _SMALLEST_BLUR * _FINEST_CELL]
    if min(image.shape[:2]) < 2:  # no span between first and last pixel centre
        small, large = list(sigmas), []
    result = np.asarray(cv2.LUT(image, _log_table()), np.float32)
    share = 1.0 / len(sigmas)
    if large:
        cv2.scaleAdd(_mean_log_surround(image, large), -share * len(large), result, result)
    for sigma in small:
        light = np.asarray(image, np.float32) + np.float32(1.0)
        cv2.scaleAdd(np.log(_blurred(light, sigma)), -share, result, result)
    return result


def restore_colour(
    retinex: FloatImage,
    image: RgbImage,
    *,
    gain: float,
    offset: float,
    alpha: float,
    beta: float,
) -> RgbImage:
    """Return the retinex as a picture, with the colours of the photograph given back.

    ``offset + gain * C * retinex`` with the colour restoration function of the 1997 paper
    (equations 6 to 8), ``C = beta * (log(alpha * I) - log(I_r + I_g + I_b))``.

    Parameters
    ----------
    retinex : FloatImage
        From `multi_scale_retinex`.
    image : RgbImage
        The photograph it was computed from.
    gain, offset : float
        Bring the result to [0, 255], where it is clipped.
    alpha, beta : float
        Strength of the nonlinearity and gain of the colour restoration (paper: 125 and 46).

    Returns
    -------
    RgbImage
        A new array of the image's shape.
    """
    channels = cv2.split(image)
    two = cv2.add(channels[0], channels[1], dtype=cv2.CV_16U)
    total = cv2.add(two, channels[2], dtype=cv2.CV_16U)
    log_total = np.log(np.arange(3 * 255 + 1, dtype=np.float32) + np.float32(3.0))[total]
    log_light = _log_table() + np.float32(np.log(alpha))
    restored = []
    for channel, detail in zip(channels, cv2.split(retinex), strict=True):
        colour = cv2.subtract(cv2.LUT(channel, log_light), log_total)
        value = cv2.multiply(colour, detail, scale=gain * beta)
        # Adds the offset, rounds and saturates in one pass.
        restored.append(cv2.addWeighted(value, 1.0, value, 0.0, offset, dtype=cv2.CV_8U))
    return np.asarray(cv2.merge(restored), np.uint8)


def _check(image: RgbImage, sigmas: Sequence[float]) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(f"expected a uint8 (H, W, 3) image, got {image.dtype} {image.shape}")
    if not 1 <= len(sigmas) <= _MOST_SIGMAS:
        raise ValueError(f"expected 1 to {_MOST_SIGMAS} sigmas, got {len(sigmas)}")
    if not all(np.isfinite(sigma) and sigma > 0 for sigma in sigmas):
        raise ValueError(f"sigmas must be positive, got {tuple(sigmas)!r}")


def _blurred(light: FloatImage, sigma: float) -> FloatImage:
    blurred = cv2.GaussianBlur(light, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(blurred, np.float32)


def _log_table() -> NDArray[np.float32]:
    return np.asarray(np.log(np.arange(1, 257)), np.float32)


def _mean_log_surround(image: RgbImage, sigmas: Sequence[float]) -> FloatImage:
    """Return the mean over `sigmas` of the surround's logarithm, at full size."""
    levels = _pyramid(image, coarsest=_cell_for(max(sigmas)))
    finest = levels[0]
    pitch = _pitch(image, finest)
    product = np.ones_like(finest)
    for sigma in sigmas:
        depth = _cell_for(sigma).bit_length() - _FINEST_CELL.bit_length()
        surround = _blurred_level(levels[depth], depth, sigma, pitch)
        for finer in reversed(levels[:depth]):
            size = (finer.shape[1], finer.shape[0])
            surround = np.asarray(cv2.resize(surround, size), np.float32)
        product *= surround
    mean_log = cv2.log(product) / len(sigmas)
    return _to_full_size(np.asarray(mean_log, np.float32), (image.shape[1], image.shape[0]))


def _cell_for(sigma: float) -> int:
    """Return the pixels a side of the coarsest cells that still sample `sigma` well."""
    cell = _FINEST_CELL
    while cell < _COARSEST_CELL and sigma >= _SMALLEST_BLUR * 2 * cell:
        cell *= 2
    return cell


def _pyramid(image: RgbImage, *, coarsest: int) -> list[FloatImage]:
    """Return I + 1 in cells of about 2, 4, ... `coarsest` pixels over the span of centres."""
    height, width = image.shape[:2]
    pairs = cv2.boxFilter(image, cv2.CV_32F, (2, 2), anchor=(0, 0))[:-1, :-1]
    steps = coarsest // _FINEST_CELL
    # Whole numbers of the coarsest cells, so that each level has exactly half the last one's.
    columns = max(round((width - 1) / coarsest), 1) * steps
    rows = max(round((height - 1) / coarsest), 1) * steps
    mean = cv2.resize(pairs, (columns, rows), interpolation=cv2.INTER_AREA)
    levels = [np.asarray(mean, np.float32) + np.float32(1.0)]
    halving = np.array(_HALVING, np.float32)
    while steps > 1:
        smooth = cv2.sepFilter2D(
            levels[-1], -1, halving, halving, anchor=(1, 1), borderType=cv2.BORDER_REFLECT
        )
        levels.append(np.ascontiguousarray(smooth[::2, ::2], np.float32))
        steps //= 2
    return levels


def _pitch(image: RgbImage, level: FloatImage) -> tuple[float, float]:
    """Return the pixels per cell of `level`, across and down."""
    return (
        (image.shape[1] - 1) / level.shape[1],
        (image.shape[0] - 1) / level.shape[0],
    )


def _blurred_level(
    level: FloatImage, depth: int, sigma: float, pitch: tuple[float, float]
) -> FloatImage:
    """Blur a level so that its surround, doubled `depth` times, is that of `sigma` pixels."""
    kernels = [_level_kernel(sigma / finest, depth) for finest in pitch]
    blurred = cv2.sepFilter2D(level, -1, kernels[0], kernels[1], borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, np.float32)


def _level_kernel(sigma: float, depth: int) -> NDArray[np.float32]:
    """Return the Gaussian that halving and doubling `depth` times leave to be done.

    Parameters
    ----------
    sigma : float
        Of the whole surround, in cells of the finest level.
    depth : int
        Halvings between the finest level and the one to be blurred.
    """
    cell = 2.0**depth
    # Each halving blurs by 3/4 of the finer cell squared, each doubling by 3/16 of the coarser.
    spent = _FINEST_VARIANCE + sum(
        0.75 * 4.0**step + 3 / 16 * 4.0 ** (step + 1) for step in range(depth)
    )
    blur = np.sqrt(sigma**2 - spent) / cell
    end = _KERNEL_END * sigma / cell
    radius = int(np.ceil(end))
    offsets = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (offsets / blur) ** 2)
    # The outermost cells count by the part of them that the exact kernel still reaches.
    weights *= np.clip(end + 0.5 - np.abs(offsets), 0.0, 1.0)
    return np.asarray(weights / weights.sum(), np.float32)


def _to_full_size(mean_log: FloatImage, size: tuple[int, int]) -> FloatImage:
    """Interpolate the finest level to pixels, fourth order accurate.

    The linear interpolation and the mean of four smooth a little; half of what they add is
    taken off first (a quasi-interpolant: Blu and Unser, IEEE Trans. Signal Processing 47(10),
    1999), so that no second-order error remains.
    """
    width, height = size
    side = -_FULL_SIZE_VARIANCE / 2
    sharpen = np.array([side, 1 - 2 * side, side], np.float32)
    sharpened = cv2.sepFilter2D(mean_log, -1, sharpen, sharpen, borderType=cv2.BORDER_REFLECT)
    between = cv2.resize(sharpened, (width - 1, height - 1))
    padded = cv2.copyMakeBorder(between, 0, 1, 0, 1, cv2.BORDER_REFLECT)
    full = cv2.boxFilter(padded, -1, (2, 2), anchor=(1, 1), borderType=cv2.BORDER_REFLECT)
    return np.asarray(full, np.float32)
