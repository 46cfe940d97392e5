"""Networks by their names: timm's, and two of timm's asked as one."""

from typing import Any

from torch import nn

from retina_desktop.domain.manifests import TWOFOLD_PREFIX, half_of
from retina_desktop.ml.twofold import TwofoldNetwork


def is_known(architecture: str) -> bool:
    """Tell whether `create_architecture` knows the name."""
    import timm  # type: ignore[import-untyped, unused-ignore] # seconds, which others need not wait

    return half_of(architecture) in timm.list_models()


def create_architecture(
    architecture: str, *, outputs: int, drop_rate: float = 0.0, drop_path_rate: float = 0.0
) -> nn.Module:
    """Return a network with random weights, of torch's own chance, and `outputs` labels.

    Parameters
    ----------
    architecture : str
        timm's name, or ``twofold_`` before it (see `retina_desktop.ml.twofold`).
    outputs : int
        Of the last, linear layer.
    drop_rate, drop_path_rate : float
        Shares of the features before that layer, and of whole residual branches, that are left
        out at random while training.

    Raises
    ------
    RuntimeError
        If timm has no such network.
    TypeError
        If it has none with these options.
    """
    import timm

    # Named only where wanted: not every family knows it.
    dropped: dict[str, Any] = {"drop_path_rate": drop_path_rate} if drop_path_rate else {}
    if not architecture.startswith(TWOFOLD_PREFIX):
        network: nn.Module = timm.create_model(
            architecture, num_classes=outputs, drop_rate=drop_rate, **dropped
        )
        return network
    half = half_of(architecture)
    plain, local = (timm.create_model(half, num_classes=0, **dropped) for _ in range(2))
    return TwofoldNetwork(
        plain, local, outputs=outputs, drop_rate=drop_rate, architecture=architecture
    )
