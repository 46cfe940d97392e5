"""The fonts of one PDF: only the glyphs used, each with the text it stands for.

Composite fonts with glyph ids as codes (ISO 32000-1, 9.7), because a shaped script has glyphs
that no character names. ReportLab's own TrueType fonts address glyphs by character.
"""

from hashlib import sha256
from itertools import pairwise

import uharfbuzz
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream

from retina_desktop.reporting.typesetting.font_library import FontFace
from retina_desktop.reporting.typesetting.shaping import ShapedText

_SYMBOLIC = 4  # font flag: addressed by glyph, not by a standard encoding
_MAPPINGS_PER_BLOCK = 100  # ISO 32000-1, 9.10.3, after Adobe Technical Note 5014
_TAG_LETTERS = 6
_SHAPING_TABLES = [int.from_bytes(tag, "big") for tag in (b"GSUB", b"GPOS", b"GDEF")]


class EmbeddedFont:
    """One face as it enters one document, known to its pages as ``resource``."""

    def __init__(self, face: FontFace, resource: str) -> None:
        self.resource = resource
        self._face = face
        self._texts: dict[int, str] = {}
        self._glyph_widths: dict[int, float] = {}

    def take(self, shaped: ShapedText) -> bool:
        """Note the glyphs used; False when the run needs its text beside it (``ActualText``).

        That is where glyphs are reordered or stand for other text than elsewhere in the
        document. Readers of PDF turn what runs right to left back by themselves, glyph by
        glyph; a text beside it they would turn the wrong way (poppler 22).
        """
        agrees = shaped.one_for_one or shaped.right_to_left
        for glyph in shaped.glyphs:
            agrees = (self._texts.setdefault(glyph.id, glyph.text) == glyph.text) and agrees
        return agrees or shaped.right_to_left

    def width(self, glyph: int) -> float:
        """Return the width that the PDF states for a glyph, thousandths of the size."""
        width = self._glyph_widths.get(glyph)
        if width is None:
            width = self._glyph_widths[glyph] = round(self._face.width(glyph), 3)
        return width

    def added_to(self, pdf: Pdf) -> Object:
        """Write glyphs, widths and texts into `pdf`; return the font."""
        name = Name(f"/{self._tag()}+{self._face.name}")
        system = Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0)
        descendant = Dictionary(
            Type=Name.Font,
            Subtype=Name.CIDFontType2,
            BaseFont=name,
            CIDSystemInfo=system,
            FontDescriptor=pdf.make_indirect(self._descriptor(pdf, name)),
            DW=1000,
            W=self._widths(),
            CIDToGIDMap=Name.Identity,
        )
        return pdf.make_indirect(
            Dictionary(
                Type=Name.Font,
                Subtype=Name.Type0,
                BaseFont=name,
                Encoding=Name("/Identity-H"),
                DescendantFonts=Array([pdf.make_indirect(descendant)]),
                ToUnicode=Stream(pdf, self._texts_of_glyphs()),
            )
        )

    def _subset(self) -> bytes:
        wanted = uharfbuzz.SubsetInput()
        wanted.flags = (
            uharfbuzz.SubsetFlags.RETAIN_GIDS
            | uharfbuzz.SubsetFlags.NO_HINTING
            | uharfbuzz.SubsetFlags.NOTDEF_OUTLINE
            | uharfbuzz.SubsetFlags.NO_LAYOUT_CLOSURE
        )
        wanted.glyph_set.update({0, *self._texts})
        wanted.drop_table_tag_set.update(_SHAPING_TABLES)
        return bytes(uharfbuzz.subset(self._face.face, wanted).blob.data)

    def _tag(self) -> str:
        """Return the six capitals that tell this subset from others (9.6.4)."""
        digest = sha256(repr(sorted(self._texts)).encode()).digest()
        return "".join(chr(ord("A") + byte % 26) for byte in digest[:_TAG_LETTERS])

    def _descriptor(self, pdf: Pdf, name: Name) -> Dictionary:
        scale = 1000.0 / self._face.units_per_em
        extents = self._face.font.get_font_extents("ltr")
        ascent, descent = round(extents.ascender * scale), round(extents.descender * scale)
        program = self._subset()
        return Dictionary(
            Type=Name.FontDescriptor,
            FontName=name,
            Flags=_SYMBOLIC,
            FontBBox=Array([-500, descent, 2000, ascent]),
            ItalicAngle=0,
            Ascent=ascent,
            Descent=descent,
            CapHeight=714,
            StemV=80,
            FontFile2=Stream(pdf, program, Length1=len(program)),
            CIDSet=Stream(pdf, _bits({0, *self._texts} | _outlined(program))),
        )

    def _widths(self) -> Array:
        widths = Array()
        for glyph in sorted({0, *self._texts}):
            widths.append(glyph)
            widths.append(Array([self.width(glyph)]))
        return widths

    def _texts_of_glyphs(self) -> bytes:
        pairs = [
            f"<{glyph:04X}> <{text.encode('utf-16-be').hex().upper()}>"
            for glyph, text in sorted(self._texts.items())
            if text
        ]
        blocks = [
            pairs[start : start + _MAPPINGS_PER_BLOCK]
            for start in range(0, len(pairs), _MAPPINGS_PER_BLOCK)
        ]
        mapped = "".join(
            "{} beginbfchar\n{}\nendbfchar\n".format(len(block), "\n".join(block))
            for block in blocks
        )
        return f"{_CMAP_HEAD}{mapped}{_CMAP_TAIL}".encode("ascii")


def _outlined(program: bytes) -> set[int]:
    """Return the glyphs that a TrueType program draws: those used, and parts of them."""
    face = uharfbuzz.Face(program)
    offsets = face.reference_table("loca").data
    is_long = face.reference_table("head").data[50:52] != b"\0\0"
    size = 4 if is_long else 2
    places = [
        int.from_bytes(offsets[at : at + size], "big") for at in range(0, len(offsets), size)
    ]
    return {glyph for glyph, (start, end) in enumerate(pairwise(places)) if end > start}


def _bits(glyphs: set[int]) -> bytes:
    """Return a bit for each glyph up to the last one, the highest bit first (9.8.3)."""
    bits = bytearray(max(glyphs) // 8 + 1)
    for glyph in glyphs:
        bits[glyph // 8] |= 0x80 >> glyph % 8
    return bytes(bits)


_CMAP_HEAD = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
"""
_CMAP_TAIL = """endcmap
CMapName currentdict /CMap defineresource pop
end
end
"""
