"""The small language in which somebody says how photographs are named.

``{record_number}_{eye}_{date}.jpg`` says: a record number, the eye, the day. Text outside
braces stands for itself in any case, ``{anything}`` (or ``*``) for what does not matter,
``{date:DD.MM.YYYY}`` spells the day. A pattern with slashes speaks of folders too; one
without a suffix leaves the suffix open.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import PurePath

from retina_desktop.domain.images import Laterality
from retina_desktop.domain.transfer_errors import PatternError
from retina_desktop.services.importing_dates import ANY_CLEAR_DATE, DateFormat

EYE_WORDS = {
    "od": Laterality.RIGHT,
    "re": Laterality.RIGHT,
    "r": Laterality.RIGHT,
    "right": Laterality.RIGHT,
    "os": Laterality.LEFT,
    "le": Laterality.LEFT,
    "l": Laterality.LEFT,
    "left": Laterality.LEFT,
}
FIELDS = ("record_number", "name", "eye", "date", "anything")

_FREE = frozenset({"record_number", "name", "anything"})
_TOKEN = re.compile(r"\{(?P<field>[^{}:]*)(?::(?P<format>[^{}]*))?\}|(?P<star>\*)")
_LONGEST_NAME = 1000


@dataclass(frozen=True, slots=True)
class NamedFacts:
    """What a file's name says; empty where the pattern does not ask."""

    record_number: str = ""
    name: str = ""
    eye: Laterality | None = None
    day: date | None = None


def eye_of_word(word: str) -> Laterality | None:
    """Return the eye of OD, OS, R, L, RE, LE, right or left in any case; None of others."""
    return EYE_WORDS.get(word.strip().casefold())


class NamePattern:
    """A pattern, read once and then matched against many names.

    Raises
    ------
    PatternError
        With what is wrong about `text`.
    """

    def __init__(self, text: str) -> None:
        self.text = unicodedata.normalize("NFC", text.strip())
        parts = _parts(self.text)
        _check(parts)
        self._formats = {part.field: part.format for part in parts if part.field}
        self._folders = self.text.count("/")
        self._has_suffix = "." in parts[-1].literal
        flags = re.IGNORECASE | re.DOTALL
        self._shortest = re.compile("".join(part.expression("?") for part in parts), flags)
        self._longest = re.compile("".join(part.expression("") for part in parts), flags)

    def read(self, path: PurePath) -> NamedFacts | None:
        """Return what the name of `path` says, None where the pattern does not fit.

        Raises
        ------
        PatternError
            If it fits in more than one way, or the day does not exist.
        """
        name = self._name_of(path)
        short = self._shortest.fullmatch(name) if len(name) <= _LONGEST_NAME else None
        long = self._longest.fullmatch(name) if short else None
        if short is None or long is None:
            return None
        if short.groupdict() != long.groupdict():
            raise PatternError(
                "The file's name fits the pattern in more than one way; make the pattern "
                "more exact."
            )
        return self._facts(short.groupdict())

    def _name_of(self, path: PurePath) -> str:
        parts = path.parts[-(self._folders + 1) :]
        last = parts[-1] if self._has_suffix or not parts else PurePath(parts[-1]).stem
        return unicodedata.normalize("NFC", "/".join((*parts[:-1], last)))

    def _facts(self, groups: dict[str, str]) -> NamedFacts:
        day = None
        if "date" in groups:
            day = self._formats["date"].read(groups["date"])
            if day is None:
                raise PatternError("The date in the file's name does not exist.")
        return NamedFacts(
            record_number=groups.get("record_number", "").strip(),
            name=" ".join(groups.get("name", "").replace("_", " ").split()),
            eye=eye_of_word(groups.get("eye", "")),
            day=day,
        )


@dataclass(frozen=True, slots=True)
class _Part:
    """A literal, or a field with the spelling of its day."""

    literal: str = ""
    field: str = ""
    format: DateFormat = ANY_CLEAR_DATE

    def expression(self, lazy: str) -> str:
        """Return the regular expression; `lazy` is ``?`` where free fields end early."""
        if not self.field:
            return re.escape(self.literal)
        if self.field == "anything":
            return f"[^/]*{lazy}"
        if self.field == "date":
            return f"(?P<date>{self.format.expression})"
        if self.field == "eye":
            words = "|".join(sorted(EYE_WORDS, key=len, reverse=True))
            return f"(?P<eye>{words})"
        return f"(?P<{self.field}>[^/]+{lazy})"


def _parts(text: str) -> list[_Part]:
    parts, position = [], 0
    for token in _TOKEN.finditer(text):
        parts.append(_literal(text[position : token.start()]))
        field = "anything" if token["star"] else token["field"]
        if field not in FIELDS or (token["format"] is not None and field != "date"):
            raise PatternError(
                "A pattern knows the fields {record_number}, {name}, {eye}, {date}, "
                "{date:DD.MM.YYYY} and {anything}."
            )
        parts.append(_Part(field=field, format=DateFormat(token["format"] or "")))
        position = token.end()
    return [*parts, _literal(text[position:])]


def _literal(text: str) -> _Part:
    if set(text) & set("{}"):
        raise PatternError("A brace in the pattern is not closed, or was never opened.")
    return _Part(literal=text)


def _check(parts: list[_Part]) -> None:
    fields = [part.field for part in parts if part.field]
    named = [field for field in fields if field != "anything"]
    if len(set(named)) != len(named):
        raise PatternError("A pattern names each field once.")
    said = [part for part in parts if part.field or part.literal]
    for one, next_one in pairwise(said):
        if one.field in _FREE and next_one.field in _FREE:
            raise PatternError(
                "Between two fields of free text a pattern needs a character that parts them."
            )
    if "record_number" not in named:
        raise PatternError("The pattern needs {record_number}, to tell whose eye it is.")
