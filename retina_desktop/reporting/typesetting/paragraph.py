"""A paragraph set in lines: itemised, shaped, broken, and put in visual order."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from retina_desktop.reporting.typesetting.bidi import (
    embedding_levels,
    first_strong_is_right_to_left,
    has_right_to_left,
    visual_order,
)
from retina_desktop.reporting.typesetting.font_library import ChosenFace, FontLibrary
from retina_desktop.reporting.typesetting.line_breaking import is_space, words_of
from retina_desktop.reporting.typesetting.shaping import ShapedText, Shaper
from retina_desktop.reporting.typesetting.type_styles import Colour, Span, TypeStyle

_ISOLATES = frozenset("\u2066\u2067\u2068\u2069")
_NEVER_SET = frozenset("\u202a\u202b\u202c\u202d\u202e\u200e\u200f\u061c\ufeff")
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class PlacedRun:
    """A run of one look, ``x`` points from its line's left end."""

    x: float
    shaped: ShapedText
    face: ChosenFace
    colour: Colour


@dataclass(frozen=True, slots=True)
class Line:
    """Runs from left to right; ``text`` in reading order."""

    runs: tuple[PlacedRun, ...]
    width: float  # points
    text: str


@dataclass(frozen=True, slots=True)
class _Look:
    """What must not change within a run."""

    face: ChosenFace
    colour: Colour


@dataclass(frozen=True, slots=True)
class _Unbroken:
    """A paragraph before its lines are known; one look and level a character."""

    text: str
    looks: tuple[_Look, ...]
    levels: tuple[int, ...]
    size: float


