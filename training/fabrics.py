"""What a run runs on: one device or several, whole or half precision."""

from typing import TYPE_CHECKING, Literal

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy
from torch import nn

from training.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightning_fabric.strategies.strategy import Strategy

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]

WHOLE: Precision = "32-true"


def make_fabric(recipe: Recipe, processes: int = 1, *, machines: int = 1) -> Fabric:
    """Return the launched fabric: GPUs where there are any, else processes on the CPU.

    Of several `machines` each starts the same command; the environment's ``MASTER_ADDR``,
    ``MASTER_PORT`` and ``NODE_RANK`` say where they meet and which this one is.
    """
    cuda = torch.cuda.is_available()
    half: Precision = (
        "16-mixed" if cuda and not torch.cuda.is_bf16_supported() else "bf16-mixed"
    )
    strategy: Strategy | str = "auto"
    if processes * machines > 1:
        # A frozen body or stem, or blocks stepped over, give no gradients to wait for.
        section = recipe.optimizer
        frozen = section.head_epochs > 0 or section.frozen_blocks > 0
        silent = frozen or recipe.run.early_depth is not None
        strategy = DDPStrategy(find_unused_parameters=silent)
    fabric = Fabric(
        accelerator="cuda" if cuda else "cpu",
        devices=processes,
        strategy=strategy,
        num_nodes=machines,
        precision=half if _halves(recipe, cuda=cuda) else WHOLE,
    )
    fabric.launch()
    return fabric


def _halves(recipe: Recipe, *, cuda: bool) -> bool:
    return recipe.run.half_precision if cuda else recipe.run.half_precision_on_cpu


def uses_half_precision(fabric: Fabric) -> bool:
    """Whether the network computes in 16 bits."""
    return fabric.strategy.precision.precision != WHOLE


def with_shared_norms(network: nn.Module) -> nn.Module:
    """Return the network with batch norms that count the photographs of all processes.

    timm's own conversion: torch's would drop the activation that timm's batch norms hold.
    """
    from timm import layers  # seconds, which most commands need not wait

    # timm is untyped, and does not say that it exports this.
    convert: Callable[[nn.Module], nn.Module] = layers.convert_sync_batchnorm  # type: ignore[attr-defined]
    return convert(network)
