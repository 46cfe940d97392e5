"""In which direction each character of a paragraph runs (Unicode Standard Annex 9).

Embeddings and overrides are not honoured: they are stripped before (`plain`). Isolates are:
the report puts every value it quotes between FSI and PDI, so that an Arabic name in an English
sentence does not drag the number after it to its other side.
"""

import unicodedata
from collections.abc import Sequence

FIRST_STRONG_ISOLATE = "\u2068"
POP_ISOLATE = "\u2069"

_ISOLATES = {"LRI", "RLI", "FSI"}
_NEUTRAL = {"B", "S", "WS", "ON", "LRI", "RLI", "FSI", "PDI"}
_TURNING = {"R", "AL", "AN", "RLI"}
_IGNORED = {"BN", "LRE", "RLE", "LRO", "RLO", "PDF"}
_DEEPEST = 125  # UAX 9, BD2

# Opening brackets and what closes them; BidiBrackets.txt, those in use in living scripts.
_CLOSING = {
    **{a: chr(ord(a) + 1) for a in "\u2045\u207d\u208d\u2308\u230a\u27e6\u27e8\u27ea"},
    **{chr(code): chr(code + 1) for code in range(0x3008, 0x3011, 2)},
    **{chr(code): chr(code + 1) for code in range(0x3014, 0x301B, 2)},
    **{chr(code): chr(code + 1) for code in range(0xFE59, 0xFE5E, 2)},
    "(": ")",
    "[": "]",
    "{": "}",
    "\uff08": "\uff09",
    "\uff3b": "\uff3d",
    "\uff5b": "\uff5d",
    "\uff62": "\uff63",
}
MIRRORED = {**_CLOSING, **{closing: opening for opening, closing in _CLOSING.items()}}
_CLOSERS = frozenset(_CLOSING.values())
_MOST_OPEN_BRACKETS = 63  # UAX 9, BD16


def first_strong_is_right_to_left(text: str) -> bool | None:
    """Whether the first letter runs right to left (rules P2, P3); None without letters."""
    depth = 0
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in _ISOLATES:
            depth += 1
        elif kind == "PDI":
            depth = max(depth - 1, 0)
        elif depth == 0 and kind in {"L", "R", "AL"}:
            return kind != "L"
    return None


def has_right_to_left(text: str) -> bool:
    """Whether anything in `text` can make a part of it run right to left."""
    if text.isascii():
        return False
    return any(unicodedata.bidirectional(character) in _TURNING for character in text)


def embedding_levels(text: str, *, right_to_left: bool) -> list[int]:
    """Return one level a character: even runs left to right, odd right to left.

    Rule L1 (blanks at the end of a line) is left to who breaks lines.

    Parameters
    ----------
    text : str
        One paragraph in logical order, without line breaks.
    right_to_left : bool
        The paragraph's direction.
    """
    kinds = [unicodedata.bidirectional(character) or "L" for character in text]
    levels = [0] * len(text)
    _resolve(text, kinds, list(range(len(text))), int(right_to_left), levels)
    return levels


def visual_order(levels: Sequence[int]) -> list[int]:
    """Return the indices of `levels` from left to right (rule L2)."""
    order = list(range(len(levels)))
    odd = [level for level in levels if level % 2]
    for level in range(max(levels, default=0), min(odd, default=1) - 1, -1):
        start = 0
        while start < len(order):
            if levels[order[start]] < level:
                start += 1
                continue
            end = start
            while end < len(order) and levels[order[end]] >= level:
                end += 1
            order[start:end] = reversed(order[start:end])
            start = end
    return order


def _resolve(
    text: str, kinds: Sequence[str], places: list[int], level: int, levels: list[int]
) -> None:
    """Give `places` their levels, and what isolates hold by a call of its own."""
    outer, isolates = _split_isolates(kinds, places)
    for initiator, inner in isolates:
        kind = kinds[initiator]
        content = "".join(text[place] for place in inner)
        is_rtl = kind == "RLI" or (
            kind == "FSI" and bool(first_strong_is_right_to_left(content))
        )
        deeper = level + 1 if (level + 1) % 2 == is_rtl else level + 2
        _resolve(text, kinds, inner, deeper if deeper <= _DEEPEST else level, levels)
    counted = [place for place in outer if kinds[place] not in _IGNORED]
    resolved = _resolve_sequence(
        [kinds[place] for place in counted], [text[place] for place in counted], level
    )
    for place, direction in zip(counted, resolved, strict=True):
        levels[place] = _implicit_level(level, direction)
    _level_ignored(outer, kinds, level, levels)


def _split_isolates(
    kinds: Sequence[str], places: list[int]
) -> tuple[list[int], list[tuple[int, list[int]]]]:
    """Return the places outside any isolate, and each isolate's initiator with its inside."""
    outer: list[int] = []
    isolates: list[tuple[int, list[int]]] = []
    depth = 0
    for place in places:
        kind = kinds[place]
        if kind == "PDI" and depth:
            depth -= 1
        if depth:
            isolates[-1][1].append(place)
        else:
            outer.append(place)
            if kind in _ISOLATES:
                isolates.append((place, []))
        if kind in _ISOLATES:
            depth += 1
    return outer, isolates


