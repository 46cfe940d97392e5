"""A manifest's steps run in order, exactly, or are refused when the bundle is loaded."""

import numpy as np
import pytest

from retina_desktop.domain.errors import BundleRefusedError
from retina_desktop.domain.images import FieldCrop
from retina_desktop.domain.manifests import PreprocessingStep
from retina_desktop.imaging.enhancement import ENHANCEMENTS, clahe, illumination_correction
from retina_desktop.imaging.preprocessing import (
    MODEL_ENHANCEMENTS,
    check_steps,
    crop_size,
    prepare_tensor,
)
from tests.helpers.rendered_fundus import render_fundus

MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])

Parameters = dict[str, float | int | str | bool]


def step(name: str, **parameters: float | int | str | bool) -> PreprocessingStep:
    return PreprocessingStep(name, parameters)


CROP, NORMALIZE = step("field_crop", size=96), step("normalize")


@pytest.fixture(scope="module")
def crop() -> FieldCrop:
    y, x = np.mgrid[:96, :96]
    inside = np.hypot(y - 47.5, x - 47.5) < 46
    pixels = render_fundus(size=(96, 96)) * inside[..., None].astype(np.uint8)
    return FieldCrop(pixels, inside, left=0.0, top=0.0, pitch=1.0)


def normalized(pixels: np.ndarray) -> np.ndarray:
    return ((pixels / 255.0 - MEAN) / STD).transpose(2, 0, 1)


class TestTensor:
    def test_crop_and_imagenet_normalisation(self, crop: FieldCrop) -> None:
        tensor = prepare_tensor(crop, [CROP, NORMALIZE])
        assert tensor.shape == (3, 96, 96)
        assert tensor.dtype == np.float32
        assert tensor.flags.c_contiguous
        np.testing.assert_allclose(tensor, normalized(crop.pixels), atol=1e-6)

    def test_own_mean_and_deviation(self, crop: FieldCrop) -> None:
        own = step("normalize", mean_r=0.5, mean_g=0.0, mean_b=1, std_r=0.5, std_g=1.0)
        tensor = prepare_tensor(crop, (CROP, own))
        light = crop.pixels / 255.0
        np.testing.assert_allclose(tensor[0], (light[..., 0] - 0.5) / 0.5, atol=1e-6)
        np.testing.assert_allclose(tensor[1], light[..., 1], atol=1e-6)
        np.testing.assert_allclose(tensor[2], (light[..., 2] - 1) / 0.225, atol=1e-6)

    def test_order_is_the_manifests(self, crop: FieldCrop) -> None:
        first = [CROP, step("clahe", clip_limit=3), step("illumination_correction"), NORMALIZE]
        expected = illumination_correction(
            clahe(crop.pixels, crop.inside, clip_limit=3), crop.inside
        )
        tensor = prepare_tensor(crop, first)
        np.testing.assert_allclose(tensor, normalized(expected), atol=1e-6)
        other = prepare_tensor(crop, [first[0], first[2], first[1], first[3]])
        assert np.abs(tensor - other).max() > 0.01

    @pytest.mark.parametrize("name", MODEL_ENHANCEMENTS)
    def test_every_enhancement_runs_and_repeats(self, crop: FieldCrop, name: str) -> None:
        steps = [CROP, step(name), NORMALIZE]
        tensor = prepare_tensor(crop, steps)
        np.testing.assert_array_equal(tensor, prepare_tensor(crop, steps))
        expected = ENHANCEMENTS[name](crop.pixels, crop.inside)
        np.testing.assert_allclose(tensor, normalized(expected), atol=1e-6)
        assert np.abs(tensor - normalized(crop.pixels)).max() > 0.05

    def test_crop_is_left_alone(self, crop: FieldCrop) -> None:
        before = crop.pixels.copy()
        tensor = prepare_tensor(crop, [CROP, step("clahe"), NORMALIZE])
        tensor[:] = 0
        np.testing.assert_array_equal(crop.pixels, before)

    def test_crop_of_another_size(self, crop: FieldCrop) -> None:
        with pytest.raises(ValueError, match="crops of 224 px"):
            prepare_tensor(crop, [step("field_crop", size=224), NORMALIZE])

    def test_bad_steps_are_refused_here_too(self, crop: FieldCrop) -> None:
        with pytest.raises(BundleRefusedError):
            prepare_tensor(crop, [CROP])


class TestCheck:
    @pytest.mark.parametrize(
        "steps",
        [
            [CROP, NORMALIZE],
            [step("field_crop", size=380.0), step("normalize", std_r=0.3)],
            [CROP, step("msrcr", sigma_large=300), step("clahe", tiles=4), NORMALIZE],
            [CROP, step("illumination_correction", divide=False), NORMALIZE],
        ],
    )
    def test_accepts(self, steps: list[PreprocessingStep]) -> None:
        check_steps(steps)

    def test_size(self) -> None:
        assert crop_size([CROP, NORMALIZE]) == 96
        assert isinstance(crop_size([step("field_crop", size=380.0), NORMALIZE]), int)

    @pytest.mark.parametrize(
        ("steps", "said"),
        [
            ([], "begin with one 'field_crop'"),
            ([NORMALIZE], "begin with one 'field_crop'"),
            ([NORMALIZE, CROP], "begin with one 'field_crop'"),
            ([CROP, CROP, NORMALIZE], "begin with one 'field_crop'"),
            ([CROP], "end with one 'normalize'"),
            ([CROP, NORMALIZE, step("clahe")], "end with one 'normalize'"),
            ([CROP, NORMALIZE, NORMALIZE], "end with one 'normalize'"),
            ([CROP, step("sharpen_more"), NORMALIZE], "'sharpen_more' is not known"),
            ([CROP, step("enhanced"), NORMALIZE], "'enhanced' is not known"),
            ([step("field_crop"), NORMALIZE], "does not say the size"),
            ([step("field_crop", size=8), NORMALIZE], "size must be in"),
            ([step("field_crop", size=224.5), NORMALIZE], "whole number"),
            ([step("field_crop", size="224"), NORMALIZE], "must be a number"),
            ([step("field_crop", size=True), NORMALIZE], "must be a number"),
            ([step("field_crop", size=float("nan")), NORMALIZE], "size must be in"),
            ([step("field_crop", size=float("inf")), NORMALIZE], "size must be in"),
            ([step("field_crop", size=224, side=1), NORMALIZE], "no parameter 'side'"),
            ([CROP, step("normalize", std_g=0.0)], "std_g must be in"),
            ([CROP, step("normalize", mean_g=124.0)], "mean_g must be in"),
            ([CROP, step("clahe", tiles=0), NORMALIZE], "tiles must be in"),
            (
                [CROP, step("illumination_correction", divide=1), NORMALIZE],
                "divide must be true or false",
            ),
        ],
    )
    def test_refuses_in_a_sentence(self, steps: list[PreprocessingStep], said: str) -> None:
        with pytest.raises(BundleRefusedError, match=said) as caught:
            check_steps(steps)
        assert str(caught.value).startswith("The model bundle cannot be used: ")
        assert str(caught.value).endswith(".")
