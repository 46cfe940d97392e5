"""Find the retinal vessels by morphology, and paint them over with what lies around them.

A vessel is dark in the green channel, narrow and long. A closing along a line fills every dark
spot that the line does not fit into; the darkest answer over all directions therefore keeps
vessels and drops haemorrhages and microaneurysms (Zana and Klein, "Segmentation of vessel-like
patterns using mathematical morphology and curvature evaluation", IEEE Trans. Image Processing
10(7), 2001). What a closing with a disc wider than any vessel then still fills is vessel.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.images import GrayImage, Mask, RgbImage
from retina_desktop.imaging.surroundings import fill_from_surroundings

_WORKING_DIAMETER = 640  # pixels; vessels of a 45 degree field are 2 to 13 pixels wide then
_DIRECTIONS = 12  # 15 degrees apart
_SMOOTHING = 1.0  # working pixels; noise would end the lines
_SMALLEST_PIECE = 1.0  # of the line's length; shorter connected pieces are no vessels


def find_vessels(
    image: RgbImage, *, diameter: float, widest: float, shortest: float, contrast: float
) -> GrayImage:
    """Return how much each pixel belongs to a vessel, 0 to 255.

    Parameters
    ----------
    image : RgbImage
        Shape ``(H, W, 3)``, the frame filled from the field
        (`surroundings.fill_from_surroundings`), since its edge is dark and long as well.
    diameter : float
        Of the field of view in pixels.
    widest, shortest : float
        Widest vessel and shortest straight piece of one, in field diameters.
    contrast : float
        By which share a vessel is at least darker than its surroundings, in (0, 1).

    Returns
    -------
    GrayImage
        Shape ``(H, W)``, with soft edges.
    """
    scale = min(_WORKING_DIAMETER / diameter, 1.0)
    height, width = image.shape[:2]
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    green = np.asarray(cv2.extractChannel(image, 1), np.uint8)
    if scale < 1.0:
        green = np.asarray(cv2.resize(green, size, interpolation=cv2.INTER_AREA), np.uint8)
    found = _dark_lines(
        green,
        width=max(widest * diameter * scale, 2.0),
        length=max(shortest * diameter * scale, 5.0),
        contrast=contrast,
    )
    return np.asarray(cv2.resize(found, (width, height)), np.uint8)


def suppress_vessels(image: RgbImage, vessels: GrayImage, *, cell: int) -> RgbImage:
    """Return the image with vessels painted over from their surroundings.

    Parameters
    ----------
    image : RgbImage
        Shape ``(H, W, 3)``.
    vessels : GrayImage
        Shape ``(H, W)``; 0 keeps a pixel, 255 replaces it.
    cell : int
        Pixels a side of the finest detail of the painting.
    """
    untouched: Mask = vessels == 0
    painted = fill_from_surroundings(image, untouched, cell=cell)
    share = vessels.astype(np.float32) * np.float32(1 / 255)
    # blendLinear divides by the sum of its weights, which is 1 here.
    blended = cv2.blendLinear(image, painted, np.float32(1.0) - share, share)
    return np.asarray(blended, np.uint8)


def _dark_lines(green: GrayImage, *, width: float, length: float, contrast: float) -> GrayImage:
    """Return soft-edged vessels of a working copy; `width` and `length` in its pixels."""
    smooth = cv2.GaussianBlur(green, (0, 0), _SMOOTHING)
    lines = _darkest_closing(np.asarray(smooth, np.uint8), length)
    side = 2 * math.ceil(0.75 * width) + 1  # wider than the widest vessel
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    background = cv2.morphologyEx(lines, cv2.MORPH_CLOSE, disc)
    depth = cv2.subtract(background, lines)
    found = (depth > contrast * background).astype(np.uint8)
    found = _long_pieces(found, _SMALLEST_PIECE * length)
    # The threshold lies on the flank of a vessel's profile: take in its foot as well.
    foot = 2 * max(round(width / 6), 1) + 1
    ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (foot, foot))
    whole = cv2.dilate(found, ellipse) * np.uint8(255)
    return np.asarray(cv2.GaussianBlur(whole, (0, 0), _SMOOTHING), np.uint8)


def _darkest_closing(green: GrayImage, length: float) -> GrayImage:
    darkest: GrayImage | None = None
    for direction in range(_DIRECTIONS):
        line = _line_element(length, math.pi * direction / _DIRECTIONS)
        closed = np.asarray(cv2.morphologyEx(green, cv2.MORPH_CLOSE, line), np.uint8)
        darkest = closed if darkest is None else np.minimum(darkest, closed)
    return green if darkest is None else darkest


def _line_element(length: float, angle: float) -> NDArray[np.uint8]:
    half = max(round(length / 2), 1)
    element = np.zeros((2 * half + 1, 2 * half + 1), np.uint8)
    dx, dy = round(half * math.cos(angle)), round(half * math.sin(angle))
    cv2.line(element, (half - dx, half - dy), (half + dx, half + dy), 1)
    return element


def _long_pieces(found: NDArray[np.uint8], length: float) -> NDArray[np.uint8]:
    """Drop connected pieces whose bounding box has a shorter diagonal than `length`."""
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(found, connectivity=8)
    sides = boxes[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].astype(np.float64)
    keep = np.hypot(sides[:, 0], sides[:, 1]) >= length
    keep[0] = False  # the background
    return np.asarray(keep[labels] if count > 1 else found, np.uint8)
