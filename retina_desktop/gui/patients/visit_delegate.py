"""Draws one visit: right eye on the left as one faces the patient, state, light, words."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from retina_desktop.domain.examinations import ExaminationState
from retina_desktop.domain.images import Laterality
from retina_desktop.gui.patients.record_state import VisitLine
from retina_desktop.gui.patients.row_painting import draw_elided, line_height, paint_ground
from retina_desktop.gui.patients.thumbnails import Thumbnails
from retina_desktop.gui.patients.visit_model import VisitRole, photographs_text, tier_text
from retina_desktop.gui.patients.words import shown_date, shown_state, tr
from retina_desktop.gui.screening.referral_light import paint_light
from retina_desktop.gui.theme import ThemeKeeper

_PADDING = 9
_LINES = 4
_LIGHT = 14
_GAP = 4
_EYES = (Laterality.RIGHT, Laterality.LEFT)


class VisitDelegate(QStyledItemDelegate):
    """Paints `VisitLine` rows; thumbnails appear when a worker has read them."""

    def __init__(self, theme: ThemeKeeper, thumbnails: Thumbnails, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._thumbnails = thumbnails
        self._view = parent

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Return room for four lines."""
        return QSize(0, _LINES * line_height(option.font) + 2 * _PADDING)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draw the row."""
        line = index.data(VisitRole.LINE)
        if not isinstance(line, VisitLine):
            return
        painter.save()
        paint_ground(painter, option, self._theme)
        row: QRect = option.rect
        inner = row.adjusted(_PADDING + 3, _PADDING, -_PADDING, -_PADDING)
        side = inner.height()
        for column, eye in enumerate(_EYES):
            box = QRectF(inner.x() + column * (side + _GAP), inner.y(), side, side)
            self._paint_eye(painter, line, eye, box)
        text = inner.adjusted(2 * (side + _GAP) + _PADDING, 0, 0, 0)
        height = line_height(option.font)
        rows = [
            QRect(text.x(), text.y() + n * height, text.width(), height) for n in range(_LINES)
        ]
        self._paint_head(painter, line, rows[0])
        self._paint_tier(painter, line, rows[1])
        self._paint_words(painter, line, rows[2:])
        painter.restore()

    def _paint_eye(
        self, painter: QPainter, line: VisitLine, eye: Laterality, box: QRectF
    ) -> None:
        colors = self._theme.colors
        images = line.of_eye(eye)
        shown = QPainterPath()
        shown.addRoundedRect(box, 6, 6)
        painter.save()
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        painter.setClipPath(shown)
        picture = self._thumbnails.pixmap(images[0]) if images else None
        if picture is None or picture.isNull():
            painter.fillRect(box, QColor(colors.track))
        else:
            painter.fillRect(box, QColor("#000000"))
            size = picture.size()
            factor = max(box.width() / size.width(), box.height() / size.height())
            width, height = size.width() * factor, size.height() * factor
            target = QRectF(0, 0, width, height)
            target.moveCenter(box.center())
            painter.drawPixmap(target, picture, QRectF(picture.rect()))
        if picture is not None and picture.isNull():
            icon = self._theme.icons.pixmap(
                "error", 20, ratio=self._view.devicePixelRatioF(), color=colors.error
            )
            painter.drawPixmap(box.center() - QPointF(10, 10), icon)
        painter.restore()
        more = f" +{len(images) - 1}" if len(images) > 1 else ""
        empty = not images and line.complete
        self._paint_tag(painter, f"{eye.shown}{more}", box, empty=empty)

    def _paint_tag(self, painter: QPainter, text: str, box: QRectF, *, empty: bool) -> None:
        """Write which eye it is into the corner, legible over every picture."""
        colors = self._theme.colors
        painter.save()
        font = QFont(painter.font())
        font.setPointSizeF(font.pointSizeF() * 0.85)
        painter.setFont(font)
        metrics = painter.fontMetrics()
        tag = QRectF(
            box.left(),
            box.bottom() - metrics.height(),
            metrics.horizontalAdvance(text) + 8,
            metrics.height(),
        )
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        ground = QColor(colors.panel)
        ground.setAlpha(215)
        painter.setBrush(ground)
        painter.drawRoundedRect(tag, 4, 4)
        painter.setPen(QColor(colors.muted if empty else colors.text))
        painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, text)
        if empty:
            painter.setPen(QColor(colors.muted))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "\u2013")
        painter.restore()

    def _paint_head(self, painter: QPainter, line: VisitLine, row: QRect) -> None:
        colors, state = self._theme.colors, line.summary.state
        metrics = painter.fontMetrics()
        word = shown_state(state)
        place = QRect(row)
        place.setLeft(row.right() - metrics.horizontalAdvance(word) - 1)
        signed = state is ExaminationState.SIGNED
        painter.setPen(QColor(colors.muted if signed else colors.warning))
        painter.drawText(place, Qt.AlignmentFlag.AlignRight, word)
        row = QRect(row)
        row.setRight(place.left() - _PADDING)
        painter.save()
        font = QFont(painter.font())
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor(colors.text))
        day = shown_date(line.summary.visit_date)
        draw_elided(painter, day, row)
        width = painter.fontMetrics().horizontalAdvance(day)
        painter.restore()
        painter.setPen(QColor(colors.muted))
        row.setLeft(row.left() + width + _PADDING)
        draw_elided(painter, photographs_text(line), row)

    def _paint_tier(self, painter: QPainter, line: VisitLine, row: QRect) -> None:
        tier, colors = line.summary.tier, self._theme.colors
        if tier is None:
            painter.setPen(QColor(colors.muted))
            draw_elided(painter, tr("Not analysed yet"), row)
            return
        top = row.y() + (row.height() - _LIGHT) / 2
        paint_light(painter, QRectF(row.x(), top, _LIGHT, _LIGHT), tier, colors)
        painter.setPen(QColor(colors.text))
        draw_elided(painter, tier_text(line), row.adjusted(_LIGHT + 6, 0, 0, 0))

    def _paint_words(self, painter: QPainter, line: VisitLine, rows: list[QRect]) -> None:
        if not line.complete:
            return
        colors, metrics = self._theme.colors, painter.fontMetrics()
        heads = (tr("Model"), tr("Reader"))
        width = max(metrics.horizontalAdvance(head) for head in heads) + _PADDING
        for row, head, words in zip(
            rows, heads, (line.model_words, line.reader_words), strict=True
        ):
            painter.setPen(QColor(colors.muted))
            draw_elided(painter, head, QRect(row.x(), row.y(), width, row.height()))
            painter.setPen(QColor(colors.text))
            draw_elided(painter, words, row.adjusted(width, 0, 0, 0))
