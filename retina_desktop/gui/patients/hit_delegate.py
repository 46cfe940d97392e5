"""Draws one patient of a list: name in its own script, number, age, last visit, light."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from retina_desktop.domain.patient_search import PatientHit
from retina_desktop.gui.patients.hit_model import HitModel, HitRole, visits_text
from retina_desktop.gui.patients.row_painting import draw_elided, line_height, paint_ground
from retina_desktop.gui.patients.words import shown_person, shown_tier, tr
from retina_desktop.gui.screening.referral_light import paint_light
from retina_desktop.gui.theme import ThemeKeeper

_PADDING = 9
_LINES = 3
_LIGHT = 14


class HitDelegate(QStyledItemDelegate):
    """Paints `PatientHit` rows in the theme's colours."""

    def __init__(self, theme: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Return room for three lines."""
        return QSize(0, _LINES * line_height(option.font) + 2 * _PADDING)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draw the row."""
        hit, model = index.data(HitRole.HIT), index.model()
        if not isinstance(hit, PatientHit) or not isinstance(model, HitModel):
            return
        painter.save()
        paint_ground(painter, option, self._theme)
        row: QRect = option.rect
        inner = row.adjusted(_PADDING + 3, _PADDING, -_PADDING, -_PADDING)
        height = line_height(option.font)
        lines = [
            QRect(inner.x(), inner.y() + n * height, inner.width(), height)
            for n in range(_LINES)
        ]
        self._paint_name(painter, hit, lines[0])
        self._paint_person(painter, hit, shown_person(hit.patient.details, model.today), lines)
        self._paint_visits(painter, hit, lines[2])
        painter.restore()

    def _paint_name(self, painter: QPainter, hit: PatientHit, line: QRect) -> None:
        colors = self._theme.colors
        line = QRect(line)
        if hit.unsigned_visits:
            text = tr("{0} not signed").format(hit.unsigned_visits)
            line.setRight(self._paint_badge(painter, text, line) - _PADDING)
        font = QFont(painter.font())
        painter.save()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor(colors.text))
        draw_elided(painter, hit.patient.details.name, line)
        painter.restore()

    def _paint_badge(self, painter: QPainter, text: str, line: QRect) -> int:
        """Draw a small outlined word at the right; return its left edge."""
        metrics = painter.fontMetrics()
        box = QRect(line)
        box.setLeft(line.right() - metrics.horizontalAdvance(text) - 12)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(self._theme.colors.warning))
        painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -1.5), 7, 7)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()
        return box.left()

    def _paint_person(
        self, painter: QPainter, hit: PatientHit, person: str, lines: list[QRect]
    ) -> None:
        line = QRect(lines[1])
        painter.setPen(QColor(self._theme.colors.text))
        number = hit.patient.details.record_number
        metrics = painter.fontMetrics()
        width = min(metrics.horizontalAdvance(number) + 2, line.width() // 2)
        draw_elided(painter, number, QRect(line.x(), line.y(), width, line.height()))
        line.setLeft(line.x() + width + _PADDING)
        painter.setPen(QColor(self._theme.colors.muted))
        also = " / ".join(hit.also_known_as)
        words = tr("also {0}").format(also) if also else person
        if hit.similar and not also:
            words = f"\u2248 {words}"  # the name only resembles what was typed
        draw_elided(painter, words, line)

    def _paint_visits(self, painter: QPainter, hit: PatientHit, line: QRect) -> None:
        colors, metrics = self._theme.colors, painter.fontMetrics()
        line = QRect(line)
        if hit.tier is not None:
            top = line.y() + (line.height() - _LIGHT) / 2
            paint_light(painter, QRectF(line.x(), top, _LIGHT, _LIGHT), hit.tier, colors)
            line.setLeft(line.x() + _LIGHT + 6)
        painter.setPen(QColor(colors.muted))
        visits = visits_text(hit)
        if hit.tier is not None:
            word = shown_tier(hit.tier)
            room = metrics.horizontalAdvance(word) + _PADDING
            painter.setPen(QColor(colors.text))
            draw_elided(painter, word, QRect(line.x(), line.y(), room, line.height()))
            line.setLeft(line.x() + room)
            painter.setPen(QColor(colors.muted))
        draw_elided(painter, visits, line)
