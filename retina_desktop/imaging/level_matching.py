"""Give every photograph the same levels in every channel: what is left is where they lie.

Cameras and the programs behind them differ in colour, brightness and contrast; some sets were
equalised before they were published. A model that learns from few of them tells them apart by
that. Here each channel's levels are put, in their order, to those of one normal distribution,
so that no histogram tells a camera (histogram specification: Gonzalez and Woods, Digital Image
Processing, section 3.3.2).
"""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.images import Mask, RgbImage
from retina_desktop.imaging.within_field import check_picture


def level_matching(
    image: RgbImage, mask: Mask | None = None, *, mean: float = 128.0, spread: float = 45.0
) -> RgbImage:
    """Bring each channel's levels within the field to a normal distribution.

    Parameters
    ----------
    image : RgbImage
        Shape ``(H, W, 3)``, uint8; not changed.
    mask : Mask | None
        The field, shape ``(H, W)``; the whole picture without one.
    mean, spread : float
        Of the distribution, in levels; its tails are clipped to [0, 255].

    Returns
    -------
    RgbImage
        A new array, black outside the mask. Equal levels stay equal, and none change places.

    Raises
    ------
    ValueError
        If the picture is none, or the mask is of another shape.
    """
    check_picture(image, mask)
    inside = np.ones(image.shape[:2], np.bool_) if mask is None else mask
    matched = np.zeros_like(image)
    area = int(inside.sum())
    if not area:
        return matched
    for channel in range(3):
        levels = image[..., channel][inside]
        counts = np.bincount(levels, minlength=256)
        below = np.cumsum(counts) - 0.5 * counts  # a level's middle rank
        matched[..., channel][inside] = _table(below / area, mean, spread)[levels]
    return matched


def _table(shares: NDArray[np.float64], mean: float, spread: float) -> NDArray[np.uint8]:
    """Return the normal distribution's quantiles at `shares`, as levels."""
    normal = NormalDist()
    ends = 1e-6
    quantiles = [normal.inv_cdf(min(max(float(s), ends), 1 - ends)) for s in shares]
    return np.rint(np.clip(mean + spread * np.array(quantiles), 0, 255)).astype(np.uint8)
