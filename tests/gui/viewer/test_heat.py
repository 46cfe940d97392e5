import numpy as np
import pytest

from retina_desktop.gui.viewer.camera import Size
from retina_desktop.gui.viewer.heat import build_heat_picture
from retina_desktop.gui.viewer.looks import Palette
from retina_desktop.imaging.colormaps import alpha_table, colormap_table

SIZE = Size(2000, 1500)


def bump(side=28, *, peak=0.9):
    y, x = np.mgrid[0:side, 0:side] / (side - 1)
    spread = (x - 0.25) ** 2 + (y - 0.5) ** 2
    return (peak * np.exp(-spread / 0.02)).astype(np.float32)


@pytest.mark.parametrize("palette", list(Palette))
@pytest.mark.parametrize("heat", [0.1, 0.3, 0.5, 0.9])
def test_an_even_heat_has_the_palettes_colour_and_transparency(palette, heat):
    picture = build_heat_picture(np.full((7, 7), heat, np.float32), palette, SIZE)
    step = int(heat * 255 + 0.5)
    alpha = float(alpha_table()[step])

    seen = picture.image.pixelColor(picture.image.width() // 2, picture.image.height() // 2)

    assert seen.alphaF() == pytest.approx(alpha, abs=1 / 255)
    got = (seen.red(), seen.green(), seen.blue())
    # premultiplied eight-bit colour has fewer steps where it is more transparent
    assert got == pytest.approx(colormap_table(palette.value)[step], abs=0.7 / alpha + 1)


def test_the_overlay_has_the_photographs_proportions_and_a_bounded_size():
    picture = build_heat_picture(np.ones((3000, 3000), np.float32), Palette.VIRIDIS, SIZE)

    assert (picture.image.width(), picture.image.height()) == (1024, 768)


def test_enlarging_never_exceeds_the_findings_strength():
    heat = np.zeros((7, 7), np.float32)
    heat[3, 3] = 0.6

    picture = build_heat_picture(heat, Palette.VIRIDIS, SIZE)

    assert picture.values.min() >= 0.0
    assert picture.values.max() <= np.float32(0.6)


def test_the_contour_runs_where_the_heat_is_at_the_threshold():
    picture = build_heat_picture(bump(224), Palette.VIRIDIS, SIZE)
    points = [picture.contour.pointAtPercent(p) for p in np.linspace(0, 1, 40)]

    assert [picture.at(p.x(), p.y()) for p in points] == pytest.approx([0.5] * 40, abs=0.02)


def test_a_finding_below_its_threshold_has_no_contour():
    picture = build_heat_picture(bump(peak=0.49), Palette.VIRIDIS, SIZE)

    assert picture.contour.isEmpty()


def test_bounds_hold_everything_that_is_seen_and_little_more():
    picture = build_heat_picture(bump(112), Palette.VIRIDIS, SIZE)
    seen = alpha_table()[(picture.values * 255 + 0.5).astype(int)] > 0.002
    rows, columns = np.nonzero(seen)
    pitch = SIZE.width / picture.values.shape[1]

    bounds = picture.bounds
    assert bounds.left() <= columns.min() * pitch
    assert bounds.right() >= (columns.max() + 1) * pitch
    assert bounds.top() <= rows.min() * pitch
    assert bounds.bottom() >= (rows.max() + 1) * pitch
    assert bounds.width() < SIZE.width * 0.8


def test_no_evidence_is_nothing_to_draw():
    picture = build_heat_picture(np.zeros((7, 7), np.float32), Palette.VIRIDIS, SIZE)

    assert picture.bounds.isEmpty()
    assert picture.contour.isEmpty()


def test_the_heat_under_a_point():
    heat = np.zeros((4, 4), np.float32)
    heat[:, 2:] = 0.8
    picture = build_heat_picture(heat, Palette.VIRIDIS, SIZE)

    assert picture.at(10, 700) == pytest.approx(0.0, abs=0.01)
    assert picture.at(1999.9, 1499.9) == pytest.approx(0.8, abs=0.01)
