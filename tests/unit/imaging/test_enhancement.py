"""Each enhancement does what it is for, inside the field alone, at any size."""

import inspect
from dataclasses import FrozenInstanceError

import cv2
import numpy as np
import pytest
from skimage import data

from retina_desktop.domain.images import Mask, RgbImage
from retina_desktop.imaging.enhancement import (
    ENHANCEMENTS,
    EnhancementStep,
    adjust_tone,
    clahe,
    enhanced,
    illumination_correction,
    msrcr,
    red_free,
    sharpen,
    vessel_suppression,
)
from retina_desktop.imaging.local_average import local_average_subtraction
from retina_desktop.imaging.surroundings import fill_from_surroundings
from tests.helpers.rendered_fundus import render_fundus

SIDE = 360


def disc(height: int, width: int, radius: float) -> Mask:
    y, x = np.mgrid[:height, :width]
    return np.hypot(y - (height - 1) / 2, x - (width - 1) / 2) <= radius


@pytest.fixture(scope="module")
def real() -> RgbImage:
    return cv2.resize(data.retina(), (SIDE, SIDE), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def mask() -> Mask:
    return disc(SIDE, SIDE, SIDE / 2 - 6)


def light(image: RgbImage) -> np.ndarray:
    return image.astype(np.float64).mean(axis=2)


@pytest.mark.parametrize("step", ENHANCEMENTS.values(), ids=lambda step: step.name)
class TestEveryStep:
    def test_black_outside_new_inside(self, step: EnhancementStep, real, mask) -> None:
        before, mask_before = real.copy(), mask.copy()
        result = step(real, mask)
        assert result.shape == real.shape
        assert result.dtype == np.uint8
        assert not result[~mask].any()
        assert light(result)[mask].mean() > 20
        assert not np.shares_memory(result, real)
        np.testing.assert_array_equal(real, before)
        np.testing.assert_array_equal(mask, mask_before)

    def test_repeats_to_the_bit(self, step: EnhancementStep, real, mask) -> None:
        np.testing.assert_array_equal(step(real, mask), step(real, mask))

    def test_what_the_frame_holds_does_not_matter(self, step, real, mask) -> None:
        white_frame = real.copy()
        white_frame[~mask] = 255
        np.testing.assert_array_equal(step(real, mask), step(white_frame, mask))

    def test_width_of_the_frame_does_not_matter(self, step, real, mask) -> None:
        wide = np.zeros((SIDE + 33, SIDE + 101, 3), np.uint8)
        wide_mask = np.zeros(wide.shape[:2], np.bool_)
        here = np.s_[12 : 12 + SIDE, 60 : 60 + SIDE]
        wide[here], wide_mask[here] = real, mask
        np.testing.assert_array_equal(step(wide, wide_mask)[here], step(real, mask))

    @pytest.mark.parametrize("shape", [(1, 1), (1, 7), (9, 2), (40, 64)])
    def test_any_size_with_and_without_mask(self, step, shape) -> None:
        image = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
        for chosen in (None, np.ones(shape, np.bool_), np.zeros(shape, np.bool_)):
            result = step(image, chosen)
            assert result.shape == image.shape
            if chosen is not None and not chosen.any():
                assert not result.any()

    def test_even_pictures(self, step) -> None:
        for level in (0, 90, 255):
            image = np.full((48, 52, 3), level, np.uint8)
            result = step(image, disc(48, 52, 20))
            assert result.shape == image.shape

    def test_views_are_welcome(self, step, real, mask) -> None:
        np.testing.assert_array_equal(
            step(real[::2, ::-2], mask[::2, ::-2]),
            step(real[::2, ::-2].copy(), mask[::2, ::-2].copy()),
        )

    def test_table_tells_the_functions_own_defaults(self, step) -> None:
        declared = {
            name: parameter.default
            for name, parameter in inspect.signature(step.function).parameters.items()
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY
        }
        assert {p.name: p.default for p in step.parameters} == declared
        for parameter in step.parameters:
            assert parameter.low <= parameter.default <= parameter.high
            assert parameter.meaning

    def test_bounds_can_be_run(self, step, real, mask) -> None:
        small, small_mask = real[::4, ::4].copy(), mask[::4, ::4].copy()
        for parameter in step.parameters:
            for value in (parameter.low, parameter.high):
                chosen = bool(value) if isinstance(parameter.default, bool) else value
                result = step(small, small_mask, **{parameter.name: chosen})
                assert not result[~small_mask].any()

    def test_refusals(self, step, real, mask) -> None:
        with pytest.raises(ValueError, match="has no parameter 'colour'"):
            step(real, mask, colour=1)
        for parameter in step.parameters:
            for value in ("1", None, float("nan"), parameter.high + 1, parameter.low - 1):
                with pytest.raises(ValueError, match=parameter.name):
                    step.checked({parameter.name: value})
        with pytest.raises(ValueError, match="mask of"):
            step(real, mask[:-1])
        with pytest.raises(ValueError, match="mask of"):
            step(real, mask.astype(np.uint8))
        with pytest.raises(ValueError, match="expected a uint8"):
            step(real.astype(np.float32), mask)
        with pytest.raises(ValueError, match="expected a uint8"):
            step(real[..., 0], mask)


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        ENHANCEMENTS["clahe"] = ENHANCEMENTS["msrcr"]  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        ENHANCEMENTS["clahe"].name = "other"  # type: ignore[misc]
    assert all(name == step.name for name, step in ENHANCEMENTS.items())


class TestIlluminationCorrection:
    @pytest.mark.parametrize("divide", [True, False])
    def test_side_in_the_dark_is_lifted(self, real, mask, divide: bool) -> None:
        shade = np.linspace(1.0, 0.45, SIDE)[None, :, None]
        uneven = np.rint(real * shade).astype(np.uint8)
        even = illumination_correction(uneven, mask, divide=divide)

        def imbalance(image: RgbImage) -> float:
            left, right = mask.copy(), mask.copy()
            left[:, SIDE // 3 :] = False
            right[:, : -SIDE // 3] = False
            return float(light(image)[left].mean() / light(image)[right].mean())

        assert imbalance(uneven) > 1.5
        assert 0.9 < imbalance(even) < 1.1

    def test_even_field_stays_as_it_is_up_to_its_rim(self) -> None:
        inside = disc(200, 260, 95)
        image = np.where(inside[..., None], np.array([170, 90, 40]), 0).astype(np.uint8)
        even = illumination_correction(image, inside)
        assert np.abs(even.astype(int) - image).max() <= 1

    def test_hue_stays(self, real, mask) -> None:
        even = illumination_correction(real, mask).astype(np.float64)
        darker = mask & (even.max(axis=2) < 250)
        before = real[..., 1] / np.maximum(real[..., 0], 1)
        after = even[..., 1] / np.maximum(even[..., 0], 1)
        assert np.abs(after - before)[darker].max() < 0.03


class TestLocalAverageSubtraction:
    def test_it_is_the_formula_on_the_whole_picture(self, real) -> None:
        found = local_average_subtraction(real)
        average = cv2.GaussianBlur(real.astype(np.float32), (0, 0), 0.033 * SIDE)
        wanted = np.clip(4 * (real - average) + 128, 0, 255)
        inner = np.s_[40:-40, 40:-40]  # a picture's end is seen otherwise in a smaller copy
        assert np.abs(found.astype(float) - wanted)[inner].mean() < 1.5

    def test_another_cameras_colour_and_uneven_light_are_gone(self, real, mask) -> None:
        colour = np.array([0.95, 0.8, 0.5])
        shade = np.linspace(0, 40, SIDE)[None, :, None]
        half = real.astype(np.float64) * 0.5
        here = np.rint(half + 20).astype(np.uint8)
        there = np.rint(half + 60 * colour + shade).astype(np.uint8)
        first, second = (local_average_subtraction(i, mask).astype(int) for i in (here, there))
        inner = disc(SIDE, SIDE, SIDE / 2 - 20)
        assert np.abs(light(here) - light(there))[inner].mean() > 20
        assert np.abs(first - second)[inner].mean() < 4  # rounding, four times enlarged

    def test_an_even_field_is_middle_grey_up_to_its_rim(self) -> None:
        inside = disc(200, 260, 95)
        image = np.where(inside[..., None], np.array([170, 90, 40]), 0).astype(np.uint8)
        assert (
            np.abs(local_average_subtraction(image, inside)[inside].astype(int) - 128).max()
            <= 4
        )

    def test_what_lies_outside_tells_nothing(self, real, mask) -> None:
        other = real.copy()
        other[~mask] = 255
        np.testing.assert_array_equal(
            local_average_subtraction(real, mask), local_average_subtraction(other, mask)
        )


class TestClahe:
    def test_local_contrast_rises_and_hue_stays(self, real, mask) -> None:
        result = clahe(real, mask)
        inner = disc(SIDE, SIDE, SIDE / 2 - 20)

        def detail(image: RgbImage) -> float:
            gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64)
            return float((gray - cv2.blur(gray, (15, 15)))[inner].std())

        assert detail(result) > 1.3 * detail(real)
        before = cv2.cvtColor(real, cv2.COLOR_RGB2LAB)[..., 1:].astype(int)
        after = cv2.cvtColor(result, cv2.COLOR_RGB2LAB)[..., 1:].astype(int)
        assert np.percentile(np.abs(after - before)[inner], 95) <= 4

    def test_no_halo_at_the_rim(self) -> None:
        inside = disc(200, 200, 90)
        image = np.where(inside[..., None], np.array([170, 90, 40]), 0).astype(np.uint8)
        result = light(clahe(image, inside))
        rim = inside & ~disc(200, 200, 86)
        assert abs(result[rim].mean() - result[disc(200, 200, 60)].mean()) < 3


class TestRedFree:
    def test_grey_green_stretched_over_the_field(self, real, mask) -> None:
        result = red_free(real, mask)
        assert (result[..., 0] == result[..., 1]).all()
        assert (result[..., 0] == result[..., 2]).all()
        grey = result[..., 0][mask]
        assert 0 < (grey == 0).mean() <= 0.02
        assert 0 < (grey == 255).mean() <= 0.02
        order = np.argsort(real[..., 1][mask], kind="stable")
        assert (np.diff(grey[order].astype(int)) >= 0).all()

    def test_vessels_are_seen_as_in_the_green_channel(self, real, mask) -> None:
        green = real[..., 1][mask].astype(float)
        grey = red_free(real, mask)[..., 0][mask].astype(float)
        assert np.corrcoef(green, grey)[0, 1] > 0.98


class TestVesselSuppression:
    def test_vessels_go_and_everything_else_stays(self) -> None:
        image = data.retina()[::2, ::2].copy()
        side = image.shape[0]
        inside = disc(side, side, side / 2 - 12)
        result = vessel_suppression(image, inside)

        def darkness(picture: RgbImage) -> np.ndarray:
            green = picture[..., 1].astype(np.float64)
            return cv2.GaussianBlur(green, (0, 0), 9) - green

        vessels = inside & (darkness(image) > 18) & disc(side, side, side / 2 - 40)
        fovea = disc(side, side, 40)
        vessels &= ~fovea
        assert vessels.sum() > 2000
        assert darkness(result)[vessels].mean() < 0.25 * darkness(image)[vessels].mean()
        changed = np.abs(result.astype(int) - image).max(axis=2) > 2
        assert changed[inside].mean() < 0.45

    def test_line_is_painted_over_and_dot_is_kept(self) -> None:
        image = np.full((320, 320, 3), (180, 100, 50), np.uint8)
        cv2.line(image, (40, 60), (280, 200), (110, 50, 40), 3)
        cv2.circle(image, (90, 250), 6, (110, 40, 30), -1)  # a haemorrhage
        result = vessel_suppression(image, disc(320, 320, 155))
        assert result[130, 160, 1] > 95  # on the line
        assert result[250, 90, 1] < 55  # in the dot

    def test_nothing_to_suppress(self) -> None:
        inside = disc(200, 200, 95)
        image = np.where(inside[..., None], np.array([170, 90, 40]), 0).astype(np.uint8)
        np.testing.assert_array_equal(vessel_suppression(image, inside), image)


class TestMsrcr:
    def test_dark_and_light_halves_meet(self, real, mask) -> None:
        shade = np.where(np.arange(SIDE) < SIDE // 2, 0.4, 1.0)[None, :, None]
        uneven = np.rint(real * shade).astype(np.uint8)

        def halves(image: RgbImage) -> float:
            left, right = mask.copy(), mask.copy()
            left[:, SIDE // 2 - 30 :] = False
            right[:, : SIDE // 2 + 30] = False
            return float(light(image)[right].mean() / light(image)[left].mean())

        assert halves(uneven) > 2.0
        assert halves(msrcr(uneven, mask)) < 1.5

    def test_uses_the_range(self, real, mask) -> None:
        values = msrcr(real, mask)[mask]
        assert 90 < values.mean() < 170
        assert values.std() > 12
        assert ((values == 0) | (values == 255)).mean() < 0.02


class TestViewing:
    def test_sharpened_edges_are_steeper(self, real, mask) -> None:
        def steepness(image: RgbImage) -> float:
            inner = disc(SIDE, SIDE, SIDE / 2 - 20)
            return float(np.abs(cv2.Laplacian(image[..., 1], cv2.CV_64F))[inner].mean())

        assert steepness(sharpen(real, mask, amount=1.0)) > 1.3 * steepness(real)
        np.testing.assert_array_equal(sharpen(real, mask, amount=0.0)[mask], real[mask])

    def test_enhanced_is_evener_and_crisper(self, real, mask) -> None:
        result = enhanced(real, mask)
        inner = disc(SIDE, SIDE, SIDE / 2 - 20)

        def detail(image: RgbImage) -> float:
            gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64)
            return float((gray - cv2.blur(gray, (15, 15)))[inner].std())

        assert detail(result) > 1.5 * detail(real)

    def test_tone_follows_the_formula(self, real) -> None:
        v = real / 255.0
        expected = (v ** (1 / 1.8) - 0.5) * 1.3 + 0.5 - 0.1
        expected = np.clip(expected, 0, 1) * 255
        toned = adjust_tone(real, brightness=-0.1, contrast=1.3, gamma=1.8)
        assert np.abs(toned - expected).max() <= 0.5 + 1e-9

    def test_neutral_tone_changes_nothing(self, real) -> None:
        np.testing.assert_array_equal(adjust_tone(real), real)

    def test_brightness_leaves_the_frame_black(self, real, mask) -> None:
        toned = adjust_tone(real, mask, brightness=0.5)
        assert not toned[~mask].any()
        assert light(toned)[mask].mean() > light(real)[mask].mean() + 40


class TestFilling:
    def test_known_pixels_stay_and_gradient_goes_on(self) -> None:
        y, x = np.mgrid[:120, :160]
        ramp = np.stack([x + 40, y + 60, np.full_like(x, 30)], axis=2).astype(np.uint8)
        known = np.ones((120, 160), np.bool_)
        known[50:70, 70:90] = False
        hole = ramp.copy()
        hole[~known] = 0
        filled = fill_from_surroundings(hole, known, cell=1)
        np.testing.assert_array_equal(filled[known], ramp[known])
        assert np.abs(filled.astype(int) - ramp)[~known].max() <= 12

    @pytest.mark.parametrize("cell", [1, 3, 8])
    def test_even_colour_fills_everything(self, cell: int) -> None:
        image = np.zeros((61, 83, 3), np.uint8)
        known = disc(61, 83, 13)
        image[known] = (200, 100, 7)
        filled = fill_from_surroundings(image, known, cell=cell)
        assert np.abs(filled.astype(int) - (200, 100, 7)).max() <= 3

    @pytest.mark.parametrize("known", [True, False])
    def test_all_or_nothing_known(self, known: bool) -> None:
        image = np.random.default_rng(0).integers(0, 256, (9, 8, 3), np.uint8)
        filled = fill_from_surroundings(image, np.full((9, 8), known), cell=2)
        np.testing.assert_array_equal(filled, image)
        assert not np.shares_memory(filled, image)


def test_rendered_photograph_keeps_its_disc_when_enhanced() -> None:
    image = render_fundus(size=(300, 400))
    inside = disc(300, 400, 143)
    before = np.unravel_index(cv2.blur(image[..., 1], (15, 15)).argmax(), inside.shape)
    result = enhanced(image, inside)
    after = np.unravel_index(cv2.blur(result[..., 1], (15, 15)).argmax(), inside.shape)
    assert np.hypot(before[0] - after[0], before[1] - after[1]) < 15
