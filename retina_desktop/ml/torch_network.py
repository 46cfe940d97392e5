"""The timm networks of model bundles as torch sees them; importing this imports torch.

A bundle's network ends in global average pooling and one linear layer. For such a network the
class-activation map of label k is ``W[k] . F(i, j)``: the linear layer's row laid over every
place of the last feature map F, whose mean over the places plus the bias is the logit (Zhou et
al., Learning Deep Features for Discriminative Localization, CVPR 2016). All labels' maps are
one 1x1 convolution.
"""

from typing import Any, Protocol

import torch
from torch import nn

from retina_desktop.ml.architectures import create_architecture, is_known
from retina_desktop.ml.weight_formats import read_weights


class PooledNetwork(Protocol):
    """What is used of timm's networks."""

    def forward_features(self, image: torch.Tensor) -> torch.Tensor:
        """Return the last feature map, ``(N, C, h, w)``."""
        ...

    def forward_head(self, features: torch.Tensor) -> torch.Tensor:
        """Return the logits ``(N, K)``."""
        ...


class NetworkError(Exception):
    """The network does not end in global average pooling and one linear layer."""


class NetworkWithMaps(nn.Module):
    """A network that gives logits ``(N, K)`` and class-activation maps ``(N, K, h, w)``.

    Parameters
    ----------
    network : torch.nn.Module
        One that `check_head` accepts; it is held, not copied.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network: Any = network  # timm is untyped; see PooledNetwork

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Answer normalised images ``(N, 3, H, W)``; maps are in logits, of any sign."""
        return self.answer(self.features(image))

    def features(self, image: torch.Tensor) -> torch.Tensor:
        """Return the last feature map ``(N, C, h, w)`` before the pooling."""
        network: PooledNetwork = self.network
        return network.forward_features(image)

    def answer(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits and maps of a feature map."""
        network: PooledNetwork = self.network
        weight = classifier_of(self.network).weight
        maps = nn.functional.conv2d(features, weight[:, :, None, None])
        return network.forward_head(features), maps

    @staticmethod
    def pooled(features: torch.Tensor) -> torch.Tensor:
        """Return what the linear layer reads: the feature map's mean, ``(N, C)`` float32."""
        return features.float().mean(dim=(2, 3))


def build_network(architecture: str, *, outputs: int) -> nn.Module:
    """Return the network of that name with random weights, in evaluation mode.

    Raises
    ------
    NetworkError
        If timm has no such architecture, or its head is another than is read here.
    """
    if not is_known(architecture):
        raise NetworkError(f"timm has no architecture {architecture!r}")
    network = create_architecture(architecture, outputs=outputs)
    network.eval()
    check_head(network)
    return network


def load_weights(network: nn.Module, content: bytes) -> None:
    """Give `network` the weights in a bundle's safetensors file of any format, in place.

    Raises
    ------
    WeightsInconsistentError
        If the file is damaged or contradicts itself.
    RuntimeError
        If its tensors are not the network's.
    """
    state = {name: torch.from_numpy(value) for name, value in read_weights(content).items()}
    network.load_state_dict(state, strict=True)


def classifier_of(network: nn.Module) -> nn.Linear:
    """Return the network's last layer.

    Raises
    ------
    NetworkError
        If the network is none of timm's, or its last layer is not linear with a bias.
    """
    get_classifier = getattr(network, "get_classifier", None)
    layer = get_classifier() if callable(get_classifier) else None
    if not isinstance(layer, nn.Linear) or layer.bias is None:
        raise NetworkError("the network must be timm's and end in one linear layer with bias")
    return layer


@torch.no_grad()
def check_head(network: nn.Module, *, size: int = 64) -> None:
    """Check, on noise, that logits are the maps' means plus the bias.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode.
    size : int
        Side of the noise in pixels.

    Raises
    ------
    NetworkError
        If the head is any other than global average pooling and a linear layer.
    """
    layer = classifier_of(network)
    pooled: Any = network
    image = torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(0))
    features = pooled.forward_features(image.to(layer.weight))
    if features.ndim != 4 or features.shape[1] != layer.in_features:
        raise NetworkError("the linear layer does not read the last feature map's channels")
    expected = layer(features.mean(dim=(2, 3)))
    if not torch.allclose(pooled.forward_head(features), expected, rtol=1e-3, atol=1e-4):
        raise NetworkError("the network does not end in global average pooling")
