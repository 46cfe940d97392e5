"""ReportLab's canvas, drawing text and pictures through the press and counting its pages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from reportlab.pdfgen.canvas import Canvas

from retina_desktop.reporting.press import Press
from retina_desktop.reporting.typesetting.drawing import line_operators, number
from retina_desktop.reporting.typesetting.paragraph import Line
from retina_desktop.reporting.typesetting.type_styles import Colour, TypeStyle

PagePainter = Callable[["ReportCanvas", int, int], None]  # page from 1, pages


class ReportCanvas(Canvas):
    """A canvas whose pages are finished only when their number is known."""

    def __init__(
        self,
        file: BinaryIO,
        *,
        press: Press,
        paint_page: PagePainter,
        page_size: tuple[float, float],
    ) -> None:
        # Uncompressed pages: `finishing` compresses them, without ReportLab's ASCII coding.
        super().__init__(file, pagesize=page_size, pageCompression=0, invariant=1)
        self.press = press
        self._file = file
        self._paint_page = paint_page
        self._kept_pages: list[dict[str, Any]] = []

    def _make_preamble(self) -> None:
        """Start pages without ReportLab's Helvetica, which would not be embedded."""
        self._preamble = "1 0 0 1 0 0 cm"

    def setFont(self, psfontname: str, size: float, leading: float | None = None) -> None:  # noqa: N802
        """Write nothing: tables set fonts of ReportLab's, which no text here uses."""

    def showPage(self) -> None:  # noqa: N802 - ReportLab's name
        """Keep the page until all are drawn."""
        self._kept_pages.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]

    def save(self) -> None:
        """Finish every page, with its number, and write the document."""
        pages = self._kept_pages
        for index, page in enumerate(pages):
            self.__dict__.update(page)
            with self.artifact():
                self._paint_page(self, index + 1, len(pages))
            super().showPage()
        self._doc.SaveToFile(self._file, self)  # type: ignore[attr-defined]

    def write(self, operators: list[str]) -> None:
        """Add operators as they are; ReportLab has no public way for what it does not know."""
        self._code.extend(operators)  # type: ignore[attr-defined]

    @contextmanager
    def tagged(self, role: str, *, alternative: str = "") -> Iterator[None]:
        """Mark what is drawn inside as one part of the text."""
        page = self.getPageNumber() - 1
        part = self.press.tag(page=page, role=role, alternative=alternative)
        self.write([f"/{role} <</MCID {part}>> BDC"])
        yield
        self.write(["EMC"])

    @contextmanager
    def artifact(self) -> Iterator[None]:
        """Mark what is drawn inside as no part of the text (footers, watermarks)."""
        self.write(["/Artifact BMC"])
        yield
        self.write(["EMC"])

    def draw_line_of_text(self, line: Line, *, x: float, y: float, size: float) -> None:
        """Write a set line with its left end at ``(x, y)``."""
        fonts = [self.press.font(run.face.face) for run in line.runs]
        self.write(line_operators(line, fonts, x=x, y=y, size=size))

    def draw_text(
        self, text: str, style: TypeStyle, *, x: float, y: float, anchor: float
    ) -> None:
        """Write one line whose point at share `anchor` of its width is at `x`."""
        line = self.press.typesetter.set_line(text, style)
        self.draw_line_of_text(line, x=x - anchor * line.width, y=y, size=style.size)

    def draw_picture(
        self, jpeg: bytes, *, x: float, y: float, width: float, height: float
    ) -> None:
        """Paint a JPEG into a rectangle, in points."""
        name = self.press.picture(jpeg)
        matrix = " ".join(number(value) for value in (width, 0.0, 0.0, height, x, y))
        self.write([f"q {matrix} cm /{name} Do Q"])

    def fill_box(
        self,
        colour: Colour,
        *,
        x: float,
        y: float,
        width: float,
        height: float,
        radius: float = 0.0,
    ) -> None:
        """Fill a rectangle, in points, with rounded corners where asked."""
        self.setFillColorRGB(*colour)
        if radius:
            self.roundRect(x, y, width, height, radius, stroke=0, fill=1)
        else:
            self.rect(x, y, width, height, stroke=0, fill=1)
