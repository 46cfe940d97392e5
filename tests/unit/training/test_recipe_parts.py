"""Losses, schedules, sampling and parameter groups: each alone."""

import numpy as np
import pytest
import timm
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.ops import sigmoid_focal_loss

from training.losses import make_loss, masked_mean
from training.parameter_groups import freeze, make_optimizer, set_rate
from training.recipe import (
    LossSection,
    OptimizerSection,
    SamplingSection,
    ScheduleKind,
    ScheduleSection,
)
from training.sampling import epoch_order, source_weights
from training.schedules import rate_share
from training.transfer import create_network

COUNTS = torch.tensor([10.0]), torch.tensor([990.0])
ENTROPY = torch.nn.functional.binary_cross_entropy_with_logits


def loss_of(logit, target, **section):
    loss = make_loss(LossSection(**section), *COUNTS)
    return loss(torch.tensor([[logit]]), torch.tensor([[target]])).item()


def plain(logit, target):
    return ENTROPY(torch.tensor(logit), torch.tensor(target)).item()


def test_unstated_labels_carry_no_loss():
    logits = torch.tensor([[2.0, -50.0]], requires_grad=True)
    targets, known = torch.tensor([[1.0, 1.0]]), torch.tensor([[True, False]])
    loss = masked_mean(make_loss(LossSection(), *COUNTS)(logits, targets), known)
    loss.backward()
    assert loss.item() == pytest.approx(np.log1p(np.exp(-2.0)))
    assert logits.grad[0, 1] == 0


def test_a_batch_without_labels_has_no_loss():
    assert float(masked_mean(torch.ones(2, 2), torch.zeros(2, 2))) == 0


@given(logit=st.floats(-8, 8), target=st.sampled_from([0.0, 1.0]))
def test_focal_is_torchvisions(logit, target):
    reference = sigmoid_focal_loss(
        torch.tensor([[logit]]), torch.tensor([[target]]), alpha=-1, gamma=2.0
    )
    assert loss_of(logit, target, kind="focal") == pytest.approx(reference.item(), abs=1e-5)


@given(logit=st.floats(-8, 8), target=st.sampled_from([0.0, 1.0]))
def test_asymmetric_without_its_asymmetry_is_cross_entropy(logit, target):
    value = loss_of(logit, target, kind="asymmetric", gamma=0.0, margin=0.0)
    assert value == pytest.approx(plain(logit, target), rel=1e-3, abs=1e-4)


def test_asymmetric_forgets_easy_negatives_and_keeps_positives():
    assert loss_of(-4.0, 0.0, kind="asymmetric") == pytest.approx(0.0, abs=1e-6)
    assert loss_of(-4.0, 1.0, kind="asymmetric") == pytest.approx(plain(-4.0, 1.0), abs=1e-4)


def test_class_balanced_weighs_the_rare_side_more_and_means_one():
    present = loss_of(0.0, 1.0, kind="class-balanced")
    absent = loss_of(0.0, 0.0, kind="class-balanced")
    assert present > 10 * absent
    assert (present + absent) / 2 == pytest.approx(plain(0.0, 1.0), rel=1e-5)


def test_smoothing_leaves_nothing_certain():
    assert loss_of(20.0, 1.0, smoothing=0.1) > 1.0


@pytest.mark.parametrize("kind", [ScheduleKind.COSINE, ScheduleKind.ONE_CYCLE])
def test_the_rate_rises_then_falls_to_its_end(kind):
    section = ScheduleSection(kind=kind, warm_up=0.05, final_rate=0.01)
    rates = [rate_share(section, p) for p in np.linspace(0, 1, 101)]
    peak = int(np.argmax(rates))
    assert peak == 5
    assert rates[peak] == pytest.approx(1.0)
    assert all(a >= b for a, b in zip(rates[peak:], rates[peak + 1 :], strict=False))
    assert rates[-1] == pytest.approx(0.01)
    assert rates[0] > 0


def test_a_plateau_lowers_the_rate_by_its_factor_and_not_for_ever():
    section = ScheduleSection(kind="plateau", factor=0.1, final_rate=0.005, warm_up=0.0)
    rates = [rate_share(section, 0.5, plateaus=n) for n in range(4)]
    assert rates == pytest.approx([1.0, 0.1, 0.01, 0.005])


