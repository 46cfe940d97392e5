import io
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from retina_desktop.domain.errors import ImageUnreadableError
from retina_desktop.reporting.logos import printed_mark
from retina_desktop.reporting.pictures import choose_overlay, print_photograph
from tests.unit.reporting.contents import RIGHT, SIZE, make_maps, make_photo, mark_png


def pixels(jpeg):
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"), np.int16)


def test_a_print_has_at_most_200_dots_an_inch():
    printed = print_photograph(make_photo(RIGHT, {"DR": 0.9}), side_pt=72.0)
    assert pixels(printed.photograph).shape == (200, 200, 3)
    assert pixels(printed.overlay).shape == (200, 200, 3)


def test_a_photograph_is_never_enlarged():
    printed = print_photograph(make_photo(RIGHT, {}), side_pt=7200.0)
    assert max(pixels(printed.photograph).shape) <= SIZE[0] * 1.05


def test_the_same_pixels_give_the_same_bytes():
    photo = make_photo(RIGHT, {"DR": 0.9})
    first, second = (print_photograph(photo, side_pt=100.0) for _ in range(2))
    assert first == second


def test_the_heat_lies_where_its_map_is():
    photo = make_photo(RIGHT, {"DR": 0.95})
    values = np.full((29, 12, 12), -1.0, np.float32)
    values[:, 3, 9] = 4.0  # above and right of the middle
    photo = replace(photo, maps=replace(make_maps(), values=values))
    printed = print_photograph(photo, side_pt=216.0)
    change = np.abs(pixels(printed.overlay) - pixels(printed.photograph)).sum(axis=2)
    rows, columns = np.nonzero(change > 0.7 * change.max())
    side = change.shape[0]
    assert np.mean(rows) / side == pytest.approx(3.5 / 12, abs=0.04)
    assert np.mean(columns) / side == pytest.approx(9.5 / 12, abs=0.04)


def test_a_reduced_photograph_shows_the_same_cut():
    whole = make_photo(RIGHT, {})
    small = cv2.resize(
        whole.photograph, (SIZE[1] // 2, SIZE[0] // 2), interpolation=cv2.INTER_AREA
    )
    one = pixels(print_photograph(whole, side_pt=54.0).photograph)
    other = pixels(print_photograph(replace(whole, photograph=small), side_pt=54.0).photograph)
    assert np.abs(one - other).mean() < 3.0


def test_no_overlay_where_nothing_was_found_or_no_map_is():
    assert choose_overlay(make_photo(RIGHT, {})) == ""
    assert choose_overlay(replace(make_photo(RIGHT, {"DR": 0.9}), maps=None)) == ""


def test_the_overlay_asked_for_is_shown_else_the_most_urgent_named_one():
    photo = make_photo(RIGHT, {"Disease_Risk": 0.99, "DR": 0.6, "DN": 0.8})
    assert choose_overlay(photo) == "DR"
    assert choose_overlay(replace(photo, overlay_label="DR")) == "DR"


def test_no_pixels_no_print():
    assert print_photograph(make_photo(RIGHT, {}, pixels=False), side_pt=72.0) is None


def test_a_mark_keeps_its_shape_inside_its_box():
    jpeg, width, height = printed_mark(mark_png(size=(480, 160)), width=90.0, height=60.0)
    assert (width, height) == (90.0, 30.0)
    assert pixels(jpeg)[0, -1].min() > 250  # transparent became white


@pytest.mark.parametrize("data", [b"", b"GIF89a", mark_png()[:200], b"<svg/>"])
def test_a_damaged_mark_is_refused_in_one_sentence(data):
    with pytest.raises(ImageUnreadableError, match="choose a PNG or JPEG"):
        printed_mark(data, width=10.0, height=10.0)
