"""A report's content, gathered from the records, with the visit before and trends."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from retina_desktop import __version__
from retina_desktop.domain.decisions import Reading
from retina_desktop.domain.errors import ImageUnreadableError
from retina_desktop.domain.examinations import ExaminationSummary, StoredImage
from retina_desktop.domain.findings import Finding
from retina_desktop.domain.images import Laterality, RgbImage
from retina_desktop.domain.labels import DISEASE_RISK, label_of
from retina_desktop.domain.record_errors import StoredImageDamagedError, StoredImageMissingError
from retina_desktop.domain.referral import Referral, refer_patient
from retina_desktop.domain.report_content import (
    ClinicProfile,
    ModelProfile,
    PreviousFinding,
    PreviousVisit,
    ReportContent,
    ReportedPhotograph,
    Trend,
    TrendPoint,
)
from retina_desktop.domain.stored_analyses import AnalysisContent, StoredAnalysis
from retina_desktop.imaging.decode import decode_bytes
from retina_desktop.services.examination_records import ExaminationRecord

if TYPE_CHECKING:
    from retina_desktop.persistence.opening import Records

log = logging.getLogger(__name__)

# Half a page at 200 dots an inch is about 680 pixels; the field is a part of the picture.
_PICTURE_SIDE = 1200
_MOST_TRENDS = 4
_MOST_VISITS = 12  # of a trend, the newest

_Place = tuple[Laterality | None, str]


@dataclass(frozen=True, slots=True)
class ReportFrame:
    """What is not in the records: number and moment of the report, clinic, model's card."""

    report_id: str
    created_at: datetime
    clinic: ClinicProfile
    model: ModelProfile
    recipient: str = ""


def report_content(
    records: "Records", record: ExaminationRecord, frame: ReportFrame
) -> ReportContent:
    """Return what a report on `record` shows.

    A photograph whose file is missing or damaged is left out of the print and named in the log.
    """
    visit = record.examination
    earlier = _earlier(records, record)
    stored = record.reading
    signature = stored.signature if stored else None
    return ReportContent(
        report_id=frame.report_id,
        created_at=frame.created_at,
        clinic=frame.clinic,
        patient=records.patients.get(visit.patient_id).details,
        visit=visit.details,
        photographs=tuple(_reported(records, record, image) for image in record.images),
        referral=_referral(record),
        reading=stored.reading if stored else Reading(),
        model=frame.model,
        software_version=__version__,
        audit_head=records.audit.head(),
        reader_name=signature.shown_name if signature else "",
        signature=signature,
        addenda=record.addenda,
        previous=_previous(records, earlier[-1]) if earlier else None,
        trends=_trends(record, [past for past in earlier if past.summary.analysed_images]),
        recipient=frame.recipient,
    )


@dataclass(frozen=True, slots=True)
class _PastVisit:
    summary: ExaminationSummary
    images: tuple[StoredImage, ...]
    newest: dict[int, StoredAnalysis]  # by image

    def findings(self) -> dict[_Place, Finding]:
        pairs = ((i.laterality, self.newest[i.id]) for i in self.images if i.id in self.newest)
        return _most_marked((eye, analysis.content) for eye, analysis in pairs)


def _reported(
    records: "Records", record: ExaminationRecord, image: StoredImage
) -> ReportedPhotograph:
    analysis = record.newest_analysis(image.id)
    maps = records.analyses.maps(analysis.id) if analysis else None
    content = analysis.content if analysis else None
    return ReportedPhotograph(image.laterality, _pixels(records, image), content, maps)


def _pixels(records: "Records", image: StoredImage) -> RgbImage | None:
    try:
        return decode_bytes(records.images.read(image.sha256), min_side=_PICTURE_SIDE).pixels
    except (ImageUnreadableError, StoredImageMissingError, StoredImageDamagedError):
        log.exception("photograph %d cannot be printed", image.id)
        return None


def _referral(record: ExaminationRecord) -> Referral:
    advice: dict[Laterality | None, list[Referral]] = {}
    for image in record.images:
        analysis = record.newest_analysis(image.id)
        if analysis is not None:
            advice.setdefault(image.laterality, []).append(analysis.content.referral)
    return refer_patient(advice)


def _earlier(records: "Records", record: ExaminationRecord) -> list[_PastVisit]:
    """Return the patient's visits before this one, oldest first."""
    visit = record.examination
    here = (visit.details.visit_date, visit.id)
    found = records.examinations.of_patient(visit.patient_id)
    before = sorted((s for s in found if (s.visit_date, s.id) < here), key=_moment)
    past = []
    for summary in before[-_MOST_VISITS:]:
        newest = {a.image_id: a for a in records.analyses.of_examination(summary.id)}
        past.append(_PastVisit(summary, records.examinations.images(summary.id), newest))
    return past


def _moment(summary: ExaminationSummary) -> tuple[object, int]:
    return summary.visit_date, summary.id


def _previous(records: "Records", visit: _PastVisit) -> PreviousVisit | None:
    if not visit.newest:
        return None
    stored = records.readings.get(visit.summary.id)
    reading = stored.reading if stored and stored.signature else Reading()
    findings = []
    for (eye, label), finding in visit.findings().items():
        said = reading.decision(eye, label)
        findings.append(PreviousFinding(eye, finding, said.grade if said else None))
    model = list(visit.newest.values())[-1].content.model
    return PreviousVisit(
        visit.summary.visit_date, f"{model.id} {model.version}", tuple(findings)
    )


def _trends(record: ExaminationRecord, earlier: list[_PastVisit]) -> tuple[Trend, ...]:
    """Return the labels that are, or once were, present: the most urgent few of them."""
    if not earlier:
        return ()
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
