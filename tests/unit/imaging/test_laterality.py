"""The eye is suggested from the disc's side, and a person's word wins."""

import time

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st

from retina_desktop.domain.images import (
    FieldCrop,
    FieldOfView,
    Laterality,
    LateralitySource,
)
from retina_desktop.imaging.field_of_view import crop_to_field, find_field_of_view
from retina_desktop.imaging.laterality import (
    SUGGESTED_FROM,
    WARNED_FROM,
    decide_laterality,
    laterality_planes,
    suggest_laterality,
)
from tests.helpers.rendered_fundus import render_fundus

RIGHT, LEFT = Laterality.RIGHT, Laterality.LEFT
SIZE = (300, 400)


def crop_of(image, size=224):
    return crop_to_field(image, find_field_of_view(image), size=size)


def mirrored(crop):
    return FieldCrop(
        np.ascontiguousarray(crop.pixels[:, ::-1]),
        np.ascontiguousarray(crop.inside[:, ::-1]),
        crop.left,
        crop.top,
        crop.pitch,
    )


@pytest.mark.parametrize("eye", [RIGHT, LEFT])
@pytest.mark.parametrize("seed", range(6))
def test_the_eye_is_recognised(eye, seed):
    crop = crop_of(render_fundus(size=SIZE, laterality=eye, seed=seed))

    assert suggest_laterality(crop)[0] is eye


@pytest.mark.parametrize("eye", [RIGHT, LEFT])
def test_lesions_shade_and_another_camera_do_not_mislead(eye):
    spoiled = {"exudates": 12, "haemorrhages": 10, "unevenness": 0.4, "tint": (0.9, 0.9, 1.0)}
    field = FieldOfView(205, 140, 165)
    for seed in range(5):
        image = render_fundus(size=SIZE, laterality=eye, seed=seed, field=field, **spoiled)
        suggestion, confidence = suggest_laterality(crop_of(image))
        assert suggestion is eye or (suggestion is None and confidence < SUGGESTED_FROM)


def test_a_real_left_eye_is_recognised_either_way_round():
    image = skimage.data.retina()
    seen, confidence = suggest_laterality(crop_of(image))
    turned, turned_confidence = suggest_laterality(
        crop_of(np.ascontiguousarray(image[:, ::-1]))
    )

    assert seen is not None
    assert turned is not None
    assert seen is not turned
    assert confidence == pytest.approx(turned_confidence, abs=0.03)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 1000),
    disc_centred=st.booleans(),
    blur=st.floats(0, 0.03),
    size=st.sampled_from([64, 112, 200, 224, 320]),
)
def test_a_mirrored_crop_gets_the_mirrored_answer(seed, disc_centred, blur, size):
    image = render_fundus(size=(160, 200), seed=seed, disc_centred=disc_centred, blur=blur)
    crop = crop_of(image, size)
    seen, confidence = suggest_laterality(crop)
    other, other_confidence = suggest_laterality(mirrored(crop))

    assert confidence == pytest.approx(other_confidence, abs=0.02)
    if min(confidence, other_confidence) > SUGGESTED_FROM + 0.02:
        assert {seen, other} == {RIGHT, LEFT}


def test_a_symmetric_picture_names_no_eye():
    crop = crop_of(render_fundus(size=SIZE))
    half = (crop.pixels.astype(int) + crop.pixels[:, ::-1]) // 2
    inside = crop.inside & crop.inside[:, ::-1]
    symmetric = FieldCrop(half.astype(np.uint8), inside, 0.0, 0.0, 1.0)

    assert suggest_laterality(symmetric) == (None, pytest.approx(0.5, abs=0.02))


@pytest.mark.parametrize("size", [1, 8, 56, 57, 224])
def test_nothing_to_see_names_no_eye(size):
    black = FieldCrop(
        np.zeros((size, size, 3), np.uint8), np.zeros((size, size), np.bool_), 0, 0, 1.0
    )
    grey = FieldCrop(
        np.full((size, size, 3), 90, np.uint8), np.ones((size, size), np.bool_), 0, 0, 1.0
    )

    assert suggest_laterality(black) == (None, 0.0)
    assert suggest_laterality(grey)[0] is None


def test_illumination_is_taken_out_of_the_planes():
    lit = laterality_planes(crop_of(render_fundus(size=SIZE, noise=0)))
    dim = laterality_planes(crop_of(render_fundus(size=SIZE, noise=0, brightness=0.7)))

    assert lit.shape == (2, 56, 56)
    assert np.abs(lit - dim).mean() < 0.1


@pytest.mark.parametrize(
    ("user", "dicom", "suggestion", "value", "source"),
    [
        (LEFT, RIGHT, (RIGHT, 0.99), LEFT, LateralitySource.USER),
        (None, RIGHT, (LEFT, 0.99), RIGHT, LateralitySource.DICOM),
        (None, None, (LEFT, 0.9), LEFT, LateralitySource.IMAGE),
        (None, None, (None, 0.6), None, LateralitySource.NONE),
        (RIGHT, None, (None, 0.0), RIGHT, LateralitySource.USER),
    ],
)
def test_the_user_wins_over_dicom_over_the_picture(user, dicom, suggestion, value, source):
    decided = decide_laterality(user=user, dicom=dicom, suggestion=suggestion)

    assert decided.value is value
    assert decided.source is source


def test_confidence_is_the_pictures_only_where_the_picture_decides():
    assert decide_laterality(user=None, dicom=None, suggestion=(RIGHT, 0.9)).confidence == 0.9
    assert decide_laterality(user=RIGHT, dicom=None, suggestion=(RIGHT, 0.9)).confidence == 1.0
    assert decide_laterality(user=None, dicom=None, suggestion=(None, 0.6)).confidence == 0.0


def test_a_camera_which_contradicts_the_user_is_a_warning():
    decided = decide_laterality(user=LEFT, dicom=RIGHT, suggestion=(None, 0.5))

    assert decided.warning == (
        "The camera recorded OD, but OS was chosen; check which eye this is."
    )


@pytest.mark.parametrize(
    ("user", "dicom", "words"),
    [(LEFT, None, "OS was chosen"), (None, LEFT, "OS is what the camera recorded")],
)
def test_a_picture_which_surely_shows_the_other_eye_is_a_warning(user, dicom, words):
    sure = decide_laterality(user=user, dicom=dicom, suggestion=(RIGHT, WARNED_FROM))
    unsure = decide_laterality(user=user, dicom=dicom, suggestion=(RIGHT, WARNED_FROM - 0.01))

    assert sure.value is LEFT
    assert words in sure.warning
    assert "as in OD" in sure.warning
    assert unsure.warning == ""


def test_agreement_is_no_warning():
    assert decide_laterality(user=LEFT, dicom=LEFT, suggestion=(LEFT, 0.99)).warning == ""


def test_a_suggestion_is_quick():
    crop = crop_of(render_fundus(size=SIZE))
    suggest_laterality(crop)
    times = []
    for _ in range(10):
        start = time.process_time()
        suggest_laterality(crop)
        times.append(time.process_time() - start)

    assert min(times) < 0.02  # 1 ms on an idle core
