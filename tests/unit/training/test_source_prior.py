"""What the source says is taken out of what the network learns."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from tests.unit.training.test_learning import CODES, curve, recipe, start
from tests.unit.training.tiny_data import noise_part
from training.feed import Feed
from training.losses import Objective
from training.recipe import Recipe
from training.source_prior import source_offsets

SOURCES = ("A",) * 4 + ("B",) * 2
KNOWN = np.ones((6, 1), np.bool_)


def test_offsets_by_hand():
    targets = np.array([[1], [0], [0], [0], [1], [1]], np.float32)
    offsets = source_offsets(targets, KNOWN, SOURCES)
    assert offsets[:4, 0] == pytest.approx(np.log(1.5 / 3.5))
    assert offsets[4:, 0] == pytest.approx(np.log(2.5 / 0.5))


def test_a_label_that_a_source_never_states_gets_none():
    targets = np.array([[1], [0], [0], [0], [0], [0]], np.float32)
    known = np.array([[True]] * 4 + [[False]] * 2)
    assert source_offsets(targets, known, SOURCES)[4:].tolist() == [[0.0], [0.0]]


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.sampled_from("AB")), min_size=1))
def test_an_offset_is_the_logit_of_the_share_in_the_source(rows):
    targets = np.array([[present] for present, _, _ in rows], np.float32)
    known = np.array([[stated] for _, stated, _ in rows])
    offsets = source_offsets(targets, known, [source for _, _, source in rows])
    assert np.isfinite(offsets).all()
    for (_, _, source), offset in zip(rows, offsets[:, 0], strict=True):
        own = [p for p, stated, name in rows if stated and name == source]
        share = (sum(own) + 0.5) / (len(own) + 1) if own else 0.5
        assert expit(float(offset)) == pytest.approx(share, abs=1e-6)


def data_of_two_cameras():
    """Reddish photographs are ill in both sources, which differ in how many are."""
    part = noise_part(64, CODES, seed=1)
    sources = tuple("A" if row % 2 else "B" for row in range(64))
    grades = np.where(part.targets[:, 0] > 0.5, 3, 0)
    return replace(part, sources=sources, grades=grades.astype(np.int64))


def test_the_answer_that_the_source_gives_costs_nothing():
    """A network that knows nothing has the loss of the source's own shares."""
    part = data_of_two_cameras()
    followed = Recipe(name="toy", loss={"source_prior": True}, run={"batch": 64})
    feed = Feed(part, followed, rank=0, world_size=1, pinned=False)
    batch = feed.batch(0, 0, np.arange(64))
    objective = Objective(followed, part.targets, part.known)
    silent = float(objective(torch.zeros(64, len(CODES)), batch))
    share = expit(source_offsets(part.targets, part.known, part.sources).astype(np.float64))
    losses = -np.log(np.where(part.targets > 0.5, share, 1 - share))
    assert silent == pytest.approx(float(losses[part.known].mean()), rel=1e-5)


@pytest.mark.parametrize("mixing", [{}, {"mixup_share": 0.5, "cutmix_share": 0.3}])
@pytest.mark.parametrize("kind", ["labels", "grades"])
def test_processes_share_the_offsets_as_one_would_see_them(mixing, kind):
    part = data_of_two_cameras()
    followed = Recipe(name="t", loss={"source_prior": True}, mixing=mixing, run={"batch": 6})
    picks = np.arange(6)
    feeds = [
        Feed(part, followed, rank=rank, world_size=size, pinned=False)
        for rank, size in ((0, 1), (0, 2), (1, 2))
    ]
    whole, *shares = (getattr(feed.batch(1, 2, picks), kind) for feed in feeds)
    assert torch.isfinite(whole.offsets).all()
    for rank, share in enumerate(shares):
        assert torch.equal(share.offsets, whole.offsets[rank::2])


def test_a_recipe_without_it_learns_as_before(tmp_path):
    part = data_of_two_cameras()
    start(tmp_path / "plain", training=part).run()
    start(tmp_path / "prior", recipe(loss={"source_prior": True}), training=part).run()
    plain, prior = curve(tmp_path / "plain"), curve(tmp_path / "prior")
    assert not np.allclose(plain, prior, atol=1e-5)
    feed = Feed(part, recipe(), rank=0, world_size=1, pinned=False)
    assert feed.batch(0, 0, np.arange(6)).labels.offsets is None
