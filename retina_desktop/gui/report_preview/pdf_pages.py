"""Pages of a PDF as pictures, by PDFium; for worker threads.

PDFium may run in one thread at a time only: everything here goes through one lock. QtPdf is
not used because its package would make the program several hundred megabytes larger.
"""

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from retina_desktop.domain.errors import RetinaError

if TYPE_CHECKING:
    from retina_desktop.domain.images import RgbImage

_PDFIUM = Lock()
_POINTS_PER_INCH = 72.0
_UNREADABLE = "This report's PDF cannot be shown; save it as a file or make it again."


@dataclass(frozen=True, slots=True)
class PageSize:
    """A page's size in points (1/72 inch)."""

    width: float
    height: float


def page_sizes(pdf: bytes) -> tuple[PageSize, ...]:
    """Return the size of every page.

    Raises
    ------
    RetinaError
        If it is no PDF that can be shown.
    """
    import pypdfium2  # type: ignore[import-untyped]  # ships no types

    with _PDFIUM:
        try:
            document = pypdfium2.PdfDocument(pdf)
        except pypdfium2.PdfiumError as error:
            raise RetinaError(_UNREADABLE) from error
        try:
            return tuple(
                PageSize(*document.get_page_size(number)) for number in range(len(document))
            )
        finally:
            document.close()


def render_page(pdf: bytes, number: int, *, dpi: float) -> "RgbImage":
    """Return page `number` (from 0) on white, ``(H, W, 3)`` uint8, at `dpi` dots per inch.

    Raises
    ------
    RetinaError
        If the page cannot be drawn.
    """
    import numpy as np
    import pypdfium2

    with _PDFIUM:
        try:
            document = pypdfium2.PdfDocument(pdf)
        except pypdfium2.PdfiumError as error:
            raise RetinaError(_UNREADABLE) from error
        try:
            bitmap = document[number].render(scale=dpi / _POINTS_PER_INCH, rev_byteorder=True)
            pixels: RgbImage = np.ascontiguousarray(bitmap.to_numpy()[..., :3]).copy()
        except pypdfium2.PdfiumError as error:
            raise RetinaError(_UNREADABLE) from error
        finally:
            document.close()
    return pixels