def labelled(count=400, rare=20):
    targets = np.zeros((count, 2), np.float32)
    targets[:, 0] = 1
    targets[:rare, 1] = 1
    return targets, np.ones_like(targets, np.bool_)


def test_an_epoch_holds_every_rare_photograph_and_a_draw_of_the_others():
    targets, known = labelled()
    section = SamplingSection(rare_below=50, common_share=0.5)
    sources = ["A"] * 400
    orders = [
        epoch_order(targets, known, sources, section=section, seed=1, epoch=epoch)
        for epoch in (0, 1, 0)
    ]
    for order in orders:
        assert set(range(20)) <= set(order.tolist())
        assert 0.4 < (len(order) - 20) / 380 < 0.6
        assert len(set(order.tolist())) == len(order)
    assert sorted(orders[0].tolist()) != sorted(orders[1].tolist())
    assert np.array_equal(orders[0], orders[2])


@given(power=st.floats(0, 1), small=st.integers(1, 50), large=st.integers(50, 500))
def test_a_sources_chance_is_its_size_to_the_rest_of_the_power(power, small, large):
    weights = source_weights(["A"] * small + ["B"] * large, power)
    shares = weights[:small].sum(), weights[small:].sum()
    assert sum(shares) == pytest.approx(1.0)
    expected = (small / large) ** (1 - power)
    assert shares[0] / shares[1] == pytest.approx(expected)


def test_equal_sources_are_drawn_equally_often():
    targets, known = labelled(1000, rare=0)
    sources = ["A"] * 900 + ["B"] * 100
    section = SamplingSection(common_share=1.0, source_power=1.0)
    order = epoch_order(targets, known, sources, section=section, seed=1, epoch=0)
    assert len(order) == 1000
    assert 400 < (order >= 900).sum() < 600


def test_lower_blocks_move_less_and_scales_do_not_decay():
    network = timm.create_model("efficientnet_b0", num_classes=3)
    section = OptimizerSection(kind="adamw", weight_decay=0.1, layer_decay=0.5)
    optimizer = make_optimizer(network, section)
    set_rate(optimizer, 1.0)
    rates = {id(p): g for g in optimizer.param_groups for p in g["params"]}
    assert len(rates) == len(list(network.parameters()))
    assert rates[id(network.classifier.weight)]["lr"] == 1.0
    assert rates[id(network.conv_head.weight)]["lr"] == 0.5
    assert rates[id(network.blocks[6][0].conv_pw.weight)]["lr"] == 0.25
    assert rates[id(network.conv_stem.weight)]["lr"] == pytest.approx(0.5**9)
    assert rates[id(network.classifier.bias)]["weight_decay"] == 0.0
    assert rates[id(network.classifier.weight)]["weight_decay"] == 0.1


def test_frozen_blocks_keep_weights_and_statistics_and_the_rest_learns():
    network = create_network(3).train()
    freeze(network, body=False, blocks=2)
    assert not any(p.requires_grad for p in network.conv_stem.parameters())
    assert not any(p.requires_grad for p in network.blocks[1].parameters())
    assert all(p.requires_grad for p in network.blocks[2].parameters())
    assert all(p.requires_grad for p in network.classifier.parameters())
    assert not network.blocks[1][0].bn1.training
    assert network.blocks[2][0].bn1.training


def test_a_frozen_body_lets_the_head_learn_and_thaws():
    network = create_network(3).train()
    freeze(network, body=True, blocks=0)
    learning = [name for name, p in network.named_parameters() if p.requires_grad]
    assert learning == ["classifier.weight", "classifier.bias"]
    freeze(network, body=False, blocks=0)
    assert all(p.requires_grad for p in network.parameters())


def test_another_familys_stages_are_frozen_and_slowed_as_timm_names_them():
    network = create_network(3, architecture="test_resnet").train()
    freeze(network, body=False, blocks=2)
    frozen = {n.split(".")[0] for n, p in network.named_parameters() if not p.requires_grad}
    assert frozen == {"conv1", "bn1", "layer1", "layer2"}
    assert not network.layer2.training
    assert network.layer3.training
    groups = make_optimizer(network, OptimizerSection(layer_decay=0.5)).param_groups
    shares = {id(p): group["share"] for group in groups for p in group["params"]}
    assert shares[id(network.fc.weight)] == 1.0
    assert shares[id(network.layer4[0].conv1.weight)] == 0.5
    assert shares[id(network.conv1[0].weight)] == 0.5**5
