import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.metrics import (
    auroc,
    average_precision,
    expected_calibration_error,
    resampled_rows,
    score_pairs,
    sensitivity,
    specificity,
    with_interval,
)

ANSWERS = st.lists(st.tuples(st.booleans(), st.integers(0, 10)), min_size=2, max_size=40)


def arrays(answers):
    truth = np.array([t for t, _ in answers])
    return truth, np.array([s for _, s in answers]) / 10


@given(answers=ANSWERS)
def test_auroc_is_the_share_of_well_ordered_pairs(answers):
    truth, scores = arrays(answers)
    pairs = list(itertools.product(scores[truth], scores[~truth]))
    if not pairs:
        assert np.isnan(auroc(truth, scores))
        return
    won = sum(1.0 if p > n else 0.5 if p == n else 0.0 for p, n in pairs)
    assert auroc(truth, scores) == pytest.approx(won / len(pairs))


@given(answers=ANSWERS)
def test_average_precision_by_hand(answers):
    truth, scores = arrays(answers)
    if not truth.any():
        assert np.isnan(average_precision(truth, scores))
        return
    area, found = 0.0, 0.0
    for level in sorted(set(scores.tolist()), reverse=True):
        called = scores >= level
        recall = truth[called].sum() / truth.sum()
        area += (recall - found) * truth[called].mean()
        found = recall
    assert average_precision(truth, scores) == pytest.approx(area)


@given(answers=ANSWERS)
def test_sensitivity_and_specificity_by_hand(answers):
    truth, scores = arrays(answers)
    called = scores >= 0.5
    hits = [c for t, c in zip(truth, called, strict=True) if t]
    rejections = [not c for t, c in zip(truth, called, strict=True) if not t]
    for value, flags in (
        (sensitivity(truth, called), hits),
        (specificity(truth, called), rejections),
    ):
        assert np.isnan(value) if not flags else value == pytest.approx(np.mean(flags))


def test_calibration_error_by_hand():
    truth = np.array([True, False, False, True])
    scores = np.array([0.95, 0.92, 0.11, 1.0])
    by_hand = abs((0.95 + 0.92 + 1.0) - 2) / 4 + abs(0.11 - 0) / 4
    assert expected_calibration_error(truth, scores) == pytest.approx(by_hand)


def test_resampling_draws_whole_groups():
    groups = np.array([5, 5, 2, 9, 9, 9])
    for rows in resampled_rows(groups, seed=0, resamples=20):
        for group in (2, 5, 9):
            own = np.flatnonzero(groups == group)
            counts = {int((rows == row).sum()) for row in own}
            assert len(counts) == 1


def test_an_interval_of_few_patients_is_wider_than_of_many():
    rng = np.random.default_rng(0)
    truth = rng.random(400) < 0.5
    scores = truth + rng.normal(size=400)
    wide = with_interval(auroc, truth, scores, np.arange(400) // 40, resamples=60)
    narrow = with_interval(auroc, truth, scores, np.arange(400), resamples=60)
    assert narrow.low < narrow.value < narrow.high
    # each patient's photographs are strangers here, so that only chance tells them apart
    assert wide.value == narrow.value
    assert with_interval(
        auroc, truth, scores, np.zeros(400, int), resamples=20
    ).low == pytest.approx(narrow.value)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    held = 0
    for trial in range(40):
        called = rng.random(80) < 0.8
        interval = with_interval(
            lambda truth, scores: sensitivity(truth, scores > 0.5),
            np.ones(80, bool),
            called.astype(float),
            np.arange(80),
            seed=trial,
            resamples=100,
        )
        held += interval.low <= 0.8 <= interval.high
    assert held >= 33


def test_no_interval_where_most_resamples_lack_a_class():
    truth = np.array([True] + [False] * 3)
    interval = with_interval(auroc, truth, np.arange(4.0), np.array([0, 0, 0, 1]), resamples=50)
    assert interval.value == 0.0
    one = with_interval(auroc, np.zeros(4, bool), np.arange(4.0), np.arange(4), resamples=50)
    assert np.isnan(one.value)
    assert one.low is None


def test_pairs_are_scored_within_a_source_on_known_labels_only():
    scores = np.array([[0.9], [0.1], [0.2], [0.8], [0.5]])
    targets = np.array([[1], [0], [1], [0], [1]], np.float32)
    known = np.array([[True], [True], [True], [True], [False]])
    sources = ("A", "A", "B", "B", "A")
    pairs = score_pairs(scores, targets, known, sources=sources, codes=("DR",), at_least=1)
    assert [(p.source, p.auroc, p.positives, p.negatives) for p in pairs] == [
        ("A", 1.0, 1, 1),
        ("B", 0.0, 1, 1),
    ]
