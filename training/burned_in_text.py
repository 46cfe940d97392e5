"""Fit and report the trees that tell burned-in text from retina (`imaging/text_model.py`).

Every photograph below the folders named is looked at twice: as it is, and with a text of any
script, size and colour written over its retina and saved as a JPEG. Sources are the folders;
about two thirds of each one's photographs fit, the others are reported on.
"""

import logging
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from sklearn.ensemble import HistGradientBoostingClassifier

from retina_desktop.domain.errors import ImageUnreadableError
from retina_desktop.domain.images import Mask, RgbImage
from retina_desktop.imaging.burned_in_text import TEXT_SCORE, TextLine, candidate_lines
from retina_desktop.imaging.decode import decode_photograph
from retina_desktop.imaging.field_of_view import find_field_of_view
from retina_desktop.imaging.research_pictures import kept_pixels
from retina_desktop.imaging.text_model import DEPTH, TextTrees

_LOGGER = logging.getLogger(__name__)
_FONTS = Path(__file__).resolve().parents[1] / "resources" / "fonts"
_SIZES = (9, 11, 13, 16, 20, 28, 40)
_COLOURS = {
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "yellow": (255, 255, 0),
    "green": (0, 255, 0),
    "grey": (190, 190, 190),
    "red": (255, 0, 0),
    "blue": (40, 40, 255),
    "cyan": (0, 255, 255),
}
_WORDS = {
    "NotoSans-Regular.ttf": ("Quill Zoe", "12.04.1961", "P-10023", "OD", "7741 02"),
    "NotoSans-Bold.ttf": ("Asha Rao", "QF-77123", "1961-05-04", "ID 4711"),
    "NotoSansDevanagari-Regular.ttf": ("आशा राव", "कुमार", "१९६१"),
    "NotoSansArabic-Regular.ttf": ("ليلى حسن", "محمد علي", "١٢٣٤"),
    "DroidSansFallbackFull.ttf": ("山田太郎", "王小明"),
    "NotoSansThai-Regular.ttf": ("สมชาย ใจดี",),
    "NotoSansBengali-Regular.ttf": ("রহিমা খাতুন",),
}
_Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class _Look:
    """What was found in one picture; ``box`` is where text was written, None for none."""

    source: str
    kind: str  # size and colour of the text
    lines: tuple[TextLine, ...]
    box: _Box | None = None


