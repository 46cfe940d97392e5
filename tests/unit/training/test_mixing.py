"""Photographs mixed in pairs: shares, rectangles, and what is known of the mixed labels."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.mixing import Mixing, draw_mixing, mix_labels, mix_pictures
from training.recipe import MixingSection


def test_a_recipe_that_mixes_nothing_draws_nothing():
    assert draw_mixing(8, MixingSection(), seed=1) is None


@given(st.integers(1, 20), st.integers(0, 2**62))
def test_shares_and_rectangles_agree(count, seed):
    mixing = draw_mixing(count, MixingSection(mixup_share=0.3, cutmix_share=0.5), seed=seed)
    assert sorted(mixing.partner.tolist()) == list(range(count))
    assert ((mixing.share >= 0) & (mixing.share <= 1)).all()
    assert ((mixing.box >= 0) & (mixing.box <= 1)).all()
    area = (mixing.box[:, 2] - mixing.box[:, 0]) * (mixing.box[:, 3] - mixing.box[:, 1])
    pasted = area > 0
    assert np.allclose(mixing.share[pasted], 1 - area[pasted], atol=1e-6)


def test_the_seed_is_the_only_source_of_chance():
    section = MixingSection(mixup_share=0.5, cutmix_share=0.5)
    first, same, other = (draw_mixing(9, section, seed=seed) for seed in (3, 3, 4))
    assert np.array_equal(first.share, same.share)
    assert not np.array_equal(first.share, other.share)


def by_hand():
    return Mixing(
        partner=np.array([1, 2, 0]),
        share=np.array([0.25, 0.75, 1.0], np.float32),
        box=np.array([[0.2, 0.2, 0.2, 0.2], [0, 0, 0.5, 0.5], [0, 0, 0, 0]], np.float32),
    )


def test_a_mixed_label_is_known_only_where_both_are():
    targets = np.array([[1, 0], [0, 0], [1, 1]], np.float32)
    known = np.array([[True, True], [True, False], [False, True]])
    mixed, stated = mix_labels(by_hand(), targets, known)
    assert mixed.tolist() == [[0.25, 0], [0.25, 0.25], [1, 1]]
    assert stated.tolist() == [[True, False], [False, False], [False, True]]


def test_pictures_are_blended_or_pasted_by_hand():
    own = torch.stack([torch.full((3, 4, 4), float(k)) for k in range(3)])
    mixed = mix_pictures(own, own[[1, 2, 0]], by_hand(), [0, 1, 2])
    assert mixed[0].unique().tolist() == [0.75]
    assert mixed[1][0].tolist() == [[2, 2, 1, 1], [2, 2, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]]
    assert mixed[2].unique().tolist() == [2]


def test_the_pictures_share_is_the_labels():
    mixing = draw_mixing(64, MixingSection(cutmix_share=1.0), seed=5)
    own = torch.zeros(64, 3, 100, 100)
    mixed = mix_pictures(own, own + 1, mixing, list(range(64)))
    pasted = mixed.mean((1, 2, 3)).numpy()
    assert pasted == pytest.approx(1 - mixing.share, abs=0.03)
