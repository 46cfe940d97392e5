"""What the rows of all lists of the records have in common: their ground and their lines."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from retina_desktop.gui.theme import ThemeKeeper

_LEADING = 1.15  # room for scripts taller than Latin
_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_ABSOLUTE = Qt.AlignmentFlag.AlignAbsolute


def line_height(font: QFont) -> int:
    """Return the height of one line, in logical pixels."""
    return round(QFontMetrics(font).lineSpacing() * _LEADING)


def paint_ground(painter: QPainter, option: QStyleOptionViewItem, theme: ThemeKeeper) -> None:
    """Fill a row by its state: selected, under the pointer, focused."""
    colors, row, state = theme.colors, QRect(option.rect), option.state
    if state & QStyle.StateFlag.State_Selected:
        painter.fillRect(row, QColor(colors.selected))
        painter.fillRect(QRect(row.topLeft(), QSize(3, row.height())), QColor(colors.accent))
    elif state & QStyle.StateFlag.State_MouseOver:
        painter.fillRect(row, QColor(colors.hover))
    painter.setPen(QColor(colors.border))
    painter.drawLine(row.bottomLeft(), row.bottomRight() - QPoint(1, 0))
    if state & QStyle.StateFlag.State_HasFocus:
        painter.setPen(QColor(colors.accent))
        painter.drawRect(row.adjusted(0, 0, -1, -1))


def draw_elided(painter: QPainter, text: str, line: QRect) -> None:
    """Draw one line of any script from the left edge, cut with an ellipsis where it is long."""
    if line.width() <= 0:
        return
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, line.width())
    painter.drawText(line, _LEFT | _ABSOLUTE | Qt.TextFlag.TextSingleLine, shown)
