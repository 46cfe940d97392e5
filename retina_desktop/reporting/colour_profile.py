"""The sRGB profile that says what a report's colours mean: ICC version 2, as PDF/A-1 asks.

Written out here because Pillow makes version 4 only, and stamps it with the moment it was made.
"""

import struct
from functools import cache

_VERSION = 0x02400000
_MADE = (2026, 1, 1, 0, 0, 0)  # fixed, else no reprint is the same
_WHITE = (0.9642, 1.0, 0.8249)  # D50, the profile connection space's
# IEC 61966-2-1 primaries, adapted to D50 (Bradford).
_PRIMARIES = {
    b"rXYZ": (0.43607, 0.22249, 0.01392),
    b"gXYZ": (0.38515, 0.71687, 0.09708),
    b"bXYZ": (0.14307, 0.06061, 0.71410),
}
_STEPS = 1024  # of the tone curve
_HEADER_BYTES, _ENTRY_BYTES = 128, 12
_NAME = b"sRGB IEC61966-2.1"


@cache
def srgb_profile() -> bytes:
    """Return the profile; always the same bytes."""
    curve = _curve()
    tags = {
        b"desc": _description(_NAME),
        b"cprt": b"text\0\0\0\0No copyright, use freely\0",
        b"wtpt": _xyz(_WHITE),
        **{name: _xyz(primary) for name, primary in _PRIMARIES.items()},
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    begin = _HEADER_BYTES + 4 + _ENTRY_BYTES * len(tags)
    body, entries, places = b"", b"", dict[bytes, int]()
    for name, data in tags.items():
        if data not in places:  # the three curves are one
            places[data] = begin + len(body)
            body += data + b"\0" * (-len(data) % 4)
        entries += struct.pack(">4sII", name, places[data], len(data))
    table = struct.pack(">I", len(tags)) + entries
    return _header(_HEADER_BYTES + len(table) + len(body)) + table + body


def _header(size: int) -> bytes:
    return struct.pack(
        ">I4xI4s4s4s6H4s28x12s48x",
        size,
        _VERSION,
        b"mntr",
        b"RGB ",
        b"XYZ ",
        *_MADE,
        b"acsp",
        _fixed(_WHITE),
    )


def _description(text: bytes) -> bytes:
    ascii_part = struct.pack(">4s4xI", b"desc", len(text) + 1) + text + b"\0"
    return ascii_part + bytes(4 + 4 + 2 + 1 + 67)  # no Unicode and no Macintosh name


def _xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(values)


def _fixed(values: tuple[float, float, float]) -> bytes:
    return struct.pack(">3i", *(round(value * 65536) for value in values))


def _curve() -> bytes:
    shares = (step / (_STEPS - 1) for step in range(_STEPS))
    linear = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    values = [round(value * 65535) for value in linear]
    return struct.pack(f">4s4xI{_STEPS}H", b"curv", _STEPS, *values)
