"""Giving out photographs, findings and decisions for research, without who they are of."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from retina_desktop.domain.audit import AuditAction, AuditEvent, RecordKind, RecordReference
from retina_desktop.domain.errors import ImageUnreadableError
from retina_desktop.domain.examinations import StoredImage
from retina_desktop.domain.eye_measurements import EyeMeasurements
from retina_desktop.domain.images import RgbImage
from retina_desktop.domain.pseudonyms import Pseudonyms, shown_age
from retina_desktop.domain.record_errors import StoredImageDamagedError, StoredImageMissingError
from retina_desktop.domain.stored_analyses import StoredAnalysis
from retina_desktop.domain.users import Permission
from retina_desktop.imaging.encode import encode_jpeg, encode_png
from retina_desktop.imaging.research_pictures import make_research_picture
from retina_desktop.services.acting import Acting
from retina_desktop.services.records_ports import (
    AnalysisStore,
    AuditTrail,
    ExaminationStore,
    ImageStore,
    PatientStore,
    ReadingStore,
)
from retina_desktop.services.research_ports import (
    ChosenVisit,
    ResearchSelection,
    ResearchWishes,
)
from retina_desktop.services.research_tables import README, TABLES, TableRows, dictionary_csv
from retina_desktop.services.tasks import TaskContext

JPEG_QUALITY = 95
_NOT_READ = "the photograph's file is missing, damaged or unreadable"
_SCHEMA = "retina-desktop research export"


class PictureFormat(StrEnum):
    """How pictures are written."""

    PNG = "png"
    JPEG = "jpeg"


class DraftFolder(Protocol):
    """A folder being filled."""

    def write(self, name: str, data: bytes) -> None:
        """Write a file; slashes in its name make folders."""
        ...


@dataclass(frozen=True, slots=True)
class ResearchCounts:
    """What left, and what did not."""

    patients: int
    visits: int
    photographs: int
    refused: Mapping[str, int]  # by reason


@dataclass(frozen=True, slots=True)
class ExportForResearch:
    """Write chosen visits into a folder, de-identified; the folder is whole or not there.

    ``folder`` makes the draft of a folder and puts it in place when its block ends.
    """

    selection: ResearchSelection
    patients: PatientStore
    examinations: ExaminationStore
    analyses: AnalysisStore
    readings: ReadingStore
    images: ImageStore
    audit: AuditTrail
    decode: Callable[[bytes], RgbImage]
    folder: Callable[[Path], AbstractContextManager[DraftFolder]]
    pseudonyms: Pseudonyms
    software_version: str

    def __call__(
        self,
        context: TaskContext,
        acting: Acting,
        out: Path,
        wishes: ResearchWishes,
        *,
        picture_format: PictureFormat = PictureFormat.PNG,
    ) -> ResearchCounts:
        """Return what left; nothing is written where no visit fulfils the wishes.

        Raises
        ------
        PermissionDeniedError, OutputExistsError, OutputUnwritableError, TaskCancelledError
        """
        by = acting.allowed(Permission.EXPORT)
        chosen = list(self.selection.visits(wishes))
        if not chosen:
            return ResearchCounts(0, 0, 0, {})
        with self.folder(out) as folder:
            filling = _Filling(self, folder, picture_format)
            for done, visit in enumerate(chosen):
                context.progress(done / len(chosen))
                filling.add(visit)
            context.progress(1.0)  # the last chance to cancel
            filling.finish(wishes)
            counts = filling.counts()
            details = {
                "for": "research",
                "patients": str(counts.patients),
                "examinations": str(counts.visits),
                "photographs": str(counts.photographs),
                "refused": str(sum(counts.refused.values())),
            }
            reference = RecordReference(RecordKind.PATIENT)
            self.audit.record(AuditEvent(AuditAction.EXPORTED, reference, details), by=by)
        return counts


@dataclass(slots=True)
class _Filling:
    """Fills one export."""

    export: ExportForResearch
    folder: DraftFolder
    picture_format: PictureFormat
    rows: dict[str, list[dict[str, str]]] = field(
        default_factory=lambda: {table: [] for table in TABLES}
    )
    files: list[dict[str, object]] = field(default_factory=list)

    def add(self, chosen: ChosenVisit) -> None:
        """Add a visit with its photographs, findings and decisions."""
        export, names = self.export, self.export.pseudonyms
        images = export.examinations.images(chosen.examination_id)
        newest = {a.image_id: a for a in export.analyses.of_examination(chosen.examination_id)}
        visit = names.name("visit", chosen.examination_id)
        patient = names.name("patient", chosen.patient_id)
        self._add_visit(chosen, visit, patient)
        for image in images:
            photograph = names.name("photograph", image.id)
            file = self._write_picture(image, photograph, visit)
            if file:
                analysis = newest.get(image.id)
                self.rows["photographs"].append(
                    {"photograph": photograph, "visit": visit, "patient": patient, "file": file}
                    | _photograph_facts(image, analysis)
                )
                self.rows["findings"] += _findings(photograph, analysis)

    def finish(self, wishes: ResearchWishes) -> None:
        """Write tables, dictionary, README and manifest."""
        for table, rows in self.rows.items():
            self._write(f"{table}.csv", TableRows(table, rows).as_csv())
        self._write("data_dictionary.csv", dictionary_csv())
        lossy = f", but JPEG of quality {JPEG_QUALITY} changes all slightly"
        jpeg = lossy if self.picture_format is PictureFormat.JPEG else ""
        self._write("README.txt", README.format(jpeg=jpeg).encode())
        manifest = {
            "schema": _SCHEMA,
            "version": 1,
            "software_version": self.export.software_version,
            "picture_format": self.picture_format.value,
            "labels_chosen": sorted(wishes.labels),
            # Not which days: beside shifted ones they would tell by how much.
            "chosen_by_day": wishes.from_day is not None or wishes.to_day is not None,
            "counts": {table: len(rows) for table, rows in self.rows.items()},
            "files": sorted(self.files, key=lambda file: str(file["path"])),
        }
        self.folder.write("manifest.json", json.dumps(manifest, indent=1).encode() + b"\n")

    def counts(self) -> ResearchCounts:
        """Return what the export holds."""
        return ResearchCounts(
            patients=len({row["patient"] for row in self.rows["visits"]}),
            visits=len(self.rows["visits"]),
            photographs=len(self.rows["photographs"]),
            refused=Counter(row["reason"] for row in self.rows["refused"]),
        )

    def _add_visit(self, chosen: ChosenVisit, visit: str, patient: str) -> None:
        export = self.export
        person = export.patients.get(chosen.patient_id).details
        details = export.examinations.get(chosen.examination_id).details
        stored = export.readings.get(chosen.examination_id)
        reading = stored.reading if stored else None
        signed = "yes" if stored and stored.signature else "no"
        day = export.pseudonyms.shifted(chosen.patient_id, details.visit_date)
        self.rows["visits"].append(
            {
                "visit": visit,
                "patient": patient,
                "day": day.isoformat(),
                "age": shown_age(person.age_on(details.visit_date)),
                "sex": person.sex.value,
                "diabetes": person.diabetes.value,
                "hypertension": person.hypertension.value,
                "right_mmhg": _mmhg(details.right),
                "left_mmhg": _mmhg(details.left),
                "referral": reading.referral.value if reading and reading.referral else "",
                "signed": signed,
            }
        )
        for said in reading.decisions if reading else ():
            self.rows["decisions"].append(
                {
                    "visit": visit,
                    "eye": said.eye.value if said.eye else "",
                    "label": said.label,
                    "grade": said.grade.value,
                    "agreement": said.agreement.value if said.agreement else "",
                    "severity": said.severity.value,
                    "ungradable": said.ungradable.value if said.ungradable else "",
                    "signed": signed,
                }
            )

    def _write_picture(self, image: StoredImage, photograph: str, visit: str) -> str:
        """Write a photograph's picture and return its path; empty where it was refused."""
        try:
            pixels = self.export.decode(self.export.images.read(image.sha256))
        except (ImageUnreadableError, StoredImageMissingError, StoredImageDamagedError):
            self._refuse(photograph, visit, _NOT_READ)
            return ""
        made = make_research_picture(pixels)
        if made.pixels is None:
            self._refuse(photograph, visit, str(made.refusal))
            return ""
        if self.picture_format is PictureFormat.PNG:
            path, data = f"photographs/{photograph}.png", encode_png(made.pixels)
        else:
            path = f"photographs/{photograph}.jpg"
            data = encode_jpeg(made.pixels, quality=JPEG_QUALITY)
        self._write(path, data)
        return path

    def _refuse(self, photograph: str, visit: str, reason: str) -> None:
        row = {"photograph": photograph, "visit": visit, "reason": reason}
        self.rows["refused"].append(row)

    def _write(self, path: str, data: bytes) -> None:
        self.folder.write(path, data)
        facts = {"path": path, "sha256": sha256(data).hexdigest(), "size_bytes": len(data)}
        self.files.append(dict(facts))


def _photograph_facts(image: StoredImage, analysis: StoredAnalysis | None) -> dict[str, str]:
    quality = analysis.content.quality if analysis else None
    return {
        "eye": image.laterality.value if image.laterality else "",
        "width": str(image.width),
        "height": str(image.height),
        "source_format": image.source_format,
        "gradable": _yes_or_no(quality.gradable) if quality else "",
        "quality": f"{quality.score:.4f}" if quality else "",
    }


def _findings(photograph: str, analysis: StoredAnalysis | None) -> Iterator[dict[str, str]]:
    if analysis is None:
        return
    content = analysis.content
    for finding in content.findings:
        yield {
            "photograph": photograph,
            "model": content.model.id,
            "model_version": content.model.version,
            "label": finding.label,
            "status": finding.status.value,
            "probability": _number(finding.probability),
            "threshold": _number(finding.threshold),
            "present": "" if finding.is_positive is None else _yes_or_no(finding.is_positive),
        }


def _mmhg(eye: EyeMeasurements) -> str:
    return f"{eye.pressure.mmhg:g}" if eye.pressure else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"


def _yes_or_no(value: object) -> str:
    return "yes" if value else "no"
