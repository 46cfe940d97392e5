"""Examinations: begin with photographs, open, add what models say."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from retina_desktop.domain.analyses import Analysis
from retina_desktop.domain.audit import AuditAction, AuditEvent, RecordKind, RecordReference
from retina_desktop.domain.decisions import Addendum, StoredReading
from retina_desktop.domain.errors import ImageForbiddenError, ImageMissingError
from retina_desktop.domain.examinations import (
    Examination,
    ExaminationDetails,
    NewImage,
    StoredImage,
)
from retina_desktop.domain.images import Laterality, LateralitySource
from retina_desktop.domain.manifests import ModelManifest
from retina_desktop.domain.patients import PatientDetails
from retina_desktop.domain.record_errors import StoredImageMissingError
from retina_desktop.domain.stored_analyses import StoredAnalysis, keep_analysis
from retina_desktop.domain.users import Permission, Stamp
from retina_desktop.imaging.thumbnails import THUMBNAIL_SIDE, make_thumbnail
from retina_desktop.services.acting import Acting
from retina_desktop.services.identity_checks import check_same_patient
from retina_desktop.services.ports import PhotographReader
from retina_desktop.services.records_ports import (
    AnalysisStore,
    AuditTrail,
    ExaminationStore,
    ImageStore,
    NewPhotograph,
    PatientStore,
    ReadingStore,
)
from retina_desktop.services.tasks import TaskContext

_CHANGED = "The photograph changed while it was being added; add it again."


@dataclass(frozen=True, slots=True, eq=False)
class IncomingPhotograph:
    """A file to keep, the eye if a person says it, and the analysis if there is one already.

    ``manifest`` is that of the model that made ``analysis``. With ``patient``, a photograph
    whose own header names somebody else is refused.
    """

    path: Path
    laterality: Laterality | None = None
    analysis: Analysis | None = None
    manifest: ModelManifest | None = None
    patient: PatientDetails | None = None

    def __post_init__(self) -> None:
        if (self.analysis is None) != (self.manifest is None):
            raise ValueError("an analysis is kept with its model's manifest")


@dataclass(frozen=True, slots=True)
class KeepPhotograph:
    """Bring a file's bytes, untouched, into the image store, and make its thumbnail."""

    images: ImageStore
    read: PhotographReader
    software_version: str

    def __call__(self, incoming: IncomingPhotograph) -> NewPhotograph:
        """Return the photograph, ready for an examination.

        Raises
        ------
        ImageUnreadableError, RecordsUnavailableError, OtherPatientError
            Nothing is recorded then.
        """
        picture = self.read(incoming.path, min_side=THUMBNAIL_SIDE)
        if incoming.patient is not None:
            check_same_patient(picture.dicom, incoming.patient)
        try:
            with incoming.path.open("rb") as file:
                kept = self.images.add(file)
        except FileNotFoundError as error:
            raise ImageMissingError("The photograph's file has vanished.") from error
        except OSError as error:
            raise ImageForbiddenError(
                "The photograph's file cannot be read; check the medium it lies on."
            ) from error
        analysis = incoming.analysis
        if kept.sha256 != picture.sha256 or (analysis and analysis.sha256 != kept.sha256):
            raise ImageForbiddenError(_CHANGED)
        stated = picture.dicom.laterality if picture.dicom else None
        eye, source = _eye(incoming, stated)
        image = NewImage(
            sha256=kept.sha256,
            size_bytes=kept.size_bytes,
            width=picture.width,
            height=picture.height,
            source_format=picture.source_format,
            thumbnail=make_thumbnail(picture.pixels),
            laterality=eye,
            laterality_source=source,
            original_name=_plain_name(incoming.path),
        )
        if analysis is None or incoming.manifest is None:
            return NewPhotograph(image)
        version = self.software_version
        said = keep_analysis(analysis, incoming.manifest, software_version=version)
        return NewPhotograph(image, said)


