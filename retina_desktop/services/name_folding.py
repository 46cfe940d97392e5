"""Names as words that find each other whatever their case, accents, order and script.

A name is kept under each of its words in two forms: in its own script without accents, and in
Latin letters as far as they can be had. What writes no vowels (Arabic, Hebrew) meets the Latin
spelling in the *sound*, the consonants of a word.
"""

import re
import unicodedata
from dataclasses import dataclass

from anyascii import anyascii

FOLDING = 1  # raise it with every change of what words a name gives: indexes are made anew

_SPACELESS = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
# Combining marks of Latin, Greek and Cyrillic; vowel points of Hebrew and Arabic. Vowel signs
# of Indic scripts are letters, not accents, and stay.
_ACCENTS = frozenset(
    map(chr, (*range(0x300, 0x370), *range(0x591, 0x5C8), *range(0x64B, 0x660), 0x670, 0x640))
)
_SAME_LETTER = str.maketrans("\u0649\u06cc\u06a9\u0629\u03c2", "\u064a\u064a\u0643\u0647\u03c3")
_SOUNDS = (
    (re.compile("tsch|tch|sch|ch|sh"), "s"),
    (re.compile("ph"), "f"),
    (re.compile("([bdgkt])h"), r"\1"),
    (re.compile("[cq]"), "k"),
    (re.compile("x"), "ks"),
    (re.compile("z"), "s"),
    (re.compile("w"), "v"),
    (re.compile("j"), "g"),
    (re.compile("[aeiouy]"), ""),
    (re.compile(r"(.)\1+"), r"\1"),
    (re.compile("h$"), ""),
)
_LAST_DIGITS = 4  # people ask for the end of a long number


@dataclass(frozen=True, slots=True)
class QueryWord:
    """One word of a question: the forms that may begin a word, and its sound.

    ``forgiving`` is False where another letter is another word: numbers, and very short words.
    """

    forms: tuple[str, ...]
    sound: str
    forgiving: bool


def name_words(name: str) -> frozenset[str]:
    """Return the words under which `name` is kept."""
    words: set[str] = set()
    pieces: list[str] = []
    for token in name.split():
        parts = _pieces(token)
        pieces.extend(parts)
        if len(parts) > 1:
            words.update(_forms("".join(parts)))
    for place, piece in enumerate(pieces):
        words.update(_forms(piece))
        words.update(_inner_words(piece))
        if len(piece) == 1 and place + 1 < len(pieces):  # O Brien is also Obrien
            words.update(_forms(piece + pieces[place + 1]))
    return frozenset(word for word in words if word)


def number_words(record_number: str) -> frozenset[str]:
    """Return the words under which a record number is kept: from each of its parts on."""
    pieces = [form for piece in _pieces(record_number) for form in _forms(piece)[-1:]]
    words = {"".join(pieces[place:]) for place in range(len(pieces))}
    if pieces and pieces[-1].isdigit():
        words |= {pieces[-1].lstrip("0"), pieces[-1][-_LAST_DIGITS:]}
    return frozenset(word for word in words if word)


def query_words(text: str) -> tuple[QueryWord, ...]:
    """Return the words of a question, each once."""
    found: dict[tuple[str, ...], QueryWord] = {}
    for token in text.split():
        pieces = _pieces(token)
        joined = "".join(pieces)
        together = any(c.isdigit() for c in joined) or any(len(p) == 1 for p in pieces)
        for piece in (joined,) if together else pieces:
            word = _query_word(piece)
            if word.forms:
                found[word.forms] = word
    return tuple(found.values())


def folded_name(name: str) -> str:
    """Return `name` in plain Latin letters where there are such, words in their order."""
    pieces = (piece for token in name.split() for piece in _pieces(token))
    return " ".join(form[-1] for piece in pieces if (form := _forms(piece)))


def folded_number(record_number: str) -> str:
    """Return a record number without signs, blanks, case and leading zeros of its parts."""
    pieces = [form for piece in _pieces(record_number) for form in _forms(piece)[-1:]]
    return "".join(re.sub(r"(?<!\d)0+(?=\d)", "", piece) for piece in pieces)


def sound_of(word: str) -> str:
    """Return the consonants of a word in Latin letters; empty when there are none."""
    sound = anyascii(word).lower()
    for pattern, letters in _SOUNDS:
        sound = pattern.sub(letters, sound)
    return re.sub("[^a-z]", "", sound)


def _query_word(piece: str) -> QueryWord:
    forms = _forms(piece)
    latin = forms[-1] if forms else ""
    forgiving = len(latin) >= 3 and not any(c.isdigit() for c in latin)
    return QueryWord(forms, sound_of(latin) if forgiving else "", forgiving)


def _pieces(token: str) -> list[str]:
    """Return `token` cut at everything that is no letter, vowel sign or digit."""
    text = unicodedata.normalize("NFC", token)
    text = "".join(c for c in text if unicodedata.category(c) != "Cf" and c not in "ʻʼ'’‘`´")  # noqa: RUF001
    cut = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in text)
    return cut.split()


def _forms(piece: str) -> tuple[str, ...]:
    """Return the piece in its own script and in Latin letters; once where they are the same."""
    own = unicodedata.normalize("NFKD", piece).casefold()
    own = "".join(c for c in unicodedata.normalize("NFKD", own) if c not in _ACCENTS)
    own = unicodedata.normalize("NFC", own.translate(_SAME_LETTER))
    return tuple(dict.fromkeys(form for form in (own, _latin(piece)) if form))


def _latin(piece: str) -> str:
    return "".join(c for c in anyascii(piece).lower() if c.isalnum())


def _inner_words(piece: str) -> set[str]:
    """Return what begins inside a piece of a script that puts no blanks between words."""
    if not _SPACELESS.search(piece):
        return set()
    starts = range(1, len(piece))
    words = {form for start in starts for form in _forms(piece[start:])}
    return words | {latin for sign in piece if (latin := _latin(sign))}
