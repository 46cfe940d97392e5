"""Logos and signatures, from whatever people bring."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from retina_desktop.domain.errors import ImageUnreadableError
from retina_desktop.imaging.marks import MOST_BYTES, MOST_SIDE, mark_as_png


def saved(picture: Image.Image, kind: str, **options) -> bytes:
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def reopened(png: bytes) -> Image.Image:
    return Image.open(BytesIO(png), formats=["PNG"])


LOGO = Image.new("RGBA", (40, 20), (200, 30, 30, 90))
SMALL_PNG = saved(LOGO, "PNG")
SMALL_JPEG = saved(LOGO.convert("RGB"), "JPEG")


def test_transparency_stays_and_whatever_else_the_file_told_goes():
    told = Image.Exif()
    told[0x010E] = "taken at home"
    kept = mark_as_png(saved(LOGO, "PNG", exif=told))
    assert b"taken at home" not in kept
    picture = reopened(kept)
    assert (picture.mode, picture.size) == ("RGBA", (40, 20))
    assert picture.getpixel((3, 3)) == (200, 30, 30, 90)
    assert not picture.getexif()


def test_a_photograph_of_a_signature_is_turned_upright():
    turned = Image.Exif()
    turned[0x0112] = 6
    kept = reopened(mark_as_png(saved(LOGO.convert("RGB"), "JPEG", exif=turned)))
    assert (kept.mode, kept.size) == ("RGB", (20, 40))


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "I;16", "CMYK"])
def test_every_mode_is_brought_to_8_bit_colour(mode):
    picture = Image.new(mode, (12, 8))
    data = saved(picture, "JPEG" if mode == "CMYK" else "PNG")
    assert reopened(mark_as_png(data)).mode in ("RGB", "RGBA")


def test_a_large_picture_is_made_small():
    noise = np.random.default_rng(1).integers(0, 256, (1500, 2500, 3), np.uint8)
    kept = mark_as_png(saved(Image.fromarray(noise), "PNG", compress_level=1))
    assert len(kept) <= MOST_BYTES
    assert max(reopened(kept).size) <= MOST_SIDE
    wide = mark_as_png(saved(Image.new("L", (6000, 30)), "PNG"))
    assert reopened(wide).size == (MOST_SIDE, 10)


def test_what_is_kept_once_is_kept_as_it_is():
    kept = mark_as_png(SMALL_PNG)
    assert mark_as_png(kept) == kept


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a\x01\x00\x01\x00",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        SMALL_PNG[:60],
        saved(LOGO, "WEBP"),
        SMALL_PNG + bytes(30_000_000),
    ],
    ids=["nothing", "gif", "png head", "jpeg head", "cut", "webp", "too large"],
)
def test_anything_else_is_refused_in_a_sentence(data):
    with pytest.raises(ImageUnreadableError) as told:
        mark_as_png(data)
    assert str(told.value).endswith(".")


def test_a_bomb_is_refused_by_its_header():
    bomb = bytearray(saved(Image.new("1", (8, 8)), "PNG"))
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2
    with pytest.raises(ImageUnreadableError):
        mark_as_png(bytes(bomb))


@given(
    data=st.sampled_from([SMALL_PNG, SMALL_JPEG]),
    places=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1),
)
def test_flipped_bytes_give_a_picture_or_a_sentence(data, places):
    spoilt = bytearray(data)
    for place, value in places:
        spoilt[place % len(spoilt)] = value
    try:
        kept = mark_as_png(bytes(spoilt))
    except ImageUnreadableError:
        return
    assert reopened(kept).format == "PNG"
