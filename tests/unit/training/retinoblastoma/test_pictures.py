"""Varied copies keep the outline; pictures without a tumour's signs hold none."""

import numpy as np

from retina_desktop.imaging.preprocessing import prepare_tensor
from tests.unit.training.retinoblastoma.tiny import SIDE, whole_crop
from training.retinoblastoma.features import pipeline
from training.retinoblastoma.pictures import (
    blurred,
    border_only,
    central_part,
    colour_histogram,
    varied,
)

STEPS = pipeline(SIDE)


def black(tensor: np.ndarray) -> np.ndarray:
    lowest = tensor.min(axis=(1, 2), keepdims=True)
    return np.asarray((tensor == lowest).all(axis=0))


def test_a_copy_shows_the_same_outline_and_another_picture() -> None:
    crop = whole_crop()
    outside = ~central_part(crop).inside
    generator = np.random.default_rng(0)
    plain = prepare_tensor(crop, STEPS)
    for _ in range(5):
        tensor = prepare_tensor(varied(crop, generator), STEPS)
        assert black(tensor)[outside].all()
        assert np.abs(tensor - plain).mean() > 0.05


def test_what_is_printed_into_the_corner_reaches_no_copy() -> None:
    crop = whole_crop()
    printed = crop.pixels.copy()
    printed[-9:, -20:] = 0
    other = type(crop)(printed, crop.inside, 0.0, 0.0, 1.0)
    for seed in range(5):
        one, two = (varied(c, np.random.default_rng(seed)) for c in (crop, other))
        np.testing.assert_array_equal(one.pixels, two.pixels)


def test_a_blurred_picture_keeps_light_and_loses_detail() -> None:
    crop = central_part(whole_crop(seed=3))
    soft = blurred(crop)
    inside = crop.inside
    assert abs(float(soft.pixels[inside].mean()) - float(crop.pixels[inside].mean())) < 6
    detail = [
        np.abs(np.diff(c.pixels[20:44].astype(float), axis=1)).mean() for c in (crop, soft)
    ]
    assert detail[1] < 0.5 * detail[0]
    assert not soft.pixels[~inside].any()


def test_the_middle_of_a_border_picture_is_even() -> None:
    crop = central_part(whole_crop())
    middle = border_only(crop).pixels[SIDE // 2 - 8 : SIDE // 2 + 8, 16:48]
    assert len(np.unique(middle.reshape(-1, 3), axis=0)) == 1
    changed = crop.pixels.copy()
    changed[SIDE // 2 - 8 : SIDE // 2 + 8, 16:48] = 255
    other = type(crop)(changed, crop.inside, 0.0, 0.0, 1.0)
    np.testing.assert_array_equal(border_only(other).pixels, border_only(crop).pixels)


def test_a_histogram_forgets_places_and_counts_the_field_alone() -> None:
    crop = central_part(whole_crop())
    found = colour_histogram(crop.pixels, crop.inside)
    np.testing.assert_allclose(np.square(found).reshape(3, -1).sum(axis=1), 1.0)
    flipped = colour_histogram(
        np.ascontiguousarray(crop.pixels[:, ::-1]), np.ascontiguousarray(crop.inside[:, ::-1])
    )
    np.testing.assert_allclose(found, flipped)