def main(
    folders: Annotated[
        list[Path], typer.Argument(help="Folders of photographs, a source each.")
    ],
    *,
    out: Annotated[Path, typer.Option(help="The trees (npz) to write.")],
    most: Annotated[int, typer.Option(help="Photographs of each source.")] = 50,
    seed: Annotated[int, typer.Option()] = 0,
) -> None:
    """Fit on some photographs of each source, report on the others, write the trees."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    rng = random.Random(seed)
    fitting: list[_Look] = []
    testing: list[_Look] = []
    for folder in folders:
        paths = sorted(path for path in folder.iterdir() if path.is_file())
        for path in rng.sample(paths, min(most, len(paths))):
            looks = list(_looks(path, folder.name, rng))
            (fitting if rng.random() < 2 / 3 else testing).extend(looks)
    trees = _fit(fitting)
    _report(trees, testing)
    arrays = {name: getattr(trees, name) for name in TextTrees.__slots__}
    np.savez_compressed(out, **arrays)


def _looks(path: Path, source: str, rng: random.Random) -> Iterator[_Look]:
    try:
        image = decode_photograph(path).pixels
    except ImageUnreadableError:
        return
    field = find_field_of_view(image)
    if field is None:
        return
    keep = kept_pixels(image, field)
    yield _Look(source, "", tuple(candidate_lines(image, keep)))
    size, colour = rng.choice(_SIZES), rng.choice(sorted(_COLOURS))
    written = _written(image, keep, size=size, colour=colour, rng=rng)
    if written is not None:
        picture, box = written
        yield _Look(source, f"{size} {colour}", tuple(candidate_lines(picture, keep)), box)


def _written(
    image: RgbImage, keep: Mask, *, size: int, colour: str, rng: random.Random
) -> tuple[RgbImage, _Box] | None:
    """Return the picture with a text that lies within `keep`; None if no place was found."""
    name = rng.choice(sorted(_WORDS))
    font = ImageFont.truetype(str(_FONTS / name), size)
    text = rng.choice(_WORDS[name])
    picture = Image.fromarray(image)
    draw = ImageDraw.Draw(picture)
    left, top, right, bottom = (int(edge) for edge in draw.textbbox((0, 0), text, font=font))
    height, width = keep.shape
    for _ in range(50):
        x, y = rng.randrange(width), rng.randrange(height)
        if y + bottom >= height or x + right >= width:
            continue
        corners = keep[np.ix_([y + top, y + bottom], [x + left, x + right])]
        if corners.all():
            draw.text((x, y), text, fill=_COLOURS[colour], font=font)
            quality = [cv2.IMWRITE_JPEG_QUALITY, rng.choice((80, 90, 95))]
            data = cv2.imencode(".jpg", np.asarray(picture)[..., ::-1], quality)[1]
            decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
            again = np.ascontiguousarray(decoded[..., ::-1])
            return again, (x + left, y + top, x + right, y + bottom)
    return None


def _is_the_text(line: TextLine, box: _Box) -> bool:
    left, top, right, bottom = box
    wide = max(0.0, min(line.left + line.width, right) - max(line.left, left))
    high = max(0.0, min(line.top + line.height, bottom) - max(line.top, top))
    text_area = (right - left) * (bottom - top)
    return wide * high > max(0.5 * line.width * line.height, 0.1 * text_area)


def _fit(looks: list[_Look]) -> TextTrees:
    rows: list[tuple[float, ...]] = []
    is_text: list[bool] = []
    for look in looks:
        for line in look.lines:
            mine = look.box is not None and _is_the_text(line, look.box)
            if look.box is None or mine:  # what else is in a picture with text counts once
                rows.append(line.measures)
                is_text.append(mine)
    model = HistGradientBoostingClassifier(
        max_depth=DEPTH,
        max_iter=150,
        class_weight="balanced",
        l2_regularization=1.0,
        early_stopping=False,
        random_state=0,
    )
    model.fit(np.array(rows), np.array(is_text))
    return _trees(model)


def _trees(model: Any) -> TextTrees:  # noqa: ANN401 - scikit-learn has no types
    nodes: list[Any] = []
    roots, lefts, rights = [], [], []
    for (predictor,) in model._predictors:
        base = len(nodes)
        roots.append(base)
        for place, node in enumerate(predictor.nodes):
            leaf = bool(node["is_leaf"])
            lefts.append(base + (place if leaf else int(node["left"])))
            rights.append(base + (place if leaf else int(node["right"])))
            nodes.append(node)
    return TextTrees(
        root=np.array(roots, np.int32),
        feature=np.array([node["feature_idx"] for node in nodes], np.int16),
        threshold=np.array([node["num_threshold"] for node in nodes], np.float64),
        left=np.array(lefts, np.int32),
        right=np.array(rights, np.int32),
        value=np.array([n["value"] if n["is_leaf"] else 0.0 for n in nodes], np.float32),
        start=float(np.ravel(model._baseline_prediction)[0]),
    )


def _report(trees: TextTrees, looks: list[_Look]) -> None:
    by_kind: dict[str, list[bool]] = defaultdict(list)
    for look in looks:
        scores = _scores(trees, look)
        found = bool(len(scores)) and float(scores.max()) >= TEXT_SCORE
        if look.box is None:
            by_kind[f"false alarms in {look.source}"].append(found)
            by_kind["false alarms in all"].append(found)
            continue
        for word in look.kind.split():
            by_kind[f"found, {word}"].append(found)
        by_kind["found, all"].append(found)
    for kind, found_each in sorted(by_kind.items()):
        _LOGGER.info("%s: %.3f of %d", kind, np.mean(found_each), len(found_each))


def _scores(trees: TextTrees, look: _Look) -> NDArray[np.float64]:
    if not look.lines:
        return np.zeros(0)
    return trees.log_odds(np.array([line.measures for line in look.lines]))


if __name__ == "__main__":
    typer.run(main)
