"""A heatmap points at the brightest part of the field, or it does not."""

import numpy as np

from retina_desktop.domain.images import FieldCrop
from training.retinoblastoma.pointing import BRIGHTEST, brightest_part, points_at

SIDE = 120


def with_mass(top: int, left: int) -> FieldCrop:
    """Return an even field with a bright mass, and one brighter pixel far from it."""
    pixels = np.full((SIDE, SIDE, 3), 60, np.uint8)
    pixels[top : top + 30, left : left + 30] = 200
    pixels[100, 100] = 255
    inside = np.zeros((SIDE, SIDE), np.bool_)
    inside[10:110, 10:110] = True
    return FieldCrop(pixels, inside, 0.0, 0.0, 1.0)


def heat_at(row: int, column: int) -> np.ndarray:
    heat = np.zeros((6, 6), np.float32)
    heat[row, column] = 1.0
    return heat


def test_the_brightest_part_is_the_mass_and_no_reflex() -> None:
    crop = with_mass(20, 30)
    part = brightest_part(crop)
    assert not part[100, 100]
    assert part[25:45, 35:55].all()
    assert abs(part.sum() / crop.inside.sum() - BRIGHTEST) < 0.03


def test_heat_on_the_mass_counts_and_elsewhere_does_not() -> None:
    crop = with_mass(20, 40)
    assert points_at(heat_at(1, 2), crop)
    assert not points_at(heat_at(4, 4), crop)


def test_heat_outside_the_field_is_not_looked_at() -> None:
    crop = with_mass(20, 40)
    heat = heat_at(1, 2)
    heat[:, 0] = 5.0  # its middle lies outside of the field
    crop.inside[:, :40] = False
    assert points_at(heat, crop)
