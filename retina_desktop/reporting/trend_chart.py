"""One label of one eye over the visits, as a small chart."""

from datetime import date
from itertools import pairwise

from reportlab.platypus import Flowable

from retina_desktop.domain.report_content import Trend, TrendPoint
from retina_desktop.reporting.palette import ACCENT, HAIRLINE, POSITIVE, WHITE
from retina_desktop.reporting.press import Press
from retina_desktop.reporting.report_canvas import ReportCanvas
from retina_desktop.reporting.typesetting.type_styles import MUTED, TypeStyle

_TITLE = TypeStyle(size=8.0, leading=11.0, bold=True)
_NOTE = TypeStyle(size=7.0, leading=9.0, colour=MUTED)
_VALUE = TypeStyle(size=7.5, leading=9.0, bold=True)
_AXIS_ROOM = 24.0  # points for the percentages
_VALUE_ROOM = 26.0  # points for the last value
_HEIGHT = 84.0
_HIGH = 0.75  # above it a threshold's name stands below its line


class TrendChart(Flowable):
    """Probability over time with the threshold; time runs left to right in every script."""

    canv: ReportCanvas

    def __init__(self, press: Press, trend: Trend) -> None:
        super().__init__()
        self._press = press
        self._trend = trend

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        """Take the whole width."""
        self.width, self.height = width, _HEIGHT
        return self.width, self.height

    def draw(self) -> None:
        """Draw title, axis, threshold and points as one figure."""
        texts, trend = self._press.texts, self._trend
        last = trend.points[-1]
        alternative = texts(
            "trend.alternative",
            label=texts.label_name(trend.label),
            eye=texts.eye(trend.eye),
            count=len(trend.points),
            percent=texts.percent(last.probability),
        )
        with self.canv.tagged("Figure", alternative=alternative):
            self._draw_title()
            self._draw_axis()
            self._draw_threshold()
            self._draw_points()

    def _draw_title(self) -> None:
        texts = self._press.texts
        title = f"{texts.label_name(self._trend.label)} · {texts.eye(self._trend.eye)}"
        rtl = self._press.is_right_to_left
        x = self.width if rtl else 0.0
        self.canv.draw_text(title, _TITLE, x=x, y=self.height - 9, anchor=float(rtl))

    def _draw_axis(self) -> None:
        canvas, texts = self.canv, self._press.texts
        canvas.setStrokeColorRGB(*HAIRLINE)
        canvas.setLineWidth(0.5)
        for share in (0.0, 1.0):
            y = self._y(share)
            canvas.line(_AXIS_ROOM, y, self.width - _VALUE_ROOM, y)
            canvas.draw_text(
                texts.percent(share), _NOTE, x=_AXIS_ROOM - 4, y=y - 2.2, anchor=1.0
            )
        points = self._trend.points
        ends = [(points[0], 0.0)] if len(points) == 1 else [(points[0], 0.0), (points[-1], 1.0)]
        for point, anchor in ends:
            x = self._x(point.visit_date)
            canvas.draw_text(texts.date(point.visit_date), _NOTE, x=x, y=2, anchor=anchor)

    def _draw_threshold(self) -> None:
        canvas = self.canv
        canvas.setStrokeColorRGB(*ACCENT)
        canvas.setLineWidth(0.8)
        canvas.setDash([2.5, 2])
        points = self._trend.points
        for point, following in zip(points, [*points[1:], None], strict=True):
            right = self._x(following.visit_date) if following else self.width - _VALUE_ROOM
            y = self._y(point.threshold)
            canvas.line(self._x(point.visit_date), y, right, y)
        canvas.setDash([])
        canvas.draw_text(
            self._press.texts("trend.threshold"),
            TypeStyle(size=7.0, leading=9.0, colour=ACCENT),
            x=_AXIS_ROOM + 2,
            y=self._y(points[0].threshold) + (2.2 if points[0].threshold < _HIGH else -7.2),
            anchor=0.0,
        )

    def _draw_points(self) -> None:
        canvas = self.canv
        canvas.setStrokeColorRGB(*POSITIVE)
        canvas.setLineWidth(1.2)
        places = [self._place(point) for point in self._trend.points]
        for (x0, y0), (x1, y1) in pairwise(places):
            canvas.line(x0, y0, x1, y1)
        for point, (x, y) in zip(self._trend.points, places, strict=True):
            present = point.probability >= point.threshold
            canvas.setFillColorRGB(*(POSITIVE if present else WHITE))
            canvas.circle(x, y, 2.1, stroke=1, fill=1)
        x, y = places[-1]
        value = self._press.texts.percent(self._trend.points[-1].probability)
        canvas.draw_text(value, _VALUE, x=x + 5, y=y - 2.6, anchor=0.0)

    def _place(self, point: TrendPoint) -> tuple[float, float]:
        return self._x(point.visit_date), self._y(point.probability)

    def _x(self, day: date) -> float:
        first, last = self._trend.points[0].visit_date, self._trend.points[-1].visit_date
        left, right = _AXIS_ROOM + 4, self.width - _VALUE_ROOM - 4
        days = (last - first).days
        return left if days <= 0 else left + (right - left) * (day - first).days / days

    def _y(self, share: float) -> float:
        bottom, top = 16.0, self.height - 20.0
        return bottom + share * (top - bottom)
