"""Draws one photograph of the list: thumbnail, name, eye, light and words, or the error."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPainterPath, QTextLayout
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from retina_desktop.gui.screening.photograph_model import PhotographRole, state_text
from retina_desktop.gui.screening.referral_light import paint_light
from retina_desktop.gui.screening.state import Photograph, PhotographStatus
from retina_desktop.gui.theme import ThemeKeeper

_PADDING = 8
_GAP = 2
_THUMBNAIL = 64
_LIGHT = 14
_LINES = 3  # of an error's sentence; the tip and the panel have all of it
_ONE_LINE = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


class PhotographDelegate(QStyledItemDelegate):
    """Paints `Photograph` rows in the theme's colours."""

    def __init__(self, theme: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._view = parent

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Return room for the thumbnail, and for the name over three lines."""
        line = QFontMetrics(option.font).lineSpacing()
        return QSize(0, max(_THUMBNAIL, line * (1 + _LINES) + _GAP) + 2 * _PADDING)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draw the row."""
        photograph = index.data(PhotographRole.PHOTOGRAPH)
        if not isinstance(photograph, Photograph):
            return
        painter.save()
        row: QRect = option.rect
        self._paint_ground(painter, option, row)
        inner = row.adjusted(_PADDING, _PADDING, -_PADDING, -_PADDING)
        self._paint_thumbnail(painter, photograph, inner.topLeft())
        text = inner.adjusted(_THUMBNAIL + _PADDING, 0, 0, 0)
        metrics = painter.fontMetrics()
        name = QRect(text.topLeft(), QSize(text.width(), metrics.height()))
        painter.setPen(QColor(self._theme.colors.text))
        eye = _eye(photograph)
        if eye:
            painter.setPen(QColor(self._theme.colors.muted))
            painter.drawText(name, Qt.AlignmentFlag.AlignRight, eye)
            name.setRight(name.right() - metrics.horizontalAdvance(eye) - _PADDING)
            painter.setPen(QColor(self._theme.colors.text))
        shown = metrics.elidedText(
            photograph.path.name, Qt.TextElideMode.ElideMiddle, name.width()
        )
        painter.drawText(name, _ONE_LINE, shown)
        self._paint_state(
            painter, photograph, text.adjusted(0, metrics.lineSpacing() + _GAP, 0, 0)
        )
        painter.restore()

    def _paint_ground(
        self, painter: QPainter, option: QStyleOptionViewItem, row: QRect
    ) -> None:
        colors = self._theme.colors
        state: QStyle.StateFlag = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(row, QColor(colors.selected))
            painter.fillRect(
                QRect(row.topLeft(), QSize(3, row.height())), QColor(colors.accent)
            )
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(row, QColor(colors.hover))
        painter.setPen(QColor(colors.border))
        painter.drawLine(row.bottomLeft(), row.bottomRight())
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QColor(colors.accent))
            painter.drawRect(row.adjusted(0, 0, -1, -1))

    def _paint_thumbnail(
        self, painter: QPainter, photograph: Photograph, place: QPoint
    ) -> None:
        box = QRectF(place.x(), place.y(), _THUMBNAIL, _THUMBNAIL)
        rounded = QPainterPath()
        rounded.addRoundedRect(box, 5, 5)
        painter.save()
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        painter.setClipPath(rounded)
        pixels = photograph.thumbnail
        if pixels is None:
            painter.fillRect(box, QColor(self._theme.colors.track))
            failed = photograph.status is PhotographStatus.FAILED
            self._paint_icon(painter, "error" if failed else "photograph_open", box)
        else:
            height, width = pixels.shape[:2]
            image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
            painter.drawImage(box, image)
        painter.restore()

    def _paint_icon(self, painter: QPainter, name: str, box: QRectF) -> None:
        colors = self._theme.colors
        color = colors.error if name == "error" else colors.muted
        ratio = self._view.devicePixelRatioF()
        icon = self._theme.icons.pixmap(name, 24, ratio=ratio, color=color)
        inset = (_THUMBNAIL - 24) / 2
        painter.drawPixmap(QRectF(box.x() + inset, box.y() + inset, 24, 24).topLeft(), icon)

    def _paint_state(self, painter: QPainter, photograph: Photograph, box: QRect) -> None:
        colors = self._theme.colors
        analysis = photograph.analysis
        if photograph.status is PhotographStatus.FAILED:
            painter.setPen(QColor(colors.error))
            _draw_lines(painter, state_text(photograph), box)
            return
        if photograph.status is PhotographStatus.ANALYSING:
            self._paint_progress(painter, photograph.progress, box)
        elif photograph.status is PhotographStatus.DONE and analysis is not None:
            tier = analysis.referral.tier
            line = painter.fontMetrics().height()
            light = QRectF(box.x(), box.y() + (line - _LIGHT) / 2, _LIGHT, _LIGHT)
            paint_light(painter, light, tier, colors)
            box = box.adjusted(_LIGHT + 6, 0, 0, 0)
        painter.setPen(QColor(colors.muted))
        _draw_lines(painter, state_text(photograph), box)

    def _paint_progress(self, painter: QPainter, fraction: float, box: QRect) -> None:
        colors = self._theme.colors
        track = QRectF(box.x(), box.bottom() - 3, box.width(), 4)
        painter.fillRect(track, QColor(colors.track))
        track.setWidth(track.width() * fraction)
        painter.fillRect(track, QColor(colors.accent))


def _draw_lines(painter: QPainter, text: str, box: QRect) -> None:
    """Draw `text` wrapped over at most `_LINES` lines, the last one elided."""
    layout = QTextLayout(text, painter.font())
    layout.beginLayout()
    starts: list[int] = []
    while (line := layout.createLine()).isValid() and len(starts) < _LINES:
        line.setLineWidth(box.width())
        starts.append(line.textStart())
    layout.endLayout()
    metrics = painter.fontMetrics()
    ends = [*starts[1:], len(text)]
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        shown = text[start:end].rstrip()
        place = QRect(box.x(), box.y() + number * metrics.lineSpacing(), box.width(), 0)
        place.setHeight(metrics.lineSpacing())
        elided = metrics.elidedText(shown, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(place, _ONE_LINE, elided)


def _eye(photograph: Photograph) -> str:
    analysis = photograph.analysis
    if analysis is None or not analysis.quality.is_fundus or analysis.laterality.value is None:
        return ""
    return analysis.laterality.value.shown
