"""No patient is ever on both sides, and each with a tumour judges exactly once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.retinoblastoma.folds import deal_folds

patients = st.lists(
    st.tuples(st.integers(0, 25), st.sampled_from(["retinoblastoma", "infants", "adults"])),
    min_size=4,
    max_size=80,
)


@given(patients, st.integers(0, 5), st.integers(2, 8))
def test_a_patient_is_in_one_fold_alone(
    rows: list[tuple[int, str]], seed: int, most: int
) -> None:
    groups = np.array([group for group, _ in rows])
    kinds = [kind for _, kind in rows]
    truth = np.array([kind == "retinoblastoma" for kind in kinds])
    if len(np.unique(groups[truth])) < 2:
        with pytest.raises(ValueError, match="two patients"):
            deal_folds(groups, truth, kinds, seed=seed, most=most)
        return
    folds = deal_folds(groups, truth, kinds, seed=seed, most=most)
    for group in np.unique(groups):
        assert len(np.unique(folds[groups == group])) == 1
    for fold in range(int(folds.max()) + 1):  # each teaches and judges tumours
        assert truth[folds == fold].any()
        assert truth[folds != fold].any()
    assert np.array_equal(folds, deal_folds(groups, truth, kinds, seed=seed, most=most))


def test_each_patient_with_a_tumour_has_a_fold_of_its_own() -> None:
    groups = np.r_[np.repeat(np.arange(5), 3), np.arange(100, 140)]
    truth = np.arange(55) < 15
    folds = deal_folds(groups, truth, ["t"] * 15 + ["n"] * 40, seed=3)
    assert len(np.unique(folds[:15])) == 5
    assert (np.bincount(folds[15:]) == 8).all()
