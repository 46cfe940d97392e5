import pytest
import timm
import torch
from torch import nn

from retina_desktop.imaging.preprocessing import IMAGENET_MEAN, IMAGENET_STD
from training.first_weights import start_from
from training.transfer import (
    carry_over,
    carry_over_lite0,
    create_network,
    load_imagenet,
    quieten_branches,
    reestimate_batch_norm,
)


@pytest.fixture(scope="module")
def lite0():
    torch.manual_seed(3)
    network = timm.create_model("tf_efficientnet_lite0", num_classes=7)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-1, 1)
            module.running_var.uniform_(0.5, 2)
    return network.eval()


def test_every_convolution_and_norm_is_carried_over_and_the_rest_is_reported_new(lite0):
    network = create_network(29)
    report = carry_over_lite0(network, lite0.state_dict())
    state, source = network.state_dict(), lite0.state_dict()
    for name in report.carried:
        if name not in ("conv_stem.weight", "bn1.running_mean"):
            assert torch.equal(state[name], source[name]), name
    assert all(".se." in name or name.startswith("classifier") for name in report.new)
    assert set(report.carried) | set(report.new) == {
        name for name in state if not name.endswith("num_batches_tracked")
    }
    assert report.carried_parameters + report.new_parameters == sum(
        state[name].numel() for name in report.carried + report.new
    )
    assert report.carried_parameters > 3_000_000


def test_the_stem_sees_the_same_picture_through_the_other_normalisation(lite0):
    network = create_network(29).eval()
    carry_over_lite0(network, lite0.state_dict())
    pixels = torch.rand(1, 3, 33, 33, generator=torch.Generator().manual_seed(0)) * 255
    mean, std = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
    ours = (pixels / 255 - mean.view(1, 3, 1, 1)) / std.view(1, 3, 1, 1)
    theirs = (pixels - 127) / 128
    norm, lite_norm = network.bn1, lite0.bn1

    def normalised(stem, module, batch):
        out = nn.functional.conv2d(batch, stem.weight, stride=2)
        return nn.functional.batch_norm(
            out, module.running_mean, module.running_var, module.weight, module.bias, eps=1e-5
        )

    got = normalised(network.conv_stem, norm, ours)
    wanted = normalised(lite0.conv_stem, lite_norm, theirs)
    assert torch.allclose(got, wanted, atol=1e-4)


def test_gates_start_almost_open(lite0):
    network = create_network(29)
    carry_over_lite0(network, lite0.state_dict())
    bias = network.state_dict()["blocks.3.0.se.conv_expand.bias"]
    assert torch.sigmoid(bias).min() > 0.94


def test_a_bundle_without_gates_keeps_its_stem_and_opens_the_gates(lite0):
    """Trained here, so on ImageNet's normalisation: nothing is to be folded in."""
    network = create_network(29)
    report = carry_over(network, lite0.state_dict(), source="the bundle", rows={})
    assert torch.equal(network.conv_stem.weight, lite0.conv_stem.weight)
    assert torch.sigmoid(network.blocks[3][0].se.conv_expand.bias).min() > 0.94
    assert all(".se." in name or name.startswith("classifier") for name in report.new)
    assert report.notes["classifier.weight"] == "other labels there"


def test_weights_of_another_shape_are_refused(lite0):
    state = dict(lite0.state_dict())
    state["conv_stem.weight"] = torch.zeros(32, 3, 5, 5)
    with pytest.raises(ValueError, match="conv_stem"):
        carry_over_lite0(create_network(29), state)
    del state["conv_stem.weight"]
    with pytest.raises(ValueError, match="tensors"):
        carry_over_lite0(create_network(29), state)


def test_own_imagenet_weights_are_taken_but_for_the_classifier():
    source, network = create_network(1000, seed=1), create_network(29, seed=2)
    report = load_imagenet(network, source.state_dict())
    assert set(report.new) == {"classifier.weight", "classifier.bias"}
    assert torch.equal(network.conv_stem.weight, source.conv_stem.weight)


def test_a_local_file_of_either_network_is_recognised(tmp_path, lite0):
    own, network = create_network(1000, seed=1), create_network(29)
    torch.save(own.state_dict(), tmp_path / "b0.pth")
    report = start_from(str(tmp_path / "b0.pth"), network, [])
    assert len(report.new) == 2
    torch.save(lite0.state_dict(), tmp_path / "lite0.pth")
    report = start_from(str(tmp_path / "lite0.pth"), network, [torch.rand(2, 3, 64, 64)])
    assert len(report.new) > 2


def test_none_keeps_the_random_weights():
    network = create_network(29)
    before = network.conv_stem.weight.clone()
    assert start_from("none", network, []) is None
    assert torch.equal(network.conv_stem.weight, before)


def test_random_weights_follow_the_seed_alone():
    first = create_network(3, architecture="test_efficientnet", seed=5).state_dict()
    torch.manual_seed(99)
    second = create_network(3, architecture="test_efficientnet", seed=5).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_norms_measured_anew_have_the_mean_of_all_batches():
    network = nn.Sequential(nn.BatchNorm2d(3))
    batches = [torch.rand(4, 3, 5, 5) + shift for shift in (0.0, 1.0, 5.0)]
    reestimate_batch_norm(network, batches)
    wanted = torch.stack([b.mean((0, 2, 3)) for b in batches]).mean(0)
    assert torch.allclose(network[0].running_mean, wanted, atol=1e-5)
    assert network[0].momentum == 0.1


def test_quiet_branches_leave_what_a_block_is_given():
    network = create_network(2, architecture="efficientnet_b0").eval()
    quieten_branches(network)
    block = network.blocks[2][1]
    shown = torch.rand(1, 40, 8, 8)
    assert torch.equal(block(shown), shown)
