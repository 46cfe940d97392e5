"""Nested leave-patient-out: what is judged chooses nothing, and the arithmetic is right."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from training.retinoblastoma.crossed import (
    Examples,
    balanced,
    cross_validate,
    threshold_for,
)
from training.retinoblastoma.photographs import Kind


def examples(*, signal: float, seed: int = 0, copies: int = 1) -> Examples:
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(30), 3)
    truth = groups < 8
    kinds = tuple(
        (Kind.TUMOUR if t else Kind.INFANT if g < 20 else Kind.OTHER).value
        for t, g in zip(truth, groups, strict=True)
    )
    features = rng.normal(size=(90, 1 + copies, 12)).astype(np.float32)
    features[truth, :, 0] += signal
    return Examples(features, truth, groups, kinds)


def test_a_signal_is_found_and_noise_is_not() -> None:
    found = cross_validate(examples(signal=8.0), seed=1, sensitivity=0.9, strengths=(1.0, 10.0))
    truth = examples(signal=8.0).truth
    assert found.called[truth].mean() > 0.9
    assert (~found.called[~truth]).mean() > 0.9
    assert found.probabilities[truth].min() > np.median(found.probabilities[~truth])
    assert len(found.points) == 8


def test_a_judged_patient_changes_nothing_of_its_own_fold() -> None:
    given_ = examples(signal=2.0)
    first = cross_validate(given_, seed=1, sensitivity=0.9, strengths=(1.0,))
    fold = int(first.folds[0])
    changed = given_.versions.copy()
    changed[first.folds == fold] += 100.0
    moved = Examples(changed, given_.truth, given_.groups, given_.kinds)
    second = cross_validate(moved, seed=1, sensitivity=0.9, strengths=(1.0,))
    assert first.points[fold] == second.points[fold]


def test_other_pictures_are_asked_about_and_teach_nothing() -> None:
    given_ = examples(signal=8.0)
    plain = given_.versions[:, 0]
    without = plain.copy()
    without[:, 0] = 0.0  # what tells a tumour is painted over
    asked = cross_validate(
        given_, seed=1, sensitivity=0.9, strengths=(1.0,), others=(plain, without)
    )
    alone = cross_validate(given_, seed=1, sensitivity=0.9, strengths=(1.0,))
    np.testing.assert_array_equal(asked.probabilities, alone.probabilities)
    np.testing.assert_allclose(asked.of_others[0], alone.probabilities)
    assert roc_auc_score(given_.truth, asked.of_others[0]) > 0.95
    assert 0.2 < roc_auc_score(given_.truth, asked.of_others[1]) < 0.8


def test_copies_teach_only_where_the_other_patients_gain_by_them() -> None:
    misleading = examples(signal=8.0)
    misleading.versions[:, 1, 0] = -misleading.versions[:, 1, 0]
    found = cross_validate(misleading, seed=1, sensitivity=0.9, strengths=(10.0,))
    assert {point.copies for point in found.points} == {0}
    assert roc_auc_score(misleading.truth, found.probabilities) > 0.95
    noisy = examples(signal=1.5, copies=12)
    found = cross_validate(noisy, seed=1, sensitivity=0.9, strengths=(10.0,))
    assert {point.copies for point in found.points} == {12}


def test_each_kind_of_negatives_weighs_the_same_and_tumours_as_all() -> None:
    kinds = (Kind.TUMOUR,) * 2 + (Kind.INFANT,) * 3 + (Kind.OTHER,) * 10
    weights = balanced([kind.value for kind in kinds])
    assert weights[:2].sum() == pytest.approx(weights[2:].sum())
    assert weights[2:5].sum() == pytest.approx(weights[5:].sum())


@given(
    st.lists(st.tuples(st.floats(0.001, 0.999), st.booleans()), min_size=2, max_size=40),
    st.floats(0.5, 1.0),
)
def test_the_threshold_reaches_its_sensitivity(
    rows: list[tuple[float, bool]], wanted: float
) -> None:
    probabilities = np.array([round(p, 3) for p, _ in rows])
    truth = np.array([t for _, t in rows])
    if not truth.any():
        return
    threshold = threshold_for(probabilities, truth, sensitivity=wanted)
    assert 0 < threshold < 1
    assert (probabilities[truth] >= threshold).mean() >= wanted - 1e-9
