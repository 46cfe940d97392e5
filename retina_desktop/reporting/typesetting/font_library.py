"""Which of the fonts that come with the program draws which character."""

import threading
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

import uharfbuzz

# Regular and bold file; a family without a bold one is drawn bold by thicker strokes. The
# first family that has a character draws it.
_FAMILIES: tuple[tuple[str, str], ...] = (
    ("NotoSans-Regular", "NotoSans-Bold"),
    ("NotoSansDevanagari-Regular", "NotoSansDevanagari-Bold"),
    ("NotoSansArabic-Regular", "NotoSansArabic-Bold"),
    ("NotoSansHebrew-Regular", ""),
    ("NotoSansBengali-Regular", ""),
    ("NotoSansGurmukhi-Regular", ""),
    ("NotoSansGujarati-Regular", ""),
    ("NotoSansOriya-Regular", ""),
    ("NotoSansTamil-Regular", ""),
    ("NotoSansTelugu-Regular", ""),
    ("NotoSansKannada-Regular", ""),
    ("NotoSansMalayalam-Regular", ""),
    ("NotoSansSinhala-Regular", ""),
    ("NotoSansThai-Regular", ""),
    ("NotoSansLao-Regular", ""),
    ("NotoSansKhmer-Regular", ""),
    ("NotoSansMyanmar-Regular", ""),
    ("NotoSansArmenian-Regular", ""),
    ("NotoSansGeorgian-Regular", ""),
    ("NotoSansEthiopic-Regular", ""),
    ("NanumSquareR", ""),
    ("DroidSansFallbackFull", ""),
)

_FIRST_MARK = "\u0300"  # no combining mark nor joiner stands before it

# Joiners and variation selectors say how their neighbours look and have no shape themselves.
_SHAPELESS = frozenset("\u200b\u200c\u200d\u2060") | frozenset(
    chr(code) for code in range(0xFE00, 0xFE10)
)


@dataclass(frozen=True, slots=True, eq=False)
class FontFace:
    """One font file, read once; safe to share between threads, as nothing of it changes."""

    name: str
    face: uharfbuzz.Face = field(repr=False)
    font: uharfbuzz.Font = field(repr=False)
    coverage: uharfbuzz.Set = field(repr=False)
    units_per_em: int

    def __contains__(self, character: str) -> bool:
        return ord(character) in self.coverage

    def width(self, glyph: int) -> float:
        """Return a glyph's own advance in thousandths of the font size."""
        return float(self.font.get_glyph_h_advance(glyph)) * 1000.0 / self.units_per_em


@dataclass(frozen=True, slots=True, eq=False)
class ChosenFace:
    """The face for a character; ``thickened`` where a bold one is wanted and missing."""

    face: FontFace
    thickened: bool


class FontLibrary:
    """The fonts of one folder; a file is read when a character first needs it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._faces: dict[str, FontFace] = {}
        self._variants: dict[tuple[str, bool], ChosenFace] = {}
        self._chosen: dict[tuple[str, bool], ChosenFace | None] = {}
        self._lock = threading.Lock()

    def choose(
        self, character: str, *, bold: bool, before: ChosenFace | None = None
    ) -> ChosenFace | None:
        """Return the face that draws `character`; None where no font has it.

        Parameters
        ----------
        character : str
            One character.
        bold : bool
            Whether it shall be bold.
        before : ChosenFace or None
            The face of the character before it, which marks and joiners keep.
        """
        is_mark = character >= _FIRST_MARK and before is not None
        if before is not None and is_mark and _leans_on_neighbour(character, before.face):
            return before
        key = (character, bold)
        if key not in self._chosen:
            with self._lock:
                self._chosen[key] = self._search(character, bold=bold)
        return self._chosen[key]

    def _search(self, character: str, *, bold: bool) -> ChosenFace | None:
        for regular, bold_name in _FAMILIES:
            face = self._face(regular)
            if character not in face and character not in _SHAPELESS:
                continue
            if bold and bold_name and character in self._face(bold_name):
                return self._as_chosen(bold_name, thickened=False)
            return self._as_chosen(regular, thickened=bold)
        return None

    def _as_chosen(self, name: str, *, thickened: bool) -> ChosenFace:
        key = (name, thickened)
        if key not in self._variants:
            self._variants[key] = ChosenFace(self._face(name), thickened)
        return self._variants[key]

    def _face(self, name: str) -> FontFace:
        if name not in self._faces:
            blob = uharfbuzz.Blob.from_file_path(str(self._folder / f"{name}.ttf"))
            face = uharfbuzz.Face(blob)
            font = uharfbuzz.Font(face)
            self._faces[name] = FontFace(name, face, font, face.unicodes, face.upem)
        return self._faces[name]


def _leans_on_neighbour(character: str, neighbour: FontFace) -> bool:
    if character in _SHAPELESS:
        return True
    return unicodedata.category(character).startswith("M") and character in neighbour
