"""Photographs prepared once: one memory-mapped array instead of ten thousand files.

Each is decoded and cropped to its field of view by the application's own code, so that a
network learns on what it will be shown. What the files tell beside their pixels is kept too.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.errors import ImageUnreadableError
from retina_desktop.domain.images import RgbImage
from retina_desktop.domain.quality import ImageQuality, QualityReason
from retina_desktop.imaging.decode import decode_photograph
from retina_desktop.imaging.enhancement import ENHANCEMENTS
from retina_desktop.imaging.field_of_view import crop_to_field
from retina_desktop.imaging.field_reading import read_with_field
from retina_desktop.imaging.quality import assess_quality
from retina_desktop.ml.threads import physical_cores
from training.ahead import ahead
from training.files import reserve
from training.manifest_data import LabelledImage, ManifestUnreadableError
from training.photograph_facts import FactsIndex, PhotographFacts, read_index, write_index
from training.progress import counted

Squares = NDArray[np.uint8]  # (N, side, side, 3), sRGB

PIXELS_NAME = "squares.npy"
INDEX_NAME = "squares.json"
DRAFT_NAME = "squares.new.npy"
# To judge a photograph costs as much as to decode a small one, so a draw has to do.
JUDGED_EACH = 200  # of a source
JUDGED_SEED = 20260101
_NAMED = 5  # photographs in a sentence
_NO_FIELD = ImageQuality(  # what the application says of a picture without a field of view
    is_fundus=False, gradable=False, score=0.0, reasons=(QualityReason.NOT_FUNDUS,)
)


class PhotographsUnreadableError(ManifestUnreadableError):
    """Some photographs of the list cannot be decoded; ``paths`` names them all."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = tuple(paths)
        first = ", ".join(self.paths[:_NAMED])
        super().__init__(
            f"Photographs cannot be read ({len(self.paths)}, first {first}); restore them, or "
            "take them out of the list."
        )


@dataclass(frozen=True, slots=True, eq=False)
class Cached:
    """Row i of both is the i-th photograph of the list."""

    squares: Squares  # (N, side, side, 3), uint8, sRGB, memory-mapped read-only
    facts: tuple[PhotographFacts, ...]


def build_cache(
    images: Sequence[LabelledImage],
    *,
    image_dir: Path,
    cache_dir: Path,
    side: int = 256,
    enhancements: Sequence[str] = (),
) -> Cached:
    """Return the photographs as squares of `side` pixels, decoding only what is not cached.

    A cache made of another list of photographs, of other files, at another size or with other
    enhancements is rebuilt, beside the old one: only what is whole takes its place. At most
    `JUDGED_EACH` photographs of a source, drawn with a fixed seed, are judged for quality.

    Raises
    ------
    PhotographsUnreadableError
        If photographs are missing or none; all of them are named.
    """
    key = _key(images, image_dir, side, enhancements)
    pixels_path, index_path = cache_dir / PIXELS_NAME, cache_dir / INDEX_NAME
    index = read_index(index_path)
    if index is None or index.key != key or not pixels_path.exists():
        cache_dir.mkdir(parents=True, exist_ok=True)
        draft = cache_dir / DRAFT_NAME
        try:
            facts = _fill(images, image_dir, draft, side, enhancements)
        except BaseException:
            with suppress(OSError):  # on Windows it may still be mapped; the next replaces it
                draft.unlink(missing_ok=True)
            raise
        index_path.unlink(missing_ok=True)
        draft.replace(pixels_path)
        index = FactsIndex(key, facts)
        write_index(index_path, index)
    squares: Squares = np.load(pixels_path, mmap_mode="r")
    return Cached(squares, index.photographs)


def read_square(
    path: Path, side: int, enhancements: Sequence[str] = (), *, judged: bool = False
) -> tuple[RgbImage, PhotographFacts]:
    """Return the photograph's field of view as the application crops it, ``(side, side, 3)``.

    Where it sees no field the whole picture is shrunk. `enhancements` are named steps of
    `retina_desktop.imaging`, with their defaults, as a model's manifest may ask for them. With
    `judged` the facts say the quality that the application would tell of a model of this size.

    Raises
    ------
    ImageUnreadableError
    """
    image, field = read_with_field(decode_photograph, path, input_size=side)
    if field is None:
        quality = _NO_FIELD if judged else None
        facts = PhotographFacts(image.width, image.height, quality)
        return plain_square(image.pixels, side), facts
    crop = crop_to_field(image.pixels, field, size=side)
    quality = assess_quality(crop, field) if judged else None
    shown = crop.pixels
    for name in enhancements:
        shown = ENHANCEMENTS[name](shown, crop.inside)
    return shown, PhotographFacts(image.width, image.height, quality)


def plain_square(pixels: RgbImage, side: int) -> RgbImage:
    """Return the whole picture in `side` x `side` pixels, whatever its shape."""
    shrinks = max(pixels.shape[:2]) > side
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (side, side), interpolation=method), np.uint8)


def _fill(
    images: Sequence[LabelledImage],
    image_dir: Path,
    path: Path,
    side: int,
    enhancements: Sequence[str],
) -> tuple[PhotographFacts, ...]:
    reserve(path, (len(images), side, side, 3))
    squares = np.load(path, mmap_mode="r+")
    judged = _judged(images)

    def square(row: int) -> tuple[RgbImage, PhotographFacts] | None:
        place = image_dir / images[row].path
        try:
            return read_square(place, side, enhancements, judged=row in judged)
        except ImageUnreadableError:
            return None

    facts: list[PhotographFacts] = []
    unreadable: list[str] = []
    cores = physical_cores()
    found = ahead(square, range(len(images)), threads=cores, depth=2 * cores)
    with counted("photographs", len(images)) as one_more:
        for row, read in enumerate(found):
            one_more()
            if read is None:
                unreadable.append(images[row].path)
            else:
                squares[row], own = read
                facts.append(own)
    squares.flush()
    if unreadable:
        raise PhotographsUnreadableError(unreadable)
    return tuple(facts)


def _judged(images: Sequence[LabelledImage]) -> frozenset[int]:
    """Return the rows whose quality is judged: of each source the same few each time."""
    rows: dict[str, list[int]] = defaultdict(list)
    for row, image in enumerate(images):
        rows[image.source].append(row)
    generator = np.random.default_rng(JUDGED_SEED)
    return frozenset(
        row
        for _, own in sorted(rows.items())
        for row in generator.permutation(own)[:JUDGED_EACH].tolist()
    )


def _key(
    images: Sequence[LabelledImage], image_dir: Path, side: int, enhancements: Sequence[str]
) -> str:
    words = " ".join(["squares 3", str(side), *enhancements])
    digest = hashlib.sha256(f"{words}\n".encode())
    for image in images:
        path = image_dir / image.path
        size = path.stat().st_size if path.exists() else -1
        digest.update(f"{image.path} {size}\n".encode())
    return digest.hexdigest()