@dataclass(frozen=True, slots=True, eq=False)
class Typesetter:
    """Sets paragraphs with the fonts of one library; of one document, used by one thread."""

    fonts: FontLibrary
    shaper: Shaper
    right_to_left: bool

    def set_lines(
        self, spans: Sequence[Span], style: TypeStyle, *, width: float
    ) -> tuple[Line, ...]:
        """Return the lines of a paragraph at most `width` points wide.

        Line feeds end lines. A word wider than a line is broken. A character that no font has
        is written as its code, so that nothing is lost.
        """
        lines: list[Line] = []
        for hard_line in _hard_lines(spans):
            lines.extend(self._broken(self._itemised(hard_line, style), width))
        return tuple(lines)

    def set_line(self, text: str, style: TypeStyle) -> Line:
        """Return `text` as one line, however wide; line feeds become blanks."""
        flat = " ".join(text.split("\n"))
        lines = self.set_lines([Span(flat)], style, width=float("inf"))
        return lines[0]

    def _itemised(self, spans: Sequence[Span], style: TypeStyle) -> _Unbroken:
        characters: list[str] = []
        looks: list[_Look | None] = []
        chosen: ChosenFace | None = None
        look: _Look | None = None
        for span in spans:
            bold = style.bold if span.bold is None else span.bold
            colour = span.colour or style.colour
            for character in _settable(span.text):
                if character in _ISOLATES:
                    characters.append(character)
                    looks.append(None)
                    continue
                for drawn, face in self._drawable(character, bold=bold, before=chosen):
                    if look is None or face is not look.face or colour != look.colour:
                        look = _Look(face, colour)
                    chosen = face
                    characters.append(drawn)
                    looks.append(look)
        text = "".join(characters)
        levels = self._levels(text, style)
        kept = [(c, k, v) for c, k, v in zip(text, looks, levels, strict=True) if k]
        return _Unbroken(
            "".join(character for character, _, _ in kept),
            tuple(look for _, look, _ in kept),
            tuple(level for _, _, level in kept),
            style.size,
        )

    def _levels(self, text: str, style: TypeStyle) -> list[int]:
        strong = first_strong_is_right_to_left(text) if style.free_direction else None
        right_to_left = self.right_to_left if strong is None else strong
        if not right_to_left and not has_right_to_left(text):
            return [0] * len(text)  # the same order as the algorithm's, at once
        return embedding_levels(text, right_to_left=right_to_left)

    def _drawable(
        self, character: str, *, bold: bool, before: ChosenFace | None
    ) -> list[tuple[str, ChosenFace]]:
        """Return a character with its face; its code's where no face has it."""
        face = self.fonts.choose(character, bold=bold, before=before)
        if face is not None:
            return [(character, face)]
        code = ((letter, self.fonts.choose(letter, bold=bold)) for letter in _code(character))
        return [(letter, face) for letter, face in code if face is not None]

    def _broken(self, whole: _Unbroken, width: float) -> Iterator[Line]:
        start, end, used = 0, 0, 0.0
        for word_start, word_end in words_of(whole.text):
            advance = self._advance(
                whole, word_start, _without_blanks(whole, word_start, word_end)
            )
            if end > start and used + advance > width + _ROUNDING:
                yield self._line(whole, start, end)
                start, used = word_start, 0.0
            while advance > width + _ROUNDING:
                cut = self._last_fitting(whole, start, word_end, width)
                yield self._line(whole, start, cut)
                start = cut
                advance = self._advance(whole, start, _without_blanks(whole, start, word_end))
            used += self._advance(whole, max(start, word_start), word_end)
            end = word_end
        yield self._line(whole, start, len(whole.text))

    def _last_fitting(self, whole: _Unbroken, start: int, end: int, width: float) -> int:
        """Return where a word too wide for a line is cut: between clusters, at least one."""
        cut = start + 1
        for at in range(start + 1, end):
            if unicodedata.category(whole.text[at]) in {"Mn", "Mc", "Me", "Cf"}:
                if cut == at:  # a mark is never parted from its letter
                    cut = at + 1
                continue
            if self._advance(whole, start, at) > width + _ROUNDING:
                break
            cut = at
        return cut

    def _advance(self, whole: _Unbroken, start: int, end: int) -> float:
        return sum(
            shaped.advance * whole.size / 1000.0
            for shaped, _, _ in self._runs(whole, start, end)
        )

    def _line(self, whole: _Unbroken, start: int, end: int) -> Line:
        end = _without_blanks(whole, start, end)
        runs = list(self._runs(whole, start, end))
        placed: list[PlacedRun] = []
        x = 0.0
        for index in visual_order([level for _, _, level in runs]):
            shaped, look, _ = runs[index]
            placed.append(PlacedRun(x, shaped, look.face, look.colour))
            x += shaped.advance * whole.size / 1000.0
        return Line(tuple(placed), x, whole.text[start:end])

    def _runs(
        self, whole: _Unbroken, start: int, end: int
    ) -> Iterator[tuple[ShapedText, _Look, int]]:
        while start < end:
            stop = start + 1
            look, level = whole.looks[start], whole.levels[start]
            while stop < end and _same(whole, start, stop):
                stop += 1
            shaped = self.shaper.shape(
                look.face.face, whole.text[start:stop], right_to_left=bool(level % 2)
            )
            yield shaped, look, level
            start = stop


def _same(whole: _Unbroken, one: int, other: int) -> bool:
    if whole.levels[one] != whole.levels[other]:
        return False
    a, b = whole.looks[one], whole.looks[other]
    return a is b or (a.face is b.face and a.colour == b.colour)


def _hard_lines(spans: Sequence[Span]) -> list[list[Span]]:
    lines: list[list[Span]] = [[]]
    for span in spans:
        first, *others = span.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        lines[-1].append(Span(first, span.bold, span.colour))
        lines.extend([Span(other, span.bold, span.colour)] for other in others)
    return lines


def _settable(text: str) -> str:
    """Return `text` composed, tabs as blanks, without what would disturb its order."""
    if text.isascii() and text.isprintable():
        return text
    composed = unicodedata.normalize("NFC", text).replace("\t", " ")
    return "".join(
        character
        for character in composed
        if character not in _NEVER_SET and unicodedata.category(character) not in {"Cc", "Cs"}
    )


def _code(character: str) -> str:
    return f"[U+{ord(character):04X}]"


def _without_blanks(whole: _Unbroken, start: int, end: int) -> int:
    while end > start and is_space(whole.text[end - 1]):
        end -= 1
    return end
