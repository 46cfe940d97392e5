"""Lines of text as PDF operators."""

from collections.abc import Iterable

from retina_desktop.reporting.typesetting.embedding import EmbeddedFont
from retina_desktop.reporting.typesetting.paragraph import Line, PlacedRun
from retina_desktop.reporting.typesetting.shaping import Glyph

_SMALLEST_SHIFT = 0.05  # thousandths of the size; less cannot be seen
_BOLD_STROKE = 0.032  # of the size; what thickens a face that has no bold one


def line_operators(
    line: Line,
    embedded: Iterable[EmbeddedFont],
    *,
    x: float,
    y: float,
    size: float,
) -> list[str]:
    """Return the operators that write `line` with its left end at ``(x, y)``, in points.

    Parameters
    ----------
    line : Line
        As set.
    embedded : Iterable[EmbeddedFont]
        The document's font of each run, in the runs' order.
    x, y : float
        Of the line's left end on its baseline.
    size : float
        The font size.
    """
    operators: list[str] = []
    for run, font in zip(line.runs, embedded, strict=True):
        needs_text = not font.take(run.shaped)
        if needs_text:
            text = run.shaped.text.encode("utf-16-be").hex().upper()
            operators.append(f"/Span <</ActualText <FEFF{text}>>> BDC")
        operators += _run_operators(run, font, x=x + run.x, y=y, size=size)
        if needs_text:
            operators.append("EMC")
    return operators


def _run_operators(
    run: PlacedRun, font: EmbeddedFont, *, x: float, y: float, size: float
) -> list[str]:
    colour = " ".join(number(part) for part in run.colour)
    operators = [f"BT {colour} rg /{font.resource} {number(size)} Tf"]
    if run.face.thickened:
        operators.append(f"{colour} RG {number(size * _BOLD_STROKE)} w 2 Tr")
    operators.append(f"1 0 0 1 {number(x)} {number(y)} Tm")
    operators += _glyph_operators(run.shaped.glyphs, font, size)
    if run.face.thickened:
        operators.append("0 Tr")
    return [*operators, "ET"]


def _glyph_operators(glyphs: Iterable[Glyph], font: EmbeddedFont, size: float) -> list[str]:
    operators: list[str] = []
    pieces = _Pieces()
    rise = 0.0
    for glyph in glyphs:
        if abs(glyph.y_offset - rise) > _SMALLEST_SHIFT:
            operators += pieces.flushed()
            rise = glyph.y_offset
            operators.append(f"{number(rise * size / 1000.0)} Ts")
        pieces.shift(glyph.x_offset)
        pieces.add(glyph.id)
        pieces.shift(glyph.advance - font.width(glyph.id) - glyph.x_offset)
    operators += pieces.flushed()
    if rise:
        operators.append("0 Ts")
    return operators


class _Pieces:
    """Glyphs and the shifts between them, as the operator TJ wants them."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._codes: list[str] = []
        self._pending = 0.0

    def add(self, glyph: int) -> None:
        """Write a glyph after all shifts so far."""
        if abs(self._pending) > _SMALLEST_SHIFT:
            self._close_codes()
            self._pieces.append(number(-self._pending))  # TJ subtracts
            self._pending = 0.0
        self._codes.append(f"{glyph:04X}")

    def shift(self, thousandths: float) -> None:
        """Move what follows to the right."""
        self._pending += thousandths

    def flushed(self) -> list[str]:
        """Return the operator for all since the last flush, and start anew."""
        self._close_codes()
        if abs(self._pending) > _SMALLEST_SHIFT:
            self._pieces.append(number(-self._pending))
            self._pending = 0.0
        pieces, self._pieces = self._pieces, []
        return [f"[{' '.join(pieces)}] TJ"] if pieces else []

    def _close_codes(self) -> None:
        if self._codes:
            self._pieces.append(f"<{''.join(self._codes)}>")
            self._codes = []


def number(value: float) -> str:
    """Return a number as PDF writes it, the same on every machine."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
