"""Pictures of anything else are refused, and spoiled photographs come with the right reason."""

import time

import cv2
import numpy as np
import pytest
import skimage.data

from retina_desktop.domain.images import FieldCrop, FieldOfView
from retina_desktop.domain.quality import QualityReason
from retina_desktop.imaging.field_of_view import crop_to_field, find_field_of_view
from retina_desktop.imaging.quality import assess_quality
from retina_desktop.imaging.quality_features import FEATURE_NAMES, measure_quality
from retina_desktop.imaging.quality_model import fitted_model
from tests.helpers.not_fundus import (
    PHOTOGRAPHS,
    in_black_frame,
    not_fundus_pictures,
    photograph,
)
from tests.helpers.rendered_fundus import render_fundus
from training.not_fundus_pictures import RENDERERS, framed

SIZE = (356, 536)


def judge(image, size=224):
    field = find_field_of_view(image)
    return (
        None if field is None else assess_quality(crop_to_field(image, field, size=size), field)
    )


def spoiled_retina(**_):
    return cv2.resize(skimage.data.retina(), (500, 500), interpolation=cv2.INTER_AREA)


def test_a_real_photograph_is_gradable():
    quality = judge(skimage.data.retina())

    assert quality.is_fundus
    assert quality.gradable
    assert quality.score > 0.7
    assert QualityReason.OUT_OF_FOCUS not in quality.reasons


@pytest.mark.parametrize("size", [160, 224, 320, 512])
def test_the_judgement_does_not_hang_on_the_crops_size(size):
    image = spoiled_retina()

    assert judge(image, size).score == pytest.approx(judge(image).score, abs=0.25)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_photograph_of_something_else_is_refused_framed_or_not(name):
    for picture in (photograph(name), in_black_frame(photograph(name))):
        quality = judge(picture)
        assert quality.reasons == (QualityReason.NOT_FUNDUS,)
        assert not quality.is_fundus
        assert not quality.gradable
        assert quality.score == 0


@pytest.mark.parametrize("kind", sorted(RENDERERS))
def test_renderings_of_other_things_are_refused(kind):
    rng = np.random.default_rng(987)
    pictures = [framed(RENDERERS[kind](rng), rng) for _ in range(8)]
    accepted = [quality for p in pictures if (quality := judge(p)) and quality.is_fundus]

    assert len(accepted) <= 1


def test_few_pictures_of_anything_else_pass():
    judged = [judge(picture) for _, picture in not_fundus_pictures(seed=77, each=2)]
    passed = [quality for quality in judged if quality is not None and quality.is_fundus]

    assert len(passed) <= 0.05 * len(judged)


@pytest.mark.parametrize("level", [20, 128, 255])
def test_a_blank_picture_is_no_fundus(level):
    assert not judge(np.full((300, 400, 3), level, dtype=np.uint8)).is_fundus


def test_a_grey_fundus_is_no_colour_photograph():
    grey = cv2.cvtColor(spoiled_retina(), cv2.COLOR_RGB2GRAY)

    assert not judge(np.repeat(grey[..., None], 3, axis=2)).is_fundus


def darkened(image):
    return (image * 0.12).astype(np.uint8)


def defocused(image):
    return cv2.GaussianBlur(image, (0, 0), 0.02 * image.shape[0])


def overexposed(image):
    lit = np.clip(image.astype(float) * 2.2 + 110, 0, 255)
    return (lit * (image.max(axis=2, keepdims=True) > 12)).astype(np.uint8)


def shaded(image):
    x = np.linspace(-1, 1, image.shape[1])[None, :, None]
    return (image / (1 + np.exp(-9 * (x - 0.35)))).astype(np.uint8)


SPOILED = [
    (defocused, QualityReason.OUT_OF_FOCUS),
    (darkened, QualityReason.TOO_DARK),
    (overexposed, QualityReason.OVEREXPOSED),
    (shaded, QualityReason.UNEVEN_ILLUMINATION),
]


@pytest.mark.parametrize(("spoil", "reason"), SPOILED)
def test_a_spoiled_real_photograph_is_ungradable_for_its_reason(spoil, reason):
    quality = judge(spoil(spoiled_retina()))

    assert not quality.gradable
    assert reason in quality.reasons or quality.reasons == (QualityReason.NOT_FUNDUS,)
    assert quality.score < 0.5


