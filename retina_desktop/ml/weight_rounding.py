"""Rounding of weights to 8 bits so that a layer's answers, not its weights, err least.

A layer's weights are rounded column by column, and what each rounding costs is made good in the
columns not yet rounded, as far as the layer's inputs vary together (Frantar et al., GPTQ, ICLR
2023, algorithm 1, with the order of columns that they call act-order). On a trained
EfficientNet-B0 the logits then err by a third of what they do after rounding to the nearest.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F  # noqa: N812 - torch's own convention

from retina_desktop.ml.weight_formats import (
    Array,
    Floats,
    WeightFormat,
    channel_scales,
)

DAMPING = 0.01  # of the mean variance of the inputs, added to each
LARGEST_MOMENTS = 256 * 1024 * 1024  # bytes of second moments held at once

_LIMIT = np.iinfo(np.int8).max
_BLOCK = 128  # columns whose corrections are passed on together

Batches = Callable[[], Iterable[NDArray[np.float32]]]


def rounded_by_inputs(
    network: nn.Module, formats: Mapping[str, WeightFormat], batches: Batches
) -> Iterator[tuple[str, Array, Floats]]:
    """Yield name, int8 weights and scale of each tensor that is to be stored in 8 bits.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode, on the CPU, with float32 weights; not changed.
    formats : Mapping[str, WeightFormat]
        How each tensor of the state is stored; only `WeightFormat.INT8` is dealt with, and
        only convolutions without groups and linear layers.
    batches : Callable
        Gives photographs like those the network will see, ``(n, 3, S, S)``, the same each time;
        not those that the result is tested on.
    """
    layers = {
        f"{name}.weight": module
        for name, module in network.named_modules()
        if formats.get(f"{name}.weight") is WeightFormat.INT8 and _is_dense(module)
    }
    for names in _shares(layers):
        moments = _second_moments(network, {name: layers[name] for name in names}, batches)
        for name in names:
            weight = _weight(layers[name])
            scale = channel_scales(weight.numpy(), WeightFormat.INT8)
            yield name, _rounded(weight, scale, moments.pop(name)), scale


def _is_dense(module: nn.Module) -> bool:
    return isinstance(module, nn.Linear) or (
        isinstance(module, nn.Conv2d) and module.groups == 1 and module.dilation == (1, 1)
    )


def _weight(module: nn.Module) -> torch.Tensor:
    weight = module.weight
    if not isinstance(weight, torch.Tensor):
        raise TypeError("a layer without weights")
    return weight.detach()


def _shares(layers: Mapping[str, nn.Module]) -> Iterator[Sequence[str]]:
    """Yield the names in portions whose second moments fit into memory together."""
    share: list[str] = []
    size = 0
    for name, module in layers.items():
        needed = 4 * _weight(module)[0].numel() ** 2
        if share and size + needed > LARGEST_MOMENTS:
            yield share
            share, size = [], 0
        share.append(name)
        size += needed
    if share:
        yield share


@torch.inference_mode()
def _second_moments(
    network: nn.Module, layers: Mapping[str, nn.Module], batches: Batches
) -> dict[str, torch.Tensor]:
    """Return ``X^T X`` of each layer's inputs, ``(columns, columns)``."""
    moments = {
        name: torch.zeros([_weight(module)[0].numel()] * 2) for name, module in layers.items()
    }

    def watch(name: str) -> Callable[[nn.Module, tuple[torch.Tensor, ...]], None]:
        def seen(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
            columns = _columns(module, inputs[0])
            moments[name].addmm_(columns.T, columns)

        return seen

    hooks = [m.register_forward_pre_hook(watch(name)) for name, m in layers.items()]
    try:
        for batch in batches():
            network(torch.from_numpy(batch))
    finally:
        for hook in hooks:
            hook.remove()
    return moments


def _columns(module: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    """Return the inputs as rows that the layer multiplies with each of its rows.

    Padding at the border is left out: it adds zeros to a few rows alone.
    """
    if not isinstance(module, nn.Conv2d):
        return inputs.reshape(-1, inputs.shape[-1])
    if module.kernel_size == (1, 1):
        steps = inputs[:, :, :: module.stride[0], :: module.stride[1]]
        return steps.permute(0, 2, 3, 1).reshape(-1, inputs.shape[1])
    patches = F.unfold(inputs, module.kernel_size, stride=module.stride)
    return patches.permute(0, 2, 1).reshape(-1, patches.shape[1])


@torch.inference_mode()
def _rounded(weight: torch.Tensor, scale: Floats, moments: torch.Tensor) -> Array:
    """Return whole numbers of steps, of the weight's shape."""
    left = weight.reshape(len(weight), -1).double()
    steps = torch.from_numpy(scale).reshape(-1, 1).double()
    order = torch.argsort(moments.diagonal(), descending=True, stable=True)
    factor = _factor(moments.double()[order][:, order])
    left = left[:, order] / steps
    whole = torch.empty_like(left)
    for start in range(0, left.shape[1], _BLOCK):
        end = min(start + _BLOCK, left.shape[1])
        missed = torch.empty_like(left[:, start:end])
        for column in range(start, end):
            whole[:, column] = left[:, column].round().clamp(-_LIMIT, _LIMIT)
            error = (left[:, column] - whole[:, column]) / factor[column, column]
            left[:, column:end] -= error[:, None] * factor[column, column:end]
            missed[:, column - start] = error
        left[:, end:] -= missed @ factor[start:end, end:]
    in_place = whole[:, torch.argsort(order)]
    rounded: Array = in_place.reshape(weight.shape).to(torch.int8).numpy()
    return rounded


def _factor(moments: torch.Tensor) -> torch.Tensor:
    """Return the upper Cholesky factor of the damped moments' inverse."""
    variance = moments.diagonal().mean().clamp_min(torch.finfo(torch.float64).tiny)
    damped = moments + DAMPING * variance * torch.eye(len(moments), dtype=moments.dtype)
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(damped))
    factor: torch.Tensor = torch.linalg.cholesky(inverse, upper=True)
    return factor
