import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    f1_score,
    precision_score,
    roc_auc_score,
)

from training.metrics import (
    accuracy_at,
    auroc,
    auroc_within,
    average_precision,
    brier_score,
    draw_weights,
    expected_calibration_error,
    f1_at,
    precision_at,
    score_pairs,
    sensitivity_at,
    sensitivity_at_specificity,
    specificity_at,
    specificity_at_sensitivity,
    with_interval,
)

ANSWERS = st.lists(st.tuples(st.booleans(), st.integers(0, 10)), min_size=2, max_size=40)
FIGURES = (
    auroc,
    average_precision,
    sensitivity_at(0.5),
    specificity_at(0.5),
    precision_at(0.5),
    accuracy_at(0.5),
    f1_at(0.5),
    sensitivity_at_specificity(0.8),
    specificity_at_sensitivity(0.8),
    brier_score,
    expected_calibration_error,
)


def arrays(answers):
    truth = np.array([t for t, _ in answers])
    return truth, np.array([s for _, s in answers]) / 10


def once(figure, truth, scores):
    return float(figure(truth, scores, np.ones((1, len(truth))))[0])


@given(answers=ANSWERS)
def test_auroc_is_the_share_of_well_ordered_pairs(answers):
    truth, scores = arrays(answers)
    pairs = list(itertools.product(scores[truth], scores[~truth]))
    if not pairs:
        assert np.isnan(once(auroc, truth, scores))
        return
    won = sum(1.0 if p > n else 0.5 if p == n else 0.0 for p, n in pairs)
    assert once(auroc, truth, scores) == pytest.approx(won / len(pairs))
    assert once(auroc, truth, scores) == pytest.approx(roc_auc_score(truth, scores))


@given(answers=ANSWERS, seed=st.integers(0, 9))
def test_within_strata_only_pairs_of_one_stratum_are_compared(answers, seed):
    truth, scores = arrays(answers)
    rng = np.random.default_rng(seed)
    strata = rng.integers(0, 3, len(truth)) * 7
    weights = rng.integers(0, 3, (2, len(truth))).astype(float)
    found = auroc_within(strata)(truth, scores, weights)
    for value, counts in zip(found, weights, strict=True):
        won = compared = 0.0
        for p, n in itertools.product(np.flatnonzero(truth), np.flatnonzero(~truth)):
            if strata[p] == strata[n]:
                compared += counts[p] * counts[n]
                order = np.sign(scores[p] - scores[n])
                won += counts[p] * counts[n] * (1 + order) / 2
        expected = won / compared if compared else np.nan
        assert value == pytest.approx(expected, nan_ok=True)
    one = np.zeros(len(truth), np.int64)
    together = once(auroc_within(one), truth, scores)
    assert together == pytest.approx(once(auroc, truth, scores), nan_ok=True)


@given(answers=ANSWERS)
def test_average_precision_is_scikit_learns(answers):
    truth, scores = arrays(answers)
    if not truth.any():
        assert np.isnan(once(average_precision, truth, scores))
        return
    expected = average_precision_score(truth, scores)
    assert once(average_precision, truth, scores) == pytest.approx(expected)


@given(answers=ANSWERS)
def test_sensitivity_and_specificity_by_hand(answers):
    truth, scores = arrays(answers)
    hits = [s >= 0.5 for t, s in answers_of(truth, scores) if t]
    rejections = [s < 0.5 for t, s in answers_of(truth, scores) if not t]
    for figure, flags in ((sensitivity_at(0.5), hits), (specificity_at(0.5), rejections)):
        value = once(figure, truth, scores)
        assert np.isnan(value) if not flags else value == pytest.approx(np.mean(flags))


def test_calibration_error_by_hand():
    truth = np.array([True, False, False, True])
    scores = np.array([0.95, 0.92, 0.11, 1.0])
    by_hand = abs((0.95 + 0.92 + 1.0) - 2) / 4 + abs(0.11 - 0) / 4
    assert once(expected_calibration_error, truth, scores) == pytest.approx(by_hand)


