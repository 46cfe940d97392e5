import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retina_desktop.domain.manifests import Calibration
from tests.unit.training.tiny_data import image
from training.calibration_fit import (
    apply_platt,
    choose_fit_rows,
    fit_platt,
    natural_sources,
)
from training.metrics import expected_calibration_error


def sample(count, *, slope, offset, seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, count)
    truth = rng.random(count) < apply_platt(logits, Calibration(slope, offset))
    return logits, truth


@pytest.mark.parametrize(("slope", "offset"), [(0.5, -1.0), (1.0, 0.0), (1.8, 1.5)])
def test_the_fit_finds_the_scaling_that_made_the_data(slope, offset):
    logits, truth = sample(20_000, slope=slope, offset=offset)
    fitted = fit_platt(logits, truth)
    assert fitted.slope == pytest.approx(slope, rel=0.06)
    assert fitted.offset == pytest.approx(offset, abs=0.06)
    gap = expected_calibration_error(truth, apply_platt(logits, fitted), np.ones((1, 20_000)))
    assert gap[0] < 0.01


@settings(max_examples=25)
@given(
    answers=st.lists(
        st.tuples(st.floats(-30, 30), st.booleans()), min_size=2, max_size=30
    ).filter(lambda rows: len({truth for _, truth in rows}) == 2)
)
def test_calibration_never_changes_the_order(answers):
    logits = np.array([logit for logit, _ in answers])
    fitted = fit_platt(logits, np.array([truth for _, truth in answers]))
    assert fitted.slope > 0
    ordered = apply_platt(np.sort(logits), fitted)
    assert (np.diff(ordered) >= 0).all()
    assert np.isfinite(fitted.offset)


def test_two_positives_leave_the_slope_near_one():
    logits = np.array([-9.0, -8.0, -7.0, -6.0, 5.0, 6.0])
    fitted = fit_platt(logits, np.array([False] * 4 + [True] * 2))
    assert 0.5 < fitted.slope < 2


def test_one_class_cannot_be_calibrated():
    with pytest.raises(ValueError, match="both classes"):
        fit_platt(np.zeros(3), np.zeros(3, bool))


def test_the_scaling_does_not_overflow():
    assert apply_platt(np.array([-1e4, 1e4]), Calibration()).tolist() == [0.0, 1.0]


def test_sources_that_state_everything_of_everyone_are_natural():
    images = [
        image("a", source="ALL", positives="DR"),
        image("b", source="ALL"),
        image("c", source="SOME", positives="DR", known="DR"),
        image("d", source="SOME"),
        image("e", source="HEALTHY"),
    ]
    assert natural_sources(images) == {"ALL"}


def test_photographs_as_they_come_decide_where_they_are_enough():
    sources = ("ALL",) * 20 + ("SOME",) * 4 + ("ILL",) * 3
    truth = np.array([True] * 5 + [False] * 15 + [True, True, False, False] + [True] * 3)
    known = np.ones(27, bool)
    natural = choose_fit_rows(truth, known, sources, frozenset({"ALL"}))
    assert natural.natural
    assert natural.rows.tolist() == list(range(20))
    truth[0] = False
    selected = choose_fit_rows(truth, known, sources, frozenset({"ALL"}))
    assert not selected.natural
    assert selected.rows.tolist() == list(range(24))  # diseased eyes only stay out


def test_natural_photographs_without_the_disease_still_say_how_rare_it_is():
    sources = ("ALL",) * 20 + ("SOME",) * 4 + ("WELL",) * 3
    truth = np.array([False] * 20 + [True, True, False, False] + [False] * 3)
    fit = choose_fit_rows(truth, np.ones(27, bool), sources, frozenset({"ALL"}))
    assert not fit.natural
    assert fit.rows.tolist() == list(range(24))
