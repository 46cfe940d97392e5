"""A PDF on paper: pages drawn in a worker at the printer's density, put on it one by one."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QMarginsF, QObject, QRectF, QSizeF, Signal, Slot
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPainter
from PySide6.QtPrintSupport import QPrinter

from retina_desktop.domain.errors import RetinaError
from retina_desktop.gui.report_preview.pdf_pages import PageSize, render_page
from retina_desktop.gui.task_runner import TaskHandle, TaskRunner
from retina_desktop.services.tasks import TaskContext

if TYPE_CHECKING:
    from retina_desktop.domain.images import RgbImage

LEAST_DPI, MOST_DPI = 300, 600
_NO_PRINTER = "The printer could not be started; check that it is on and has paper."


def prepare_printer(printer: QPrinter, sizes: tuple[PageSize, ...]) -> None:
    """Give `printer` the report's paper without margins, at 300 dots per inch at least."""
    first = sizes[0]
    size = QPageSize(
        QSizeF(first.width, first.height),
        QPageSize.Unit.Point,
        "",
        QPageSize.SizeMatchPolicy.FuzzyMatch,
    )
    printer.setPageLayout(
        QPageLayout(size, QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0))
    )
    printer.setFullPage(True)
    printer.setResolution(max(LEAST_DPI, min(printer.resolution(), MOST_DPI)))


class PrintJob(QObject):
    """Prints a document; exactly one of `finished` and `failed` is emitted."""

    progressed = Signal(int, int)  # pages printed, pages in all
    finished = Signal()
    failed = Signal(object)

    def __init__(
        self,
        pdf: bytes,
        sizes: tuple[PageSize, ...],
        printer: QPrinter,
        runner: TaskRunner,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._pdf, self._sizes, self._printer, self._runner = pdf, sizes, printer, runner
        self._painter = QPainter()
        self._pages = self._wanted_pages()
        self._done = 0
        self._handle: TaskHandle | None = None

    def start(self) -> None:
        """Begin; the pages follow one another through the event loop."""
        if not self._pages or not self._painter.begin(self._printer):
            self.failed.emit(RetinaError(_NO_PRINTER))
            return
        self._ask()

    def _wanted_pages(self) -> list[int]:
        first, last = self._printer.fromPage(), self._printer.toPage()
        every = range(len(self._sizes))
        if not first:
            return list(every)
        return [number for number in every if first <= number + 1 <= last]

    def _ask(self) -> None:
        number, dpi = self._pages[self._done], float(self._printer.resolution())
        pdf = self._pdf

        def draw(_context: TaskContext) -> "RgbImage":
            return render_page(pdf, number, dpi=dpi)

        self._handle = handle = self._runner.prepare(draw)
        handle.succeeded.connect(self._on_page)
        handle.failed.connect(self._on_failed)
        handle.start()

    @Slot(object)
    def _on_page(self, pixels: "RgbImage") -> None:
        height, width = pixels.shape[:2]
        image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        if self._done and not self._printer.newPage():
            self._on_failed(RetinaError(_NO_PRINTER))
            return
        self._painter.drawImage(QRectF(0, 0, width, height), image)
        self._done += 1
        self.progressed.emit(self._done, len(self._pages))
        if self._done < len(self._pages):
            self._ask()
            return
        if self._painter.end():
            self.finished.emit()
        else:
            self.failed.emit(RetinaError(_NO_PRINTER))

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self._printer.abort()
        self._painter.end()
        self.failed.emit(error)
