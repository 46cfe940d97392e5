"""From text of one font and direction to the glyphs that write it (HarfBuzz)."""

from dataclasses import dataclass, field

import uharfbuzz

from retina_desktop.reporting.typesetting.bidi import MIRRORED
from retina_desktop.reporting.typesetting.font_library import FontFace

# The language of a name is not known; the process' locale must not decide its shapes.
_LANGUAGE = "und"
_LARGEST_CACHE = 20_000  # runs


@dataclass(frozen=True, slots=True)
class Glyph:
    """A glyph and its place, in thousandths of the font size.

    ``text`` is what it stands for; empty for all but the first glyph of a cluster.
    """

    id: int
    advance: float
    x_offset: float
    y_offset: float
    text: str


@dataclass(frozen=True, slots=True)
class ShapedText:
    """Glyphs from left to right; ``one_for_one`` when there is just one a character."""

    text: str
    glyphs: tuple[Glyph, ...]
    advance: float  # thousandths of the font size
    one_for_one: bool
    right_to_left: bool


@dataclass(frozen=True, slots=True, eq=False)
class Shaper:
    """Shapes runs and remembers them; of one document, used by one thread."""

    _known: dict[tuple[str, str, bool], ShapedText] = field(default_factory=dict)

    def shape(self, face: FontFace, text: str, *, right_to_left: bool) -> ShapedText:
        """Return the glyphs of `text`, whose every character `face` has."""
        key = (face.name, text, right_to_left)
        shaped = self._known.get(key)
        if shaped is None:
            if len(self._known) >= _LARGEST_CACHE:
                self._known.clear()
            shaped = self._known[key] = _shape(face, text, right_to_left=right_to_left)
        return shaped


def _shape(face: FontFace, text: str, *, right_to_left: bool) -> ShapedText:
    buffer = uharfbuzz.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    buffer.language = _LANGUAGE
    buffer.direction = "rtl" if right_to_left else "ltr"
    uharfbuzz.shape(face.font, buffer)
    scale = 1000.0 / face.units_per_em
    clusters = [info.cluster for info in buffer.glyph_infos]
    texts = _cluster_texts(text, clusters)
    if right_to_left:  # the glyph drawn for "(" is that of ")", and is read as such
        texts = [MIRRORED.get(stands_for, stands_for) for stands_for in texts]
    glyphs = tuple(
        Glyph(
            info.codepoint,
            position.x_advance * scale,
            position.x_offset * scale,
            position.y_offset * scale,
            stands_for,
        )
        for info, position, stands_for in zip(
            buffer.glyph_infos, buffer.glyph_positions, texts, strict=True
        )
    )
    one_for_one = clusters == list(range(len(text)))
    advance = sum(glyph.advance for glyph in glyphs)
    return ShapedText(text, glyphs, advance, one_for_one, right_to_left)


def _cluster_texts(text: str, clusters: list[int]) -> list[str]:
    starts = sorted(set(clusters))
    ends = dict(zip(starts, [*starts[1:], len(text)], strict=True))
    seen: set[int] = set()
    texts = []
    for cluster in clusters:
        texts.append("" if cluster in seen else text[cluster : ends[cluster]])
        seen.add(cluster)
    return texts
