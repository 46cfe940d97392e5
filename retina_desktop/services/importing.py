"""Bringing photographs into the records: the second step, after a plan that changes nothing.

What is carried out can be stopped and begun again at any place: each visit is one transaction,
and what is in the records already is never added again.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from retina_desktop.domain.audit import AuditAction, AuditEvent, RecordKind, RecordReference
from retina_desktop.domain.errors import ImageUnreadableError, RetinaError, TaskCancelledError
from retina_desktop.domain.examinations import ExaminationDetails
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.patients import Patient, PatientDetails
from retina_desktop.domain.record_errors import StoredImageMissingError
from retina_desktop.domain.users import Permission, Stamp
from retina_desktop.services.acting import Acting
from retina_desktop.services.examination_records import IncomingPhotograph, KeepPhotograph
from retina_desktop.services.importing_claims import Claim
from retina_desktop.services.importing_ports import ImportedVisits, KeptVisit
from retina_desktop.services.records_ports import AuditTrail, NewPhotograph, PatientStore
from retina_desktop.services.screening import AnalysePhotograph
from retina_desktop.services.tasks import TaskContext


class FileOutcome(StrEnum):
    """What happens to a file, or has happened."""

    NEW_PATIENT = "new patient"
    NEW_VISIT = "new visit"
    ADDED = "added to a visit"
    ALREADY_THERE = "already in the records"
    REFUSED = "refused"
    NOT_REACHED = "not reached"


BROUGHT_IN = (FileOutcome.NEW_PATIENT, FileOutcome.NEW_VISIT, FileOutcome.ADDED)


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """One file with its outcome; ``claim`` is completed by the file's own header.

    ``sentence`` says why it is refused, ``remark`` what somebody should look at afterwards.
    ``error`` is the code of the refusal.
    """

    claim: Claim
    outcome: FileOutcome
    sentence: str = ""
    error: str = ""
    remark: str = ""
    sha256: str = ""
    eye: Laterality | None = None
    patient: PatientDetails | None = None
    examination_id: int | None = None

    def refused(self, error: RetinaError) -> "ImportedFile":
        """Return the file as refused by `error`."""
        return replace(self, outcome=FileOutcome.REFUSED, sentence=str(error), error=error.code)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Every file of an import in the order named, planned or carried out."""

    files: tuple[ImportedFile, ...]
    stopped: bool = False

    @property
    def counts(self) -> dict[FileOutcome, int]:
        """How many files had which outcome; every outcome is there."""
        counted = Counter(file.outcome for file in self.files)
        return {outcome: counted[outcome] for outcome in FileOutcome}


@dataclass(frozen=True, slots=True)
class CarryOutImport:
    """Do what was planned; doing it again changes nothing."""

    patients: PatientStore
    visits: ImportedVisits
    keep: KeepPhotograph
    audit: AuditTrail

    def __call__(
        self,
        context: TaskContext,
        acting: Acting,
        plan: ImportReport,
        *,
        source: str,
        analyse: AnalysePhotograph | None = None,
    ) -> ImportReport:
        """Return what became of every file; a cancel ends it between two visits.

        Parameters
        ----------
        context : TaskContext
            Told after each photograph.
        acting : Acting
            Who imports: may examine, and change patients where the plan adds some.
        plan : ImportReport
            Of `PlanImport`; what it refused or found in the records is passed through.
        source : str
            For the audit trail: ``folder``, ``csv`` or ``dicom``.
        analyse : AnalysePhotograph or None
            The model to ask about each photograph.

        Raises
        ------
        RecordsUnavailableError, PermissionDeniedError
            What was kept until then stays.
        """
        by = acting.allowed(Permission.EXAMINE)
        if any(file.outcome is FileOutcome.NEW_PATIENT for file in plan.files):
            acting.allowed(Permission.CHANGE_PATIENTS)
        run = _Run(self, context, by, list(plan.files), analyse)
        try:
            run.all_visits()
        finally:
            if run.touched:
                self._write_down(run, source, by)
        return ImportReport(tuple(run.files), stopped=run.stopped)

    def _write_down(self, run: "_Run", source: str, by: Stamp) -> None:
        counts = ImportReport(tuple(run.files)).counts
        details = {"source": source} | {
            outcome.value: str(counts[outcome]) for outcome in FileOutcome if counts[outcome]
        }
        event = AuditEvent(AuditAction.IMPORTED, RecordReference(RecordKind.PATIENT), details)
        self.audit.record(event, by=by)


