"""Letters over a retina are found, and the retina itself is not taken for letters."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from skimage.data import retina

from retina_desktop.config.folders import Folders
from retina_desktop.imaging.burned_in_text import MEASURES, find_text
from retina_desktop.imaging.field_of_view import find_field_of_view
from retina_desktop.imaging.research_pictures import (
    PictureRefusal,
    kept_pixels,
    make_research_picture,
)
from retina_desktop.imaging.text_model import text_trees
from tests.helpers.rendered_fundus import render_fundus

FONTS = Folders.find({}).resources / "fonts"
COLOURS = {
    "white": (255, 255, 255),
    "yellow": (255, 255, 0),
    "black": (0, 0, 0),
}
TEXTS = [
    ("NotoSans-Regular.ttf", "Quill 1961"),
    ("NotoSans-Bold.ttf", "QF-77123"),
    ("NotoSansDevanagari-Regular.ttf", "ज़ेबुलॉन राव"),
    ("DroidSansFallbackFull.ttf", "山田太郎"),
]


def fundus(seed=3):
    return render_fundus(size=(712, 1072), seed=seed)


def real():
    return np.ascontiguousarray(retina()[::3, ::3])


def written(image, text, *, size, colour, place=(0.45, 0.62), font="NotoSans-Regular.ttf"):
    """Burn `text` in, as a camera would, and save it as a JPEG would."""
    picture = Image.fromarray(image)
    height, width = image.shape[:2]
    face = ImageFont.truetype(str(FONTS / font), size)
    ImageDraw.Draw(picture).text(
        (place[0] * width, place[1] * height), text, fill=colour, font=face
    )
    data = cv2.imencode(".jpg", np.asarray(picture)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])[
        1
    ]
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize(("font", "text"), TEXTS)
def test_text_on_the_retina_is_found(font, text, colour):
    image = written(real(), text, size=16, colour=COLOURS[colour], font=font)
    assert make_research_picture(image).refusal is PictureRefusal.TEXT


@pytest.mark.parametrize("size", [11, 16, 40, 64])
def test_text_of_any_size_is_found(size):
    image = written(real(), "QF-7712", size=size, colour=(255, 255, 255), place=(0.3, 0.62))
    (best, *_) = find_text(image, np.ones(image.shape[:2], np.bool_))
    height = image.shape[0]
    assert abs(best.top + best.height / 2 - 0.62 * height - 0.6 * size) < size


def test_a_real_retina_is_not_taken_for_text():
    made = make_research_picture(real())
    assert made.refusal is None


def test_outside_of_the_field_everything_is_black_and_inside_nothing_is_changed():
    clean = real()
    field = find_field_of_view(clean)
    keep = kept_pixels(clean, field)
    image = written(clean, "Quill 77", size=20, colour=(255, 255, 255), place=(0, 0.01))
    image[keep] = clean[keep]
    field = find_field_of_view(image)
    keep = kept_pixels(image, field)
    made = make_research_picture(image)
    assert made.refusal is None
    assert not made.pixels[~keep].any()
    assert np.array_equal(made.pixels[keep], image[keep])
    rows, columns = np.nonzero(keep)
    away = np.hypot(columns - field.center_x, rows - field.center_y)
    assert 0.95 * field.radius < away.max() < field.radius - 1.9


def test_the_black_bars_of_a_cut_field_go_with_the_frame():
    image = fundus()
    height = image.shape[0]
    image[: height // 7] = 0
    image[-height // 7 :] = 0
    keep = kept_pixels(image, find_field_of_view(image))
    assert not keep[: height // 7].any()
    assert keep[height // 2].any()


def test_pictures_without_a_field_or_too_small_are_refused():
    black = np.zeros((400, 400, 3), np.uint8)
    assert make_research_picture(black).refusal is PictureRefusal.NO_FIELD
    small = np.ascontiguousarray(real()[:150, :150])
    assert make_research_picture(small).refusal is PictureRefusal.TOO_SMALL


def test_noise_does_not_exhaust_it():
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (300, 400, 3), dtype=np.uint8)
    assert isinstance(find_text(noise, np.ones((300, 400), np.bool_)), tuple)


def test_the_trees_know_every_measure():
    trees = text_trees()
    assert 0 <= trees.feature.min() <= trees.feature.max() < len(MEASURES)
    assert trees.log_odds(np.zeros((3, len(MEASURES)))).shape == (3,)
