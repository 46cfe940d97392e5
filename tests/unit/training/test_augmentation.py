from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F  # noqa: N812 - torch's own convention
from torchvision.transforms.v2 import functional as v2

from training.augmentation import (
    AugmentationRanges,
    _mean_by_opencv,
    _mean_by_torch,
    _warp_by_opencv,
    _warp_by_torch,
    augment,
    cut_fields,
    draw_changes,
    normalise,
    recompress,
)

STILL = AugmentationRanges(
    turn_deg=0,
    zoom=(1, 1),
    shift=0,
    brightness=0,
    contrast=0,
    channel_gain=0,
    gamma=0,
    blur_share=0,
    flip_share=0,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def batch():
    return 0.1 + 0.8 * torch.rand(6, 3, 20, 20, generator=generator())


def run(batch, ranges, *, seed=0, size=20):
    changes = draw_changes(len(batch), generator=generator(seed), ranges=ranges)
    return augment(batch.clone(), changes, size=size)


def test_ranges_of_nothing_change_nothing(batch):
    assert torch.allclose(run(batch, STILL), batch, atol=1e-5)


def test_the_generator_is_the_only_source_of_chance(batch):
    ranges = AugmentationRanges()
    assert torch.equal(run(batch, ranges, seed=1), run(batch, ranges, seed=1))
    assert not torch.equal(run(batch, ranges, seed=1), run(batch, ranges, seed=2))


def test_photographs_stay_in_range_at_the_asked_size(batch):
    changed = run(batch, AugmentationRanges(), size=14)
    assert changed.shape == (6, 3, 14, 14)
    assert 0 <= changed.min() <= changed.max() <= 1


def test_a_certain_flip_mirrors_left_and_right(batch):
    ranges = replace(STILL, flip_share=1.0)
    assert torch.allclose(run(batch, ranges), batch.flip(3), atol=1e-5)


def test_the_black_frame_stays_black(batch):
    batch[:, :, :, :5] = 0
    ranges = replace(STILL, brightness=0.3, gamma=0.3)
    assert run(batch, ranges)[:, :, :, :5].max() == 0


@given(
    turn=st.floats(0, 180),
    shift=st.floats(0, 0.3),
    side=st.tuples(st.integers(8, 60), st.integers(8, 60)),
    size=st.integers(8, 70),
    seed=st.integers(0, 2**20),
)
def test_both_ways_to_turn_a_picture_agree(turn, shift, side, size, seed):
    ranges = AugmentationRanges(turn_deg=turn, shift=shift, stretch=0.2)
    matrix = draw_changes(3, generator=generator(seed), ranges=ranges).matrix
    coarse = torch.rand(3, 3, 5, 5, generator=generator(seed))
    smooth = F.interpolate(coarse, size=side, mode="bilinear")
    one = _warp_by_opencv(smooth, matrix, size)
    other = _warp_by_torch(smooth, matrix, size)
    # OpenCV counts places in 32nds of a pixel.
    assert (one - other).abs().mean() < 0.01
    assert (one - other).abs().max() < 0.1


@pytest.mark.parametrize("shape", [(2, 3, 5, 7), (1, 3, 1, 1), (3, 3, 2, 9)])
def test_a_narrow_blur_is_the_same_on_every_device(shape):
    pictures = torch.rand(shape, generator=generator(2))
    assert torch.allclose(_mean_by_opencv(pictures), _mean_by_torch(pictures), atol=1e-6)


def test_blur_leaves_the_mean_and_lowers_the_contrast(batch):
    ranges = replace(STILL, blur_share=1.0)
    changed = run(batch, ranges)
    assert float(changed.mean()) == pytest.approx(float(batch.mean()), abs=0.01)
    assert changed.std() < 0.5 * batch.std()


def test_normalising_by_hand():
    batch = torch.full((1, 3, 2, 2), 0.5)
    scaled = normalise(batch, (0.5, 0.25, 0.0), (1.0, 0.5, 0.25))
    assert scaled[0, :, 0, 0].tolist() == [0.0, 0.5, 2.0]


def test_a_part_of_the_batch_changes_as_in_the_whole(batch):
    changes = draw_changes(6, generator=generator(3), ranges=AugmentationRanges())
    whole = augment(batch.clone(), changes, size=14)
    part = augment(batch[1::2].clone(), changes.of(slice(1, None, 2)), size=14)
    assert torch.allclose(part, whole[1::2], atol=1e-6)


def test_balanced_photographs_take_a_cameras_mean_colours_and_keep_their_frame(batch):
    batch = 0.2 + 0.5 * batch  # leaves room for the gain, so that nothing is cut off
    batch[:, :, :, :5] = 0
    ranges = replace(STILL, balance_share=1.0)
    drawn = draw_changes(6, generator=generator(4), ranges=ranges).balance
    changed = run(batch, ranges, seed=4)
    assert changed[:, :, :, :5].max() == 0
    red, green, blue = drawn.unbind(1)
    assert (red > green).all()
    assert (green > blue).all()
    means, own = changed[:, :, :, 6:].mean((2, 3)), batch[:, :, :, 6:].mean((2, 3))
    inside = (drawn / own > 1 / 3) & (drawn / own < 1.2)
    assert inside.any()
    assert torch.allclose(means[inside], drawn[inside], atol=0.02)


def test_without_a_share_no_photograph_is_balanced():
    changes = draw_changes(4, generator=generator(), ranges=AugmentationRanges())
    assert changes.balance.isnan().all()


WIDER = AugmentationRanges(
    stretch=0.2,
    saturation=0.5,
    flip_vertical_share=0.5,
    blur_sigma=(0.5, 2.0),
    blur_share=0.5,
    jpeg_share=0.5,
    cut_share=0.5,
)


def test_what_was_added_later_leaves_older_draws_alone():
    old = draw_changes(9, generator=generator(4), ranges=AugmentationRanges())
    new = draw_changes(9, generator=generator(4), ranges=replace(WIDER, blur_share=0.15))
    assert torch.equal(old.factor, new.factor)
    assert torch.equal(old.gamma, new.gamma)
    assert torch.equal(old.blurred, new.blurred)


def test_wider_changes_stay_in_range_and_in_the_frame(batch):
    batch[:, :, :, :3] = 0
    changed = run(batch, replace(WIDER, turn_deg=0, shift=0, stretch=0, zoom=(1, 1)))
    assert 0 <= changed.min() <= changed.max() <= 1
    assert torch.isfinite(run(batch, WIDER, size=14)).all()


def test_stretching_keeps_the_area():
    changes = draw_changes(5, generator=generator(), ranges=replace(STILL, stretch=0.3))
    widths, heights = changes.matrix[:, 0, 0], changes.matrix[:, 1, 1]
    assert torch.allclose(widths * heights, torch.ones(5), atol=1e-6)
    assert (widths / heights).min() >= 1 / 1.3 - 1e-6
    assert (widths / heights).max() <= 1.3 + 1e-6


def test_upside_down_is_upside_down(batch):
    ranges = replace(STILL, flip_vertical_share=1.0)
    assert torch.allclose(run(batch, ranges), batch.flip(2), atol=1e-5)


def test_saturation_keeps_the_gray(batch):
    changed = run(0.3 + 0.2 * batch, replace(STILL, saturation=1.0))
    weights = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    assert torch.allclose(
        (changed * weights).sum(1), ((0.3 + 0.2 * batch) * weights).sum(1), atol=1e-4
    )


def test_a_wide_blur_is_torchvisions(batch):
    ranges = replace(STILL, blur_share=1.0, blur_sigma=(1.5, 1.5))
    expected = v2.gaussian_blur(batch, [11, 11], [1.5, 1.5])
    assert torch.allclose(run(batch, ranges), expected, atol=1e-4)


def test_jpeg_touches_its_share_and_is_repeatable():
    noise = torch.randint(0, 256, (12, 3, 16, 16), dtype=torch.uint8, generator=generator())
    ranges = replace(STILL, jpeg_share=0.5, jpeg_quality=(30, 40))
    changes = draw_changes(12, generator=generator(2), ranges=ranges)
    once, again = (recompress(noise.clone(), changes) for _ in range(2))
    touched = (once != noise).flatten(1).any(1)
    assert torch.equal(once, again)
    assert torch.equal(touched, changes.quality > 0)
    assert 0 < int(touched.sum()) < 12


def test_a_cut_takes_as_much_above_as_below_and_from_its_share_alone():
    white = torch.full((12, 3, 100, 40), 255, dtype=torch.uint8)
    changes = draw_changes(12, generator=generator(3), ranges=replace(STILL, cut_share=0.5))
    cut = cut_fields(white, changes)
    black = (cut == 0).all(dim=(1, 3))
    assert torch.equal(black.any(1), changes.cut > 0)
    assert 0 < int(black.any(1).sum()) < 12
    assert torch.equal(black, black.flip(1))
    assert torch.equal(black.sum(1), 2 * torch.round(100 * changes.cut).long())
    assert black.sum(1).max() <= 28
    assert not black[:, 14:86].any()
