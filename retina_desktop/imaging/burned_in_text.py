"""Whether letters or digits are burned into the retina of a photograph.

Names and numbers that a camera or an archive wrote over the picture would leave the clinic
with it. What is drawn by a program differs from what grows in an eye: its strokes have one
colour, far from that of what they lie on, edges of a pixel or two, about one thickness, and
they stand side by side at one height. Strokes are found by top-hats in several colours, at
every octave of size; those that could be letters are joined to lines; how much a line looks
like text is told by trees fitted on photographs with and without (`text_model`).

Text that runs upwards is not looked for, nor are letters below about nine pixels reliably seen.

The threshold favours refusing: a false alarm costs a photograph in a data set, a missed name
a patient's privacy.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.images import GrayImage, Mask, RgbImage
from retina_desktop.imaging.surroundings import fill_from_surroundings
from retina_desktop.imaging.text_model import text_trees

_KERNEL_PX: Final = 11  # strokes up to 10 px thick stand out of their surroundings
_LEAST_SIDE_PX: Final = 96  # of the smallest octave looked at
_LETTER_HEIGHT_PX: Final = (5, 34)  # at the octave it is found in
_LONGEST_WORD: Final = 14.0  # times its height, in scripts that join their letters
_FILL: Final = (0.10, 0.92)  # of a letter's box
_MOST_COMPONENTS: Final = 1500  # of one colour and octave

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of strokes; box in pixels of the image, score in log odds of being text.

    ``measures`` are those of `MEASURES`, of which the score is made.
    """

    left: float
    top: float
    width: float
    height: float
    letters: int
    score: float
    measures: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class _Stroke:
    """One stroke colour looked for: a top-hat of `channel`, dark ones of its negative."""

    channel: int  # 0 red, 1 green, 2 blue
    dark: bool
    threshold: int


_STROKES: Final = (
    _Stroke(2, dark=False, threshold=30),  # white, grey, magenta, cyan, blue
    _Stroke(1, dark=False, threshold=30),  # yellow, green
    _Stroke(0, dark=True, threshold=30),  # black, green, blue, cyan
    _Stroke(1, dark=True, threshold=30),  # red, magenta, black
    _Stroke(0, dark=False, threshold=30),  # red and white on a dark retina
)
TEXT_SCORE: Final = 1.9
"""Log odds from which a line is text: about one clean photograph in ten is refused too."""

MEASURES: Final = (
    "letters, log",
    *("sharp", "even", "strong", "quiet"),  # of the letters, on average
    *("sharpest", "evenest", "strongest", "quietest"),
    "drawn",
    "drawn and quiet, log",
    "spread of heights",
    "spread of feet",
    "spread of colours",
    "length, log",
    "how pure the colour is",
    "how saturated the colour is",
    "height, log",
)


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
            yield replace(
                line,
                left=line.left * factor,
                top=line.top * factor,
                width=line.width * factor,
                height=line.height * factor,
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
    looks: FloatArray  # (n, 4): sharp, even, strong, quiet, each in [0, 1]
    colour: FloatArray  # (n, 3)

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
    if len(chosen) == 0:
        return None
    if len(chosen) > _MOST_COMPONENTS:  # noise all over: the largest
        area = stats[chosen, cv2.CC_STAT_AREA]
        chosen = np.sort(chosen[np.argsort(area)[-_MOST_COMPONENTS:]])
    looks, colours = [], []
    for index in chosen:
        x, y, w, h = (int(value) for value in stats[index, :4])
        box = (slice(max(y - 2, 0), y + h + 2), slice(max(x - 2, 0), x + w + 2))
        mine = labels[box] == index
        look, colour = _looks(image[box], channel[box], response[box], mine)
        looks.append(look)
        colours.append(colour)
    return _Letters(
        stats[chosen, cv2.CC_STAT_LEFT].astype(np.float64),
        stats[chosen, cv2.CC_STAT_TOP].astype(np.float64),
        width[chosen],
        height[chosen],
        np.array(looks),
        np.array(colours),
    )


def _looks(
    image: RgbImage, channel: GrayImage, response: GrayImage, mine: Mask
) -> tuple[tuple[float, ...], FloatArray]:
    """Return how drawn a component looks, and the colour of its strokes."""
    strength = response[mine].astype(np.float64)
    core = mine & (response >= np.percentile(strength, 50))
    strokes = image[core].astype(np.float64)
    contrast = float(np.median(response[core]))
    # A drawn edge rises within a pixel or two: the steepest step is most of the contrast.
    levels = channel.astype(np.int16)
    steepest = max(
        float(np.percentile(np.abs(np.diff(levels, axis=axis)), 90)) for axis in (0, 1)
    )
    sharp = min(steepest / max(contrast, 1.0), 1.0)
    even = math.exp(-float(np.mean(np.std(strokes, axis=0))) / 18.0)
    strong = contrast / 255.0
    apart = ~cv2.dilate(mine.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.bool_)
    around = float(np.mean(response[apart])) if apart.any() else 0.0
    quiet = 1.0 - min(around / max(contrast, 1.0), 1.0)
    return (sharp, even, strong, quiet), np.median(strokes, axis=0)


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
    groups = list(_groups(near))
    measures = np.array([line_measures(letters, group) for group in groups])
    scores = text_trees().log_odds(measures)
    for group, score, measured in zip(groups, scores, measures, strict=True):
        x, y = letters.left[group].min(), letters.top[group].min()
        yield TextLine(
            float(x),
            float(y),
            float(right[group].max() - x),
            float(bottom[group].max() - y),
            len(group),
            float(score),
            tuple(measured.tolist()),
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


def line_measures(letters: _Letters, group: NDArray[np.intp]) -> FloatArray:
    """Return what a line's score is made of, in the order of `MEASURES`."""
    height, width = letters.height[group], letters.width[group]
    looks, colour = letters.looks[group], letters.colour[group]
    bottom = letters.top[group] + height
    typical = float(np.median(height))
    wide = np.minimum(np.maximum(width / height / 1.5, 1.0), 4.0)
    drawn = looks[:, 0] * looks[:, 1] * np.minimum(looks[:, 2] * 2.3, 1.0)
    middle = np.median(colour, axis=0)
    return np.array(
        [
            math.log(len(group)),
            *looks.mean(axis=0),
            *looks.max(axis=0),
            float(np.sum(drawn * wide)),
            math.log1p(float(np.sum(drawn * looks[:, 3] * wide))),
            float(np.std(height)) / typical,
            float(np.std(bottom)) / typical,
            float(np.mean(np.abs(colour - middle))) / 255.0,
            math.log(max(float(width.sum()) / typical, 0.1)),
            float(np.mean(np.abs(middle - 127.5))) / 127.5,
            float(middle.max() - middle.min()) / 255.0,
            math.log(typical / 12.0),
        ]
    )
