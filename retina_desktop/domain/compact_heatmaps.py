"""All class-activation maps of one photograph in a kilobyte or two, and back.

Each label's map is kept as signed bytes with one float32 step of its own, so a value is off by
at most 1/254 of that map's largest magnitude: invisible on the screen, a quarter of the size.
The layout is magic, header length, header (JSON), steps, values; then zlib over all of it.
"""

import json
import math
import struct
import zlib
from dataclasses import asdict
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.analyses import ActivationMaps
from retina_desktop.domain.images import FieldOfView

_MAGIC = b"RDM1"
_LENGTH = struct.Struct("<I")
_LIMITS = ("left", "top", "right", "bottom")
_STEPS = 127  # a signed byte, symmetric
_LARGEST = 64 * 2**20  # bytes unpacked; 29 maps of 7 x 7 are 1,421


class FieldJson(TypedDict):
    """See `domain.images.FieldOfView`; a limit is None where the field has none there."""

    center_x: float
    center_y: float
    radius: float
    completeness: float
    left: float | None
    top: float | None
    right: float | None
    bottom: float | None


class _Header(TypedDict):
    codes: list[str]
    shape: list[int]  # [K, h, w]
    left: float
    top: float
    side: float
    field: FieldJson | None


def pack_maps(maps: ActivationMaps) -> bytes:
    """Return `maps` as a few kilobytes.

    Raises
    ------
    ValueError
        If a value is not finite.
    """
    values = np.asarray(maps.values, np.float32)
    if not np.isfinite(values).all():
        raise ValueError("a class-activation map must be finite")
    steps = (np.abs(values).max(axis=(1, 2), initial=0.0) / _STEPS).astype("<f4")
    safe = np.where(steps > 0.0, steps, 1.0)[:, np.newaxis, np.newaxis]
    quantised = np.clip(np.rint(values / safe), -_STEPS, _STEPS).astype(np.int8)
    header: _Header = {
        "codes": list(maps.codes),
        "shape": [int(length) for length in values.shape],
        "left": float(maps.left),
        "top": float(maps.top),
        "side": float(maps.side),
        "field": _field_json(maps.field_of_view),
    }
    text = json.dumps(header, separators=(",", ":")).encode()
    body = _MAGIC + _LENGTH.pack(len(text)) + text + steps.tobytes() + quantised.tobytes()
    return zlib.compress(body, 6)


def unpack_maps(packed: bytes) -> ActivationMaps:
    """Return the maps of `pack_maps`.

    Raises
    ------
    ValueError
        If the bytes are not what `pack_maps` wrote.
    """
    body = _inflate(packed)
    if not body.startswith(_MAGIC) or len(body) < len(_MAGIC) + _LENGTH.size:
        raise ValueError("not a packed set of heatmaps")
    begin = len(_MAGIC) + _LENGTH.size
    (length,) = _LENGTH.unpack_from(body, len(_MAGIC))
    try:
        header: _Header = json.loads(body[begin : begin + length])
        labels, height, width = header["shape"]
        place = [float(header[name]) for name in ("left", "top", "side")]
        field = _field_of(header["field"]) if header["field"] else None
        codes = tuple(str(code) for code in header["codes"])
    except (KeyError, TypeError, UnicodeDecodeError) as error:
        raise ValueError("the heatmaps' header is damaged") from error
    values = _dequantise(body[begin + length :], (labels, height, width))
    if len(codes) != labels:
        raise ValueError("the heatmaps' header is damaged")
    return ActivationMaps(codes, values, place[0], place[1], place[2], field)


def _inflate(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        body = unpacker.decompress(packed, _LARGEST)
    except zlib.error as error:
        raise ValueError("the heatmaps are damaged") from error
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("the heatmaps are cut short or too long")
    return body


def _dequantise(payload: bytes, shape: tuple[int, int, int]) -> NDArray[np.float32]:
    labels = shape[0]
    if min(shape) < 0 or len(payload) != 4 * labels + shape[0] * shape[1] * shape[2]:
        raise ValueError("the heatmaps' size does not agree with their header")
    steps = np.frombuffer(payload, "<f4", labels).astype(np.float32)
    quantised = np.frombuffer(payload, np.int8, offset=4 * labels).reshape(shape)
    return quantised * steps[:, np.newaxis, np.newaxis]


def _field_json(field: FieldOfView | None) -> FieldJson | None:
    if field is None:
        return None
    plain = {name: float(value) for name, value in asdict(field).items()}
    limits = {name: plain[name] if math.isfinite(plain[name]) else None for name in _LIMITS}
    return FieldJson(
        center_x=plain["center_x"],
        center_y=plain["center_y"],
        radius=plain["radius"],
        completeness=plain["completeness"],
        left=limits["left"],
        top=limits["top"],
        right=limits["right"],
        bottom=limits["bottom"],
    )


def _field_of(plain: FieldJson) -> FieldOfView:
    given = {
        name: float(value) for name, value in plain.items() if isinstance(value, int | float)
    }
    return FieldOfView(**given)
