"""Values refuse nonsense."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.domain.analyses import ActivationMaps
from retina_desktop.domain.findings import Finding, LabelStatus
from retina_desktop.domain.images import FieldOfView, Laterality
from retina_desktop.domain.manifests import LabelEntry
from retina_desktop.domain.quality import ImageQuality, QualityReason


@pytest.mark.parametrize(("probability", "threshold"), [(1.2, 0.5), (0.5, -0.1)])
def test_a_finding_keeps_probabilities_in_range(probability, threshold):
    with pytest.raises(ValueError, match=r"must be in \[0, 1\]"):
        Finding("DR", probability, threshold, LabelStatus.EVALUATED)


def test_a_label_that_is_not_assessed_has_no_probability():
    with pytest.raises(ValueError, match="not_assessed"):
        Finding("RP", 0.1, None, LabelStatus.NOT_ASSESSED)
    finding = Finding("RP", None, None, LabelStatus.NOT_ASSESSED)
    assert finding.is_positive is None


def test_an_assessed_label_has_a_probability():
    with pytest.raises(ValueError, match="probability"):
        Finding("DR", None, 0.5, LabelStatus.DEMONSTRATION)


@pytest.mark.parametrize(("probability", "positive"), [(0.5, True), (0.49, False)])
def test_the_threshold_itself_is_positive(probability, positive):
    assert Finding("DR", probability, 0.5, LabelStatus.EVALUATED).is_positive is positive


def test_what_is_no_fundus_photograph_cannot_be_gradable():
    with pytest.raises(ValueError, match="cannot be gradable"):
        ImageQuality(is_fundus=False, gradable=True, score=0.5)


def test_every_quality_reason_has_advice():
    assert all(reason.advice.endswith(".") for reason in QualityReason)


def test_eyes_are_shown_as_clinics_write_them():
    assert [eye.shown for eye in Laterality] == ["OD", "OS"]


@given(st.floats(-100, 4000), st.floats(-100, 4000), st.floats(1, 3000), st.floats(0.05, 20))
def test_scaling_a_field_and_back_changes_nothing(x, y, radius, factor):
    field = FieldOfView(x, y, radius, 0.8)
    back = field.scaled(factor).scaled(1 / factor)
    assert (back.center_x, back.center_y) == pytest.approx((x, y), abs=1e-6)
    assert back.radius == pytest.approx(radius)
    assert (back.left, back.bottom) == (-math.inf, math.inf)


def test_scaling_keeps_pixel_edges_together():
    # The centre of a 2x2 block's first pixel (0) lies at the block's centre, 0.5, at twice
    # the scale: edges coincide, not centres.
    assert FieldOfView(0.0, 0.0, 1.0).scaled(2).center_x == 0.5


def test_only_assessed_labels_have_thresholds():
    with pytest.raises(ValueError, match="threshold"):
        LabelEntry("DR", LabelStatus.EVALUATED, None)
    with pytest.raises(ValueError, match="threshold"):
        LabelEntry("RP", LabelStatus.NOT_ASSESSED, 0.5)


def test_maps_are_found_by_code():
    maps = ActivationMaps(("A", "B"), np.arange(8, dtype=np.float32).reshape(2, 2, 2))
    assert maps.of("B")[0, 0] == 4
    with pytest.raises(KeyError):
        maps.of("C")
