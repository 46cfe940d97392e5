"""Where a line of text may end."""

import unicodedata

_SPACES = frozenset(" \t\u2002\u2003\u2009\u200a\u200b\u3000")
_BREAK_AFTER = frozenset("-\u2010\u2013\u2014/\\_.,;:@|")
# Of the Unicode line breaking algorithm (UAX 14): CL, CP, EX, NS stay with what is before them.
_NEVER_FIRST = frozenset(
    "!),.:;?]}\u3001\u3002\u3009\u300b\u300d\u300f\u3011\u3015\uff01\uff09"
)
_NEVER_LAST = frozenset("([{\u3008\u300a\u300c\u300e\u3010\u3014\uff08")
_LONG_WORD = 20  # characters; only such ones are broken at marks inside


def is_space(character: str) -> bool:
    """Whether `character` vanishes at a line's end."""
    return character in _SPACES


def words_of(text: str) -> list[tuple[int, int]]:
    """Return the ranges of `text` between places where a line may end, blanks at their end."""
    words: list[tuple[int, int]] = []
    start = 0
    for index in range(1, len(text)):
        if _may_break_between(text[index - 1], text[index]):
            words.append((start, index))
            start = index
    if start < len(text):
        words.append((start, len(text)))
    return [part for word in words for part in _parts(text, *word)]


def _may_break_between(before: str, after: str) -> bool:
    if is_space(after):
        return False
    if is_space(before):
        return True
    if after in _NEVER_FIRST or before in _NEVER_LAST:
        return False
    return _is_ideograph(before) or _is_ideograph(after)


def _parts(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Break a long word (an address, a file's name) after the marks inside it."""
    if end - start < _LONG_WORD:
        return [(start, end)]
    parts = []
    begin = start
    for index in range(start + 1, end):
        inside = text[index].isalnum() and not text[index - 1].isspace()
        if inside and text[index - 1] in _BREAK_AFTER:
            parts.append((begin, index))
            begin = index
    return [*parts, (begin, end)]


def _is_ideograph(character: str) -> bool:
    if character < "\u2e80":
        return False
    is_wide = unicodedata.east_asian_width(character) in {"W", "F"}
    return is_wide and not unicodedata.category(character).startswith("M")
