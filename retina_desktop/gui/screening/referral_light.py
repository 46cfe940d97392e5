"""The referral light: a shape, a sign and a colour for each tier, so that none stands alone.

Octagon and exclamation mark, triangle and exclamation mark, diamond and bar, square and
question mark, disc and tick: told apart in grey, and by every kind of colour vision.
"""

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.gui.theme import ThemeColors

_OCTAGON, _TRIANGLE, _DIAMOND = (8, 22.5), (3, -90.0), (4, -90.0)  # corners, first angle


def paint_light(
    painter: QPainter, box: QRectF, tier: ReferralTier, colors: ThemeColors
) -> None:
    """Draw `tier`'s light into the square `box`."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colors.tier(tier)))
    painter.drawPath(_shape(box, tier))
    pen = QPen(QColor(colors.panel), max(1.5, box.width() * 0.1))
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(_sign(box, tier))
    painter.restore()


class ReferralLight(QWidget):
    """One light in a layout."""

    def __init__(self, side: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side = side
        self._tier: ReferralTier | None = None
        self._colors: ThemeColors | None = None
        self.setFixedSize(side, side)

    def show_tier(self, tier: ReferralTier | None, colors: ThemeColors) -> None:
        """Show `tier`'s light; nothing for None."""
        if (tier, colors) != (self._tier, self._colors):
            self._tier, self._colors = tier, colors
            self.setAccessibleName(tier.shown if tier else self.tr("No referral yet"))
            self.update()

    def sizeHint(self) -> QSize:
        """Return the square asked for."""
        return QSize(self._side, self._side)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the light."""
        if self._tier is None or self._colors is None:
            return
        painter = QPainter(self)
        box = QRectF(0, 0, self._side, self._side).adjusted(1, 1, -1, -1)
        paint_light(painter, box, self._tier, self._colors)
        painter.end()


def _shape(box: QRectF, tier: ReferralTier) -> QPainterPath:
    path = QPainterPath()
    if tier is ReferralTier.NONE:
        path.addEllipse(box)
    elif tier is ReferralTier.REIMAGE:
        inset = box.width() * 0.06
        path.addRoundedRect(box.adjusted(inset, inset, -inset, -inset), 2, 2)
    else:
        corners, first = {
            ReferralTier.URGENT: _OCTAGON,
            ReferralTier.SOON: _TRIANGLE,
            ReferralTier.ROUTINE: _DIAMOND,
        }[tier]
        path.addPolygon(_polygon(box, corners, first))
        path.closeSubpath()
    return path


def _polygon(box: QRectF, corners: int, first_degrees: float) -> QPolygonF:
    """Return a regular polygon scaled to fill `box` in both directions."""
    angles = [math.radians(first_degrees + 360 * i / corners) for i in range(corners)]
    xs, ys = [math.cos(a) for a in angles], [math.sin(a) for a in angles]
    low_x, low_y = min(xs), min(ys)
    span_x, span_y = max(xs) - low_x, max(ys) - low_y
    return QPolygonF(
        [
            QPointF(
                box.left() + (x - low_x) / span_x * box.width(),
                box.top() + (y - low_y) / span_y * box.height(),
            )
            for x, y in zip(xs, ys, strict=True)
        ]
    )


def _sign(box: QRectF, tier: ReferralTier) -> QPainterPath:
    def at(x: float, y: float) -> QPointF:
        return QPointF(box.left() + x * box.width(), box.top() + y * box.height())

    path = QPainterPath()
    if tier is ReferralTier.NONE:
        path.moveTo(at(0.3, 0.52))
        path.lineTo(at(0.45, 0.67))
        path.lineTo(at(0.71, 0.36))
    elif tier is ReferralTier.REIMAGE:
        path.moveTo(at(0.36, 0.39))
        path.cubicTo(at(0.36, 0.2), at(0.64, 0.2), at(0.64, 0.39))
        path.cubicTo(at(0.64, 0.5), at(0.5, 0.5), at(0.5, 0.6))
        path.moveTo(at(0.5, 0.77))
        path.lineTo(at(0.5, 0.775))
    elif tier is ReferralTier.ROUTINE:
        path.moveTo(at(0.38, 0.5))
        path.lineTo(at(0.62, 0.5))
    else:
        low = 0.1 if tier is ReferralTier.SOON else 0.0
        path.moveTo(at(0.5, 0.27 + low))
        path.lineTo(at(0.5, 0.54 + low))
        path.moveTo(at(0.5, 0.73 + low))
        path.lineTo(at(0.5, 0.735 + low))
    return path