@dataclass(slots=True)
class _Run:
    """One carrying out; ``files`` holds outcomes as they come."""

    parts: CarryOutImport
    context: TaskContext
    by: Stamp
    files: list[ImportedFile]
    analyse: AnalysePhotograph | None
    done: int = 0
    stopped: bool = False
    touched: bool = field(default=False)

    def all_visits(self) -> None:
        waiting = [i for i, file in enumerate(self.files) if file.outcome in BROUGHT_IN]
        for visit in _by_visit(self.files, waiting):
            try:
                self._visit(visit, len(waiting))
            except TaskCancelledError:
                self.stopped = True
                break
            self.touched = True
        if self.stopped:
            for index in waiting[:]:
                if self.files[index].examination_id is None:
                    self._not_reached(index)

    def _not_reached(self, index: int) -> None:
        file = self.files[index]
        if file.outcome in BROUGHT_IN:
            self.files[index] = replace(file, outcome=FileOutcome.NOT_REACHED)

    def _visit(self, indices: Sequence[int], of: int) -> None:
        kept: dict[int, NewPhotograph] = {}
        for index in indices:
            self.context.progress(self.done / of, self.files[index].claim.path.name)
            try:
                kept[index] = self._photograph(self.files[index])
            except ImageUnreadableError as error:
                self.files[index] = self.files[index].refused(error)
            self.done += 1
        if not kept:
            return
        first = self.files[next(iter(kept))]
        try:
            visit = self._store(first, kept)
        except RetinaError as error:
            if error.code not in _OF_ONE_VISIT:
                raise
            for index in kept:
                self.files[index] = self.files[index].refused(error)
            return
        for index, photograph in kept.items():
            self._tell(index, visit, photograph)

    def _photograph(self, file: ImportedFile) -> NewPhotograph:
        claim, analyse = file.claim, self.analyse
        if analyse is None:
            return self.parts.keep(IncomingPhotograph(claim.path, claim.eye))
        said = analyse(TaskContext(), claim.path, laterality=claim.eye).analysis
        manifest = analyse.classifier.manifest
        return self.parts.keep(IncomingPhotograph(claim.path, claim.eye, said, manifest))

    def _store(self, first: ImportedFile, kept: dict[int, NewPhotograph]) -> KeptVisit:
        details, day = first.patient, first.claim.visit_date
        if details is None or day is None:
            raise ValueError("a planned file has a patient and a day")
        patient = self._patient(details)
        visits, visit = self.parts.visits, ExaminationDetails(day)
        try:
            return visits.keep(patient.id, visit, list(kept.values()), by=self.by)
        except StoredImageMissingError:
            # A start-up elsewhere set the files aside before their rows were there.
            again = {index: self._photograph(self.files[index]) for index in kept}
            return visits.keep(patient.id, visit, list(again.values()), by=self.by)

    def _patient(self, details: PatientDetails) -> Patient:
        found = self.parts.patients.find_by_record_number(details.record_number)
        return found or self.parts.patients.add(details, by=self.by)

    def _tell(self, index: int, visit: KeptVisit, photograph: NewPhotograph) -> None:
        file = self.files[index]
        outcome = file.outcome
        if photograph.image.sha256 not in visit.added:
            outcome = FileOutcome.ALREADY_THERE
        remark, eye = file.remark, photograph.image.laterality
        if eye is None:
            remark = f"{remark} {NO_EYE}".strip()
        self.files[index] = replace(
            file,
            outcome=outcome,
            eye=eye,
            examination_id=visit.examination_id,
            remark=remark,
        )


NO_EYE = "Nothing says which eye it shows."
# What rules out one visit and lets the next go on: signed or changed meanwhile.
_OF_ONE_VISIT = frozenset(
    {"already_signed", "record_number_taken", "image_unreadable", "stored_image_missing"}
)


def _by_visit(files: Sequence[ImportedFile], indices: Iterable[int]) -> Iterator[list[int]]:
    """Yield the files of each visit together, visits in the order first named."""
    visits: dict[tuple[str, object], list[int]] = {}
    for index in indices:
        file = files[index]
        number = file.patient.record_number if file.patient else ""
        visits.setdefault((number, file.claim.visit_date), []).append(index)
    yield from visits.values()
