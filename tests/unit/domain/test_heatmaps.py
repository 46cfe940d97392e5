"""The fixed scale of heatmaps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from retina_desktop.domain.heatmaps import scale_activation
from retina_desktop.domain.strength import heat_strength

probabilities = st.floats(0.0, 1.0)


def test_a_finding_at_its_threshold_peaks_at_one_half():
    assert heat_strength(0.03, 0.03) == pytest.approx(0.5)
    assert heat_strength(0.9, 0.9) == pytest.approx(0.5)


def test_odds_nine_times_those_of_the_threshold_give_nine_tenths():
    assert heat_strength(0.9, 0.5) == pytest.approx(0.9)


def test_a_weak_label_is_never_as_hot_as_a_strong_one():
    assert heat_strength(0.001, 0.3) < 0.01 < 0.99 < heat_strength(0.99, 0.3)


@given(probabilities, probabilities, probabilities)
def test_strength_rises_with_the_probability_and_stays_in_range(low, high, threshold):
    low, high = sorted((low, high))
    assert 0.0 <= heat_strength(low, threshold) <= heat_strength(high, threshold) <= 1.0


@given(
    arrays(np.float32, (5, 6), elements=st.floats(-50, 50, width=32, allow_subnormal=False)),
    st.floats(0.01, 1.0),
)
def test_the_hottest_point_is_the_strength_and_nothing_is_negative(activation, strength):
    before = activation.copy()
    heat = scale_activation(activation, strength=strength)
    assert heat.dtype == np.float32
    assert heat.min() >= 0.0
    if activation.max() > 1e-6:
        assert heat.max() == pytest.approx(strength, rel=1e-5)
    np.testing.assert_array_equal(activation, before)


def test_evidence_against_a_label_is_not_shown():
    assert not scale_activation(np.full((3, 3), -2.0, np.float32), strength=0.9).any()
