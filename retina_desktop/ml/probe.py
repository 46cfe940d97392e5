"""An image on which engines and devices are compared before they are trusted."""

import cv2
import numpy as np
from numpy.typing import NDArray

_COARSE = 8  # grains along a side


def probe_image(size: int) -> NDArray[np.float32]:
    """Return smooth noise, float32, shape ``(3, size, size)``, standard deviation about 1.

    Smooth as photographs are: white noise lies so far from what a network has seen that
    rounding alone can change its answer.
    """
    coarse = np.random.default_rng(0).standard_normal((_COARSE, _COARSE, 3), np.float32)
    smooth = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(smooth.transpose(2, 0, 1), np.float32)
