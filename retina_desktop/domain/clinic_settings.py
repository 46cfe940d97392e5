"""What the whole clinic has set, and what a user has typed and not yet saved."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from retina_desktop.domain.json_values import JsonValue

_NAME = re.compile(r"[a-z][a-z0-9._-]{0,63}")


class SettingValue(NamedTuple):
    """A setting as it was read; its version is what a change of it expects."""

    value: JsonValue
    version: int


@dataclass(frozen=True, slots=True)
class StoredSetting:
    """A setting as stored; ``value`` is canonical JSON."""

    id: int
    version: int
    name: str
    value: str
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True, slots=True)
class FormDraft:
    """What a user has typed into a form; names of fields to what stands in them."""

    form: str
    content: Mapping[str, JsonValue]
    saved_at: datetime


def check_setting_name(name: str) -> None:
    """Raise a ValueError unless `name` can name a setting or a form: a bug, nobody types it."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} names no setting or form")
