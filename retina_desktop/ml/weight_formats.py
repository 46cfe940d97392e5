"""How a bundle's weights are stored: whole, in 16 or in 8 bits; read and written here alone.

Only weights are stored smaller: whoever reads them calculates in float32, with exactly the same
numbers in both engines. Tensors with fewer than two axes (biases, batch norms) stay float32.

A tensor of whole numbers, ``name`` of shape ``(N, ...)``, has a companion ``name.scale``,
float32 of shape ``(N, 1, ...)``: one step size for each output channel, and
``weight = float32(name) * name.scale``. A float16 tensor has none: ``weight = float32(name)``.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from retina_desktop.ml.weight_header import (
    SCALE_SUFFIX,
    WeightsInconsistentError,
    check_weights,
    is_scale,
    read_places,
)

FINER_SHARE = 0.04  # of all weights, in the smallest tensors: 16 bits in a file of 8
_RATIOS = np.linspace(0.6, 1.0, 17)  # of a channel's largest weight, tried as the range's end

Array = NDArray[Any]
Floats = NDArray[np.float32]
State = dict[str, Floats]


class WeightFormat(StrEnum):
    """What one weight is stored as."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    INT16 = "int16"
    """Whole numbers with a step for each channel: four times finer than float16."""

    INT8 = "int8"
    """As `INT16`, in half the space; the smallest tensors, a few per cent, stay `INT16`."""


_TYPES: dict[WeightFormat, type[np.int8 | np.int16]] = {
    WeightFormat.INT8: np.int8,
    WeightFormat.INT16: np.int16,
}


def formats_of(state: Mapping[str, Floats], wanted: WeightFormat) -> dict[str, WeightFormat]:
    """Return how each tensor of a network's state is stored in a file of format `wanted`.

    Small tensors (stem, early blocks, most squeeze-and-excitation) and depthwise convolutions
    are the most sensitive for their bytes, so `WeightFormat.INT8` leaves them in 16 bits: the
    depthwise ones all, the others up to `FINER_SHARE`.
    """
    large = {name for name, value in state.items() if value.ndim >= 2}
    formats = dict.fromkeys(state, WeightFormat.FLOAT32) | dict.fromkeys(large, wanted)
    if wanted is WeightFormat.INT8:
        left = FINER_SHARE * sum(state[name].size for name in large)
        depthwise = {n for n in large if state[n].ndim == 4 and state[n].shape[1] == 1}
        formats |= dict.fromkeys(depthwise, WeightFormat.INT16)
        for name in sorted(large, key=lambda name: (state[name].size, name)):
            left -= state[name].size
            if left < 0:
                break
            formats[name] = WeightFormat.INT16
    return formats


def encode_state(
    state: Mapping[str, Floats], formats: Mapping[str, WeightFormat]
) -> dict[str, Array]:
    """Return a state's tensors as they are stored, scales beside them.

    Raises
    ------
    WeightsInconsistentError
        If a weight is not finite, or too large for float16.
    """
    stored: dict[str, Array] = {}
    for name, value in state.items():
        whole, scale = encode(value, formats[name])
        stored[name] = whole
        if scale is not None:
            stored[name + SCALE_SUFFIX] = scale
    return stored


def encode(value: Floats, stored_as: WeightFormat) -> tuple[Array, Floats | None]:
    """Return a tensor as it is stored, and its scale for whole numbers.

    Raises
    ------
    WeightsInconsistentError
        If a number is not finite, or too large for float16.
    """
    if not np.isfinite(value).all():
        raise WeightsInconsistentError("a weight is not a finite number")
    if stored_as is WeightFormat.FLOAT32:
        return np.ascontiguousarray(value, np.float32), None
    if stored_as is WeightFormat.FLOAT16:
        with np.errstate(over="ignore"):
            half = value.astype(np.float16)
        if not np.isfinite(half).all():
            raise WeightsInconsistentError("a weight is too large for float16")
        return half, None
    scale = channel_scales(value, stored_as)
    return rounded(value, scale, stored_as), scale


def channel_scales(value: Floats, stored_as: WeightFormat) -> Floats:
    """Return the step of each output channel, ``(N, 1, ...)``, that makes the least error.

    In 8 bits a range that cuts off the very largest weights can make the others finer by more
    than that costs: of 17 ranges the one with the least squared error is taken. A channel of
    zeros has the step 1.
    """
    flat = value.reshape(len(value), -1).astype(np.float64)
    largest = np.abs(flat).max(axis=1, keepdims=True)
    limit = np.iinfo(_TYPES[stored_as]).max
    best = np.maximum(largest / limit, np.finfo(np.float32).tiny)
    if stored_as is WeightFormat.INT8:
        least = np.full_like(best, np.inf)
        chosen = best
        for ratio in _RATIOS:
            step = np.maximum(best * ratio, np.finfo(np.float32).tiny)
            error = flat - np.clip(np.rint(flat / step), -limit, limit) * step
            squared = np.square(error).sum(axis=1, keepdims=True)
            chosen = np.where(squared < least, step, chosen)
            least = np.minimum(squared, least)
        best = chosen
    scales = np.where(largest > 0, best, 1.0).astype(np.float32)
    return scales.reshape(-1, *[1] * (value.ndim - 1))


def rounded(value: Floats, scale: Floats, stored_as: WeightFormat) -> Array:
    """Return the nearest whole numbers of steps, symmetric about zero."""
    kind = _TYPES[stored_as]
    limit = np.iinfo(kind).max
    steps = value.astype(np.float64) / scale.astype(np.float64)
    return np.clip(np.rint(steps), -limit, limit).astype(kind)


def decode(value: Array, scale: Floats | None) -> Floats:
    """Return the weights that both engines calculate with."""
    whole = value.astype(np.float32)
    return whole if scale is None else whole * scale


def read_weights(content: bytes) -> State:
    """Return the weights in a safetensors file of any format, as float32.

    Raises
    ------
    WeightsInconsistentError
        If it is no safetensors file, or a tensor is of a type, or a scale of a shape or value,
        that this program does not write.
    """
    check_weights(content)
    places = read_places(content)
    try:
        stored = safetensors.numpy.load(content)
    except (safetensors.SafetensorError, ValueError) as error:
        raise WeightsInconsistentError("it is no safetensors file") from error
    return {
        name: decode(value, stored[name + SCALE_SUFFIX] if _is_whole(value) else None)
        for name, value in stored.items()
        if not is_scale(name, places)
    }


def _is_whole(value: Array) -> bool:
    return value.dtype in (np.int8, np.int16)
