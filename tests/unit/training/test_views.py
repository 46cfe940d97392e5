import numpy as np
import torch
from torch import nn

from training.forward import onnx_answer
from training.transfer import create_network
from training.views import AveragedViews


class Places(nn.Module):
    """Its logits are the picture's left, right and border brightness."""

    def forward(self, image):
        left, right = image[..., :4], image[..., -4:]
        return torch.stack([left.mean((1, 2, 3)), right.mean((1, 2, 3))], dim=1)


def test_mirrored_and_enlarged_views_are_averaged():
    image = torch.zeros(2, 3, 44, 44)
    image[0, :, :, :4] = 3.0  # bright at the left border, which the enlargement cuts off
    plain = Places()(image)
    averaged = AveragedViews(Places())(image)
    assert plain[0].tolist() == [3.0, 0.0]
    assert torch.allclose(averaged[0, 1], torch.tensor(1.0))  # the mirrored view only
    assert 1.0 <= float(averaged[0, 0]) < 2.0
    assert averaged[1].tolist() == [0.0, 0.0]


def test_an_even_picture_looks_alike_in_every_view():
    image = torch.full((1, 3, 32, 32), 0.7)
    assert torch.allclose(AveragedViews(Places())(image), Places()(image))


def test_views_are_answered_in_onnx_runtime_as_in_torch():
    network = AveragedViews(create_network(2, architecture="test_efficientnet")).eval()
    answer = onnx_answer(network, size=40)
    assert answer is not None
    image = torch.rand(2, 3, 40, 40, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        assert np.allclose(answer(image.numpy()), network(image).numpy(), atol=1e-4)