def _level_ignored(
    outer: Sequence[int], kinds: Sequence[str], level: int, levels: list[int]
) -> None:
    before = level
    for place in outer:
        if kinds[place] in _IGNORED:
            levels[place] = before
        before = levels[place]


def _implicit_level(level: int, direction: str) -> int:
    """Rules I1 and I2."""
    if level % 2:
        return level if direction == "R" else level + 1
    return level + {"L": 0, "R": 1}.get(direction, 2)


def _resolve_sequence(kinds: list[str], characters: Sequence[str], level: int) -> list[str]:
    embedding = "R" if level % 2 else "L"
    original = list(kinds)
    _resolve_marks(kinds, embedding)
    _resolve_numbers(kinds, embedding)
    _resolve_brackets(kinds, original, characters, embedding)
    _resolve_neutrals(kinds, embedding)
    return kinds


def _resolve_marks(kinds: list[str], embedding: str) -> None:
    """Rule W1."""
    before = embedding
    for index, kind in enumerate(kinds):
        if kind == "NSM":
            kinds[index] = "ON" if before in _ISOLATES or before == "PDI" else before
        before = kinds[index]


def _resolve_numbers(kinds: list[str], embedding: str) -> None:
    """Rules W2 to W7."""
    strong = embedding
    for index, kind in enumerate(kinds):
        if kind in {"L", "R", "AL"}:
            strong = kind
        elif kind == "EN" and strong == "AL":
            kinds[index] = "AN"
    kinds[:] = ["R" if kind == "AL" else kind for kind in kinds]
    _resolve_separators(kinds)
    _resolve_terminators(kinds)
    strong = embedding
    for index, kind in enumerate(kinds):
        if kind in {"ES", "ET", "CS"}:
            kinds[index] = "ON"
        elif kind in {"L", "R"}:
            strong = kind
        elif kind == "EN" and strong == "L":
            kinds[index] = "L"


def _resolve_separators(kinds: list[str]) -> None:
    """Rule W4."""
    for index in range(1, len(kinds) - 1):
        before, kind, after = kinds[index - 1 : index + 2]
        numbers = {"ES": {"EN"}, "CS": {"EN", "AN"}}.get(kind, set())
        if before == after and before in numbers:
            kinds[index] = before


def _resolve_terminators(kinds: list[str]) -> None:
    """Rule W5."""
    for steps in (range(len(kinds)), range(len(kinds) - 1, -1, -1)):
        beside_number = False
        for index in steps:
            if kinds[index] == "ET" and beside_number:
                kinds[index] = "EN"
            beside_number = kinds[index] == "EN"


def _resolve_brackets(
    kinds: list[str], original: Sequence[str], characters: Sequence[str], embedding: str
) -> None:
    """Rule N0."""
    for opening, closing in _bracket_pairs(kinds, characters):
        inside = {_strong(kind) for kind in kinds[opening + 1 : closing]} - {""}
        if not inside:
            continue
        direction = embedding
        if embedding not in inside:
            strong = (_strong(kind) for kind in reversed(kinds[:opening]))
            context = next((kind for kind in strong if kind), embedding)
            direction = context if context != embedding else embedding
        for place in (opening, closing):
            kinds[place] = direction
            for after in range(place + 1, len(kinds)):
                if original[after] != "NSM":
                    break
                kinds[after] = direction


def _bracket_pairs(kinds: Sequence[str], characters: Sequence[str]) -> list[tuple[int, int]]:
    """Rule BD16."""
    stack: list[tuple[str, int]] = []
    pairs: list[tuple[int, int]] = []
    for index, character in enumerate(characters):
        if kinds[index] != "ON":
            continue
        if character in _CLOSING:
            if len(stack) == _MOST_OPEN_BRACKETS:
                return []
            stack.append((_CLOSING[character], index))
        elif character in _CLOSERS:
            for depth in range(len(stack) - 1, -1, -1):
                if stack[depth][0] == character:
                    pairs.append((stack[depth][1], index))
                    del stack[depth:]
                    break
    return sorted(pairs)


def _strong(kind: str) -> str:
    if kind in {"EN", "AN", "R"}:
        return "R"
    return "L" if kind == "L" else ""


def _resolve_neutrals(kinds: list[str], embedding: str) -> None:
    """Rules N1 and N2."""
    index = 0
    while index < len(kinds):
        if kinds[index] not in _NEUTRAL:
            index += 1
            continue
        end = index
        while end < len(kinds) and kinds[end] in _NEUTRAL:
            end += 1
        before = _strong(kinds[index - 1]) if index else embedding
        after = _strong(kinds[end]) if end < len(kinds) else embedding
        kinds[index:end] = [before if before == after else embedding] * (end - index)
        index = end
