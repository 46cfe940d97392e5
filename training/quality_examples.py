"""What the quality models learn from: photographs, spoiled photographs, and other pictures."""

import importlib.util
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.images import RgbImage
from retina_desktop.domain.quality import QualityReason
from retina_desktop.imaging.field_of_view import crop_to_field, find_field_of_view
from retina_desktop.imaging.quality_features import (
    DETAIL_SIDE_PX,
    FEATURE_NAMES,
    Features,
    measure_quality,
)
from training.manifest_data import read_rows
from training.not_fundus_pictures import RENDERERS, framed, varied

RENDERED_PER_KIND = 120
PIECES_PER_PICTURE = 60
VARIANT_EVERY = 3  # photographs of a large source
VARIANTS_OF_FEW = 4  # of every photograph of a small one
FEW = 150
SPOILED_EVERY = 2
_SIDE_PX = 320
_PICTURE_FOLDERS = (
    ("skimage", "data"),
    ("sklearn", "datasets/images"),
    ("matplotlib", "mpl-data"),
)
_FUNDUS_PICTURES = ("retina", "microaneurysms")


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Features with where they come from; ``kinds`` and ``groups`` have one entry a row.

    ``kinds`` is a source of photographs, a reason, or a kind of other picture; photographs of
    one patient, and all that was made of one picture, share a group.
    """

    features: NDArray[np.float64]
    kinds: NDArray[np.str_]
    groups: NDArray[np.str_]
    labels: NDArray[np.str_]


def photographs(data: Path, *, variants: bool, seed: int = 0) -> Examples:
    """Measure all photographs, or with ``variants`` harmless variants of some.

    Variants are what a photograph of another camera would be: without the frame, lighter or
    darker, in other colours. ``labels`` holds ``orig_label`` of the index.
    """
    rng = np.random.default_rng(seed)
    collected = _Collector()
    rows = _listed(data)
    counts = Counter(row["source"] for row in rows)
    for number, row in enumerate(rows):
        few = counts[row["source"]] < FEW
        times = VARIANTS_OF_FEW if few else int(number % VARIANT_EVERY == 0)
        image = read_rgb(data / row["file"])
        group = row["patient"] or row["file"]
        for _ in range(times if variants else 1):
            picture = harmless_variant(image, rng) if variants else image
            collected.add(picture, row["source"], group, f"{row['file']}|{row['orig_label']}")
    return collected.examples()


def spoiled_photographs(data: Path, sources: tuple[str, ...], *, seed: int = 1) -> Examples:
    """Measure spoiled copies, ``kinds`` is the reason and ``labels`` how badly, 0 to 1."""
    rng = np.random.default_rng(seed)
    collected = _Collector()
    for number, row in enumerate(_listed(data)):
        if row["source"] not in sources or number % SPOILED_EVERY:
            continue
        image = read_rgb(data / row["file"])
        reasons = list(SPOILERS)
        reason = reasons[int(rng.integers(len(reasons)))]
        severity = float(rng.uniform(0, 1))
        spoiled = SPOILERS[reason](image, severity, rng)
        group = row["patient"] or row["file"]
        collected.add(spoiled, reason.value, group, f"{severity:.3f}|{row['source']}")
    return collected.examples()


def _listed(data: Path) -> list[dict[str, str]]:
    columns = ("file", "source", "patient", "orig_label")
    return [row for _, row in read_rows(data / "index.csv", columns)]


def other_pictures(*, seed: int = 2) -> Examples:
    """Measure rendered pictures, and pieces of those which Python packages bring along."""
    rng = np.random.default_rng(seed)
    collected = _Collector()
    for kind, render in RENDERERS.items():
        for number in range(RENDERED_PER_KIND):
            collected.add(framed(render(rng), rng), kind, f"{kind}{number}", "rendered")
    for name, picture in package_pictures():
        collected.add(picture, name, name, "whole")
        for _ in range(PIECES_PER_PICTURE):
            collected.add(framed(varied(picture, rng), rng), name, name, "piece")
    return collected.examples()


def package_pictures() -> Iterator[tuple[str, RgbImage]]:
    """Yield name and pixels of photographs and drawings which installed packages contain."""
    for package, folder in _PICTURE_FOLDERS:
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            continue
        for path in sorted((Path(spec.origin).parent / folder).rglob("*")):
            if path.suffix not in {".png", ".jpg"} or path.stem in _FUNDUS_PICTURES:
                continue
            picture = read_rgb(path)
            if min(picture.shape[:2]) >= 160:
                yield path.stem, picture


def read_rgb(path: Path) -> RgbImage:
    """Read a picture file as RGB."""
    read = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if read is None:
        raise ValueError(f"{path.name} is no picture")
    return np.ascontiguousarray(read[..., ::-1], dtype=np.uint8)


def harmless_variant(image: RgbImage, rng: np.random.Generator) -> RgbImage:
    """Return the photograph as another camera might have given it."""
    levels = image.astype(np.float32)
    inside = (levels.max(axis=2, keepdims=True) > 10).astype(np.float32)
    levels *= rng.uniform(0.65, 1.25) * rng.uniform(0.88, 1.12, size=3)
    levels = 255 * np.power(np.clip(levels / 255, 0, 1), rng.uniform(0.8, 1.25))
    if rng.random() < 0.3:
        levels = levels + rng.normal(0, rng.uniform(1, 4), size=levels.shape) * inside
    varied_image = np.clip(levels, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        varied_image = varied_image[:, ::-1]
    if rng.random() < 0.3:  # without the frame
        side = image.shape[0]
        high, wide = (int(side * rng.uniform(0.25, 0.34)) for _ in range(2))
        middle = side // 2
        varied_image = varied_image[
            middle - high : middle + high, middle - wide : middle + wide
        ]
    return np.ascontiguousarray(varied_image)


def _blur(image: RgbImage, severity: float, rng: np.random.Generator) -> RgbImage:
    sigma = (0.004 + 0.026 * severity) * rng.uniform(0.9, 1.1) * image.shape[0]
    blurred = cv2.GaussianBlur(image, (0, 0), sigma)
    return _within_field(np.asarray(blurred, dtype=np.uint8), image)


def _darken(image: RgbImage, severity: float, rng: np.random.Generator) -> RgbImage:
    factor = 0.45 * (1 - severity) + 0.06
    return _noisy(image.astype(np.float32) * factor, image, rng)


def _overexpose(image: RgbImage, severity: float, rng: np.random.Generator) -> RgbImage:
    lift = 60 + 130 * severity
    return _noisy(image.astype(np.float32) * (1.3 + severity) + lift, image, rng)


def _shade(image: RgbImage, severity: float, rng: np.random.Generator) -> RgbImage:
    side = image.shape[0]
    axis = np.linspace(-1, 1, side, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    angle = rng.uniform(0, 2 * np.pi)
    if rng.random() < 0.6:
        along = np.cos(angle) * x + np.sin(angle) * y
    else:  # a small pupil: a ring stays in the dark
        along = 0.55 - np.hypot(x, y)
    light = 1 / (1 + np.exp(-(4 + 6 * severity) * (along - 0.45 * severity + 0.1)))
    floor = 0.35 * (1 - severity)
    return _noisy(image * (floor + (1 - floor) * light)[..., None], image, rng)


def _haze(image: RgbImage, severity: float, rng: np.random.Generator) -> RgbImage:
    levels = image.astype(np.float32)
    field = levels[levels.max(axis=2) > 10]
    veil = 0.6 * field.mean(axis=0) + 0.4 * rng.uniform(70, 190)
    clear = 0.35 * (1 - severity) + 0.04
    hazy = clear * levels + (1 - clear) * veil
    soft = cv2.GaussianBlur(hazy, (0, 0), 0.5 + 2.5 * severity)
    return _noisy(np.asarray(soft, dtype=np.float32), image, rng)


SPOILERS: dict[QualityReason, Callable[[RgbImage, float, np.random.Generator], RgbImage]] = {
    QualityReason.OUT_OF_FOCUS: _blur,
    QualityReason.TOO_DARK: _darken,
    QualityReason.OVEREXPOSED: _overexpose,
    QualityReason.UNEVEN_ILLUMINATION: _shade,
    QualityReason.LOW_CONTRAST: _haze,
}


def _noisy(levels: NDArray[np.float32], image: RgbImage, rng: np.random.Generator) -> RgbImage:
    grain = rng.normal(0, rng.uniform(0.3, 2.5), size=levels.shape)
    return _within_field(np.clip(levels + grain, 0, 255).astype(np.uint8), image)


def _within_field(spoiled: NDArray[np.integer], image: RgbImage) -> RgbImage:
    """Put the black frame of the photograph back."""
    field = (image.max(axis=2) > 10).astype(np.uint8)
    field = np.asarray(cv2.morphologyEx(field, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8)))
    return np.asarray(cv2.bitwise_and(spoiled, spoiled, mask=field), dtype=np.uint8)


class _Collector:
    """Measures pictures one after the other."""

    def __init__(self) -> None:
        self._features: list[Features] = []
        self._facts: list[tuple[str, str, str]] = []

    def add(self, picture: RgbImage, kind: str, group: str, label: str) -> None:
        """Measure one; what has no field of view needs no model and is left out."""
        if picture.shape[0] > 2 * _SIDE_PX or picture.shape[1] > 2 * _SIDE_PX:
            scale = 2 * _SIDE_PX / max(picture.shape[:2])
            resized = cv2.resize(
                picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA
            )
            picture = np.asarray(resized, dtype=np.uint8)
        field = find_field_of_view(picture)
        if field is None:
            return
        features = measure_quality(crop_to_field(picture, field, size=DETAIL_SIDE_PX))
        if features is not None:
            self._features.append(features)
            self._facts.append((kind, group, label))

    def examples(self) -> Examples:
        """Return all that was measured."""
        kinds, groups, labels = zip(*self._facts, strict=True)
        features = np.array(self._features).reshape(-1, len(FEATURE_NAMES))
        return Examples(features, np.array(kinds), np.array(groups), np.array(labels))
