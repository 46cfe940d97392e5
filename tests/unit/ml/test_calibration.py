import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.domain.errors import BundleRefusedError
from retina_desktop.domain.findings import LabelStatus
from retina_desktop.domain.manifests import Calibration, LabelEntry
from retina_desktop.ml.calibration import PlattScaling, sigmoid


def label(slope: float, offset: float) -> LabelEntry:
    return LabelEntry("DR", LabelStatus.EVALUATED, 0.5, Calibration(slope, offset))


def test_each_label_has_its_own_slope_and_offset():
    scaling = PlattScaling.of([label(1.0, 0.0), label(2.0, -1.0)])

    probabilities = scaling(np.array([0.0, 1.0], np.float32))

    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities, [0.5, 1 / (1 + np.exp(-1.0))], rtol=1e-6)


def test_a_batch_is_scaled_label_by_label():
    scaling = PlattScaling.of([label(1.0, 0.0), label(1.0, 3.0)])

    assert scaling(np.zeros((5, 2), np.float32)).shape == (5, 2)
    assert scaling(np.zeros((5, 2), np.float32))[4, 1] == pytest.approx(0.9526, abs=1e-4)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_an_answer_that_is_no_number_is_refused_and_never_read_as_absent(value):
    with pytest.raises(BundleRefusedError, match="not a number"):
        PlattScaling.of([label(1.0, 0.0)])(np.array([value], np.float32))


@given(st.floats(-1e6, 1e6))
def test_the_sigmoid_never_overflows_and_is_symmetric(value):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        both = sigmoid(np.array([value, -value]))

    assert 0.0 <= both.min() <= both.max() <= 1.0
    assert both.sum() == pytest.approx(1.0, abs=1e-12)


def test_the_sigmoid_is_exact_in_the_lower_tail():
    assert sigmoid(np.array([-30.0]))[0] == pytest.approx(np.exp(-30.0), rel=1e-9)
