import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retina_desktop.domain.findings import LabelStatus
from training.operating_points import (
    FALSE_ALARMS_ANY,
    FALSE_ALARMS_COMMON,
    FALSE_ALARMS_FEW,
    FALSE_ALARMS_RARE,
    FREE_HEALTHY_EYES,
    LOWEST_THRESHOLD,
    RAISED_FROM,
    TARGET_SENSITIVITY,
    Candidate,
    choose_threshold,
    choose_thresholds,
    fit_labels,
)
from training.part_data import PartData

CODES = ("Disease_Risk", "DR", "BRVO", "MHL")


def candidate(scores, truth, *, named=True, healthy=None):
    scores, truth = np.asarray(scores, float), np.asarray(truth, bool)
    return Candidate(scores, truth, scores[~truth] if healthy is None else healthy, named)


@settings(max_examples=40)
@given(seed=st.integers(0, 50), share=st.sampled_from([0.04, 0.3]), apart=st.floats(0, 6))
def test_the_target_is_reached_where_the_false_alarms_allow_it(seed, share, apart):
    rng = np.random.default_rng(seed)
    truth = rng.random(600) < share
    one = candidate(1 / (1 + np.exp(2 - rng.normal(size=600) - apart * truth)), truth)
    allowed = FALSE_ALARMS_COMMON if truth.mean() >= 0.1 else FALSE_ALARMS_RARE
    assert one.false_alarms == allowed
    threshold = choose_threshold(one, allowed)
    called = one.scores >= threshold
    assert called[~truth].mean() <= allowed
    assert threshold >= LOWEST_THRESHOLD
    if called[truth].mean() < TARGET_SENSITIVITY and threshold > LOWEST_THRESHOLD:
        # A lower threshold would call too many.
        lower = one.scores >= one.scores[one.scores < threshold].max()
        assert lower[~truth].mean() > allowed
    elif threshold > LOWEST_THRESHOLD:
        higher = one.scores > one.scores[called].min()
        spent = (one.scores >= one.scores[~called].max())[~truth].mean() > allowed
        assert higher[truth].mean() < TARGET_SENSITIVITY or spent


def test_any_abnormality_has_a_share_of_its_own():
    truth = np.arange(100) < 40
    assert candidate(truth, truth, named=False).false_alarms == FALSE_ALARMS_ANY


def test_few_positives_do_not_choose_a_point():
    truth = np.zeros(1001, bool)
    truth[[500, 1000]] = True
    one = candidate(np.linspace(0.01, 0.99, 1001), truth)
    assert one.false_alarms == FALSE_ALARMS_FEW
    wrong = (one.scores[~truth] >= choose_threshold(one, FALSE_ALARMS_FEW)).mean()
    assert FALSE_ALARMS_FEW - 0.002 <= wrong <= FALSE_ALARMS_FEW


@settings(max_examples=40)
@given(
    scores=st.lists(st.floats(0, 0.999), max_size=80),
    shown=st.integers(0, 4),
    came=st.floats(0.01, 0.99),
)
def test_a_threshold_that_came_is_kept_or_raised_for_false_alarms(scores, shown, came):
    truth = np.arange(len(scores)) < shown  # too few to choose anything
    one = Candidate(np.array(scores), truth, np.zeros(0), named=True, brought=came)
    assert one.false_alarms == FALSE_ALARMS_RARE
    threshold = choose_threshold(one, one.false_alarms)
    assert threshold >= came
    quiet = one.scores[~truth]
    too_many = (quiet >= came).sum() > FALSE_ALARMS_RARE * len(quiet)
    assert (threshold > came) is bool(too_many and len(quiet) >= RAISED_FROM)
    if threshold > came:
        assert (quiet >= threshold).sum() <= FALSE_ALARMS_RARE * len(quiet)


def test_nothing_is_called_below_the_lowest_threshold_and_ties_are_not_called():
    truth = np.array([False] * 500 + [True] * 6)
    quiet = candidate(np.r_[np.full(500, 0.001), np.full(6, 0.03)], truth)
    assert choose_threshold(quiet, 0.01) == LOWEST_THRESHOLD
    tied = candidate(np.r_[np.full(500, 0.5), np.full(6, 0.9)], truth)
    assert choose_threshold(tied, 0.01) > 0.5


def test_all_labels_together_leave_most_healthy_eyes_alone():
    rng = np.random.default_rng(3)
    truth = np.zeros(500, bool)
    truth[:60] = True
    labels = []
    for _ in range(8):  # alarms of each on other eyes
        scores = rng.random(500) * 0.6 + 0.1
        scores[truth] += rng.random(60) * 0.4
        labels.append(candidate(scores, truth))
    risk = candidate(labels[0].scores, truth, named=False)

    def free(thresholds):
        called = [c.healthy >= t for c, t in zip(labels, thresholds, strict=True)]
        return 1 - np.any(called, axis=0).mean()

    alone = [choose_threshold(c, c.false_alarms) for c in labels]
    together = choose_thresholds([risk, *labels])[1:]
    assert free(alone) < FREE_HEALTHY_EYES <= free(together)
    assert all(a <= b for a, b in zip(alone, together, strict=True))


def test_a_few_healthy_eyes_decide_nothing():
    truth = np.array([True] * 20 + [False] * 19)
    one = candidate(np.r_[np.full(20, 0.9), np.linspace(0.1, 0.95, 19)], truth)
    assert choose_thresholds([one]) == [choose_threshold(one, FALSE_ALARMS_COMMON)]
    assert choose_thresholds([]) == []


def part(positives, *, negatives=100):
    """Return a part with so many positives of DR, BRVO and MHL, each in an eye of its own."""
    count = sum(positives) + negatives
    targets = np.zeros((count, 4), np.float32)
    start = 0
    for column, number in enumerate(positives, start=1):
        targets[start : start + number, column] = 1
        start += number
    targets[:, 0] = targets.any(axis=1)
    known = np.ones((count, 4), np.bool_)
    squares = np.zeros((count, 1, 1, 3), np.uint8)
    return PartData(squares, np.arange(count), targets, known, ("A",) * count, CODES)


@pytest.mark.parametrize(
    ("training", "validation", "test", "assessed"),
    [
        ((50, 5, 5), (20, 5, 5), (20, 5, 5), {"Disease_Risk", "DR", "BRVO", "MHL"}),
        ((50, 5, 4), (20, 5, 5), (20, 5, 5), {"Disease_Risk", "DR", "BRVO"}),
        ((50, 9, 9), (20, 7, 2), (20, 9, 9), {"Disease_Risk", "DR", "BRVO"}),
        ((50, 9, 9), (20, 7, 7), (20, 9, 4), {"Disease_Risk", "DR", "BRVO"}),
    ],
)
def test_a_label_without_support_is_not_assessed(training, validation, test, assessed):
    chosen = part(validation)
    logits = (4 * chosen.targets - 2).astype(np.float32)
    labels = fit_labels(
        part(training), chosen, part(test), logits=logits, natural=frozenset({"A"})
    )
    found = {label.code for label in labels if label.status is not LabelStatus.NOT_ASSESSED}
    assert found == assessed
    assert all((label.threshold is not None) == (label.code in found) for label in labels)
    assert all(label.threshold >= LOWEST_THRESHOLD for label in labels if label.threshold)
