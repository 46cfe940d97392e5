"""A record's work in worker threads; nothing here touches Qt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.examinations import ExaminationDetails
from retina_desktop.domain.patient_histories import VisitAtHistory
from retina_desktop.domain.patients import Patient
from retina_desktop.domain.record_errors import AlreadySignedError, RecordsUnavailableError
from retina_desktop.gui.patients.record_state import MergedPatient, VisitLine
from retina_desktop.gui.patients.record_words import model_words, reader_words, trends_of
from retina_desktop.gui.patients.trend import Trend
from retina_desktop.gui.patients.words import tr
from retina_desktop.gui.records.port import RecordsServices
from retina_desktop.services.examination_records import IncomingPhotograph
from retina_desktop.services.patient_records import PatientRecord
from retina_desktop.services.tasks import TaskContext

_T = TypeVar("_T")
Work = Callable[[RecordsServices, TaskContext], _T]
FindPhotographs = Callable[[TaskContext, Sequence[Path]], Sequence[Path]]


@dataclass(frozen=True, slots=True)
class OpenedRecord:
    """A patient with the visits as far as lists know them, and who was merged into them."""

    record: PatientRecord
    merged: tuple[MergedPatient, ...]


@dataclass(frozen=True, slots=True)
class RecordDetails:
    """What takes longer: every visit's photographs and words, and the courses."""

    patient_id: int
    visits: tuple[VisitLine, ...]
    trends: tuple[Trend, ...]


@dataclass(frozen=True, slots=True)
class StartedVisit:
    """The visit that photographs went to, None when none could be kept; what was refused."""

    patient_id: int
    examination_id: int | None
    refused: tuple[str, ...] = ()


def open_record(patient_id: int) -> Work[OpenedRecord]:
    """Return the task that opens a patient's record; who looked is written down."""

    def run(services: RecordsServices, context: TaskContext) -> OpenedRecord:
        context.progress(0.0)
        record = services.open_patient(services.acting, patient_id)
        merged = tuple(
            MergedPatient(one.id, one.details.record_number, one.details.name)
            for one in services.patients.merged_into(record.patient.id)
        )
        return OpenedRecord(record, merged)

    return run


def record_details(record: PatientRecord) -> Work[RecordDetails]:
    """Return the task that reads the rest of an opened record."""

    def run(services: RecordsServices, context: TaskContext) -> RecordDetails:
        context.progress(0.0)
        history = services.patients.history.of_seen(services.acting, record)
        return RecordDetails(
            record.patient.id,
            tuple(visit_line(visit) for visit in reversed(history.visits)),
            trends_of(history.trends(), history.trends(all_labels=True)),
        )

    return run


def visit_line(visit: VisitAtHistory) -> VisitLine:
    """Return a visit as the timeline shows it."""
    images = ((image, eye.eye) for eye in visit.eyes for image in eye.image_ids)
    words = model_words(visit), reader_words(visit)
    return VisitLine(visit.summary, tuple(images), *words, complete=True)


def begin_visit(patient_id: int) -> Work[StartedVisit]:
    """Return the task that begins a visit of today, without photographs yet."""

    def run(services: RecordsServices, context: TaskContext) -> StartedVisit:
        visit = services.begin_examination(
            context, services.acting, patient_id=patient_id, details=_today(services)
        )
        return StartedVisit(patient_id, visit.id)

    return run


def keep_photographs(
    patient: Patient, paths: Sequence[Path], find: FindPhotographs, *, into: int | None
) -> Work[StartedVisit]:
    """Return the task that keeps files for a patient.

    Parameters
    ----------
    patient : Patient
        Whose eyes; a file whose own header names somebody else is refused.
    paths : sequence of Path
        Files and folders, as dropped.
    find : callable
        Turns them into photographs.
    into : int or None
        Today's visit if there is one that is not signed; None begins a new one with the
        first photograph that can be kept.
    """

    def run(services: RecordsServices, context: TaskContext) -> StartedVisit:
        photographs = find(context, paths)
        visit_id, refused = into, []
        if not photographs:
            refused.append(tr("There is no photograph in what was dropped."))
        for done, path in enumerate(photographs):
            context.progress(done / len(photographs))
            incoming = IncomingPhotograph(path, patient=patient.details)
            try:
                visit_id = _keep(services, patient.id, visit_id, incoming)
            except RecordsUnavailableError:
                raise  # the next one would fail as well
            except RetinaError as error:
                refused.append(f"{path.name}: {error}")
        return StartedVisit(patient.id, visit_id, tuple(refused))

    return run


def _keep(
    services: RecordsServices, patient_id: int, visit_id: int | None, photo: IncomingPhotograph
) -> int:
    if visit_id is not None:
        try:
            services.examination.add_photograph(services.acting, visit_id, photo)
        except AlreadySignedError:
            visit_id = None  # signed by somebody a moment ago: a new visit, then
        else:
            return visit_id
    visit = services.begin_examination(
        TaskContext(),
        services.acting,
        patient_id=patient_id,
        details=_today(services),
        photographs=[photo],
    )
    return visit.id


def _today(services: RecordsServices) -> ExaminationDetails:
    acting = services.acting
    day = acting.now().astimezone().date()
    return ExaminationDetails(day, operator=acting.user.shown_name)
