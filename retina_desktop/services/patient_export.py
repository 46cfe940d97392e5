"""Giving out one patient's whole record, or one examination, for other programs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from retina_desktop.domain.audit import AuditAction, AuditEvent, RecordKind, RecordReference
from retina_desktop.domain.errors import ImageUnreadableError
from retina_desktop.domain.examinations import StoredImage
from retina_desktop.domain.images import RgbImage
from retina_desktop.domain.record_errors import StoredImageDamagedError, StoredImageMissingError
from retina_desktop.domain.reports import StoredReport
from retina_desktop.domain.users import Permission
from retina_desktop.imaging.encode import encode_png
from retina_desktop.imaging.overlay import blend_heatmap
from retina_desktop.services.acting import Acting
from retina_desktop.services.export_ports import Archive, ArchiveMaker, VisitPdfs, WholeRecord
from retina_desktop.services.record_documents import (
    DOCUMENT_VERSION,
    EXAMINATION_SCHEMA,
    PATIENT_SCHEMA,
    ExaminationDocument,
    ExaminationParts,
    ExportedFile,
    PatientDocument,
    document_bytes,
)
from retina_desktop.services.records_ports import (
    AnalysisStore,
    AuditTrail,
    ExaminationStore,
    ImageStore,
    PatientStore,
    ReadingStore,
)
from retina_desktop.services.report_ports import ReportStore
from retina_desktop.services.stored_heatmaps import stored_heatmap
from retina_desktop.services.tasks import TaskContext
from retina_desktop.services.whole_files import write_whole

_SUFFIXES = {"JPEG": "jpg", "PNG": "png", "TIFF": "tif", "BMP": "bmp", "WEBP": "webp"}
_OVERLAY_OPACITY = 0.45


@dataclass(frozen=True, slots=True)
class ExportStores:
    """The stores that an export reads."""

    patients: PatientStore
    examinations: ExaminationStore
    analyses: AnalysisStore
    readings: ReadingStore
    reports: ReportStore
    images: ImageStore
    audit: AuditTrail
    whole: WholeRecord
    software_version: str

    def parts(self, examination_id: int) -> ExaminationParts:
        """Return everything of one visit."""
        images = self.examinations.images(examination_id, withdrawn=True)
        ids = self.whole.analysis_ids([image.id for image in images])
        return ExaminationParts(
            examination=self.examinations.get(examination_id),
            images=images,
            analyses=tuple(self.analyses.get(analysis_id) for analysis_id in ids),
            reading=self.readings.get(examination_id),
            addenda=self.readings.addenda(examination_id),
            reports=tuple(reversed(self.reports.of_examination(examination_id))),
        )


@dataclass(frozen=True, slots=True)
class ExportExamination:
    """One examination as a JSON file (``resources/schemas/examination.json``)."""

    stores: ExportStores

    def __call__(self, acting: Acting, examination_id: int, out: Path) -> ExaminationDocument:
        """Write the file; that it left is in the audit trail before it does.

        Raises
        ------
        PermissionDeniedError, RecordNotFoundError, OutputUnwritableError
        """
        by = acting.allowed(Permission.EXPORT)
        visit = self.stores.parts(examination_id)
        reference = RecordReference(RecordKind.EXAMINATION, examination_id)
        event = AuditEvent(AuditAction.EXPORTED, reference, {"as": "json"})
        self.stores.audit.record(event, by=by)
        document = ExaminationDocument(
            schema=EXAMINATION_SCHEMA,
            version=DOCUMENT_VERSION,
            exported_at=by.at,
            software_version=self.stores.software_version,
            audit_head=self.stores.audit.head(),
            patient=self.stores.patients.get(visit.examination.patient_id),
            visit=visit,
        )
        write_whole(out, document_bytes(document) + b"\n")
        return document


@dataclass(frozen=True, slots=True)
class PatientExportWishes:
    """What goes into the archive beside the record and the original photographs."""

    heatmaps: bool = False
    password: str = field(default="", repr=False)
    replace: bool = False


@dataclass(frozen=True, slots=True)
class ExportPatient:
    """A patient's whole record as an archive: record.json, photographs, reports.

    ``unprinted`` gives the PDFs of a visit that has no report yet.
    """

    stores: ExportStores
    archive: ArchiveMaker
    decode: Callable[[bytes], RgbImage]
    unprinted: VisitPdfs | None = None

    def __call__(
        self,
        context: TaskContext,
        acting: Acting,
        patient_id: int,
        out: Path,
        wishes: PatientExportWishes,
    ) -> PatientDocument:
        """Write the archive; an old one at `out` stays as it was until the new one is whole.

        A photograph whose file is lost or damaged is named in the document's ``missing``.

        Raises
        ------
        PermissionDeniedError, RecordNotFoundError, OutputExistsError, OutputUnwritableError,
        TaskCancelledError
        """
        by = acting.allowed(Permission.EXPORT)
        stores = self.stores
        patient = stores.patients.get(patient_id)
        summaries = reversed(stores.examinations.of_patient(patient_id))
        visits = tuple(stores.parts(summary.id) for summary in summaries)
        with self.archive(
            out, password=wishes.password, at=by.at, replace=wishes.replace
        ) as archive:
            filling = _Filling(self, context, archive, wishes)
            for done, visit in enumerate(visits):
                context.progress(done / len(visits))
                filling.add_visit(visit)
            context.progress(1.0)  # the last chance to cancel
            reference = RecordReference(RecordKind.PATIENT, patient_id)
            counts = {
                "examinations": str(len(visits)),
                "files": str(len(filling.files)),
                "encrypted": "yes" if wishes.password else "no",
            }
            stores.audit.record(AuditEvent(AuditAction.EXPORTED, reference, counts), by=by)
            document = PatientDocument(
                schema=PATIENT_SCHEMA,
                version=DOCUMENT_VERSION,
                exported_at=by.at,
                software_version=stores.software_version,
                audit_head=stores.audit.head(),
                patient=patient,
                visits=visits,
                audit=stores.whole.audit_entries(patient_id),
                files=tuple(filling.files),
                missing=tuple(filling.missing),
            )
            archive.add("record.json", document_bytes(document))
        return document


@dataclass(slots=True)
class _Filling:
    """Puts the files of visits into an archive, and remembers them."""

    export: ExportPatient
    context: TaskContext
    archive: Archive
    wishes: PatientExportWishes
    files: list[ExportedFile] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    there: set[str] = field(default_factory=set)

    def add_visit(self, visit: ExaminationParts) -> None:
        folder = f"examination-{visit.examination.id}"
        for image in visit.images:
            original = self._add_original(folder, image)
            if original is not None and self.wishes.heatmaps:
                self._add_overlays(folder, visit, image, original)
        for report in visit.reports:
            self._add_report(folder, report)
        if not visit.reports and visit.images and self.export.unprinted is not None:
            for name, about, pdf in self.export.unprinted(visit.examination.id):
                self._add(f"{folder}/{name}", about, pdf)

    def _add_original(self, folder: str, image: StoredImage) -> bytes | None:
        about = f"image:{image.id}"
        data = self._stored(image.sha256, about)
        if data is not None:
            suffix = _SUFFIXES.get(image.source_format, "dcm")
            self._add(f"{folder}/photograph-{image.id}.{suffix}", about, data)
        return data

    def _add_report(self, folder: str, report: StoredReport) -> None:
        about = f"report:{report.id}"
        pdf = self._stored(report.pdf_sha256, about)
        if pdf is not None:
            self._add(f"{folder}/{report.file_name}", about, pdf)

    def _add_overlays(
        self, folder: str, visit: ExaminationParts, image: StoredImage, original: bytes
    ) -> None:
        for label, png in self._overlays(visit, image, original):
            name = f"{folder}/photograph-{image.id}-{label}.png"
            self._add(name, f"image:{image.id}", png)

    def _overlays(
        self, visit: ExaminationParts, image: StoredImage, original: bytes
    ) -> Iterator[tuple[str, bytes]]:
        """Yield the newest analysis' present findings with their heatmaps over the picture."""
        of_image = [a for a in visit.analyses if a.image_id == image.id]
        if not of_image:
            return
        newest = of_image[-1]
        maps = self.export.stores.analyses.maps(newest.id)
        if maps is None:
            return
        try:
            pixels = self.export.decode(original)
        except ImageUnreadableError:
            return
        for finding in newest.content.positives:
            heat = stored_heatmap(
                newest.content, maps, finding.label, longer_side=max(pixels.shape[:2])
            )
            if heat is not None and heat.shape == pixels.shape[:2]:
                overlay = blend_heatmap(pixels, heat, opacity=_OVERLAY_OPACITY)
                yield finding.label, encode_png(overlay)

    def _stored(self, name: str, about: str) -> bytes | None:
        try:
            return self.export.stores.images.read(name)
        except (StoredImageMissingError, StoredImageDamagedError):
            self.missing.append(about)
            return None

    def _add(self, name: str, about: str, data: bytes) -> None:
        if name in self.there:
            return
        self.there.add(name)
        self.archive.add(name, data)
        self.files.append(ExportedFile(name, about, sha256(data).hexdigest(), len(data)))
