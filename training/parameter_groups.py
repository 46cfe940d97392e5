"""Parameters in groups of one learning rate each: lower layers move less."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from retina_desktop.ml.twofold import halves_of, within_half
from training.recipe import OptimizerKind, OptimizerSection

HEAD_NAMES = ("classifier", "head", "fc")


def make_optimizer(network: nn.Module, section: OptimizerSection) -> Optimizer:
    """Return the optimizer; each group's ``share`` scales the rate, ``head`` marks the head."""
    groups = list(_groups(network, section))
    if section.kind is OptimizerKind.SGD:
        return torch.optim.SGD(
            groups, lr=section.peak_rate, momentum=section.momentum, nesterov=True
        )
    if section.kind is OptimizerKind.ADAMW:
        return torch.optim.AdamW(groups, lr=section.peak_rate, foreach=True)
    return torch.optim.Adam(groups, lr=section.peak_rate, foreach=True)


def set_rate(optimizer: Optimizer, rate: float) -> None:
    """Give every group its share of `rate`."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["share"]


def freeze(network: nn.Module, *, body: bool, blocks: int) -> None:
    """Let everything learn but the body, or the stem and its first `blocks` stages.

    The batch norms of what is frozen keep their statistics, so call it after `train()`.
    """
    depths = _depths(network)
    low = {name for name, depth in depths.items() if depth <= blocks and not is_head(name)}
    low = low if blocks > 0 else set()
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(is_head(name) or not (body or name in low))
    for name, module in network.named_modules():
        own = [parameter for parameter in depths if parameter.startswith(f"{name}.")]
        if own and low.issuperset(own):
            module.eval()


def is_head(name: str) -> bool:
    """Whether a parameter belongs to the last, linear layer."""
    return name.split(".")[0] in HEAD_NAMES


def _groups(network: nn.Module, section: OptimizerSection) -> Iterator[dict[str, Any]]:
    depths = _depths(network)
    deepest = max(depths.values(), default=0)
    found: dict[tuple[int, bool], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        # Decay would pull scales and offsets towards nothing (Goyal et al., 2017, 5.1).
        decays = parameter.ndim > 1
        found.setdefault((depths[name], decays), []).append(parameter)
    for (depth, decays), parameters in sorted(found.items(), key=lambda entry: entry[0]):
        yield {
            "params": parameters,
            "share": section.layer_decay ** (deepest - depth),
            "weight_decay": section.weight_decay if decays else 0.0,
        }


def _depths(network: nn.Module) -> dict[str, int]:
    """Return how far from the input each parameter lies: stem 0, stages 1.., then the head."""
    names = [name for name, _ in network.named_parameters()]
    blocks = getattr(halves_of(network)[0], "blocks", None)
    if isinstance(blocks, nn.Sequential):
        return {name: _depth(name, len(blocks)) for name in names}
    if hasattr(network, "group_matcher"):  # timm says which layers are one stage
        return _depths_by_timm(network)
    return {name: _depth(name, 0) for name in names}


def _depths_by_timm(network: Any) -> dict[str, int]:  # noqa: ANN401 - timm is untyped
    from timm.models import group_parameters  # seconds, which most commands need not wait

    matcher = network.group_matcher(coarse=True)
    found: dict[str, int] = group_parameters(network, matcher, reverse=True)
    return found


def _depth(name: str, stages: int) -> int:
    parts = within_half(name).split(".")
    if parts[0] == "blocks":
        return 1 + int(parts[1])
    if is_head(name):
        return stages + 2
    return 0 if parts[0] in {"conv_stem", "bn1"} else stages + 1
