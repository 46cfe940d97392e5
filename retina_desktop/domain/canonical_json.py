"""One text for one value, so that a hash of it can be compared years later.

Keys are sorted, nothing is padded, moments are UTC. A field that equals its default is left
out: a later version may give a record a new field with a default, and the hashes of what was
written before still hold. Fields of records are therefore never renamed, and their defaults
never changed.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from hashlib import sha256


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
    kind = type(value)
    if kind is str or kind is int or kind is float or kind is bool or value is None:
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str | int | float):
        return value
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, date):
        return value.isoformat()
    return _plain_container(value)


def _plain_container(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {
            name: _plain(found)
            for name, default in _defaults(type(value))
            if (found := getattr(value, name)) != default
        }
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, frozenset):
        return sorted((_plain(item) for item in value), key=canonical_json)
    raise TypeError(f"no canonical JSON for {type(value).__name__}")


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
