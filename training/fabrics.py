"""What a run runs on: one device or several, whole or half precision."""

from typing import TYPE_CHECKING, Literal

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy
from torch import nn

from training.recipe import Recipe

if TYPE_CHECKING:
    from lightning_fabric.strategies.strategy import Strategy

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]

WHOLE: Precision = "32-true"


def make_fabric(recipe: Recipe, processes: int = 1) -> Fabric:
    """Return the launched fabric: GPUs where there are any, else processes on the CPU."""
    cuda = torch.cuda.is_available()
    half: Precision = "bf16-mixed" if cuda and torch.cuda.is_bf16_supported() else "16-mixed"
    strategy: Strategy | str = "auto"
    if processes > 1:
        # A frozen body, or blocks stepped over, give no gradients to wait for.
        silent = recipe.optimizer.head_epochs > 0 or recipe.run.early_depth is not None
        strategy = DDPStrategy(find_unused_parameters=silent)
    fabric = Fabric(
        accelerator="cuda" if cuda else "cpu",
        devices=processes,
        strategy=strategy,
        precision=half if cuda and recipe.run.half_precision else WHOLE,
    )
    fabric.launch()
    return fabric


def uses_half_precision(fabric: Fabric) -> bool:
    """Whether the network computes in 16 bits."""
    return fabric.strategy.precision.precision != WHOLE


def with_shared_norms(network: nn.Module) -> nn.Module:
    """Return the network with batch norms that count the photographs of all processes."""
    shared: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
    return shared
