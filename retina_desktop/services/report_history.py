"""What a report says of earlier visits: the one before, and the trend of what was found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from retina_desktop.domain.decisions import Reading
from retina_desktop.domain.examinations import ExaminationSummary, StoredImage
from retina_desktop.domain.findings import Finding
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.labels import DISEASE_RISK, label_of
from retina_desktop.domain.report_content import (
    PreviousFinding,
    PreviousVisit,
    Trend,
    TrendPoint,
)
from retina_desktop.domain.stored_analyses import AnalysisContent, StoredAnalysis
from retina_desktop.services.examination_records import ExaminationRecord
from retina_desktop.services.records_ports import AnalysisStore, ExaminationStore, ReadingStore

_MOST_TRENDS = 4
_MOST_VISITS = 12  # of a trend, the newest

_Place = tuple[Laterality | None, str]


@dataclass(frozen=True, slots=True)
class ReportHistory:
    """Looks back from one examination over the patient's earlier, analysed ones."""

    examinations: ExaminationStore
    analyses: AnalysisStore
    readings: ReadingStore

    def __call__(
        self, patient_id: int, record: ExaminationRecord
    ) -> tuple[PreviousVisit | None, tuple[Trend, ...]]:
        """Return the patient's newest analysed visit before `record`, and the trends to it."""
        earlier = self._earlier(patient_id, record)
        if not earlier:
            return None, ()
        return self._previous(earlier[-1]), _trends(record, earlier)

    def _earlier(self, patient_id: int, record: ExaminationRecord) -> "list[_PastVisit]":
        """Return the patient's analysed visits before this one, oldest first."""
        visit = record.examination
        here = (visit.details.visit_date, visit.id)
        found = self.examinations.of_patient(patient_id)
        before = [s for s in found if (s.visit_date, s.id) < here and s.analysed_images]
        before.sort(key=lambda summary: (summary.visit_date, summary.id))
        past = []
        for summary in before[-_MOST_VISITS:]:
            newest = {a.image_id: a for a in self.analyses.of_examination(summary.id)}
            images = self.examinations.images(summary.id)
            past.append(_PastVisit(summary, images, newest))
        return past

    def _previous(self, visit: "_PastVisit") -> PreviousVisit | None:
        stored = self.readings.get(visit.summary.id)
        reading = stored.reading if stored and stored.signature else Reading()
        findings = []
        for (eye, label), finding in visit.findings().items():
            said = reading.decision(eye, label)
            findings.append(PreviousFinding(eye, finding, said.grade if said else None))
        models = [analysis.content.model for analysis in visit.newest.values()]
        if not models:
            return None
        named = f"{models[-1].id} {models[-1].version}"
        return PreviousVisit(visit.summary.visit_date, named, tuple(findings))


@dataclass(frozen=True, slots=True)
class _PastVisit:
    summary: ExaminationSummary
    images: tuple[StoredImage, ...]
    newest: dict[int, StoredAnalysis]  # by image

    def findings(self) -> dict[_Place, Finding]:
        pairs = ((i.laterality, self.newest[i.id]) for i in self.images if i.id in self.newest)
        return _most_marked((eye, analysis.content) for eye, analysis in pairs)


def _trends(record: ExaminationRecord, earlier: Sequence[_PastVisit]) -> tuple[Trend, ...]:
    """Return the labels that are, or once were, present: the most urgent few of them."""
    now = _most_marked(
        (image.laterality, analysis.content)
        for image in record.images
        if (analysis := record.newest_analysis(image.id))
    )
    visits = [(past.summary.visit_date, past.findings()) for past in earlier]
    visits.append((record.examination.details.visit_date, now))
    marked = {
        place
        for _, findings in visits
        for place, finding in findings.items()
        if finding.is_positive and place[1] != DISEASE_RISK
    }
    chosen = sorted(
        marked, key=lambda place: (label_of(place[1]).tier.rank, place[1], place[0] or "")
    )
    trends = []
    for place in chosen:
        points = tuple(
            TrendPoint(day, finding.probability, finding.threshold)
            for day, findings in visits
            if (finding := findings.get(place)) is not None
            and finding.probability is not None
            and finding.threshold is not None
        )
        if len(points) > 1:
            trends.append(Trend(place[0], place[1], points))
    return tuple(trends[:_MOST_TRENDS])


def _most_marked(
    analyses: Iterable[tuple[Laterality | None, AnalysisContent]],
) -> dict[_Place, Finding]:
    """Return per eye and label the highest finding of its photographs."""
    found: dict[_Place, Finding] = {}
    for eye, content in analyses:
        for finding in content.findings:
            place = (eye, finding.label)
            if finding.probability is None:
                continue
            known = found.get(place)
            if known is None or (known.probability or 0.0) < finding.probability:
                found[place] = finding
    return found
