"""The reports' words: one file a language, the same keys and placeholders in each."""

import string
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from retina_desktop.domain.images import Laterality
from retina_desktop.domain.labels import label_of
from retina_desktop.domain.report_content import Language
from retina_desktop.reporting.typesetting.bidi import FIRST_STRONG_ISOLATE, POP_ISOLATE

_BIDI_CONTROLS = {
    ord(character): None
    for character in "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
}
_EYE_NAMES = {Laterality.RIGHT: "right", Laterality.LEFT: "left", None: "unknown"}


def quoted(value: str) -> str:
    """Return `value` isolated: its direction does not disturb the sentence around it."""
    return f"{FIRST_STRONG_ISOLATE}{value.translate(_BIDI_CONTROLS)}{POP_ISOLATE}"


@dataclass(frozen=True, slots=True)
class ReportTexts:
    """One language: its sentences, dates, numbers and names of labels."""

    language: Language
    _texts: Mapping[str, str] = field(repr=False)
    _months: tuple[str, ...] = field(repr=False)

    def __call__(self, key: str, **values: object) -> str:
        """Return the sentence `key` with every placeholder filled in, each value isolated."""
        filled = {name: quoted(str(value)) for name, value in values.items()}
        return self._texts[key].format_map(filled)

    @property
    def is_right_to_left(self) -> bool:
        """Whether pages and sentences run from right to left."""
        return self._texts["language.direction"] == "rtl"

    def label_name(self, code: str) -> str:
        """Return a label's name; a foreign model's label goes by its own."""
        return self._texts.get(f"label.{code}.name") or quoted(label_of(code).name)

    def label_meaning(self, code: str) -> str:
        """Return one plain sentence on a label; empty for a foreign model's."""
        return self._texts.get(f"label.{code}.meaning", "")

    def eye(self, eye: Laterality | None) -> str:
        """Return ``Right eye`` and so on."""
        return self._texts[f"eye.{_EYE_NAMES[eye]}"]

    def eye_short(self, eye: Laterality | None) -> str:
        """Return ``OD``, ``OS`` or a question mark."""
        return self._texts[f"eye.short_{_EYE_NAMES[eye]}"]

    def percent(self, share: float) -> str:
        """Return a share in [0, 1] in whole percent; never 0 % for more than nothing."""
        if 0.0 < share < 0.01:
            return quoted(self._texts["language.below_one_percent"])
        # 99.6 % must not read as certainty.
        shown = min(round(share * 100), 99) if share < 1.0 else 100
        return quoted(self._texts["language.percent"].format(value=shown))

    def date(self, day: date) -> str:
        """Return a day with its month in words: no order of digits to be mistaken."""
        number = self._texts["language.first_day"] if day.day == 1 else day.day
        return self._texts["language.date"].format(
            day=number, month=self._months[day.month - 1], year=day.year
        )

    def clock(self, moment: datetime) -> str:
        """Return hours and minutes of an aware moment, with the zone it was brought to."""
        zone = f"{moment:%z}" if moment.utcoffset() else ""
        return f"{moment:%H:%M} UTC{zone[:3]}{zone[3:] and ':'}{zone[3:5]}"

    def field(self, name: str) -> str:
        """Return a field's name with what stands between it and its value."""
        return self._texts["language.field"].format(name=name)

    def listed(self, items: list[str]) -> str:
        """Return items one after another, each isolated."""
        return self._texts["language.list_separator"].join(quoted(item) for item in items)


def load_texts(folder: Path, language: Language) -> ReportTexts:
    """Read ``<folder>/<language>.toml``.

    Raises
    ------
    FileNotFoundError, tomllib.TOMLDecodeError
        If the program's own files are missing or damaged.
    """
    with (folder / f"{language.value}.toml").open("rb") as file:
        tree = tomllib.load(file)
    months = tuple(str(month) for month in tree["language"].pop("months"))
    return ReportTexts(language, dict(_flattened(tree)), months)


def keys_and_placeholders(texts: ReportTexts) -> dict[str, frozenset[str]]:
    """Return what each sentence leaves open, by key; to compare languages."""
    return {key: frozenset(_placeholders(text)) for key, text in texts._texts.items()}


def _flattened(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flattened(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)


def _placeholders(text: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(text) if name]
