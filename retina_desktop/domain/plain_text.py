"""Text that people type, made safe to keep: one Unicode form, no control characters."""

import unicodedata

from retina_desktop.domain.record_errors import InvalidEntryError

_LINE_BREAKS = "\n\t"
# Cc control, Cs surrogate, Zl/Zp line separators. Format characters (Cf) stay: joiners are
# part of how names are spelt in Indic, Persian and Arabic scripts.
_NEVER = frozenset({"Cc", "Cs", "Zl", "Zp"})
# Overrides and isolates reorder what follows on screen and paper: never part of a name.
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean_line(text: str, *, field: str, limit: int, required: bool = False) -> str:
    """Return `text` as one line in NFC, without outer blanks.

    Parameters
    ----------
    text : str
        As typed or imported.
    field : str
        Its name, for the sentence.
    limit : int
        Most characters.
    required : bool
        Refuse an empty text.

    Raises
    ------
    InvalidEntryError
        If it is too long, empty though required, or holds control characters.
    """
    return _clean(text, field=field, limit=limit, required=required, allowed="")


def clean_text(text: str, *, field: str, limit: int, required: bool = False) -> str:
    """Return `text` in NFC with plain line breaks; else as `clean_line`."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    return _clean(unified, field=field, limit=limit, required=required, allowed=_LINE_BREAKS)


def _clean(text: str, *, field: str, limit: int, required: bool, allowed: str) -> str:
    shown = field.replace("_", " ")
    cleaned = unicodedata.normalize("NFC", text).strip()
    if required and not cleaned:
        raise InvalidEntryError(field, f"The {shown} is empty; please fill it in.")
    if len(cleaned) > limit:
        raise InvalidEntryError(field, f"The {shown} is longer than {limit} characters.")
    for character in cleaned:
        if character in allowed:
            continue
        if unicodedata.category(character) in _NEVER or character in _BIDI_CONTROLS:
            raise InvalidEntryError(
                field, f"The {shown} holds an invisible control character; type it again."
            )
    return cleaned
