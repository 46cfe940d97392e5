"""Draws one examination of the day: light and word, who, how far it is."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from retina_desktop.domain.examinations import AdviceMark, ExaminationState
from retina_desktop.gui.patients.row_painting import draw_elided, line_height, paint_ground
from retina_desktop.gui.patients.words import shown_person, shown_state, shown_tier, tr
from retina_desktop.gui.screening.referral_light import paint_light
from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.gui.worklist.line_model import LineModel, LineRole, analysed_text, mark_word
from retina_desktop.services.worklist import WorklistLine

_PADDING = 7
_LIGHT = 20
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class LineDelegate(QStyledItemDelegate):
    """Paints `WorklistLine` rows in the theme's colours."""

    def __init__(self, theme: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Return room for two lines."""
        return QSize(0, 2 * line_height(option.font) + 2 * _PADDING)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draw the row: the light's column, the person's, the state's."""
        line, model = index.data(LineRole.LINE), index.model()
        if not isinstance(line, WorklistLine) or not isinstance(model, LineModel):
            return
        painter.save()
        paint_ground(painter, option, self._theme)
        row: QRect = option.rect
        inner = row.adjusted(12, _PADDING, -14, -_PADDING)
        metrics = painter.fontMetrics()
        widest = (tr("No referral"), *(mark_word(mark) for mark in AdviceMark))
        first = max(76, *map(metrics.horizontalAdvance, widest)) + _LIGHT + 18
        last = max(metrics.horizontalAdvance(shown_state(state)) for state in ExaminationState)
        last = max(last, metrics.horizontalAdvance(analysed_text(line.visit))) + 8
        self._paint_tier(painter, line, QRect(inner.x(), inner.y(), first, inner.height()))
        middle = inner.adjusted(first, 0, -last - 10, 0)
        self._paint_person(painter, line, shown_person(line.patient.details, model.day), middle)
        self._paint_state(painter, line, inner.adjusted(inner.width() - last, 0, 0, 0))
        painter.restore()

    def _paint_tier(self, painter: QPainter, line: WorklistLine, box: QRect) -> None:
        colors, tier = self._theme.colors, line.visit.tier
        words = QRect(box)
        words.setLeft(box.x() + _LIGHT + 8)
        if tier is None:
            painter.setPen(QColor(colors.muted))
            draw_elided(painter, "\u2013", words)
            return
        top = box.y() + (box.height() - _LIGHT) / 2
        paint_light(painter, QRectF(box.x(), top, _LIGHT, _LIGHT), tier, colors)
        painter.setPen(QColor(colors.text))
        mark = mark_word(line.visit.mark)
        if not mark:
            draw_elided(painter, shown_tier(tier), words)
            return
        half = box.height() // 2
        draw_elided(painter, shown_tier(tier), words.adjusted(0, 0, 0, -half))
        painter.setPen(QColor(colors.warning))
        draw_elided(painter, mark, words.adjusted(0, half, 0, 0))

    def _paint_person(
        self, painter: QPainter, line: WorklistLine, person: str, box: QRect
    ) -> None:
        colors, details = self._theme.colors, line.patient.details
        half = box.height() // 2
        painter.save()
        font = QFont(painter.font())
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor(colors.text))
        draw_elided(painter, details.name, QRect(box.x(), box.y(), box.width(), half))
        painter.restore()
        painter.setPen(QColor(colors.muted))
        below = " \u00b7 ".join(filter(None, (details.record_number, person)))
        draw_elided(painter, below, QRect(box.x(), box.y() + half, box.width(), half))

    def _paint_state(self, painter: QPainter, line: WorklistLine, box: QRect) -> None:
        colors, visit = self._theme.colors, line.visit
        half = box.height() // 2
        waits = visit.state in (ExaminationState.TO_BE_READ, ExaminationState.ANALYSED)
        painter.setPen(QColor(colors.text if waits else colors.muted))
        top = QRect(box.x(), box.y(), box.width(), half)
        painter.drawText(top, _RIGHT, shown_state(visit.state))
        waiting = visit.analysed_images < visit.images or not visit.images
        painter.setPen(QColor(colors.warning if waiting else colors.muted))
        below = QRect(box.x(), box.y() + half, box.width(), half)
        painter.drawText(below, _RIGHT, analysed_text(visit))
