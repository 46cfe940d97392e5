"""A network asked about several views of one photograph (test-time augmentation).

For comparison only: the application shows a photograph once, so that a bundle's own figures
come from a single view.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own convention

ZOOM = 1.1  # of the middle
VIEWS = f"as it is, mirrored, and its middle enlarged {ZOOM:g} times"


class AveragedViews(nn.Module):
    """Gives the mean of the logits of a photograph as it is, mirrored and slightly enlarged."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        """Return the mean logits, shape ``(N, labels)``, of ``image``, ``(N, 3, S, S)``."""
        views = (image, image.flip(-1), _enlarged(image))
        logits: Tensor = torch.stack([self.network(view) for view in views]).mean(dim=0)
        return logits


def _enlarged(image: Tensor) -> Tensor:
    side = int(image.shape[-1])  # no number while a trace is made
    kept = round(side / ZOOM)
    start = (side - kept) // 2
    middle = image[..., start : start + kept, start : start + kept]
    return F.interpolate(middle, size=(side, side), mode="bilinear", align_corners=False)
