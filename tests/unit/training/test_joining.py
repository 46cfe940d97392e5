"""Two trained networks joined: whose answer, and how training deals with halves."""

import pytest
import torch

from retina_desktop.domain.manifests import Calibration
from retina_desktop.ml.twofold import LOCAL, PLAIN, subtract_local_average
from tests.helpers.bundles import living_network, make_bundle
from training.depth import limit_depth
from training.feature_teacher import open_feature_teacher
from training.first_weights import start_from
from training.joining import join, open_half
from training.parameter_groups import freeze, make_optimizer
from training.randomisation import blocks_from_the_top
from training.recipe import OptimizerSection, Recipe, RecipeError
from training.trained_networks import TrainedNetwork
from training.transfer import create_network, quieten_branches

HALF, CODES, SIZE = "test_efficientnet", ("DR", "ODC", "MH"), 64


def trained(seed, *, codes=CODES, scales=((1.0, 0.0),) * 3):
    network = living_network(HALF, outputs=len(codes), seed=seed)
    calibrations = tuple(Calibration(*scale) for scale in scales)
    return TrainedNetwork(network, SIZE, tuple(codes), calibrations, (True,) * len(codes))


def twofold(**more):
    return create_network(len(CODES), architecture=f"twofold_{HALF}", **more).eval()


def followed(**model):
    section = {"architecture": f"twofold_{HALF}", "size": SIZE, **model}
    return Recipe(name="joined", model=section)


@torch.inference_mode()
def test_the_answer_is_the_mean_of_the_calibrated_logits():
    network = twofold()
    plain = trained(1, scales=((1.0, 0.0), (0.5, -1.0), (2.0, 3.0)))
    other = ("MH", "DR", "ODC")  # in another order
    local = trained(2, codes=other, scales=((1.5, 0.5), (0.25, 0.0), (1.0, 0.0)))
    join(network, plain, local, CODES)
    image = torch.randn(3, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    first = plain.network(image) * torch.tensor([1.0, 0.5, 2.0]) + torch.tensor([0, -1.0, 3.0])
    second = local.network(subtract_local_average(image))
    second = (second * torch.tensor([1.5, 0.25, 1.0]) + torch.tensor([0.5, 0, 0]))[:, [1, 2, 0]]
    assert torch.allclose(network(image), (first + second) / 2, atol=1e-4)
    assert not torch.allclose(first, second, atol=0.1)


def test_another_network_begins_with_the_plain_half(tmp_path):
    both = living_network(f"twofold_{HALF}", outputs=3, seed=5)
    torch.save(both.state_dict(), tmp_path / "both.pt")
    alone = create_network(3, architecture=HALF, seed=9)
    report = start_from(str(tmp_path / "both.pt"), alone, [])
    assert report.new == ()
    assert torch.equal(alone.conv_stem.weight, both.plain.conv_stem.weight)
    own = both.classifier.weight[:, : both.plain.num_features]
    assert torch.equal(alone.classifier.weight, 2 * own)
    again = twofold()
    start_from(str(tmp_path / "both.pt"), again, [])
    assert torch.equal(again.local.conv_stem.weight, both.local.conv_stem.weight)
    batches = [torch.randn(2, 3, SIZE, SIZE)]
    teacher = open_feature_teacher(str(tmp_path / "both.pt"), HALF, batches)
    assert torch.equal(teacher.network.conv_stem.weight, both.plain.conv_stem.weight)


def test_what_cannot_be_joined_is_said_in_a_sentence(tmp_path):
    bundle = str(make_bundle(tmp_path / "b", seed=1, labels=CODES, input_size=SIZE,
                             architecture=HALF))  # fmt: skip
    assert open_half(PLAIN, bundle, followed(), CODES).bundle == "random 1.0.0"
    with pytest.raises(RecipeError, match=r"local half: .* local_average_subtraction"):
        open_half(LOCAL, bundle, followed(), CODES)
    with pytest.raises(RecipeError, match="reads 64 pixels and the joined one 96"):
        open_half(PLAIN, bundle, followed(size=96), CODES)
    with pytest.raises(RecipeError, match="other labels"):
        open_half(PLAIN, bundle, followed(), ("DR", "EDN", "MH"))
    with pytest.raises(RecipeError, match="no trained network at nowhere"):
        open_half(PLAIN, str(tmp_path / "nowhere"), followed(), CODES)
    plain = trained(1)
    with pytest.raises(RecipeError, match="such as twofold_efficientnet_b0"):
        join(create_network(3, architecture=HALF), plain, plain, CODES)
    large = create_network(3, architecture="twofold_mobilenetv3_small_050")
    with pytest.raises(RecipeError, match="another architecture"):
        join(large, plain, plain, CODES)


def test_frozen_stages_are_those_of_both_halves():
    network = twofold().train()
    freeze(network, body=False, blocks=2)
    learns = {name: value.requires_grad for name, value in network.named_parameters()}
    for half in (PLAIN, LOCAL):
        assert not learns[f"{half}.conv_stem.weight"]
        assert not any(learn for name, learn in learns.items() if f"{half}.blocks.1." in name)
        assert all(learn for name, learn in learns.items() if f"{half}.blocks.2." in name)
    assert learns["classifier.weight"]
    assert not network.plain.blocks[0].training
    assert network.local.blocks[2].training
    freeze(network, body=True, blocks=0)
    assert [n for n, v in network.named_parameters() if v.requires_grad] == [
        "classifier.weight",
        "classifier.bias",
    ]


def test_lower_blocks_of_both_halves_move_less():
    network = twofold()
    shares = {
        id(parameter): group["share"]
        for group in make_optimizer(network, OptimizerSection(layer_decay=0.5)).param_groups
        for parameter in group["params"]
    }
    for half in (network.plain, network.local):
        stem, low, high = (
            shares[id(next(module.parameters()))]
            for module in (half.conv_stem, half.blocks[0], half.blocks[-1])
        )
        assert stem < low < high < shares[id(network.classifier.weight)] == 1.0


@torch.inference_mode()
def test_blocks_of_both_halves_are_stepped_over():
    name = "efficientnet_b0"
    one = create_network(2, architecture=name)
    both = create_network(2, architecture=f"twofold_{name}")
    quieten_branches(both)
    both.eval()
    image = torch.rand(1, 3, 64, 64)
    deep = both(image)
    assert limit_depth(both, 1) == 2 * limit_depth(one, 1)
    assert torch.equal(both(image), deep)


def test_blocks_of_one_depth_become_random_together():
    alone = create_network(2, architecture=HALF)
    assert blocks_from_the_top(twofold()) == blocks_from_the_top(alone)
