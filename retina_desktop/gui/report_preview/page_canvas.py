"""PDF pages one below the other: zoomed, fitted to the width, scrolled; drawn as they come."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from retina_desktop.gui.report_preview.pdf_pages import PageSize

if TYPE_CHECKING:
    from retina_desktop.domain.images import RgbImage

_GAP = 14  # logical pixels between pages
_SCREEN_DPI = 96.0
_ZOOMS = (0.25, 0.33, 0.5, 0.67, 0.75, 0.9, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0)
_SURROUND = QColor("#6b7178")


class PageCanvas(QAbstractScrollArea):
    """Asks for the pages in sight by `page_wanted` (number, dpi) and draws what it is given."""

    page_wanted = Signal(int, float)
    page_in_sight = Signal(int)  # number, from 0

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sizes: tuple[PageSize, ...] = ()
        self._pictures: dict[int, tuple[float, QPixmap]] = {}
        self._wanted: dict[int, float] = {}
        self._zoom = 1.0
        self._fit = True
        self._message = ""
        self.setAccessibleName(self.tr("Pages of the report"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)

    @property
    def zoom(self) -> float:
        """Screen size over paper size."""
        return self._zoom

    @property
    def fits_width(self) -> bool:
        """Whether the zoom follows the width."""
        return self._fit

    def show_pages(self, sizes: Sequence[PageSize]) -> None:
        """Show another document; its pages are asked for."""
        self._sizes, self._message = tuple(sizes), ""
        self._pictures.clear()
        self._wanted.clear()
        self.verticalScrollBar().setValue(0)
        self._lay_out()

    def show_message(self, message: str) -> None:
        """Show words in place of pages."""
        self._sizes, self._message = (), message
        self._pictures.clear()
        self._wanted.clear()
        self._lay_out()

    def put_page(self, number: int, dpi: float, pixels: "RgbImage") -> None:
        """Draw a page that was asked for; one of another zoom is shown until a better comes."""
        if number >= len(self._sizes):
            return
        height, width = pixels.shape[:2]
        image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        self._pictures[number] = dpi, QPixmap.fromImage(image)
        self._wanted.pop(number, None)
        self.viewport().update()

    def fit_width(self) -> None:
        """Let the zoom follow the width."""
        self._fit = True
        self._lay_out()

    def zoom_one_stop(self, *, closer: bool) -> None:
        """Go to the next zoom up or down."""
        stops = [
            z for z in _ZOOMS if (z > self._zoom * 1.01 if closer else z < self._zoom / 1.01)
        ]
        if stops:
            self._fit = False
            self._zoom = stops[0] if closer else stops[-1]
            self._lay_out()

    def go_to(self, number: int) -> None:
        """Scroll to a page."""
        boxes = self._boxes()
        if boxes:
            number = min(max(number, 0), len(boxes) - 1)
            self.verticalScrollBar().setValue(round(boxes[number].top()) - _GAP)

    @property
    def current_page(self) -> int:
        """The page in the middle of the view, from 0."""
        middle = self.verticalScrollBar().value() + self.viewport().height() / 2
        boxes = self._boxes()
        return next(
            (n for n, box in enumerate(boxes) if box.bottom() >= middle), len(boxes) - 1
        )

    # -- Qt's events -----------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit anew."""
        super().resizeEvent(event)
        self._lay_out()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom with Ctrl, scroll without."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_one_stop(closer=event.angleDelta().y() > 0)
            event.accept()
            return
        super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from page to page with the page keys, to the ends with Home and End."""
        steps = {Qt.Key.Key_PageDown: 1, Qt.Key.Key_PageUp: -1}
        key = Qt.Key(event.key())
        if key in steps:
            self.go_to(self.current_page + steps[key])
        elif key is Qt.Key.Key_Home:
            self.go_to(0)
        elif key is Qt.Key.Key_End:
            self.go_to(len(self._sizes) - 1)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the pages in sight, and ask for those not there yet."""
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), _SURROUND)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if not self._sizes:
            painter.setPen(QColor("#ffffff"))
            room = self.viewport().rect().adjusted(24, 24, -24, -24)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(room, flags, self._message)
            painter.end()
            return
        offset_x = self.horizontalScrollBar().value()
        offset_y = self.verticalScrollBar().value()
        sight = QRectF(self.viewport().rect())
        dpi = self._dpi()
        for number, box in enumerate(self._boxes()):
            placed = box.translated(-offset_x, -offset_y)
            if not placed.intersects(sight):
                continue
            painter.fillRect(placed, QColor("#ffffff"))
            known = self._pictures.get(number)
            if known is not None:
                painter.drawPixmap(placed, known[1], QRectF(QRect(known[1].rect())))
            if known is None or abs(known[0] - dpi) > 0.5:
                self._want(number, dpi)
        painter.end()

    # -- private ---------------------------------------------------------------------------

    def _want(self, number: int, dpi: float) -> None:
        if self._wanted.get(number) != dpi:
            self._wanted[number] = dpi
            self.page_wanted.emit(number, dpi)

    def _dpi(self) -> float:
        return self._zoom * _SCREEN_DPI * self.devicePixelRatioF()

    def _scale(self) -> float:
        return self._zoom * _SCREEN_DPI / 72.0

    def _boxes(self) -> list[QRectF]:
        boxes, top, scale = [], float(_GAP), self._scale()
        width = max(self.viewport().width(), *(s.width * scale + 2 * _GAP for s in self._sizes))
        for size in self._sizes:
            page = QRectF(0, top, size.width * scale, size.height * scale)
            page.moveLeft((width - page.width()) / 2)
            boxes.append(page)
            top = page.bottom() + _GAP
        return boxes

    def _lay_out(self) -> None:
        view = self.viewport().size()
        if self._sizes and self._fit:
            widest = max(size.width for size in self._sizes)
            self._zoom = max(0.1, (view.width() - 2 * _GAP) / (widest * _SCREEN_DPI / 72.0))
        boxes = self._boxes() if self._sizes else []
        height = round(boxes[-1].bottom()) + _GAP if boxes else 0
        scale = self._scale()
        width = max((round(s.width * scale) + 2 * _GAP for s in self._sizes), default=0)
        self.verticalScrollBar().setRange(0, max(0, height - view.height()))
        self.verticalScrollBar().setPageStep(view.height())
        self.verticalScrollBar().setSingleStep(40)
        self.horizontalScrollBar().setRange(0, max(0, width - view.width()))
        self.horizontalScrollBar().setPageStep(view.width())
        self.viewport().update()

    def _on_scrolled(self, _value: int) -> None:
        if self._sizes:
            self.page_in_sight.emit(self.current_page)
