"""Words painted on the dark surround of a photograph."""

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPalette
from PySide6.QtWidgets import QWidget

_MARGIN = 10
_PADDING = 6


def readable_on(background: QColor, palette: QPalette) -> QColor:
    """Return the palette's text or window colour, whichever is read better there."""
    candidates = (
        palette.color(QPalette.ColorRole.WindowText),
        palette.color(QPalette.ColorRole.Base),
    )
    return max(candidates, key=lambda colour: _contrast(colour, background))


def paint_caption(painter: QPainter, widget: QWidget, text: str, surround: QColor) -> None:
    """Write `text` into the top left corner, on a plate that is readable on any picture."""
    metrics = QFontMetrics(widget.font())
    room = widget.width() - 2 * (_MARGIN + _PADDING)
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(room, 0))
    plate = QRectF(
        _MARGIN,
        _MARGIN,
        metrics.horizontalAdvance(shown) + 2 * _PADDING,
        metrics.height() + _PADDING,
    )
    background = QColor(surround)
    background.setAlpha(205)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(background)
    painter.drawRoundedRect(plate, 4, 4)
    painter.setPen(readable_on(surround, widget.palette()))
    painter.setFont(widget.font())
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, shown)
    painter.restore()


def paint_message(painter: QPainter, widget: QWidget, text: str, surround: QColor) -> None:
    """Write `text` into the middle."""
    margin = min(48, widget.width() // 8)
    room = QRect(widget.rect()).adjusted(margin, margin, -margin, -margin)
    painter.save()
    painter.setPen(readable_on(surround, widget.palette()))
    painter.setFont(widget.font())
    painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)
    painter.restore()


def _contrast(one: QColor, other: QColor) -> float:
    """Return WCAG's contrast ratio, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: QColor) -> float:
    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)

    red, green, blue = (linear(v) for v in (colour.redF(), colour.greenF(), colour.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
