"""Blocks that begin as the identity can be stepped over without changing an answer."""

import pytest
import torch

from tests.unit.training.test_learning import recipe
from tests.unit.training.tiny_data import noise_part
from training.depth import limit_depth
from training.fabrics import make_fabric
from training.learning import Learning
from training.recipe import ModelSection
from training.run_state import BEST_NAME
from training.transfer import create_network, quieten_branches

ARCHITECTURE = "efficientnet_b0"  # stages of 1, 2, 2, 3, 3, 4 and 1 blocks


CODES = ("DR", "EDN", "MH")


@pytest.fixture(scope="module")
def image():
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def quiet_network():
    network = create_network(3, architecture=ARCHITECTURE)
    quieten_branches(network)
    return network.eval()


@torch.inference_mode()
def test_a_quiet_network_answers_the_same_in_every_depth(image):
    network = quiet_network()
    deep = network(image)
    assert limit_depth(network, 1) == 9
    assert torch.equal(network(image), deep)
    assert limit_depth(network, 2) == 4
    assert torch.equal(network(image), deep)
    assert limit_depth(network, (1, 2, 1, 9)) == 1  # stages that are not named work whole
    assert torch.equal(network(image), deep)


@torch.inference_mode()
def test_depth_comes_back(image):
    network = create_network(3, architecture=ARCHITECTURE).eval()
    deep = network(image)
    limit_depth(network, 1)
    assert not torch.allclose(network(image), deep)
    assert limit_depth(network, None) == 0
    assert torch.equal(network(image), deep)


def test_a_run_begins_shallow_and_ends_deep(tmp_path):
    """What was stepped over gets no gradient, so its weights stay until the depth comes."""
    followed = recipe(
        run={"epochs": 2, "early_depth": 1, "early_depth_share": 0.6, "early_share": 0.0},
    )
    followed = followed.model_copy(update={"model": ModelSection(size=32, initial="none")})
    network = quiet_network()
    norm = network.blocks[1][1].bn3.weight
    run = Learning(
        network,
        followed,
        training=noise_part(24, CODES, seed=1),
        validation=noise_part(16, CODES, seed=2),
        run_dir=tmp_path,
        clock=lambda: 0.0,
        fabric=make_fabric(followed),
    )
    run.run(stop_after_steps=3)
    assert torch.equal(norm, torch.zeros_like(norm))
    assert network.blocks[1][0].bn3.weight.ne(1).any()
    run.run()
    assert norm.ne(0).any()
    best = torch.load(tmp_path / BEST_NAME, weights_only=True)
    assert set(best) == set(create_network(3, architecture=ARCHITECTURE).state_dict())
