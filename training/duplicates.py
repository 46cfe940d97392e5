"""Near duplicates: the same picture under two names, so that no split tells them apart.

Fundus photographs resemble one another, so a perceptual hash alone calls thousands of strangers
duplicates. Candidates by a 64-bit difference hash are therefore confirmed by the correlation of
two thumbnails from which the common vignette (everything smooth) was removed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from retina_desktop.imaging.decode import decode_photograph
from training.cache import Squares, plain_square

HASH_BITS = 64
THUMBNAIL_SIDE = 64
DETAIL_SIGMA_PX = 2.0  # of the thumbnail: vessels and lesions stay, illumination goes
COMPARED_RADIUS = 0.8  # of half the side: the field's rim is alike in all photographs
CLIP_DEVIATIONS = 3.0  # a bright disc in the same place is not yet the same eye
BLOCK_ROWS = 512
PLAIN_SIDE = 256  # what the bounds below were found at

Hashes = NDArray[np.uint64]  # (N,)
Thumbnails = NDArray[np.float32]  # (N, compared pixels), zero mean, unit length


@dataclass(frozen=True, slots=True)
class DuplicateRule:
    """When two photographs count as one.

    Among 9,849 photographs of eleven sources the correlation of strangers falls off to 0.7
    and pictures saved twice lie above 0.8; the bound is set low, because two strangers in
    one group cost nothing and a copy on both sides of a split flatters every figure.
    """

    hamming: int = 16  # of HASH_BITS
    correlation: float = 0.70


def difference_hashes(squares: Squares) -> Hashes:
    """Return each photograph's 64-bit difference hash (rows of a 9 x 8 grey thumbnail)."""
    hashes = np.zeros(len(squares), np.uint64)
    for row, pixels in enumerate(squares):
        grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        small = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA)
        bits = np.packbits(small[:, 1:] > small[:, :-1])
        hashes[row] = bits.view(">u8")[0]
    return hashes


def detail_thumbnails(squares: Squares) -> Thumbnails:
    """Return each photograph's small green picture without its illumination, normalised.

    The product of two rows is their correlation, in [-1, 1]; an even picture gives zeros.
    """
    side = THUMBNAIL_SIDE
    center, reach = (side - 1) / 2, COMPARED_RADIUS * side / 2
    y, x = np.mgrid[:side, :side]
    compared = (y - center) ** 2 + (x - center) ** 2 < reach**2
    thumbnails = np.zeros((len(squares), int(compared.sum())), np.float32)
    for row, pixels in enumerate(squares):
        green = np.ascontiguousarray(pixels[:, :, 1])
        small = cv2.resize(green, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)
        detail = (small - cv2.GaussianBlur(small, (0, 0), DETAIL_SIGMA_PX))[compared]
        detail -= detail.mean()
        bound = CLIP_DEVIATIONS * float(detail.std())
        detail = np.clip(detail, -bound, bound)
        length = float(np.linalg.norm(detail))
        if length > 0:
            thumbnails[row] = detail / length
    return thumbnails


def fingerprints(paths: Iterable[Path]) -> tuple[Hashes, Thumbnails]:
    """Return hash and thumbnail of each photograph, whole pictures, a few in memory at once.

    Raises
    ------
    ImageUnreadableError
    """
    hashes, thumbnails = [], []
    remaining = iter(paths)
    while block := list(islice(remaining, BLOCK_ROWS)):
        squares = np.stack(
            [
                plain_square(decode_photograph(path, min_side=PLAIN_SIDE).pixels, PLAIN_SIDE)
                for path in block
            ]
        )
        hashes.append(difference_hashes(squares))
        thumbnails.append(detail_thumbnails(squares))
    if not hashes:
        return np.zeros(0, np.uint64), np.zeros((0, 0), np.float32)
    return np.concatenate(hashes), np.concatenate(thumbnails)


def find_duplicates(
    hashes: Hashes, thumbnails: Thumbnails, *, rule: DuplicateRule | None = None
) -> list[tuple[int, int]]:
    """Return the pairs of rows, each ``(lower, higher)`` and sorted, that show one picture."""
    rule = rule or DuplicateRule()
    return list(_pairs(hashes, thumbnails, rule))


def _pairs(
    hashes: Hashes, thumbnails: Thumbnails, rule: DuplicateRule
) -> Iterator[tuple[int, int]]:
    for start in range(0, len(hashes), BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        distance = np.bitwise_count(hashes[block, None] ^ hashes[None, :])
        correlation = thumbnails[block] @ thumbnails.T
        close = (distance <= rule.hamming) & (correlation >= rule.correlation)
        rows, columns = np.nonzero(close)
        for row, column in zip((rows + start).tolist(), columns.tolist(), strict=True):
            if row < column:
                yield row, column


def group_rows(
    patients: Sequence[str], duplicates: Iterable[tuple[int, int]]
) -> NDArray[np.int64]:
    """Unite rows of one patient and rows that duplicate each other, transitively.

    Parameters
    ----------
    patients : Sequence[str]
        One id a row, unique across sources; "" stands for an unknown patient of its own.
    duplicates : Iterable[tuple[int, int]]
        Pairs of rows.

    Returns
    -------
    NDArray[np.int64]
        Shape ``(N,)``: the lowest row of each row's group.
    """
    parents = list(range(len(patients)))
    first_of: dict[str, int] = {}
    for row, patient in enumerate(patients):
        if patient:
            _unite(parents, first_of.setdefault(patient, row), row)
    for left, right in duplicates:
        _unite(parents, left, right)
    return np.array([_root(parents, row) for row in range(len(parents))], np.int64)


def _root(parents: list[int], row: int) -> int:
    while parents[row] != row:
        parents[row] = parents[parents[row]]
        row = parents[row]
    return row


def _unite(parents: list[int], left: int, right: int) -> None:
    left, right = _root(parents, left), _root(parents, right)
    parents[max(left, right)] = min(left, right)
