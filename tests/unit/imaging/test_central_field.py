"""One outline for all photographs, whatever the camera left of its circle."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.domain.errors import BundleRefusedError
from retina_desktop.domain.images import FieldCrop
from retina_desktop.domain.manifests import PreprocessingStep
from retina_desktop.imaging.central_field import central_field
from retina_desktop.imaging.preprocessing import check_steps, prepare_tensor
from tests.helpers.rendered_fundus import render_fundus

SIZE = 64
CROP = PreprocessingStep("field_crop", {"size": SIZE})
PART = PreprocessingStep("central_field", {"radius": 0.9, "half_height": 0.5})
NORMALIZE = PreprocessingStep("normalize")


def whole_crop() -> FieldCrop:
    pixels = np.maximum(render_fundus(size=(SIZE, SIZE), framed=False), 1)
    return FieldCrop(pixels, np.ones((SIZE, SIZE), np.bool_), 3.0, 4.0, 2.0)


@given(radius=st.floats(0.1, 1.0), half_height=st.floats(0.1, 1.0))
def test_the_outline_is_a_disc_within_a_band(radius: float, half_height: float) -> None:
    part = central_field(whole_crop(), radius=radius, half_height=half_height)
    down, across = (np.mgrid[:SIZE, :SIZE] + 0.5) * 2 / SIZE - 1
    assert not part.inside[np.hypot(across, down) > radius + 1e-9].any()
    assert not part.inside[np.abs(down) > half_height + 1e-9].any()
    assert part.inside[(np.hypot(across, down) < radius) & (np.abs(down) < half_height)].all()
    assert (part.pixels.any(axis=2) == part.inside).all()


def test_place_and_the_given_crop_stay_as_they_are() -> None:
    crop = whole_crop()
    before = crop.pixels.copy()
    part = central_field(crop, radius=0.5, half_height=0.5)
    assert (part.left, part.top, part.pitch) == (crop.left, crop.top, crop.pitch)
    np.testing.assert_array_equal(crop.pixels, before)


def test_what_a_camera_prints_into_the_corner_changes_nothing() -> None:
    crop = whole_crop()
    printed = crop.pixels.copy()
    printed[-12:, -20:] = 0
    steps = (CROP, PART, PreprocessingStep("msrcr"), NORMALIZE)
    np.testing.assert_array_equal(
        prepare_tensor(crop, steps), prepare_tensor(replace(crop, pixels=printed), steps)
    )


@pytest.mark.parametrize(
    "steps",
    [
        (CROP, PreprocessingStep("clahe"), PART, NORMALIZE),
        (CROP, PART, PART, NORMALIZE),
        (CROP, PreprocessingStep("central_field", {"radius": 2.0}), NORMALIZE),
        (CROP, PreprocessingStep("central_field", {"width": 0.5}), NORMALIZE),
        (PART, CROP, NORMALIZE),
    ],
)
def test_a_misplaced_or_misspelt_step_is_refused(steps: tuple[PreprocessingStep, ...]) -> None:
    with pytest.raises(BundleRefusedError):
        check_steps(steps)