def test_an_ungradable_photograph_always_has_a_reason():
    for spoil, _ in SPOILED:
        for share in np.linspace(0, 1, 6):
            image = spoiled_retina()
            mixed = cv2.addWeighted(spoil(image), share, image, 1 - share, 0)
            quality = judge(mixed)
            assert quality.gradable or quality.reasons


def test_quality_falls_with_the_blur():
    image = spoiled_retina()
    scores = [
        judge(cv2.GaussianBlur(image, (0, 0), sigma)).score for sigma in (0.5, 2, 4, 8, 16)
    ]

    assert scores[0] > 0.5 > scores[-2]
    assert scores[-1] == min(scores)


def test_a_field_of_which_half_is_missing_is_cut_off():
    image = spoiled_retina()[:, 270:]
    field = FieldOfView(250 - 270, 249.5, 246, completeness=0.45)
    crop = crop_to_field(np.ascontiguousarray(image), field, size=224)
    whole = judge(spoiled_retina())

    assert QualityReason.FIELD_CUT_OFF in assess_quality(crop, field).reasons or (
        not assess_quality(crop, field).is_fundus
    )
    assert QualityReason.FIELD_CUT_OFF not in whole.reasons


def test_a_photograph_without_a_frame_is_not_called_cut_off():
    piece = np.ascontiguousarray(spoiled_retina()[120:380, 80:420])

    assert QualityReason.FIELD_CUT_OFF not in judge(piece).reasons


@pytest.mark.parametrize("size", [1, 2, 8, 30, 223])
@pytest.mark.parametrize("level", [0, 90, 255])
def test_tiny_and_empty_crops_are_judged_without_a_crash(size, level):
    crop = FieldCrop(
        np.full((size, size, 3), level, np.uint8), np.ones((size, size), np.bool_), 0, 0, 1.0
    )
    nothing = FieldCrop(crop.pixels, np.zeros((size, size), np.bool_), 0, 0, 1.0)
    field = FieldOfView(size / 2, size / 2, size)

    assert not assess_quality(crop, field).is_fundus
    assert not assess_quality(nothing, field).is_fundus


@pytest.mark.parametrize("shape", [(8, 8), (8, 300), (33, 21)])
def test_tiny_pictures_are_judged_without_a_crash(shape):
    noise = np.random.default_rng(1).integers(0, 255, size=(*shape, 3), dtype=np.uint8)

    assert not judge(noise).is_fundus


def test_all_measures_are_finite_and_named():
    crop_size = 224
    for image in (render_fundus(size=SIZE), photograph("chelsea"), photograph("page")):
        field = find_field_of_view(image)
        features = measure_quality(crop_to_field(image, field, size=crop_size))
        assert features.shape == (len(FEATURE_NAMES),)
        assert np.isfinite(features).all()


def test_the_fitted_model_is_of_todays_measures():
    model = fitted_model()

    assert model.center.shape == (len(FEATURE_NAMES),)
    assert model.reasons.shape == (5, len(FEATURE_NAMES) + 1)
    assert (model.spread > 0).all()


def test_the_judgement_is_quick():
    image = spoiled_retina()
    field = find_field_of_view(image)
    crop = crop_to_field(image, field, size=224)
    assess_quality(crop, field)
    times = []
    for _ in range(10):
        start = time.process_time()
        assess_quality(crop, field)
        times.append(time.process_time() - start)

    assert min(times) < 0.03  # 3 ms on an idle core


def evening_sky(seed):
    """A glowing sun over a dark horizon: orange, round, smooth, and without a frame."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:1:360j, 0:1:540j]
    distance = np.hypot((x - rng.uniform(0.2, 0.8)) * 1.5, y - rng.uniform(0.3, 0.8))
    light = [200 + 55 * np.exp(-2 * distance), 90 + 120 * np.exp(-3 * distance)]
    picture = np.stack([*light, 40 + 80 * np.exp(-5 * distance)], axis=-1)
    picture[distance < 0.05] = (255, 240, 180)
    picture[int(360 * rng.uniform(0.75, 0.9)) :] *= 0.15
    return np.clip(picture + rng.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("seed", range(8))
def test_an_evening_sky_is_no_retina(seed):
    picture = evening_sky(seed)
    field = find_field_of_view(picture)
    assert field is not None
    quality = assess_quality(crop_to_field(picture, field, size=224), field)
    assert quality.reasons == (QualityReason.NOT_FUNDUS,)
