"""A visit until it is signed: open it whole, add photographs, save what was changed of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from retina_desktop.domain.analyses import Analysis
from retina_desktop.domain.decisions import Addendum, Reading, StoredReading
from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.examinations import Examination, ExaminationDetails, StoredImage
from retina_desktop.domain.images import Laterality, LateralitySource
from retina_desktop.domain.manifests import ModelManifest
from retina_desktop.domain.patients import Patient
from retina_desktop.domain.record_errors import (
    ConflictError,
    InvalidEntryError,
    StoredImageMissingError,
)
from retina_desktop.domain.stored_analyses import StoredAnalysis
from retina_desktop.domain.users import Permission
from retina_desktop.domain.visit_drafts import PhotographDraft
from retina_desktop.services.acting import Acting
from retina_desktop.services.examination_records import (
    IncomingPhotograph,
    KeepAnalysis,
    KeepPhotograph,
    OpenExamination,
)
from retina_desktop.services.records_ports import (
    AnalysisStore,
    ExaminationStore,
    PatientStore,
    ReadingStore,
)

_THERE_ALREADY = "This photograph is in this examination already."
_THERE_WITHDRAWN = (
    "This photograph is in this examination already, withdrawn; bring it back instead."
)


@dataclass(frozen=True, slots=True)
class StoredVisit:
    """A visit as it is in the records; ``images`` has the withdrawn ones too."""

    examination: Examination
    images: tuple[StoredImage, ...]
    reading: StoredReading | None
    analyses: tuple[StoredAnalysis, ...]

    def with_image(self, image: StoredImage) -> "StoredVisit":
        """Return the visit with `image` in place of its older state, or at the end."""
        if all(known.id != image.id for known in self.images):
            return replace(self, images=(*self.images, image))
        images = tuple(image if known.id == image.id else known for known in self.images)
        return replace(self, images=images)


@dataclass(frozen=True, slots=True)
class OpenedVisit:
    """A visit with all that its page shows; ``thumbnails`` are JPEGs by image."""

    visit: StoredVisit
    patient: Patient
    addenda: tuple[Addendum, ...]
    thumbnails: Mapping[int, bytes]


@dataclass(frozen=True, slots=True)
class OpenVisit:
    """Show a visit whole; who saw it is written down first."""

    open_examination: OpenExamination
    patients: PatientStore
    examinations: ExaminationStore

    def __call__(self, acting: Acting, examination_id: int) -> OpenedVisit:
        """Return the visit.

        Raises
        ------
        RecordNotFoundError, PermissionDeniedError
        """
        record = self.open_examination(acting, examination_id)
        images = self.examinations.images(examination_id, withdrawn=True)
        visit = StoredVisit(record.examination, images, record.reading, record.analyses)
        return OpenedVisit(
            visit,
            self.patients.get(record.examination.patient_id),
            record.addenda,
            self.examinations.thumbnails([image.id for image in images]),
        )


@dataclass(frozen=True, slots=True)
class AddedPhotograph:
    """A photograph just kept, with its small picture."""

    image: StoredImage
    thumbnail: bytes


@dataclass(frozen=True, slots=True)
class AddPhotograph:
    """Keep one more photograph for a visit; it is durable when the call returns."""

    examinations: ExaminationStore
    keep: KeepPhotograph

    def __call__(
        self, acting: Acting, examination_id: int, incoming: IncomingPhotograph
    ) -> AddedPhotograph:
        """Return the photograph as stored.

        Raises
        ------
        ImageUnreadableError, InvalidEntryError, AlreadySignedError, PermissionDeniedError
            An InvalidEntryError where the visit has the very same photograph.
        """
        by = acting.allowed(Permission.EXAMINE)
        photograph = self.keep(incoming)
        for known in self.examinations.images(examination_id, withdrawn=True):
            if known.sha256 == photograph.image.sha256:
                sentence = _THERE_WITHDRAWN if known.withdrawn else _THERE_ALREADY
                raise InvalidEntryError("photograph", sentence)
        try:
            image = self.examinations.add_photograph(examination_id, photograph, by=by)
        except StoredImageMissingError:
            # A start-up elsewhere set the file aside before its row was there.
            photograph = self.keep(incoming)
            image = self.examinations.add_photograph(examination_id, photograph, by=by)
        return AddedPhotograph(image, photograph.image.thumbnail)


@dataclass(frozen=True, slots=True)
class KeepAnswer:
    """Add what the model says of a stored photograph, and the eye where none is known."""

    analyses: KeepAnalysis
    examinations: ExaminationStore

    def __call__(
        self, acting: Acting, image_id: int, analysis: Analysis, manifest: ModelManifest
    ) -> tuple[StoredImage, StoredAnalysis]:
        """Return photograph and analysis as stored; a signed visit's photograph stays as it is.

        Raises
        ------
        RecordNotFoundError, PermissionDeniedError
        """
        stored = self.analyses(acting, image_id, analysis, manifest)
        image = self.examinations.image(image_id)
        eye = analysis.laterality.value
        if (
            image.laterality is None
            and image.laterality_source is LateralitySource.NONE
            and eye
        ):
            by = acting.allowed(Permission.EXAMINE)
            try:
                image = self.examinations.set_laterality(
                    image_id, eye, source=analysis.laterality.source, by=by
                )
            except RetinaError:  # signed meanwhile, say: the analysis itself is kept
                image = self.examinations.image(image_id)
        return image, stored


@dataclass(frozen=True, slots=True)
class WantedVisit:
    """What a visit is to become; None leaves a part as it is stored."""

    details: ExaminationDetails
    photographs: tuple[PhotographDraft, ...]
    handed_over: bool
    reading: Reading | None


@dataclass(frozen=True, slots=True)
class SavedVisit:
    """What is stored now, and what kept the rest from being written."""

    visit: StoredVisit
    problem: RetinaError | None = None


@dataclass(frozen=True, slots=True)
class SaveVisit:
    """Write what differs, part by part; a part that is refused loses none of the others."""

    examinations: ExaminationStore
    readings: ReadingStore
    analyses: AnalysisStore

    def __call__(self, acting: Acting, known: StoredVisit, wanted: WantedVisit) -> SavedVisit:
        """Return the visit as stored now, with the first problem there was.

        Versions are those of `known`: a ConflictError is the problem when somebody else wrote
        in between, and that part is not written then.
        """
        visit, problem = known, None
        for part in (self._photographs, self._details, self._hand_over, self._reading):
            try:
                visit = part(acting, visit, wanted)
            except RetinaError as error:
                problem = problem or error
        return SavedVisit(visit, problem)

    def renewed(self, acting: Acting, known: StoredVisit) -> StoredVisit:
        """Return the visit with what others wrote meanwhile."""
        acting.allowed(Permission.SEE_RECORDS)
        examination_id = known.examination.id
        return StoredVisit(
            self.examinations.get(examination_id),
            self.examinations.images(examination_id, withdrawn=True),
            self.readings.get(examination_id),
            self.analyses.of_examination(examination_id),
        )

    def _photographs(
        self, acting: Acting, visit: StoredVisit, wanted: WantedVisit
    ) -> StoredVisit:
        changed = False
        for image in visit.images:
            draft = next((p for p in wanted.photographs if p.image_id == image.id), None)
            if draft is None:
                continue
            stored = image
            if draft.eye is not stored.laterality:
                by = acting.allowed(Permission.EXAMINE)
                stored = self.examinations.set_laterality(image.id, draft.eye, by=by)
            if draft.withdrawn != stored.withdrawn:
                by = acting.allowed(Permission.EXAMINE)
                stored = self.examinations.set_withdrawn(
                    image.id, withdrawn=draft.withdrawn, by=by
                )
                changed = True
            visit = visit.with_image(stored)
        if changed:
            examination_id = visit.examination.id
            visit = replace(visit, analyses=self.analyses.of_examination(examination_id))
        return visit

    def _details(self, acting: Acting, visit: StoredVisit, wanted: WantedVisit) -> StoredVisit:
        examination = visit.examination
        if wanted.details == examination.details:
            return visit
        by = acting.allowed(Permission.EXAMINE)
        try:
            stored = self.examinations.update(
                examination.id, wanted.details, expected_version=examination.version, by=by
            )
        except ConflictError as error:
            if error.changes:
                raise
            stored = self.examinations.get(examination.id)  # the other wrote the same
        return replace(visit, examination=stored)

    def _hand_over(
        self, acting: Acting, visit: StoredVisit, wanted: WantedVisit
    ) -> StoredVisit:
        examination = visit.examination
        if wanted.handed_over == examination.handed_over:
            return visit
        by = acting.allowed(Permission.EXAMINE)
        stored = self.examinations.set_handed_over(
            examination.id, handed_over=wanted.handed_over, by=by
        )
        if stored.version != examination.version + 1:
            # Somebody changed the details too: what is known of them stays, so that the next
            # change of details is told of it.
            stored = replace(examination, handed_over=stored.handed_over)
        return replace(visit, examination=stored)

    def _reading(self, acting: Acting, visit: StoredVisit, wanted: WantedVisit) -> StoredVisit:
        before = visit.reading.reading if visit.reading else Reading()
        if wanted.reading is None or wanted.reading == before:
            return visit
        by = acting.allowed(Permission.READ)
        examination_id = visit.examination.id
        try:
            stored = self.readings.save(
                examination_id,
                wanted.reading,
                expected_version=visit.reading.version if visit.reading else 0,
                by=by,
            )
        except ConflictError as error:
            found = self.readings.get(examination_id)
            if error.changes or found is None:
                raise
            stored = found
        return replace(visit, reading=stored)


def eye_is_told(image: StoredImage) -> Laterality | None:
    """Return the eye on a person's word, None where the camera or the picture may be asked."""
    return image.laterality if image.laterality_source is LateralitySource.USER else None
