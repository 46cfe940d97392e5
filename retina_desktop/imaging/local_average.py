"""How each pixel differs from the colour around it: no camera's colours, no uneven light.

What a model learns of one camera's colours is of no use in the next clinic. Vessels and lesions
are local; what is subtracted is not.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.images import Mask, RgbImage
from retina_desktop.imaging.within_field import blackened, field_diameter, within_box

SCALE = 0.033  # the average's sigma, field diameters
GAIN = 4.0  # of the difference
LEVEL = 128.0  # what is shown where nothing differs
_SMALL_SIGMA = 4.0  # pixels of the copy whose local average is computed
_LEAST_SHARE = np.float32(1e-3)  # of a neighbourhood that lies in the field


def local_average_subtraction(
    image: RgbImage,
    mask: Mask | None = None,
    *,
    scale: float = SCALE,
    gain: float = GAIN,
    level: float = LEVEL,
) -> RgbImage:
    """Return ``gain * (I - average) + level``, clipped to [0, 255], black outside the mask.

    The average is a Gaussian's of `scale` field diameters, over the field alone (Graham,
    "Kaggle diabetic retinopathy detection competition report", 2015, with half this scale).
    """

    def differing(field: RgbImage, inside: Mask) -> RgbImage:
        average = _local_average(field, inside, scale * field_diameter(inside))
        shown = cv2.addWeighted(field, gain, average, -gain, level, dtype=cv2.CV_8U)
        return np.asarray(shown, np.uint8)

    return within_box(image, mask, differing)


def _local_average(image: RgbImage, inside: Mask, sigma: float) -> NDArray[np.float32]:
    """Return the average around each pixel, from a copy as small as `sigma` allows."""
    height, width = inside.shape
    reduction = min(_SMALL_SIGMA / sigma, 1.0)
    size = (max(round(width * reduction), 1), max(round(height * reduction), 1))
    area = np.ascontiguousarray(inside).view(np.uint8) * np.uint8(255)
    blurred = []
    for part in (blackened(image, inside), area):
        small = cv2.resize(part, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        blurred.append(
            cv2.GaussianBlur(
                small, (0, 0), max(sigma * reduction, 0.3), borderType=cv2.BORDER_CONSTANT
            )
        )
    share = np.maximum(blurred[1] / 255, _LEAST_SHARE)
    return np.asarray(cv2.resize(blurred[0] / share[..., None], (width, height)), np.float32)
