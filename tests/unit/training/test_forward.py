"""Many photographs through one network: in order, alike on every way, errors passed on."""

import numpy as np
import pytest
import torch
from torch import nn

from retina_desktop.ml.calibration import sigmoid
from training.ahead import ahead
from training.forward import TOLERANCE, answer_all, onnx_answer

SIZE = 24


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2),
        nn.BatchNorm2d(8),
        nn.SiLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 4),
    ).eval()


class Untraceable(nn.Module):
    """Means of the colours; its trace fails or answers otherwise."""

    def __init__(self, *, fails):
        super().__init__()
        self.weight, self.fails = nn.Parameter(torch.ones(1)), fails

    def forward(self, images):
        if torch.jit.is_tracing() and self.fails is not None:
            raise self.fails("no such operator")
        offset = 5 if torch.jit.is_tracing() else 0
        return images.mean((2, 3)) * self.weight + offset


def tensor_of(seed):
    return np.random.default_rng(seed).standard_normal((3, SIZE, SIZE), np.float32)


def expected(network, count):
    with torch.inference_mode():
        return network(torch.from_numpy(np.stack([tensor_of(k) for k in range(count)]))).numpy()


@pytest.mark.parametrize(("threads", "traced_from"), [(1, 1), (3, 1), (3, 100)])
def test_answers_are_torchs_in_the_order_asked(network, threads, traced_from):
    found = answer_all(
        network,
        range(37),
        tensor_of=tensor_of,
        size=SIZE,
        threads=threads,
        traced_from=traced_from,
    )
    assert found.shape == (37, 4)
    assert np.abs(sigmoid(found) - sigmoid(expected(network, 37))).max() < TOLERANCE


@pytest.mark.parametrize("fails", [RuntimeError, TypeError, None])
def test_a_network_that_is_not_traced_rightly_is_left_to_torch(fails):
    network = Untraceable(fails=fails).eval()
    assert onnx_answer(network, size=SIZE) is None
    found = answer_all(
        network, range(40), tensor_of=lambda k: np.full((3, 4, 4), k, np.float32), size=SIZE
    )
    assert found[:, 0].tolist() == list(range(40))


@pytest.mark.parametrize("traced_from", [1, 100])
def test_a_photograph_that_cannot_be_read_ends_it_with_its_own_error(network, traced_from):
    def broken(key):
        if key == 5:
            raise ValueError("photograph 5")
        return tensor_of(key)

    with pytest.raises(ValueError, match="photograph 5"):
        answer_all(
            network, range(9), tensor_of=broken, size=SIZE, threads=2, traced_from=traced_from
        )


def test_what_is_made_ahead_comes_in_order_and_not_far_ahead():
    begun = []

    def make(key):
        begun.append(key)
        return key * key

    made = ahead(make, range(50), threads=3, depth=4)
    assert [next(made) for _ in range(3)] == [0, 1, 4]
    made.close()
    assert len(begun) <= 3 + 4 + 1
    assert list(ahead(make, range(5))) == [0, 1, 4, 9, 16]
    assert list(ahead(make, [])) == []
