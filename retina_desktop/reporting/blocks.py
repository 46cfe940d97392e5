"""The pieces that pages are made of: text, pictures, bars, and columns of them."""

from collections.abc import Sequence
from typing import Any

from reportlab.platypus import Flowable, Table, TableStyle

from retina_desktop.reporting.palette import ACCENT, HAIRLINE, NEGATIVE, POSITIVE, TRACK
from retina_desktop.reporting.press import Press
from retina_desktop.reporting.report_canvas import ReportCanvas
from retina_desktop.reporting.typesetting.paragraph import Line
from retina_desktop.reporting.typesetting.type_styles import Alignment, Colour, Span, TypeStyle

_BASELINE = 0.74  # of the leading, from a line's top
_FEWEST_LINES = 2  # at a page's foot and head, of a paragraph that is split

Cell = list[Flowable]


class TextBlock(Flowable):
    """A paragraph; lines feed where its text does."""

    canv: ReportCanvas

    def __init__(
        self,
        press: Press,
        text: str | Sequence[Span],
        style: TypeStyle,
        *,
        space_after: float = 0,
    ) -> None:
        super().__init__()
        self._press = press
        self._spans = [Span(text)] if isinstance(text, str) else list(text)
        self._style = style
        self._lines: tuple[Line, ...] | None = None
        self._set_width = 0.0
        self.spaceAfter = space_after

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        """Set the lines; ReportLab asks for the size at a width."""
        if self._lines is None or (self._set_width != width and self._spans):
            setter = self._press.typesetter
            self._lines = setter.set_lines(self._spans, self._style, width=width)
            self._set_width = width
        self.width, self.height = width, len(self._lines) * self._style.leading
        return self.width, self.height

    def split(self, width: float, height: float) -> list[Flowable]:
        """Return the part that fits in `height` and the rest."""
        self.wrap(width, height)
        lines = self._lines or ()
        fitting = int(height // self._style.leading)
        if fitting < _FEWEST_LINES or len(lines) - fitting < _FEWEST_LINES:
            return []
        return [self._part(lines[:fitting], width), self._part(lines[fitting:], width)]

    def draw(self) -> None:
        """Write the lines, as one part of the tagged text."""
        lines = self._lines or ()
        if not any(line.runs for line in lines):
            return
        with self.canv.tagged(self._style.role.value):
            for index, line in enumerate(lines):
                y = self.height - (index + _BASELINE) * self._style.leading
                self.canv.draw_line_of_text(
                    line, x=self._start(line), y=y, size=self._style.size
                )

    def _part(self, lines: tuple[Line, ...], width: float) -> "TextBlock":
        part = TextBlock(self._press, [], self._style, space_after=self.spaceAfter)
        part._lines, part._set_width = lines, width
        return part

    def _start(self, line: Line) -> float:
        free = self.width - line.width
        alignment = self._style.alignment
        if alignment is Alignment.CENTRE:
            return free / 2
        at_left = (alignment is Alignment.START) != self._press.is_right_to_left
        return 0.0 if at_left else free


class PictureBlock(Flowable):
    """A JPEG of a given size, with what it shows for who cannot see it."""

    canv: ReportCanvas

    def __init__(self, jpeg: bytes, *, width: float, height: float, alternative: str) -> None:
        super().__init__()
        self._jpeg = jpeg
        self._alternative = alternative
        self.width, self.height = width, height

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        """Return the fixed size."""
        return self.width, self.height

    def draw(self) -> None:
        """Paint the picture as a figure."""
        with self.canv.tagged("Figure", alternative=self._alternative):
            self.canv.draw_picture(
                self._jpeg, x=0.0, y=0.0, width=self.width, height=self.height
            )


class ProbabilityBar(Flowable):
    """A probability on a line from 0 to 1, with the threshold as a mark across it."""

    canv: ReportCanvas

    def __init__(
        self, probability: float, threshold: float, *, right_to_left: bool, height: float = 5.0
    ) -> None:
        super().__init__()
        self._probability = probability
        self._threshold = threshold
        self._right_to_left = right_to_left
        self._bar = height

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        """Take the whole width."""
        self.width, self.height = width, self._bar + 5.0
        return self.width, self.height

    def draw(self) -> None:
        """Draw the bar; the figures stand beside it as text."""
        canvas, y = self.canv, 2.5
        with canvas.artifact():
            canvas.fill_box(TRACK, x=0, y=y, width=self.width, height=self._bar, radius=1.2)
            length = max(self._probability * self.width, 1.5)
            colour = POSITIVE if self._probability >= self._threshold else NEGATIVE
            x = self.width - length if self._right_to_left else 0.0
            canvas.fill_box(colour, x=x, y=y, width=length, height=self._bar, radius=1.2)
            mark = self._threshold * self.width
            at = self.width - mark if self._right_to_left else mark
            canvas.setStrokeColorRGB(*ACCENT)
            canvas.setLineWidth(1.1)
            canvas.line(at, y - 2.2, at, y + self._bar + 2.2)


class SignatureLine(Flowable):
    """An empty line to sign on."""

    canv: ReportCanvas

    def __init__(self, *, width: float, height: float) -> None:
        super().__init__()
        self.width, self.height = width, height

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        """Return the fixed size."""
        return self.width, self.height

    def draw(self) -> None:
        """Draw the line at the foot."""
        with self.canv.artifact():
            self.canv.setStrokeColorRGB(*HAIRLINE)
            self.canv.setLineWidth(0.8)
            self.canv.line(0, 1, self.width, 1)


def columns(
    press: Press,
    rows: Sequence[Sequence[Cell]],
    widths: Sequence[float],
    *,
    gap: float = 0.0,
    row_gap: float = 0.0,
    keep_order: bool = False,
    style: Sequence[tuple[Any, ...]] = (),
    repeat_rows: int = 0,
    split_rows: bool = True,
) -> Table:
    """Return a table of blocks; its columns run from right to left where the text does.

    ``rows`` and ``widths`` (points) are in reading order; ``keep_order`` leaves the columns as
    they are, for the right eye stands left in every script. ``style`` adds ReportLab's table
    commands, ``repeat_rows`` heads a new page, ``split_rows`` lets a row go on there.
    """
    turned = press.is_right_to_left and not keep_order
    shown = [list(reversed(row)) if turned else list(row) for row in rows]
    return Table(
        shown,
        colWidths=list(reversed(widths)) if turned else list(widths),
        style=TableStyle([*_plain_cells(gap, row_gap), *style]),
        hAlign="RIGHT" if press.is_right_to_left else "LEFT",
        repeatRows=repeat_rows,
        splitInRow=int(split_rows),
    )


def _plain_cells(gap: float, row_gap: float) -> list[tuple[Any, ...]]:
    return [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-2, -1), gap),
        ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 0),
        ("BOTTOMPADDING", (0, 0), (-1, -1), row_gap),
    ]


def framed(
    press: Press, cell: Cell, width: float, *, edge: Colour, background: Colour
) -> Table:
    """Return blocks on a tinted panel with a coloured bar at the side where lines start."""
    side = "LINEAFTER" if press.is_right_to_left else "LINEBEFORE"
    return columns(
        press,
        [[cell]],
        [width],
        split_rows=False,
        style=[
            ("BACKGROUND", (0, 0), (-1, -1), background),
            (side, (0, 0), (-1, -1), 4, edge),
            ("LEFTPADDING", (0, 0), (-1, -1), 10),
            ("RIGHTPADDING", (0, 0), (-1, -1), 10),
            ("TOPPADDING", (0, 0), (-1, -1), 6),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 7),
        ],
    )
