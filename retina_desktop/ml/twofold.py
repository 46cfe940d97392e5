"""A network of two halves: one reads a photograph as it is, one what differs from around it.

Colour and light tell a cupped or pale disc, and also the camera; what stands out from the local
average (`retina_desktop.imaging.local_average`) tells lesions and vessels, and little of the
camera. Two networks taught one each miss different eyes. Here both read the same normalised
photograph, the second after the subtraction, which is part of the graph, and one linear layer
reads both feature maps, side by side. So it still ends in global average pooling and one linear
layer, and its class-activation maps are as exact as those of one network.
"""

import math
from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - torch's own convention

from retina_desktop.imaging.local_average import GAIN, LEVEL, SCALE
from retina_desktop.imaging.preprocessing import IMAGENET_MEAN, IMAGENET_STD

PLAIN, LOCAL, HEAD = "plain", "local", "classifier"  # the parts, as their tensors are called

_SIGMA = 4.0  # pixels of the copy whose local average is computed
_SIDE = round(_SIGMA / SCALE)  # of that copy, whatever the photograph's
_REACH = 12  # pixels on either side: three sigma
_LEAST_SHARE = 1e-3  # of a neighbourhood that lies in the field
_BLACK = 0.5 / 255  # in every channel: outside the field, which the crop makes quite black


class TwofoldNetwork(nn.Module):
    """Two of timm's networks that are asked as one; a network as `torch_network` wants them.

    Parameters
    ----------
    plain, local : torch.nn.Module
        Without classifiers; `plain` reads the photograph, `local` what differs from around it.
    outputs : int
        Labels of the linear layer, which begins at random.
    drop_rate : float
        Of the features before the linear layer, left out at random while training.
    architecture : str
        Its own name.
    """

    def __init__(
        self,
        plain: Any,  # noqa: ANN401 - timm is untyped
        local: Any,  # noqa: ANN401 - timm is untyped
        *,
        outputs: int,
        drop_rate: float = 0.0,
        architecture: str = "",
    ) -> None:
        super().__init__()
        self.plain, self.local = plain, local
        self.num_features = int(plain.num_features) + int(local.num_features)
        self.drop_rate = drop_rate
        self.pretrained_cfg = {"architecture": architecture}
        self.global_pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.classifier = nn.Linear(self.num_features, outputs)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the logits ``(N, K)`` of normalised images ``(N, 3, H, W)``."""
        return self.forward_head(self.forward_features(image))

    def forward_features(self, image: torch.Tensor) -> torch.Tensor:
        """Return both halves' last feature maps side by side, ``(N, C, h, w)``."""
        own: torch.Tensor = self.plain.forward_features(image)
        other: torch.Tensor = self.local.forward_features(subtract_local_average(image))
        return torch.cat([own, other], dim=1)

    def forward_head(self, features: torch.Tensor) -> torch.Tensor:
        """Return the logits ``(N, K)`` of a feature map."""
        pooled = self.global_pool(features)
        dropped = F.dropout(pooled, p=self.drop_rate, training=self.training)
        return cast("torch.Tensor", self.classifier(dropped))

    def get_classifier(self) -> nn.Linear:
        """Return the linear layer, as timm's networks do."""
        return self.classifier

    def reset_classifier(self, outputs: int) -> None:
        """Begin with a new linear layer, as timm's networks do."""
        self.classifier = nn.Linear(self.num_features, outputs).to(self.classifier.weight)


def halves_of(network: nn.Module) -> tuple[nn.Module, ...]:
    """Return the networks that a network is made of: its halves, or itself."""
    if isinstance(network, TwofoldNetwork):
        return network.plain, network.local
    return (network,)


def within_half(name: str) -> str:
    """Return a tensor's or module's name as its half of a twofold network has it.

    Names of other networks stay as they are.
    """
    half, dot, rest = name.partition(".")
    return rest if dot and half in (PLAIN, LOCAL) else name


def subtract_local_average(image: torch.Tensor) -> torch.Tensor:
    """Do to normalised photographs what `imaging.local_average` does to pixels.

    Parameters
    ----------
    image : torch.Tensor
        Shape ``(N, 3, H, W)``, normalised, black outside the field, which touches the sides.

    Returns
    -------
    torch.Tensor
        The same shape, normalised, float32; pixels are not rounded to whole levels.
    """
    # Shares of a thousandth are no matter for float16.
    with torch.autocast(image.device.type, enabled=False):
        return _less_local_average(image.float())


def _less_local_average(image: torch.Tensor) -> torch.Tensor:
    mean, deviation = (_by_channel(each, image) for each in (IMAGENET_MEAN, IMAGENET_STD))
    pixels = image * deviation + mean
    inside = (pixels.amax(dim=1, keepdim=True) > _BLACK).to(pixels.dtype)
    average = _local_average(pixels, inside)
    shown = (GAIN * (pixels - average) + LEVEL / 255).clamp(0.0, 1.0) * inside
    return (shown - mean) / deviation


def _local_average(pixels: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
    """Return the average around each pixel over the field alone, from a small copy."""
    both = torch.cat([pixels * inside, inside], dim=1)
    small = _resized(F.avg_pool2d(both, 2), (_SIDE, _SIDE))
    kernel = torch.tensor(_gaussian(), dtype=pixels.dtype, device=pixels.device)
    down, across = (
        kernel.view(shape).repeat(4, 1, 1, 1) for shape in ((1, 1, -1, 1), (1, 1, 1, -1))
    )
    blurred = F.conv2d(small, down, padding=(_REACH, 0), groups=4)
    blurred = F.conv2d(blurred, across, padding=(0, _REACH), groups=4)
    average = blurred[:, :3] / blurred[:, 3:].clamp(min=_LEAST_SHARE)
    return _resized(average, pixels.shape[2:])


def _resized(picture: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    return F.interpolate(picture, size=size, mode="bilinear", align_corners=False)


def _by_channel(values: Sequence[float], like: torch.Tensor) -> torch.Tensor:
    return torch.tensor(values, dtype=like.dtype, device=like.device).view(1, 3, 1, 1)


def _gaussian() -> list[float]:
    weights = [math.exp(-0.5 * (x / _SIGMA) ** 2) for x in range(-_REACH, _REACH + 1)]
    return [weight / sum(weights) for weight in weights]
