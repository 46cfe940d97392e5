"""Whether letters or digits are burned into the retina of a photograph.

Names and numbers that a camera or an archive wrote over the picture would leave the clinic
with it. What is drawn by a program differs from what grows in an eye: its strokes have one
colour, far from that of what they lie on, edges of a pixel or two, about one thickness, and
they stand side by side at one height. Strokes are found by top-hats in several colours, at
every octave of size; those that could be letters are joined to lines; a line speaks for text
by how many letters it has and how much they look drawn.

The threshold favours refusing: a false alarm costs a photograph in a data set, a missed name
a patient's privacy.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.images import GrayImage, Mask, RgbImage
from retina_desktop.imaging.surroundings import fill_from_surroundings

_KERNEL_PX: Final = 11  # strokes up to 10 px thick stand out of their surroundings
_LEAST_SIDE_PX: Final = 96  # of the smallest octave looked at
_LETTER_HEIGHT_PX: Final = (6, 34)  # at the octave it is found in
_LONGEST_WORD: Final = 14.0  # times its height, in scripts that join their letters
_FILL: Final = (0.10, 0.92)  # of a letter's box
_MOST_COMPONENTS: Final = 1500  # of one colour and octave; more is noise all over

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line that looks like text; box in pixels of the image, score 0 and above."""

    left: float
    top: float
    width: float
    height: float
    letters: int
    score: float


@dataclass(frozen=True, slots=True)
class _Stroke:
    """One stroke colour looked for: a top-hat of `channel`, dark ones of its negative."""

    channel: int  # 0 red, 1 green, 2 blue
    dark: bool
    threshold: int


_STROKES: Final = (
    _Stroke(2, dark=False, threshold=40),  # white, grey, magenta, cyan, blue
    _Stroke(1, dark=False, threshold=45),  # yellow, green
    _Stroke(0, dark=True, threshold=40),  # black, green, blue, cyan
    _Stroke(1, dark=True, threshold=45),  # red, magenta, black
    _Stroke(0, dark=False, threshold=40),  # red and white on a dark retina
)
TEXT_SCORE: Final = 1.0


def find_text(image: RgbImage, inside: Mask) -> tuple[TextLine, ...]:
    """Return the lines of an image that look like text, the most certain first.

    Parameters
    ----------
    image : RgbImage
        Shape ``(H, W, 3)``, uint8, sRGB.
    inside : Mask
        Shape ``(H, W)``; True where text is looked for.
    """
    lines = [line for line in candidate_lines(image, inside) if line.score >= TEXT_SCORE]
    return tuple(sorted(lines, key=lambda line: -line.score))


def candidate_lines(image: RgbImage, inside: Mask) -> Iterator[TextLine]:
    """Yield every line of strokes with its score, also of those far from text."""
    filled = fill_from_surroundings(image, inside, cell=16)
    factor = 1.0
    while True:
        for line in _lines_of_octave(filled):
            yield TextLine(
                line.left * factor,
                line.top * factor,
                line.width * factor,
                line.height * factor,
                line.letters,
                line.score,
            )
        height, width = filled.shape[:2]
        if min(height, width) < 2 * _LEAST_SIDE_PX:
            return
        size = (width // 2, height // 2)
        filled = np.asarray(cv2.resize(filled, size, interpolation=cv2.INTER_AREA), np.uint8)
        factor *= 2.0


@dataclass(frozen=True, slots=True)
class _Letters:
    """Connected strokes that could be letters; arrays of one entry each."""

    left: FloatArray
    top: FloatArray
    width: FloatArray
    height: FloatArray
    drawn: FloatArray  # 0 grown .. 1 drawn
    colour: NDArray[np.float64]  # (n, 3)

    def __len__(self) -> int:
        return len(self.left)


def _lines_of_octave(image: RgbImage) -> Iterator[TextLine]:
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (_KERNEL_PX, _KERNEL_PX))
    for stroke in _STROKES:
        channel = np.ascontiguousarray(image[..., stroke.channel])
        kind = cv2.MORPH_BLACKHAT if stroke.dark else cv2.MORPH_TOPHAT
        response = np.asarray(cv2.morphologyEx(channel, kind, kernel), np.uint8)
        letters = _letters(image, channel, response, stroke)
        if letters is not None and len(letters) > 0:
            yield from _joined(letters)


