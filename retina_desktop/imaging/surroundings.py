"""Fill part of a photograph from what surrounds it: the black frame, or a vessel.

Filters look beyond the pixel they change. At the field's edge they would see the camera's
black frame and answer with a bright rim; over a frame filled with the colours of the field
next to it they see nothing to answer to.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.images import Mask, RgbImage

_FloatImage = NDArray[np.float32]

_KNOWN_ENOUGH = 1e-3  # share of a cell; with less known, its colour is the coarser cell's


def fill_from_surroundings(image: RgbImage, known: Mask, *, cell: int) -> RgbImage:
    """Return the image with its unknown pixels filled smoothly from the known ones.

    Push-pull on a pyramid (Gortler, Grzeszczuk, Szeliski and Cohen, "The Lumigraph", SIGGRAPH
    1996): colours of known pixels are averaged into coarser and coarser cells, and each cell
    that knows too little takes the rest from the next coarser one.

    Parameters
    ----------
    image : RgbImage
        Shape ``(H, W, 3)``.
    known : Mask
        Shape ``(H, W)``; True where pixels stay as they are.
    cell : int
        Pixels a side of the finest cells: what is finer is not carried into the filling.

    Returns
    -------
    RgbImage
        A new array; a copy of the image where all or no pixel is known.
    """
    known = np.ascontiguousarray(known)
    if known.all() or not known.any():
        return image.copy()
    height, width = known.shape
    size = (-(-width // cell), -(-height // cell))
    # Bytes are exact enough: a cell of which little is known counts for little.
    weighed = cv2.copyTo(image, known.view(np.uint8))
    colours = cv2.resize(weighed, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    weight = known.view(np.uint8) * np.uint8(255)
    share = cv2.resize(weight, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    small = np.rint(_push_pull(colours, share / np.float32(255))).astype(np.uint8)
    filled = np.asarray(cv2.resize(small, (width, height)), np.uint8)
    cv2.copyTo(image, known.view(np.uint8), filled)
    return filled


def _push_pull(colours: _FloatImage, share: _FloatImage) -> _FloatImage:
    """Return the colour of each cell: ``colours / share``, or the coarser cells' instead.

    Parameters
    ----------
    colours : NDArray[np.float32]
        Shape ``(h, w, 3)``; known colour times known share of each cell.
    share : NDArray[np.float32]
        Shape ``(h, w)`` in [0, 1].
    """
    own = colours / np.maximum(share, np.float32(_KNOWN_ENOUGH))[..., None]
    height, width = share.shape
    if height * width == 1 or share.min() >= 1.0:
        return np.asarray(own, np.float32)
    half = ((width + 1) // 2, (height + 1) // 2)
    coarser = _push_pull(
        np.asarray(cv2.resize(colours, half, interpolation=cv2.INTER_AREA), np.float32),
        np.asarray(cv2.resize(share, half, interpolation=cv2.INTER_AREA), np.float32),
    )
    from_coarser = np.asarray(cv2.resize(coarser, (width, height)), np.float32)
    trust = np.minimum(share / np.float32(0.5), np.float32(1.0))[..., None]
    return np.asarray(from_coarser + trust * (own - from_coarser), np.float32)