@dataclass(frozen=True, slots=True)
class BeginExamination:
    """Keep a new visit with its photographs and analyses: all of it, or nothing."""

    examinations: ExaminationStore
    keep: KeepPhotograph
    patients: PatientStore | None = None

    def __call__(
        self,
        context: TaskContext,
        acting: Acting,
        *,
        patient_id: int,
        details: ExaminationDetails,
        photographs: Sequence[IncomingPhotograph] = (),
        accept_other_patient: bool = False,
    ) -> Examination:
        """Return the examination as stored.

        Raises
        ------
        OtherPatientError
            If a photograph's header names somebody else, and nobody accepted that.
        ImageUnreadableError, RecordNotFoundError, RecordsUnavailableError,
        PermissionDeniedError
        """
        by = acting.allowed(Permission.EXAMINE)
        if self.patients is not None and not accept_other_patient:
            whose = self.patients.get(patient_id).details
            photographs = [replace(incoming, patient=whose) for incoming in photographs]
        kept = self._keep_all(context, photographs)
        try:
            return self._add(patient_id, details, kept, by)
        except StoredImageMissingError:
            # A start-up elsewhere set the files aside before their rows were there.
            return self._add(patient_id, details, self._keep_all(context, photographs), by)

    def _keep_all(
        self, context: TaskContext, photographs: Sequence[IncomingPhotograph]
    ) -> list[NewPhotograph]:
        kept = []
        for done, incoming in enumerate(photographs):
            context.progress(done / len(photographs))
            kept.append(self.keep(incoming))
        context.progress(1.0)  # the last chance to cancel
        return kept

    def _add(
        self,
        patient_id: int,
        details: ExaminationDetails,
        photographs: Sequence[NewPhotograph],
        by: Stamp,
    ) -> Examination:
        return self.examinations.add(patient_id, details, photographs=photographs, by=by)


@dataclass(frozen=True, slots=True)
class KeepAnalysis:
    """Add what a model says of a stored photograph; older analyses stay beside it."""

    analyses: AnalysisStore
    software_version: str

    def __call__(
        self, acting: Acting, image_id: int, analysis: Analysis, manifest: ModelManifest
    ) -> StoredAnalysis:
        """Return the analysis as stored.

        Raises
        ------
        RecordNotFoundError, PermissionDeniedError
        """
        by = acting.allowed(Permission.EXAMINE)
        said = keep_analysis(analysis, manifest, software_version=self.software_version)
        return self.analyses.add(image_id, said, by=by)


@dataclass(frozen=True, slots=True)
class ExaminationRecord:
    """Everything of one visit but the pictures and the heatmaps."""

    examination: Examination
    images: tuple[StoredImage, ...]
    analyses: tuple[StoredAnalysis, ...]
    reading: StoredReading | None
    addenda: tuple[Addendum, ...]

    def newest_analysis(self, image_id: int) -> StoredAnalysis | None:
        """Return the last analysis of an image."""
        found = [analysis for analysis in self.analyses if analysis.image_id == image_id]
        return found[-1] if found else None


@dataclass(frozen=True, slots=True)
class OpenExamination:
    """Show a visit; who saw it is written down before anything is shown."""

    examinations: ExaminationStore
    analyses: AnalysisStore
    readings: ReadingStore
    audit: AuditTrail

    def __call__(self, acting: Acting, examination_id: int) -> ExaminationRecord:
        """Return the visit.

        Raises
        ------
        RecordNotFoundError, PermissionDeniedError
        """
        by = acting.allowed(Permission.SEE_RECORDS)
        examination = self.examinations.get(examination_id)
        reference = RecordReference(RecordKind.EXAMINATION, examination_id)
        self.audit.record(AuditEvent(AuditAction.EXAMINATION_SEEN, reference), by=by)
        return ExaminationRecord(
            examination,
            self.examinations.images(examination_id),
            self.analyses.of_examination(examination_id),
            self.readings.get(examination_id),
            self.readings.addenda(examination_id),
        )


def _eye(
    incoming: IncomingPhotograph, stated: Laterality | None
) -> tuple[Laterality | None, LateralitySource]:
    if incoming.laterality is not None:
        return incoming.laterality, LateralitySource.USER
    if incoming.analysis is not None:
        said = incoming.analysis.laterality
        return said.value, said.source if said.value else LateralitySource.NONE
    if stated is not None:
        return stated, LateralitySource.DICOM
    return None, LateralitySource.NONE


def _plain_name(path: Path) -> str:
    """Return the file's name without what no record keeps (control and undecodable bytes)."""
    return "".join(
        character if character.isprintable() else "\ufffd" for character in path.name
    )
