"""One text for one value, so that a hash of it can be compared years later.

Keys are sorted, nothing is padded, moments are UTC. A field that equals its default is left
out: a later version may give a record a new field with a default, and the hashes of what was
written before still hold. Fields of records are therefore never renamed, and their defaults
never changed.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from hashlib import sha256
from operator import attrgetter
from typing import Any


def canonical_json(value: object) -> str:
    """Return the canonical JSON of a value built of dataclasses and plain types.

    Raises
    ------
    TypeError
        For a type that has no canonical form here.
    ValueError
        For a naive moment, and for NaN or infinity.
    """
    return json.dumps(
        _plain(value),
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )


def digest_of(value: object) -> str:
    """Return the SHA-256 of `canonical_json` as 64 lower-case hex digits."""
    return sha256(canonical_json(value).encode()).hexdigest()


def _plain(value: object) -> object:
    kind: type = type(value)
    return value if kind in _AS_IT_IS else _converter(kind)(value)


_AS_IT_IS = frozenset({str, int, float, bool, type(None)})


@cache
def _converter(kind: type) -> Callable[[Any], object]:
    """Return what makes a value of `kind` plain; looked up once, used a million times."""
    if issubclass(kind, Enum):
        return attrgetter("value")
    if issubclass(kind, str | int | float):
        return lambda value: value
    if issubclass(kind, datetime):
        return _moment
    if issubclass(kind, date):
        return date.isoformat
    if is_dataclass(kind):
        return _dataclass_converter(kind)
    if issubclass(kind, Mapping):
        return lambda value: {str(key): _plain(item) for key, item in value.items()}
    if issubclass(kind, tuple | list):
        return lambda value: [_plain(item) for item in value]
    if issubclass(kind, frozenset):
        return lambda value: sorted((_plain(item) for item in value), key=canonical_json)
    raise TypeError(f"no canonical JSON for {kind.__name__}")


def _dataclass_converter(kind: type) -> Callable[[Any], object]:
    """Return what gives the fields that differ from their defaults."""
    known = _defaults(kind)

    def plain(value: object) -> object:
        content: dict[str, object] = {}
        for name, default in known:
            found = getattr(value, name)
            if found != default:
                content[name] = found if type(found) in _AS_IT_IS else _plain(found)
        return content

    return plain


@cache
def _defaults(kind: type) -> tuple[tuple[str, object], ...]:
    return tuple(
        (
            field.name,
            field.default_factory() if field.default_factory is not MISSING else field.default,
        )
        for field in fields(kind)
    )


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a naive moment has no canonical form")
    return value.astimezone(UTC).isoformat(timespec="microseconds")
