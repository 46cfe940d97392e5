"""A report's content, gathered from the records, the clinic's settings and the model's card."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime

from retina_desktop.domain.decisions import Reading
from retina_desktop.domain.errors import ImageUnreadableError
from retina_desktop.domain.examinations import StoredImage
from retina_desktop.domain.images import Laterality, RgbImage
from retina_desktop.domain.record_errors import StoredImageDamagedError, StoredImageMissingError
from retina_desktop.domain.referral import Referral, refer_patient
from retina_desktop.domain.report_content import (
    ModelProfile,
    ReportContent,
    ReportedPhotograph,
)
from retina_desktop.services.acting import Acting
from retina_desktop.services.examination_records import ExaminationRecord
from retina_desktop.services.records_ports import (
    AnalysisStore,
    AuditTrail,
    ImageStore,
    PatientStore,
)
from retina_desktop.services.report_history import ReportHistory
from retina_desktop.services.report_ports import PhotographDecoder, ReportSurroundings

log = logging.getLogger(__name__)

# Half a page at 200 dots an inch is about 680 pixels; the field is a part of the picture.
_PICTURE_SIDE = 1200


@dataclass(frozen=True, slots=True)
class ReportFrame:
    """What makes a report one of its own: number, moment, and whom it is for."""

    report_id: str
    created_at: datetime
    recipient: str = ""
    is_preview: bool = False


@dataclass(frozen=True, slots=True)
class GatherReportContent:
    """Brings together what the pages show; asks for no permission, its callers do."""

    patients: PatientStore
    analyses: AnalysisStore
    images: ImageStore
    audit: AuditTrail
    history: ReportHistory
    surroundings: ReportSurroundings
    decode: PhotographDecoder
    software_version: str

    def __call__(
        self, acting: Acting, record: ExaminationRecord, frame: ReportFrame
    ) -> ReportContent:
        """Return what a report on `record` shows.

        A photograph whose file is missing or damaged is left out and named in the log.
        """
        visit = record.examination
        stored = record.reading
        local = self.surroundings.local_time
        signature = stored.signature if stored else None
        if signature is not None:
            signature = replace(signature, at=local(signature.at))
        patient = self.patients.get(visit.patient_id)  # of a merged one, who is kept
        previous, trends = self.history(patient.id, record)
        around = self.surroundings
        return ReportContent(
            report_id=frame.report_id,
            created_at=local(frame.created_at),
            clinic=around.clinic(acting),
            patient=patient.details,
            visit=visit.details,
            photographs=tuple(self._reported(record, image) for image in record.images),
            referral=_referral(record),
            reading=stored.reading if stored else Reading(),
            model=self._model(record),
            software_version=self.software_version,
            audit_head=self.audit.head(),
            reader_name=signature.shown_name if signature else "",
            signature=signature,
            signature_image=around.signature_picture(signature.user) if signature else b"",
            addenda=tuple(replace(added, at=local(added.at)) for added in record.addenda),
            previous=previous,
            trends=trends,
            recipient=frame.recipient,
            is_preview=frame.is_preview,
        )

    def _reported(self, record: ExaminationRecord, image: StoredImage) -> ReportedPhotograph:
        analysis = record.newest_analysis(image.id)
        maps = self.analyses.maps(analysis.id) if analysis else None
        content = analysis.content if analysis else None
        return ReportedPhotograph(image.laterality, self._pixels(image), content, maps)

    def _pixels(self, image: StoredImage) -> RgbImage | None:
        try:
            original = self.images.read(image.sha256)
            return self.decode(original, min_side=_PICTURE_SIDE)
        except (ImageUnreadableError, StoredImageMissingError, StoredImageDamagedError):
            log.exception("photograph %d cannot be printed", image.id)
            return None

    def _model(self, record: ExaminationRecord) -> ModelProfile:
        analyses = [record.newest_analysis(image.id) for image in record.images]
        models = [analysis.content.model for analysis in analyses if analysis]
        return self.surroundings.model_profile(models[-1]) if models else ModelProfile("")


def _referral(record: ExaminationRecord) -> Referral:
    advice: dict[Laterality | None, list[Referral]] = {}
    for image in record.images:
        analysis = record.newest_analysis(image.id)
        if analysis is not None:
            advice.setdefault(image.laterality, []).append(analysis.content.referral)
    return refer_patient(advice)
