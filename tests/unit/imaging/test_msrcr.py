"""The pyramid's retinex against the exact one: on black frames, at borders, at odd sizes."""

import cv2
import numpy as np
import pytest
from skimage import data

from retina_desktop.domain.images import FieldOfView, RgbImage
from retina_desktop.imaging.msrcr import (
    SIGMAS,
    multi_scale_retinex,
    multi_scale_retinex_exact,
    restore_colour,
)
from tests.helpers.rendered_fundus import render_fundus

ALLOWED = 0.003  # natural-log units


def largest_difference(image: RgbImage, sigmas: tuple[float, ...] = SIGMAS) -> float:
    ours = multi_scale_retinex(image, sigmas=sigmas)
    exact = multi_scale_retinex_exact(image, sigmas=sigmas)
    return float(np.abs(ours - exact).max())


def real(width: int, height: int) -> RgbImage:
    return cv2.resize(data.retina(), (width, height), interpolation=cv2.INTER_AREA)


def disc(height: int, width: int, radius: float) -> RgbImage:
    """Full white in a black frame: the hardest edge there is."""
    y, x = np.mgrid[:height, :width]
    inside = np.hypot(y - height / 2, x - width / 2) <= radius
    return np.where(inside[..., None], 255, 0).astype(np.uint8).repeat(3, axis=2)


class TestAgainstTheExactForm:
    def test_real_photograph(self) -> None:
        assert largest_difference(real(403, 402)) < ALLOWED

    def test_real_photograph_at_full_resolution_cut_by_the_picture(self) -> None:
        assert largest_difference(data.retina()[:420, 300:811].copy()) < ALLOWED

    def test_rendered_photograph_in_a_wide_black_frame(self) -> None:
        image = render_fundus(size=(320, 482), field=FieldOfView(240.3, 159.8, 120.0))
        assert largest_difference(image) < ALLOWED

    def test_rendered_field_cut_off_above_and_below(self) -> None:
        image = render_fundus(size=(300, 451), field=FieldOfView(225.0, 149.5, 200.0))
        assert largest_difference(image) < ALLOWED

    @pytest.mark.parametrize(("height", "width"), [(301, 400), (300, 399), (263, 378)])
    def test_hardest_edge_at_any_phase(self, height: int, width: int) -> None:
        assert largest_difference(disc(height, width, 110.5)) < ALLOWED

    @pytest.mark.parametrize("axis", [0, 1])
    @pytest.mark.parametrize("edge", [3, 150, 297])
    def test_straight_edge_up_to_the_border(self, axis: int, edge: int) -> None:
        image = np.zeros((300, 240, 3) if axis == 0 else (240, 300, 3), np.uint8)
        if axis == 0:
            image[edge:] = 255
        else:
            image[:, :edge] = 255
        assert largest_difference(image) < ALLOWED

    @pytest.mark.parametrize("side", [2, 5, 33, 48, 97, 224])
    def test_small_pictures(self, side: int) -> None:
        noise = np.random.default_rng(side).integers(0, 256, (side, side + 1, 3), np.uint8)
        assert largest_difference(noise) < ALLOWED

    @pytest.mark.parametrize("shape", [(1, 1), (1, 90), (70, 1)])
    def test_pictures_of_one_line(self, shape: tuple[int, int]) -> None:
        noise = np.random.default_rng(1).integers(0, 256, (*shape, 3), np.uint8)
        assert largest_difference(noise) == pytest.approx(0.0, abs=1e-5)

    @pytest.mark.parametrize("sigma", [0.8, 6.9, 30.0, 120.0])
    def test_other_scales(self, sigma: float) -> None:
        assert largest_difference(real(260, 250), (sigma,)) < ALLOWED

    def test_channels_are_not_mixed(self) -> None:
        image = np.zeros((120, 130, 3), np.uint8)
        image[40:80, 50:90, 1] = 200
        retinex = multi_scale_retinex(image)
        assert not retinex[..., [0, 2]].any()
        assert retinex[60, 70, 1] > 0


class TestMeaning:
    def test_even_surface_is_zero(self) -> None:
        image = np.full((90, 110, 3), 137, np.uint8)
        np.testing.assert_allclose(multi_scale_retinex(image), 0.0, atol=1e-4)

    def test_one_and_a_half_times_the_light_changes_little(self) -> None:
        """The retinex is about reflectance: log(1.5) = 0.41 of light leaves 1/40 of that."""
        image = np.clip(real(200, 200), 30, 160)
        brighter = np.rint(image * 1.5).astype(np.uint8)
        difference = multi_scale_retinex(brighter) - multi_scale_retinex(image)
        assert np.abs(difference).max() < 0.03

    def test_input_is_left_alone(self) -> None:
        image = real(100, 100)
        before = image.copy()
        multi_scale_retinex(image)
        np.testing.assert_array_equal(image, before)


class TestColourRestoration:
    def test_follows_the_formula(self) -> None:
        rng = np.random.default_rng(3)
        image = rng.integers(0, 256, (13, 17, 3), np.uint8)
        retinex = rng.normal(0, 0.5, image.shape).astype(np.float32)
        light = image.astype(np.float64) + 1.0
        colour = 46.0 * (np.log(125.0 * light) - np.log(light.sum(axis=2, keepdims=True)))
        expected = np.clip(np.rint(100.0 + 0.9 * colour * retinex), 0, 255)
        ours = restore_colour(retinex, image, gain=0.9, offset=100.0, alpha=125.0, beta=46.0)
        assert ours.dtype == np.uint8
        assert np.abs(ours - expected).max() <= 1  # float32 may round the other way

    def test_saturates_instead_of_wrapping(self) -> None:
        image = np.full((2, 2, 3), 100, np.uint8)
        retinex = np.full((2, 2, 3), 50.0, np.float32)
        settings = {"gain": 1.0, "offset": 128.0, "alpha": 125.0, "beta": 46.0}
        assert (restore_colour(retinex, image, **settings) == 255).all()
        assert (restore_colour(-retinex, image, **settings) == 0).all()


@pytest.mark.parametrize("function", [multi_scale_retinex, multi_scale_retinex_exact])
class TestRefusals:
    @pytest.mark.parametrize(
        "image",
        [
            np.zeros((4, 4), np.uint8),
            np.zeros((4, 4, 4), np.uint8),
            np.zeros((4, 4, 3), np.float32),
            np.zeros((0, 4, 3), np.uint8),
        ],
    )
    def test_other_images(self, function, image) -> None:
        with pytest.raises(ValueError, match="expected a uint8"):
            function(image)

    @pytest.mark.parametrize("sigmas", [(), (0.0,), (15.0, -1.0), (float("nan"),), (9.0,) * 9])
    def test_other_sigmas(self, function, sigmas) -> None:
        with pytest.raises(ValueError, match="sigmas"):
            function(np.zeros((4, 4, 3), np.uint8), sigmas=sigmas)
