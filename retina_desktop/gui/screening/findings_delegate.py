"""Draws one row of the findings: a group's heading, or a label with bar and threshold mark."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from retina_desktop.domain.findings import LabelStatus
from retina_desktop.domain.labels import label_of
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.gui.screening.findings_model import (
    FindingRow,
    FindingsRole,
    Group,
    GroupRow,
    heading,
)
from retina_desktop.gui.screening.referral_light import paint_light
from retina_desktop.gui.theme import ThemeKeeper

_PADDING = 12
_GAP = 4
_BAR = 6
_LIGHT = 14
_BADGE = "demonstration"
_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
_WRAPPED = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop


class FindingsDelegate(QStyledItemDelegate):
    """Paints `GroupRow` and `FindingRow` in the theme's colours."""

    def __init__(self, theme: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._view = parent

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Return a line for what is absent, room for bar and explanation of what is present."""
        row = index.data(FindingsRole.ROW)
        width = self._view.width()
        line = QFontMetrics(option.font).height()
        if isinstance(row, GroupRow):
            return QSize(width, line + 16)
        if not isinstance(row, FindingRow) or not row.group.is_assessed:
            return QSize(width, line + 8)
        height = line + _GAP + _BAR + 14
        if row.group is Group.PRESENT:
            small = QFontMetrics(_small(option.font))
            height += _GAP + self._explanation(row, small, width - 2 * _PADDING).height()
        return QSize(width, height)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draw the row."""
        row = index.data(FindingsRole.ROW)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        inner = option.rect.adjusted(_PADDING, 0, -_PADDING, 0)
        if isinstance(row, GroupRow):
            self._paint_heading(painter, row, inner)
        elif isinstance(row, FindingRow):
            self._paint_ground(painter, option)
            self._paint_finding(painter, row, inner)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QColor(self._theme.colors.accent))
            painter.drawRect(option.rect.adjusted(0, 0, -1, -1))
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        colors = self._theme.colors
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, QColor(colors.selected))
            edge = QRect(option.rect.topLeft(), QSize(3, option.rect.height()))
            painter.fillRect(edge, QColor(colors.accent))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(option.rect, QColor(colors.hover))

    def _paint_heading(self, painter: QPainter, row: GroupRow, box: QRect) -> None:
        colors = self._theme.colors
        name = "chevron_right" if row.folded else "chevron_down"
        ratio = self._view.devicePixelRatioF()
        icon = self._theme.icons.pixmap(name, 16, ratio=ratio, color=colors.muted)
        painter.drawPixmap(box.x() - 4, box.center().y() - 7, icon)
        painter.setFont(_bold(painter.font()))
        strong = row.group in (Group.PRESENT, Group.OUTSIDE_RANGE) and row.count > 0
        painter.setPen(QColor(colors.text if strong else colors.muted))
        painter.drawText(box.adjusted(18, 0, 0, 0), _LEFT, heading(row))

    def _paint_finding(self, painter: QPainter, row: FindingRow, box: QRect) -> None:
        colors = self._theme.colors
        line = painter.fontMetrics().height()
        if not row.group.is_assessed:
            painter.setPen(QColor(colors.warning if row.suspected else colors.muted))
            self._paint_texts(painter, row, box.adjusted(18, 0, 0, 0))
            return
        present = row.group is Group.PRESENT
        top = QRect(box.x(), box.y() + 7, box.width(), line)
        painter.setPen(QColor(colors.text if present else colors.muted))
        font = painter.font()
        if present:
            tier = label_of(row.finding.label).tier
            if tier is not ReferralTier.NONE:  # a tick beside what is present would mislead
                light = QRectF(top.x(), top.y() + (line - _LIGHT) / 2, _LIGHT, _LIGHT)
                paint_light(painter, light, tier, colors)
                top.adjust(_LIGHT + 7, 0, 0, 0)
            painter.setFont(_bold(font))
        self._paint_texts(painter, row, top)
        painter.setFont(font)
        bar = QRectF(box.x(), box.y() + 7 + line + _GAP, box.width(), _BAR)
        self._paint_bar(painter, row, bar)
        if present:
            painter.setFont(_small(font))
            painter.setPen(QColor(colors.muted))
            words = QRect(
                box.x(),
                round(bar.bottom()) + _GAP + 2,
                box.width(),
                box.bottom() - round(bar.bottom()),
            )
            painter.drawText(words, _WRAPPED, label_of(row.finding.label).explanation)

    def _paint_texts(self, painter: QPainter, row: FindingRow, box: QRect) -> None:
        """Draw the name on the left, the value on the right, the badge between them."""
        metrics = painter.fontMetrics()
        painter.drawText(box, _RIGHT, row.value)
        room = box.adjusted(0, 0, -metrics.horizontalAdvance(row.value) - 8, 0)
        if row.finding.status is LabelStatus.DEMONSTRATION:
            room.setRight(room.right() - self._paint_badge(painter, room) - 8)
        name = metrics.elidedText(row.name, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, _LEFT, name)

    def _paint_badge(self, painter: QPainter, room: QRect) -> int:
        painter.save()
        painter.setFont(_small(painter.font()))
        width = painter.fontMetrics().horizontalAdvance(_BADGE) + 10
        height = painter.fontMetrics().height() + 2
        box = QRectF(room.right() - width, room.center().y() - height / 2, width, height)
        color = QColor(self._theme.colors.warning)
        painter.setPen(color)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, _BADGE)
        painter.restore()
        return width

    def _paint_bar(self, painter: QPainter, row: FindingRow, box: QRectF) -> None:
        colors = self._theme.colors
        finding = row.finding
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colors.track))
        painter.drawRoundedRect(box, _BAR / 2, _BAR / 2)
        filled = QRectF(box)
        filled.setWidth(max(_BAR, box.width() * (finding.probability or 0.0)))
        present = row.group is Group.PRESENT
        painter.setBrush(QColor(colors.present if present else colors.absent))
        painter.drawRoundedRect(filled, _BAR / 2, _BAR / 2)
        mark = box.x() + box.width() * (finding.threshold or 0.0)
        painter.fillRect(QRectF(mark - 2, box.y() - 3, 4, _BAR + 6), QColor(colors.panel))
        painter.fillRect(QRectF(mark - 1, box.y() - 3, 2, _BAR + 6), QColor(colors.text))

    def _explanation(self, row: FindingRow, metrics: QFontMetrics, width: int) -> QRect:
        room = QRect(0, 0, max(width, 40), 1000)
        words = label_of(row.finding.label).explanation
        return metrics.boundingRect(room, _WRAPPED, words)


def _bold(font: QFont) -> QFont:
    bold = QFont(font)
    bold.setWeight(QFont.Weight.DemiBold)
    return bold


def _small(font: QFont) -> QFont:
    small = QFont(font)
    small.setWeight(QFont.Weight.Normal)
    small.setPointSizeF(font.pointSizeF() * 0.9)
    return small
