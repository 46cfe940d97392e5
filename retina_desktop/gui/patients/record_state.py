"""All that a patient's record shows, as one value."""

from dataclasses import dataclass, replace
from datetime import date

from retina_desktop.domain.examinations import ExaminationState, ExaminationSummary
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.patients import Patient
from retina_desktop.gui.patients.trend import Trend


@dataclass(frozen=True, slots=True)
class VisitLine:
    """One visit of the timeline; photographs and words come a moment after the summary.

    ``images`` are numbers of photographs with their eye, in the order taken.
    """

    summary: ExaminationSummary
    images: tuple[tuple[int, Laterality | None], ...] = ()
    model_words: str = ""
    reader_words: str = ""
    complete: bool = False

    def of_eye(self, eye: Laterality | None) -> tuple[int, ...]:
        """Return the photographs of one eye."""
        return tuple(image for image, shown in self.images if shown is eye)


@dataclass(frozen=True, slots=True)
class MergedPatient:
    """Somebody who was found to be the same person and merged into this patient."""

    patient_id: int
    record_number: str
    name: str


@dataclass(frozen=True, slots=True)
class RecordState:
    """A patient with the visits, newest first; ``patient`` is None while nobody is open."""

    patient: Patient | None = None
    visits: tuple[VisitLine, ...] = ()
    trends: tuple[Trend, ...] = ()
    trend_code: str = ""
    merged: tuple[MergedPatient, ...] = ()
    loading: bool = False
    complete: bool = False
    busy: str = ""  # what is being done, in words
    error: str = ""
    selected_visit: int | None = None

    @property
    def trend(self) -> Trend | None:
        """The chosen label's course."""
        return next((t for t in self.trends if t.code == self.trend_code), None)

    def open_visit_of(self, day: date) -> int | None:
        """Return the visit of `day` to which photographs can still be added."""
        for line in self.visits:
            summary = line.summary
            if summary.visit_date == day and summary.state is not ExaminationState.SIGNED:
                return summary.id
        return None

    def with_trends(self, trends: tuple[Trend, ...]) -> "RecordState":
        """Return the state with courses; the chosen label stays where it still has one."""
        codes = [trend.code for trend in trends]
        code = self.trend_code if self.trend_code in codes else (codes[0] if codes else "")
        return replace(self, trends=trends, trend_code=code)
