"""A small trained network fills the leading channels of a larger one."""

import pytest
import torch
from torch import nn

from training.first_weights import start_from
from training.recipe import RecipeError
from training.transfer import create_network, quieten_branches
from training.widening import widen_into

B0, B1, LARGE = "efficientnet_b0", "efficientnet_b1", "efficientnetv2_s"


@pytest.fixture(scope="module")
def small():
    return create_network(3, architecture=B0, seed=5).eval()


@pytest.fixture(scope="module")
def image():
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@torch.inference_mode()
def test_a_deeper_network_answers_as_the_smaller_one(small, image):
    """B1 has B0's widths and more blocks, which begin as the identity."""
    network = create_network(3, architecture=B1, seed=1).eval()
    quieten_branches(network)
    report = widen_into(network, small.state_dict(), source="B0")
    assert torch.allclose(network(image), small(image), atol=1e-5)
    assert len(report.carried) == len(
        [n for n in small.state_dict() if not n.endswith("num_batches_tracked")]
    )


@torch.inference_mode()
def test_a_wider_block_computes_the_same_in_its_leading_channels(small):
    """Whatever new channels hold; V2-S's fourth stage has blocks as B0's, and more channels."""
    network = create_network(3, architecture=LARGE, seed=1).eval()
    quieten_branches(network)
    report = widen_into(network, small.state_dict(), source="B0")
    generator = torch.Generator().manual_seed(2)
    wide = torch.rand(2, 64, 16, 16, generator=generator)
    own = small.blocks[3](wide[:, :40])
    assert torch.allclose(network.blocks[3](wide)[:, : own.shape[1]], own, atol=1e-5)
    assert "blocks.3.0.conv_pw.weight" in report.carried
    assert report.notes["blocks.4.0.conv_dw.weight"] == "the middle of a larger kernel"
    assert "blocks.1.0.conv_pwl.weight" in report.new  # built otherwise there


@torch.inference_mode()
def test_a_large_kernel_gives_its_middle(small):
    network = create_network(3, architecture=LARGE, seed=1)
    widen_into(network, small.state_dict(), source="B0")
    kernel = small.blocks[4][0].conv_dw.weight[..., 1:4, 1:4]
    assert torch.equal(network.blocks[4][0].conv_dw.weight[: len(kernel)], kernel)


def test_a_widened_network_can_learn_in_all_channels(small, image):
    """No new channel is cut off on both sides: a step moves every weight of a filled block."""
    network = create_network(3, architecture=LARGE, seed=1).train()
    widen_into(network, small.state_dict(), source="B0")
    optimizer = torch.optim.SGD(network.parameters(), lr=1.0)
    before = {n: p.detach().clone() for n, p in network.blocks[3][0].named_parameters()}
    for _ in range(2):
        optimizer.zero_grad()
        network(image).square().mean().backward()
        optimizer.step()
    for name, parameter in network.blocks[3][0].named_parameters():
        moved = (parameter != before[name]).flatten(1 if parameter.dim() > 1 else 0)
        assert moved.any(), name


def test_nothing_that_fits_is_said(small):
    with pytest.raises(RecipeError, match="No block of B0 fits"):
        widen_into(nn.Sequential(nn.Conv2d(3, 8, 3)), small.state_dict(), source="B0")


def test_a_run_widens_what_its_recipe_names(small, tmp_path):
    path = tmp_path / "small.pt"
    torch.save(small.state_dict(), path)
    network = create_network(3, architecture=B1, seed=1)
    report = start_from(str(path), network, [], widened=True)
    assert report is not None
    assert torch.equal(network.conv_head.weight, small.conv_head.weight)
