"""A label's course over the visits of a patient, as the chart draws and a voice reads it."""

from dataclasses import dataclass
from datetime import date

from retina_desktop.domain.decisions import Grade
from retina_desktop.domain.images import Laterality
from retina_desktop.gui.patients.words import percent, shown_date, tr

EYES = (Laterality.RIGHT, Laterality.LEFT)

_GRADES = {
    Grade.PRESENT: "present",
    Grade.ABSENT: "absent",
    Grade.QUESTIONABLE: "questionable",
    Grade.CANNOT_GRADE: "cannot grade",
}


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One visit of one eye: the model's word, and the reader's where there is one.

    ``probability`` is None where the label was not assessed; ``threshold`` with it.
    """

    day: date
    eye: Laterality
    probability: float | None = None
    threshold: float | None = None
    grade: Grade | None = None
    model: str = ""  # id and version, told where it changes


@dataclass(frozen=True, slots=True)
class Trend:
    """The points of one label, oldest first."""

    code: str
    name: str
    points: tuple[TrendPoint, ...] = ()

    def of_eye(self, eye: Laterality) -> tuple[TrendPoint, ...]:
        """Return the points of one eye, oldest first."""
        return tuple(point for point in self.points if point.eye is eye)

    @property
    def span(self) -> tuple[date, date] | None:
        """First and last day; None without any."""
        if not self.points:
            return None
        return self.points[0].day, self.points[-1].day

    @property
    def model_changes(self) -> tuple[date, ...]:
        """The days from which another model answered: figures before and after differ."""
        changes: list[date] = []
        before = ""
        for point in self.points:
            if point.model and before and point.model != before:
                changes.append(point.day)
            before = point.model or before
        return tuple(dict.fromkeys(changes))


def spoken_trend(trend: Trend) -> str:
    """Return the whole course in sentences: what a screen reader says, and the chart's tip."""
    lines = [trend.name]
    for eye in EYES:
        said = [spoken_point(point) for point in trend.of_eye(eye)]
        if said:
            lines.append(f"{eye.shown}: " + "; ".join(said))
    if len(lines) == 1:
        lines.append(tr("No visit has an answer for this label."))
    return "\n".join(lines)


def spoken_point(point: TrendPoint) -> str:
    """Return one visit in a few words."""
    parts = [shown_date(point.day)]
    if point.probability is not None:
        parts.append(percent(point.probability))
        if point.threshold is not None:
            above = point.probability >= point.threshold
            parts.append(tr("above threshold") if above else tr("below threshold"))
    else:
        parts.append(tr("not assessed"))
    if point.grade is not None:
        parts.append(tr("reader: {0}").format(shown_grade(point.grade)))
    return ", ".join(parts)


def shown_grade(grade: Grade) -> str:
    """Return the reader's grade as a word."""
    return tr(_GRADES[grade])
