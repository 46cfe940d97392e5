"""Batches prepared ahead: the same for the same step, shared out among processes."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.unit.training.tiny_data import noise_part
from training.feed import Feed
from training.recipe import Recipe

CODES = ("DR", "EDN")
CPU = torch.device("cpu")


def feed(rank=0, world_size=1, **changes):
    recipe = Recipe(name="toy", run={"batch": 6}, **changes)
    data = noise_part(40, CODES, seed=1)
    rng = np.random.default_rng(0)
    soft = rng.random((40, 2)).astype(np.float32)
    soft[::3, 1] = np.nan
    data = replace(data, grades=rng.integers(-1, 5, 40), soft=soft)
    return Feed(data, recipe, rank=rank, world_size=world_size, pinned=False)


ORDER = np.arange(40)[::-1].copy()
PLAIN = {}
JPEG = {"augmentation": {"jpeg_share": 0.5, "stretch": 0.1, "saturation": 0.3}}
MIXED = {"mixing": {"mixup_share": 0.4, "cutmix_share": 0.4}} | JPEG


@pytest.mark.parametrize("changes", [PLAIN, JPEG, MIXED])
def test_going_on_in_an_epoch_gives_what_would_have_come(changes):
    whole = list(feed(**changes).batches(2, ORDER, start=0, steps=5))
    rest = list(feed(**changes).batches(2, ORDER, start=3, steps=5))
    assert len(whole) == 5
    for one, other in zip(whole[3:], rest, strict=True):
        assert torch.equal(one.inputs(CPU, size=20), other.inputs(CPU, size=20))
        assert torch.equal(one.labels.targets, other.labels.targets)
    first, second = (b.inputs(CPU, size=20) for b in whole[:2])
    assert not torch.equal(first, second)


@pytest.mark.parametrize("changes", [PLAIN, JPEG, MIXED])
@pytest.mark.parametrize("kind", ["labels", "soft", "grades"])
def test_processes_share_a_batch_as_one_would_see_it(changes, kind):
    picks = ORDER[:6]
    whole = feed(**changes).batch(1, 2, picks)
    shares = [feed(rank, 2, **changes).batch(1, 2, picks) for rank in (0, 1)]
    inputs = whole.inputs(CPU, size=20)
    for rank, share in enumerate(shares):
        assert torch.allclose(share.inputs(CPU, size=20), inputs[rank::2], atol=1e-5)
        own, all_of = getattr(share, kind), getattr(whole, kind)
        assert torch.equal(own.targets, all_of.targets[rank::2])
        assert torch.equal(own.known, all_of.known[rank::2])
        assert own.stated == all_of.stated == max(int(all_of.known.sum()), 1)


def test_an_answer_that_no_teacher_gives_is_not_learned():
    soft = feed().batch(0, 0, np.arange(6)).soft
    assert soft.known[:, 0].all()
    assert soft.known[:, 1].tolist() == [False, True, True, False, True, True]
    assert torch.isfinite(soft.targets).all()


def test_a_photograph_that_cannot_be_read_ends_the_epoch_with_its_error():
    with pytest.raises(IndexError):
        list(feed().batches(0, np.full(40, 99), start=0, steps=2))
