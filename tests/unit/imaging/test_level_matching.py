"""After matching no histogram tells a camera; order and place of the levels stay."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retina_desktop.imaging.enhancement import ENHANCEMENTS
from retina_desktop.imaging.level_matching import level_matching
from tests.helpers.rendered_fundus import render_fundus


def test_mean_and_spread_are_as_asked_for_in_every_channel() -> None:
    picture = render_fundus(size=(120, 120), framed=False, tint=(1.0, 0.6, 0.3))
    matched = level_matching(picture, mean=140.0, spread=40.0)
    for channel in range(3):
        levels = matched[..., channel].astype(float)
        assert abs(levels.mean() - 140) < 3
        assert abs(levels.std() - 40) < 4


@settings(max_examples=20, deadline=None)
@given(gain=st.floats(0.4, 1.0), offset=st.integers(0, 60), gamma=st.floats(0.6, 1.6))
def test_another_cameras_tone_gives_the_same_picture(
    gain: float, offset: int, gamma: float
) -> None:
    picture = np.arange(0, 250, 10, np.uint8)[
        np.random.default_rng(0).integers(0, 25, (40, 40))
    ]
    picture = np.repeat(picture[..., None], 3, axis=2)
    toned = np.rint(np.power(picture / 250, gamma) * gain * 190 + offset).astype(np.uint8)
    if len(np.unique(toned)) < len(np.unique(picture)):
        return  # levels that fell together cannot be told apart again
    np.testing.assert_array_equal(level_matching(toned), level_matching(picture))


def test_outside_stays_black_and_tells_nothing() -> None:
    picture = render_fundus(size=(64, 64), framed=False)
    mask = np.zeros((64, 64), np.bool_)
    mask[10:50, 20:60] = True
    other = picture.copy()
    other[~mask] = 255
    matched = level_matching(picture, mask)
    assert not matched[~mask].any()
    np.testing.assert_array_equal(matched, level_matching(other, mask))
    assert not level_matching(picture, np.zeros((64, 64), np.bool_)).any()


def test_an_even_picture_is_middle_grey() -> None:
    even = np.full((8, 8, 3), 77, np.uint8)
    assert (level_matching(even, mean=140.0) == 140).all()


def test_wrong_values_are_refused() -> None:
    picture = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(ValueError, match="mask of"):
        level_matching(picture, np.ones((4, 4), np.bool_))
    with pytest.raises(ValueError, match="spread"):
        ENHANCEMENTS["level_matching"](picture, spread=0)