def _letters(
    image: RgbImage, channel: GrayImage, response: GrayImage, stroke: _Stroke
) -> _Letters | None:
    binary = (response >= stroke.threshold).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(binary, connectivity=8)
    if count <= 1:
        return None
    width = stats[:, cv2.CC_STAT_WIDTH].astype(np.float64)
    height = stats[:, cv2.CC_STAT_HEIGHT].astype(np.float64)
    fill = stats[:, cv2.CC_STAT_AREA] / (width * height)
    low, high = _LETTER_HEIGHT_PX
    good = (height >= low) & (height <= high) & (width <= _LONGEST_WORD * height)
    thin = width < 0.45 * height  # an i, an l, a 1 fills its box
    good &= (fill >= _FILL[0]) & ((fill <= _FILL[1]) | thin) & (width >= 2)
    good[0] = False
    chosen = np.flatnonzero(good)
    if not 0 < len(chosen) <= _MOST_COMPONENTS:
        return None
    drawn, colours = [], []
    for index in chosen:
        x, y, w, h = (int(value) for value in stats[index, :4])
        box = (slice(max(y - 2, 0), y + h + 2), slice(max(x - 2, 0), x + w + 2))
        mine = labels[box] == index
        looks, colour = _how_drawn(image[box], channel[box], response[box], mine)
        drawn.append(looks)
        colours.append(colour)
    return _Letters(
        stats[chosen, cv2.CC_STAT_LEFT].astype(np.float64),
        stats[chosen, cv2.CC_STAT_TOP].astype(np.float64),
        width[chosen],
        height[chosen],
        np.array(drawn),
        np.array(colours),
    )


def _how_drawn(
    image: RgbImage, channel: GrayImage, response: GrayImage, mine: Mask
) -> tuple[float, NDArray[np.float64]]:
    """Return how drawn a component looks in [0, 1], and the colour of its strokes."""
    strength = response[mine].astype(np.float64)
    core = mine & (response >= np.percentile(strength, 50))
    colour = np.median(image[core], axis=0).astype(np.float64)
    contrast = float(np.median(response[core]))
    spread = float(np.mean(np.std(image[core].astype(np.float64), axis=0)))
    # A drawn edge rises within a pixel or two: the steepest step is most of the contrast.
    steps = channel.astype(np.int16)
    steepest = max(
        float(np.percentile(np.abs(np.diff(steps, axis=axis)).ravel(), 90)) for axis in (0, 1)
    )
    sharp = min(steepest / max(contrast, 1.0), 1.0)
    even = math.exp(-spread / 18.0)
    strong = min(contrast / 110.0, 1.0)
    return sharp * even * strong, colour


def _joined(letters: _Letters) -> Iterator[TextLine]:
    """Join letters that stand side by side, and yield what they come to."""
    right = letters.left + letters.width
    bottom = letters.top + letters.height
    taller = np.maximum(letters.height[:, None], letters.height[None, :])
    smaller = np.minimum(letters.height[:, None], letters.height[None, :])
    shared = np.minimum(bottom[:, None], bottom[None, :]) - np.maximum(
        letters.top[:, None], letters.top[None, :]
    )
    gap = np.maximum(letters.left[:, None], letters.left[None, :]) - np.minimum(
        right[:, None], right[None, :]
    )
    colour = np.abs(letters.colour[:, None, :] - letters.colour[None, :, :]).max(axis=2)
    near = (
        (smaller >= 0.5 * taller)
        & (shared >= 0.55 * smaller)
        & (gap <= 1.2 * taller)
        & (gap >= -0.3 * smaller)
        & (colour <= 55)
    )
    np.fill_diagonal(near, val=False)
    for group in _groups(near):
        x, y = letters.left[group].min(), letters.top[group].min()
        yield TextLine(
            float(x),
            float(y),
            float(right[group].max() - x),
            float(bottom[group].max() - y),
            len(group),
            _score(letters, group),
        )


def _groups(near: NDArray[np.bool_]) -> Iterator[NDArray[np.intp]]:
    left = set(range(len(near)))
    while left:
        group, front = set(), {left.pop()}
        while front:
            group |= front
            front = {int(n) for i in front for n in np.flatnonzero(near[i])} - group
        left -= group
        yield np.array(sorted(group), np.intp)


def _score(letters: _Letters, group: NDArray[np.intp]) -> float:
    """Return how much a line looks like text: drawn letters, or one long joined word."""
    wide = np.maximum(letters.width[group] / letters.height[group] / 1.5, 1.0)
    return float(np.sum(letters.drawn[group] * np.minimum(wide, 4.0)))
