import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage

from retina_desktop.gui.viewer.camera import Camera, Size, place
from retina_desktop.gui.viewer.layers import (
    ScrollBuffer,
    covered_pixels,
    draw_photograph,
)
from retina_desktop.gui.viewer.pyramid import build_pyramid
from tests.gui.viewer.conftest import array_of

SURROUND = QColor(38, 38, 38)


def draw_all(picture, placement, viewport, **options):
    image = QImage(viewport.width, viewport.height, QImage.Format.Format_RGB32)
    draw(picture, placement, image, QRect(0, 0, viewport.width, viewport.height), **options)
    return array_of(image)


def draw(picture, placement, image, part, *, smooth=True, tone_table=None):
    draw_photograph(
        image,
        part,
        picture,
        placement,
        surround=SURROUND,
        smooth=smooth,
        tone_table=tone_table,
    )


@pytest.mark.parametrize("quarter", range(4))
@pytest.mark.parametrize("size", [(301, 200), (300, 201)])
def test_1_to_1_is_exact_in_every_rotation(quarter, size):
    pixels = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), np.uint8)
    viewport, image = Size(351, 340), Size(*size)
    placement = place(Camera(size[0] / 2, size[1] / 2, 1.0, quarter), viewport, image)

    seen = draw_all(build_pyramid(pixels, image), placement, viewport)

    there = covered_pixels(placement, image)
    cut = seen[there.top() : there.bottom() + 1, there.left() : there.right() + 1]
    np.testing.assert_array_equal(cut, np.rot90(pixels, -quarter))
    outside = seen.astype(int).sum() - cut.astype(int).sum()
    assert outside == 3 * 38 * (seen[..., 0].size - cut[..., 0].size)


@pytest.mark.parametrize("quarter", range(4))
def test_from_4_on_every_pixel_is_a_square_of_its_own_colour(quarter):
    pixels = np.random.default_rng(2).integers(0, 256, (24, 32, 3), np.uint8)
    viewport, image = Size(300, 300), Size(32, 24)
    placement = place(Camera(16, 12, 6.0, quarter), viewport, image)

    seen = draw_all(build_pyramid(pixels, image), placement, viewport)

    there = covered_pixels(placement, image)
    cut = seen[there.top() : there.bottom() + 1, there.left() : there.right() + 1]
    turned = np.rot90(pixels, -quarter)
    np.testing.assert_array_equal(cut, turned.repeat(6, axis=0).repeat(6, axis=1))


def test_zoomed_out_an_even_grey_of_fine_lines_stays_grey(retina):
    lines = np.zeros((1200, 1600, 3), np.uint8)
    lines[:, ::2] = 200  # a plain skipping of pixels would show black or white bands
    viewport, image = Size(400, 300), Size(1600, 1200)

    seen = draw_all(build_pyramid(lines, image), place(Camera(), viewport, image), viewport)

    assert np.abs(seen[20:-20, 20:-20].astype(int) - 100).max() <= 2


def test_a_preview_covers_the_place_of_the_original(retina):
    size = Size(retina.shape[1] * 4, retina.shape[0] * 4)
    viewport = Size(300, 300)
    placement = place(Camera(900, 1100, 0.2), viewport, size)
    full = np.repeat(np.repeat(retina, 4, axis=0), 4, axis=1)

    preview = draw_all(build_pyramid(retina, size), placement, viewport).astype(int)
    original = draw_all(build_pyramid(full, size), placement, viewport).astype(int)

    assert np.abs(preview - original).mean() < 1.0


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    scale=st.sampled_from([0.21, 0.5, 0.83, 1.0, 1.7, 3.3, 5.3, 8.0]),
    quarter=st.integers(0, 3),
    moves=st.lists(st.tuples(st.integers(-90, 90), st.integers(-90, 90)), max_size=4),
    toned=st.booleans(),
)
def test_what_is_moved_and_completed_equals_what_is_drawn_anew(
    retina, scale, quarter, moves, toned
):
    image = Size(retina.shape[1], retina.shape[0])
    picture = build_pyramid(retina, image)
    table = bytes(255 - v for v in range(256)) if toned else None
    viewport = Size(161, 120)
    buffer = ScrollBuffer(QImage.Format.Format_RGB32)
    placement = place(Camera(350, 360, scale, quarter), viewport, image)

    def fill(target, part):
        draw(picture, placement, target, part, tone_table=table)

    buffer.image("key", viewport, placement, fill)
    for dx, dy in moves:
        placement = type(placement)(
            placement.scale, quarter, placement.left + dx, placement.top + dy
        )
        scrolled = array_of(buffer.image("key", viewport, placement, fill))
        anew = draw_all(picture, placement, viewport, tone_table=table)
        # Qt interpolates in fixed point: a span that starts elsewhere may differ by rounding
        different = np.abs(scrolled.astype(int) - anew) > 3
        assert different.mean() < 0.002


def test_another_key_is_drawn_anew():
    buffer, drawn = ScrollBuffer(QImage.Format.Format_RGB32), []
    viewport = Size(50, 40)
    placement = place(Camera(), viewport, Size(50, 40))

    for key in ("one", "one", "other"):
        buffer.image(key, viewport, placement, lambda target, part: drawn.append(part))

    assert drawn == [QRect(0, 0, 50, 40)] * 2


def test_the_tone_touches_the_photograph_and_not_its_surround():
    pixels = np.full((40, 60, 3), 100, np.uint8)
    viewport, image = Size(100, 80), Size(60, 40)
    table = bytes(min(255, v + 50) for v in range(256))
    placement = place(Camera(30, 20, 1.0), viewport, image)

    seen = draw_all(build_pyramid(pixels, image), placement, viewport, tone_table=table)

    assert set(map(tuple, seen.reshape(-1, 3))) == {(150, 150, 150), (38, 38, 38)}
