"""The trend chart: probability over time for both eyes, thresholds, and the reader's word.

OD is a solid line with filled discs, OS a dashed line with open squares: told apart without
colour. The reader's grades stand in a row of their own under the plot, so that nothing hides.
"""

from datetime import date

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QHelpEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from retina_desktop.domain.decisions import Grade
from retina_desktop.domain.images import Laterality
from retina_desktop.gui.patients.trend import (
    EYES,
    Trend,
    TrendPoint,
    spoken_point,
    spoken_trend,
)
from retina_desktop.gui.patients.words import shown_date, tr
from retina_desktop.gui.theme import ThemeKeeper

_MARK = 4.0  # half the side of a point's mark, logical pixels
_NEAR = 9.0  # how close the pointer must be
_TOP, _RIGHT = 10.0, 14.0
_SIGNS = {
    Grade.PRESENT: "+",
    Grade.ABSENT: "\u2212",
    Grade.QUESTIONABLE: "?",
    Grade.CANNOT_GRADE: "\u00d7",
}


class TrendChart(QWidget):
    """Draws a `Trend`; its words are its accessible description."""

    def __init__(self, theme: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.trend: Trend | None = None
        self.setMinimumHeight(130)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(self.tr("Course of the chosen finding over the visits"))
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Return a comfortable size."""
        return QSize(480, 170)

    def show_trend(self, trend: Trend | None) -> None:
        """Draw `trend`; nothing for None."""
        self.trend = trend
        self.setAccessibleDescription(spoken_trend(trend) if trend else "")
        self.update()

    def event(self, event: QEvent) -> bool:
        """Tell the visit under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            point = self.point_at(QPointF(event.pos()))
            if point is None:
                QToolTip.hideText()
            else:
                text = f"{point.eye.shown} \u00b7 {spoken_point(point)}"
                if point.model:
                    text += f"\n{point.model}"
                QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def point_at(self, place: QPointF) -> TrendPoint | None:
        """Return the visit whose mark is nearest to `place`, None where none is near."""
        best, distance = None, _NEAR
        for point in self.trend.points if self.trend else ():
            if point.probability is None:
                continue
            gap = self._place(point.day, point.probability) - place
            length = (gap.x() ** 2 + gap.y() ** 2) ** 0.5
            if length <= distance:
                best, distance = point, length
        return best

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw axes, thresholds, lines, marks and the reader's row."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        trend = self.trend
        if trend is None or trend.span is None:
            painter.setPen(QColor(self._theme.colors.muted))
            words = tr("No visit has an answer for this label.") if trend else ""
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, words)
        else:
            self._paint_axes(painter)
            self._paint_model_changes(painter, trend)
            for eye in EYES:
                self._paint_threshold(painter, trend.of_eye(eye))
            for eye in reversed(EYES):  # the right eye on top
                self._paint_line(painter, trend.of_eye(eye), eye)
                self._paint_grades(painter, trend.of_eye(eye), eye)
        if self.hasFocus():
            painter.setPen(QColor(self._theme.colors.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _color(self, eye: Laterality) -> QColor:
        colors = self._theme.colors
        return QColor(colors.accent if eye is Laterality.RIGHT else colors.text)

    def _plot(self) -> QRectF:
        metrics = QFontMetricsF(self.font())
        left = metrics.horizontalAdvance("100 %") + 10
        foot = 3 * metrics.height() + 12  # dates and the two eyes' grades
        return QRectF(left, _TOP, self.width() - left - _RIGHT, self.height() - _TOP - foot)

    def _place(self, day: date, probability: float) -> QPointF:
        plot = self._plot()
        return QPointF(self._x(day), plot.bottom() - probability * plot.height())

    def _x(self, day: date) -> float:
        plot = self._plot()
        span = self.trend.span if self.trend else None
        days = (span[1] - span[0]).days if span else 0
        if span is None or days == 0:
            return plot.center().x()
        inner = plot.adjusted(2 * _MARK, 0, -2 * _MARK, 0)
        return inner.left() + inner.width() * (day - span[0]).days / days

    def _paint_axes(self, painter: QPainter) -> None:
        colors, plot = self._theme.colors, self._plot()
        metrics = painter.fontMetrics()
        for share in (0.0, 0.5, 1.0):
            y = plot.bottom() - share * plot.height()
            painter.setPen(QColor(colors.border))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(QColor(colors.muted))
            label = QRectF(0, y - metrics.height() / 2, plot.left() - 6, metrics.height())
            painter.drawText(label, Qt.AlignmentFlag.AlignRight, f"{round(100 * share)}\u00a0%")
        self._paint_dates(painter)

    def _paint_dates(self, painter: QPainter) -> None:
        """Write as many visit days as fit without touching, the last one first."""
        if self.trend is None:
            return
        plot, metrics = self._plot(), painter.fontMetrics()
        painter.setPen(QColor(self._theme.colors.muted))
        free_until = float(self.width())
        for day in sorted({point.day for point in self.trend.points}, reverse=True):
            text = shown_date(day)
            width = metrics.horizontalAdvance(text)
            left = min(self._x(day) - width / 2, self.width() - width - 1.0)
            if left + width > free_until or left < 0:
                continue
            box = QRectF(left, plot.bottom() + 4, width + 1, metrics.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft, text)
            free_until = left - 12

    def _paint_model_changes(self, painter: QPainter, trend: Trend) -> None:
        plot = self._plot()
        painter.setPen(QPen(QColor(self._theme.colors.muted), 1, Qt.PenStyle.DashDotLine))
        for day in trend.model_changes:
            x = self._x(day) - 2 * _MARK
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
            box = QRectF(
                x + 3, plot.top() - 2, plot.right() - x, painter.fontMetrics().height()
            )
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft, tr("other model"))

    def _paint_threshold(self, painter: QPainter, points: tuple[TrendPoint, ...]) -> None:
        """Draw the threshold as steps: it belongs to the model of its day."""
        known = [(p.day, p.threshold) for p in points if p.threshold is not None]
        if not known:
            return
        plot = self._plot()
        color = QColor(self._theme.colors.warning)
        painter.setPen(QPen(color, 1.2, Qt.PenStyle.DotLine))
        ends = [*(self._x(day) - 2 * _MARK for day, _ in known[1:]), plot.right()]
        start, before = plot.left(), known[0][1]
        for (_, threshold), end in zip(known, ends, strict=True):
            y = plot.bottom() - threshold * plot.height()
            if threshold != before:
                jump = plot.bottom() - before * plot.height()
                painter.drawLine(QPointF(start, jump), QPointF(start, y))
            painter.drawLine(QPointF(start, y), QPointF(end, y))
            start, before = end, threshold

    def _paint_line(
        self, painter: QPainter, points: tuple[TrendPoint, ...], eye: Laterality
    ) -> None:
        places = [
            self._place(point.day, point.probability)
            for point in points
            if point.probability is not None
        ]
        right = eye is Laterality.RIGHT
        style = Qt.PenStyle.SolidLine if right else Qt.PenStyle.DashLine
        color = self._color(eye)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(color, 1.8, style))
        painter.drawPolyline(QPolygonF(places))
        painter.setPen(QPen(color, 1.6))
        painter.setBrush(color if right else QColor(self._theme.colors.panel))
        for place in places:
            box = QRectF(place.x() - _MARK, place.y() - _MARK, 2 * _MARK, 2 * _MARK)
            if right:
                painter.drawEllipse(box)
            else:
                painter.drawRect(box)

    def _paint_grades(
        self, painter: QPainter, points: tuple[TrendPoint, ...], eye: Laterality
    ) -> None:
        plot, metrics = self._plot(), painter.fontMetrics()
        row = EYES.index(eye)
        top = plot.bottom() + 6 + (row + 1) * (metrics.height() + 1)
        painter.setPen(QColor(self._theme.colors.muted))
        label = QRectF(0, top, plot.left() - 6, metrics.height())
        painter.drawText(label, Qt.AlignmentFlag.AlignRight, eye.shown)
        painter.setPen(self._color(eye))
        for point in points:
            if point.grade is not None:
                box = QRectF(self._x(point.day) - 10, top, 20, metrics.height())
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, _SIGNS[point.grade])
