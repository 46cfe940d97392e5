"""What a bundle's weights file says of itself, read without any library of weights.

A safetensors file is 8 bytes of its header's length, the header as JSON, then raw little-endian
numbers; the header tells each tensor's type, shape and place. Whole numbers (int8, int16) need
a companion ``name.scale``: see `retina_desktop.ml.weight_formats`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

SCALE_SUFFIX = ".scale"
WHOLE_TYPES = ("I8", "I16")
_TYPES = ("F32", "F16", *WHOLE_TYPES)


class WeightsInconsistentError(Exception):
    """The stored tensors do not tell what the weights are; says which and why."""


@dataclass(frozen=True, slots=True)
class Place:
    """One tensor: safetensors' name of its type, its shape, and where its bytes lie."""

    kind: str
    shape: tuple[int, ...]
    offset: int
    length: int


def read_places(content: bytes) -> dict[str, Place]:
    """Return the place of every tensor in a safetensors file.

    Raises
    ------
    WeightsInconsistentError
        If the header cannot be read, or names places that the file does not have.
    """
    start = 8 + int.from_bytes(content[:8], "little")
    try:
        header: Mapping[str, Any] = json.loads(content[8:start])
        places = {
            name: _place(entry, start)
            for name, entry in header.items()
            if name != "__metadata__"
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise WeightsInconsistentError("it is no safetensors file") from error
    if any(p.length < 0 or p.offset + p.length > len(content) for p in places.values()):
        raise WeightsInconsistentError("it ends before its tensors do")
    return places


def check_weights(content: bytes) -> None:
    """Check that every tensor is of a known type and every whole number has its scale.

    Raises
    ------
    WeightsInconsistentError
        Naming the first tensor that is none, and why.
    """
    places = read_places(content)
    for name, place in places.items():
        if place.kind not in _TYPES:
            raise WeightsInconsistentError(f"{name} is of the unknown type {place.kind}")
        if place.kind in WHOLE_TYPES:
            _check_scale(name, place, places.get(name + SCALE_SUFFIX), content)


def is_scale(name: str, places: Mapping[str, Place]) -> bool:
    """Tell the companion of whole numbers from a network's own tensor of such a name."""
    owner = places.get(name.removesuffix(SCALE_SUFFIX))
    return name.endswith(SCALE_SUFFIX) and owner is not None and owner.kind in WHOLE_TYPES


def _check_scale(name: str, place: Place, scale: Place | None, content: bytes) -> None:
    if scale is None:
        raise WeightsInconsistentError(f"{name} has no scale")
    if not place.shape:
        raise WeightsInconsistentError(f"{name} has no channels to scale")
    wanted = (place.shape[0], *[1] * (len(place.shape) - 1))
    if scale.kind != "F32" or scale.shape != wanted or scale.length != 4 * place.shape[0]:
        raise WeightsInconsistentError(f"the scale of {name} has another type or shape")
    steps = np.frombuffer(content, "<f4", count=place.shape[0], offset=scale.offset)
    if not (np.isfinite(steps).all() and (steps > 0).all()):
        raise WeightsInconsistentError(f"the scale of {name} is not positive")


def _place(entry: Mapping[str, Any], start: int) -> Place:
    first, last = (int(edge) for edge in entry["data_offsets"])
    if first < 0:
        raise ValueError("a tensor begins before the data")
    return Place(
        str(entry["dtype"]),
        tuple(int(side) for side in entry["shape"]),
        start + first,
        last - first,
    )
