"""A patient's history, gathered from the records; who looked is written down first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retina_desktop.domain.analysis_changes import AnalysisChanges, compare_analyses
from retina_desktop.domain.audit import AuditAction, AuditEvent, RecordKind, RecordReference
from retina_desktop.domain.decisions import Decision, Reading
from retina_desktop.domain.examinations import ExaminationSummary, StoredImage
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.patient_histories import (
    EyeAtVisit,
    History,
    LabelAtVisit,
    VisitAtHistory,
)
from retina_desktop.domain.patients import Patient
from retina_desktop.domain.stored_analyses import StoredAnalysis
from retina_desktop.domain.users import Permission
from retina_desktop.services.acting import Acting
from retina_desktop.services.patient_records import PatientRecord
from retina_desktop.services.records_ports import (
    AnalysisStore,
    AuditTrail,
    ExaminationStore,
    PatientStore,
    ReadingStore,
)

if TYPE_CHECKING:
    from retina_desktop.domain.findings import Finding


@dataclass(frozen=True, slots=True)
class PatientHistory:
    """Show how a patient's eyes went over the visits."""

    patients: PatientStore
    examinations: ExaminationStore
    analyses: AnalysisStore
    readings: ReadingStore
    audit: AuditTrail

    def __call__(self, acting: Acting, patient_id: int) -> History:
        """Return the history of a patient; of a merged one, of who they were merged into.

        Raises
        ------
        RecordNotFoundError, PermissionDeniedError, RecordsUnavailableError
        """
        by = acting.allowed(Permission.SEE_RECORDS)
        patient = self.patients.get(patient_id)
        reference = RecordReference(RecordKind.PATIENT, patient.id)
        self.audit.record(AuditEvent(AuditAction.PATIENT_SEEN, reference), by=by)
        return self._history(patient, self.examinations.of_patient(patient.id))

    def of_seen(self, acting: Acting, seen: PatientRecord) -> History:
        """Return the history of a record that `OpenPatient` gave out a moment ago.

        Raises
        ------
        PermissionDeniedError, RecordsUnavailableError
        """
        acting.allowed(Permission.SEE_RECORDS)
        return self._history(seen.patient, seen.visits)

    def _history(self, patient: Patient, visits: Sequence[ExaminationSummary]) -> History:
        oldest_first = sorted(visits, key=lambda s: (s.visit_date, s.id))
        return History(patient, tuple(self._visit(summary) for summary in oldest_first))

    def _visit(self, summary: ExaminationSummary) -> VisitAtHistory:
        images = self.examinations.images(summary.id) if summary.images else ()
        newest = {a.image_id: a for a in self.analyses.of_examination(summary.id)}
        stored = self.readings.get(summary.id)
        reading = stored.reading if stored else Reading()
        eyes = dict.fromkeys((*(i.laterality for i in images), *_eyes_read(reading)))
        return VisitAtHistory(
            summary,
            tuple(_eye(eye, images, newest, reading) for eye in sorted(eyes, key=_od_first)),
            reading.own_findings,
            stored.signature if stored else None,
        )


@dataclass(frozen=True, slots=True)
class CompareAnalyses:
    """Show what a re-run with another model changed."""

    analyses: AnalysisStore
    audit: AuditTrail

    def __call__(self, acting: Acting, older_id: int, newer_id: int) -> AnalysisChanges:
        """Return the differences of two analyses of one photograph.

        Raises
        ------
        ValueError
            If they are of different photographs.
        RecordNotFoundError, PermissionDeniedError
        """
        by = acting.allowed(Permission.SEE_RECORDS)
        changes = compare_analyses(self.analyses.get(older_id), self.analyses.get(newer_id))
        reference = RecordReference(RecordKind.ANALYSIS, newer_id)
        self.audit.record(AuditEvent(AuditAction.EXAMINATION_SEEN, reference), by=by)
        return changes


def _eye(
    eye: Laterality | None,
    images: Sequence[StoredImage],
    newest: dict[int, StoredAnalysis],
    reading: Reading,
) -> EyeAtVisit:
    own = [image.id for image in images if image.laterality == eye]
    analyses = [newest[image_id] for image_id in own if image_id in newest]
    qualities = [analysis.content.quality for analysis in analyses]
    models = (f"{a.content.model.id} {a.content.model.version}" for a in analyses)
    return EyeAtVisit(
        eye,
        tuple(own),
        max(qualities, key=lambda q: (q.gradable, q.score), default=None),
        tuple(dict.fromkeys(models)),
        _labels(analyses, {d.label: d for d in reading.decisions if d.eye == eye}),
    )


def _labels(
    analyses: Sequence[StoredAnalysis], decisions: dict[str, Decision]
) -> tuple[LabelAtVisit, ...]:
    """Return every label that a model knows or a reader decided on, in the models' order."""
    highest: dict[str, tuple[Finding, int]] = {}
    for analysis in analyses:
        for finding in analysis.content.findings:
            known = highest.get(finding.label)
            if known is None or (finding.probability or -1.0) > (known[0].probability or -1.0):
                highest[finding.label] = finding, analysis.id
    labels = dict.fromkeys((*highest, *decisions))
    return tuple(
        LabelAtVisit(
            label,
            highest[label][0] if label in highest else None,
            decisions.get(label),
            highest[label][1] if label in highest else None,
        )
        for label in labels
    )


def _eyes_read(reading: Reading) -> tuple[Laterality | None, ...]:
    return tuple(decision.eye for decision in reading.decisions)


def _od_first(eye: Laterality | None) -> int:
    return [Laterality.RIGHT, Laterality.LEFT, None].index(eye)
