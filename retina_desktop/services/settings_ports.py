"""What settings and drafts need from storage; `retina_desktop.persistence` adapts.

As with `records_ports`, a write is one transaction and durable when the call returns.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from retina_desktop.domain.clinic_settings import FormDraft, SettingValue
from retina_desktop.domain.json_values import JsonValue
from retina_desktop.domain.users import Stamp


class SettingStore(Protocol):
    """What the whole clinic has set, by name; every change is audited."""

    def get(self, name: str) -> SettingValue | None:
        """Return the value and its version (a named tuple); None before the first `put`."""
        ...

    def put(
        self, name: str, value: JsonValue, *, expected_version: int, by: Stamp
    ) -> SettingValue:
        """Keep a value; version 0 is expected before the first. An equal one changes nothing.

        Raises
        ------
        ConflictError
            If another workstation changed the setting since it was read.
        """
        ...


class FormDraftStore(Protocol):
    """What users have typed and not yet saved; no records, so neither audited nor versioned."""

    def get(self, user: str, form: str) -> FormDraft | None:
        """Return what stands in a form; None where nothing is kept."""
        ...

    def save(
        self, user: str, form: str, content: Mapping[str, JsonValue], *, at: datetime
    ) -> None:
        """Keep what stands in a form; `form` is a name such as ``examination.12``."""
        ...

    def discard(self, user: str, form: str) -> None:
        """Forget a form's draft; nothing happens where there is none."""
        ...

    def all(self, user: str) -> tuple[FormDraft, ...]:
        """Return every draft of a user, newest first."""
        ...
