"""A patient's eyes over the visits: what models and readers said, and trends to draw."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from retina_desktop.domain.decisions import Decision, OwnFinding, Signature
from retina_desktop.domain.examinations import ExaminationSummary
from retina_desktop.domain.findings import Finding
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.labels import DISEASE_RISK, LABELS
from retina_desktop.domain.patients import Patient
from retina_desktop.domain.quality import ImageQuality


@dataclass(frozen=True, slots=True)
class LabelAtVisit:
    """One label of one eye: the highest finding of its photographs, and the reader's word."""

    label: str
    finding: Finding | None
    decision: Decision | None
    analysis_id: int | None = None


@dataclass(frozen=True, slots=True)
class EyeAtVisit:
    """One eye at one visit; ``quality`` is the best photograph's, ``models`` who answered."""

    eye: Laterality | None
    image_ids: tuple[int, ...]
    quality: ImageQuality | None
    models: tuple[str, ...]  # id and version of each newest analysis, once
    labels: tuple[LabelAtVisit, ...]

    def label(self, code: str) -> LabelAtVisit | None:
        """Return what was said of a label."""
        return next((said for said in self.labels if said.label == code), None)


@dataclass(frozen=True, slots=True)
class VisitAtHistory:
    """One visit; ``summary`` has its date, state and referral."""

    summary: ExaminationSummary
    eyes: tuple[EyeAtVisit, ...]
    own_findings: tuple[OwnFinding, ...] = ()
    signature: Signature | None = None

    def eye(self, eye: Laterality | None) -> EyeAtVisit | None:
        """Return what there is of an eye."""
        return next((found for found in self.eyes if found.eye == eye), None)


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """One visit of a trend; figures of different models are not one line."""

    visit_date: date
    examination_id: int
    finding: Finding | None
    decision: Decision | None
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LabelHistory:
    """One label of one eye over the visits, oldest first."""

    eye: Laterality | None
    label: str
    points: tuple[HistoryPoint, ...]

    @property
    def ever_present(self) -> bool:
        """Whether a model reported it, or a reader decided on it, at any visit."""
        return any(
            point.decision is not None or (point.finding and point.finding.is_positive)
            for point in self.points
        )


@dataclass(frozen=True, slots=True)
class History:
    """All visits of a patient, oldest first, with those of who was merged into them."""

    patient: Patient
    visits: tuple[VisitAtHistory, ...]

    def before(self, examination_id: int) -> VisitAtHistory | None:
        """Return the last visit with an analysis or a reading before this one."""
        last: VisitAtHistory | None = None
        for visit in self.visits:
            if visit.summary.id == examination_id:
                return last
            if any(eye.labels for eye in visit.eyes):
                last = visit
        return None

    def trends(self, *, all_labels: bool = False) -> tuple[LabelHistory, ...]:
        """Return each eye's labels over time, the most urgent first.

        Only those that were ever present or decided on, unless `all_labels`; the collective
        label ``Disease_Risk`` only then.
        """
        places = dict.fromkeys(
            (eye.eye, said.label)
            for visit in self.visits
            for eye in visit.eyes
            for said in eye.labels
        )
        trends = (LabelHistory(*place, tuple(self._points(*place))) for place in places)
        wanted = (
            trend
            for trend in trends
            if all_labels or (trend.ever_present and trend.label != DISEASE_RISK)
        )
        return tuple(sorted(wanted, key=_urgency))

    def _points(self, eye: Laterality | None, label: str) -> Iterable[HistoryPoint]:
        for visit in self.visits:
            there = visit.eye(eye)
            said = there.label(label) if there else None
            if there is not None and said is not None:
                summary = visit.summary
                yield HistoryPoint(
                    summary.visit_date, summary.id, said.finding, said.decision, there.models
                )


def _urgency(trend: LabelHistory) -> tuple[int, str, str]:
    known = LABELS.get(trend.label)
    return known.tier.rank if known else len(LABELS), trend.label, trend.eye or ""