@given(answers=ANSWERS, seed=st.integers(0, 5))
def test_a_weight_is_a_photograph_counted_so_often(answers, seed):
    truth, scores = arrays(answers)
    weights = draw_weights(np.arange(len(truth)), seed=seed, resamples=2)
    for figure in FIGURES:
        together = figure(truth, scores, weights)
        for value, counts in zip(together, weights.astype(int), strict=True):
            expected = once(figure, np.repeat(truth, counts), np.repeat(scores, counts))
            assert value == pytest.approx(expected, nan_ok=True)


def test_resampling_draws_whole_groups_as_many_as_there_are():
    groups = np.array([5, 5, 2, 9, 9, 9])
    weights = draw_weights(groups, seed=0, resamples=50)
    firsts = weights[:, [0, 2, 3]]
    assert (weights == firsts[:, [0, 0, 1, 2, 2, 2]]).all()
    assert (firsts.sum(axis=1) == 3).all()
    assert len(np.unique(firsts, axis=0)) > 5


def test_photographs_that_repeat_each_other_widen_the_interval():
    rng = np.random.default_rng(0)
    truth = np.repeat(rng.random(60) < 0.5, 5)
    scores = truth + np.repeat(rng.normal(size=60), 5)
    alone = with_interval(auroc, truth, scores, draw_weights(np.arange(300), seed=0))
    grouped = with_interval(auroc, truth, scores, draw_weights(np.arange(300) // 5, seed=0))
    assert grouped.value == alone.value
    assert grouped.low < alone.low < alone.value < alone.high < grouped.high


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    held = 0
    for trial in range(200):
        called = (rng.random(100) < 0.8).astype(float)
        weights = draw_weights(np.arange(100), seed=trial, resamples=300)
        interval = with_interval(sensitivity_at(0.5), np.ones(100, bool), called, weights)
        held += interval.low <= 0.8 <= interval.high
    assert 0.89 <= held / 200 <= 0.99


def test_no_interval_where_the_figure_or_most_resamples_are_undefined():
    none = with_interval(auroc, np.zeros(4, bool), np.arange(4.0), np.ones((9, 4)))
    assert np.isnan(none.value)
    assert none.low is None
    truth = np.array([True, False, False, False])
    weights = np.ones((9, 4))
    weights[:5, 0] = 0
    rare = with_interval(auroc, truth, np.arange(4.0), weights)
    assert rare.value == 0.0
    assert rare.high is None


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


def answers_of(truth, scores):
    return zip(truth.tolist(), scores.tolist(), strict=True)


@given(answers=ANSWERS)
def test_figures_at_a_threshold_are_scikit_learns(answers):
    truth, scores = arrays(answers)
    called = scores >= 0.5
    assert once(accuracy_at(0.5), truth, scores) == pytest.approx(accuracy_score(truth, called))
    assert once(brier_score, truth, scores) == pytest.approx(
        brier_score_loss(truth, scores, pos_label=True)
    )
    if called.any():
        expected = precision_score(truth, called)
        assert once(precision_at(0.5), truth, scores) == pytest.approx(expected)
    if called.any() or truth.any():
        assert once(f1_at(0.5), truth, scores) == pytest.approx(f1_score(truth, called))


@given(answers=ANSWERS, wanted=st.sampled_from([0.5, 0.8, 0.9, 1.0]))
def test_sensitivity_at_a_specificity_is_the_best_of_all_thresholds(answers, wanted):
    truth, scores = arrays(answers)
    found = once(sensitivity_at_specificity(wanted), truth, scores)
    mirrored = once(specificity_at_sensitivity(wanted), ~truth, -scores)
    if truth.all() or not truth.any():
        assert np.isnan(found)
        return
    limits = [*np.unique(scores), np.inf]
    allowed = [t for t in limits if (scores[~truth] < t).mean() >= wanted - 1e-9]
    assert found == pytest.approx(max((scores[truth] >= t).mean() for t in allowed))
    assert mirrored == pytest.approx(found)  # the same question, asked of the other side
