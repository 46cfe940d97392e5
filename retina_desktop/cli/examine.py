"""``retina-desktop examine``: a patient's photographs, analysed, into the records."""

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from retina_desktop.bootstrap import load_analysis, model_choices
from retina_desktop.bootstrap_records.opened import OpenedRecords
from retina_desktop.cli.console import (
    ExitCode,
    give,
    give_json,
    guarded,
    internal_error_text,
    say,
    shown,
    stop,
)
from retina_desktop.cli.examinations import told_examination
from retina_desktop.cli.records_session import (
    AsJson,
    DataFolder,
    UserName,
    document,
    folders_of,
    opened,
    patient_by_number,
)
from retina_desktop.cli.visit_details import (
    AcuityLeft,
    AcuityRight,
    CorrectionLeft,
    CorrectionRight,
    DetailsOptions,
    IopLeft,
    IopRight,
    MeasuredOptions,
    TonometryLeft,
    TonometryRight,
)
from retina_desktop.config.folders import Folders
from retina_desktop.config.settings import EngineChoice
from retina_desktop.domain.audit import AuditAction, AuditEvent, RecordKind, RecordReference
from retina_desktop.domain.errors import ImageUnreadableError, InternalError, RetinaError
from retina_desktop.domain.examinations import Examination, ExaminationDetails
from retina_desktop.domain.images import DicomFacts, Laterality
from retina_desktop.domain.model_choice import age_caution, model_to_ask, suggested
from retina_desktop.domain.patients import PatientDetails
from retina_desktop.domain.users import Permission
from retina_desktop.imaging.thumbnails import THUMBNAIL_SIDE
from retina_desktop.services.examination_records import IncomingPhotograph
from retina_desktop.services.identity_checks import check_same_patient, names_another
from retina_desktop.services.screening import AnalysePhotograph
from retina_desktop.services.tasks import TaskContext

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Batch:
    """The photographs of one visit: those that can be kept, and why the others cannot."""

    patient: PatientDetails
    accept_other_patient: bool
    others: int = 0  # photographs whose header names another patient, accepted
    good: list[IncomingPhotograph] = field(default_factory=list)
    errors: list[tuple[Path, RetinaError]] = field(default_factory=list)

    def refuse(self, path: Path, error: RetinaError) -> None:
        self.errors.append((path, error))
        say(f"{shown(path)}: {error}")

    def analyse(self, analyse: AnalysePhotograph, path: Path, eye: Laterality | None) -> None:
        try:
            self._check_whose(analyse.read(path, min_side=THUMBNAIL_SIDE).dicom)
            analysis = analyse(TaskContext(), path, laterality=eye).analysis
        except RetinaError as error:
            self.refuse(path, error)
        except Exception:  # one photograph's bug: told, and the rest go on
            log.exception("analysis failed")
            self.refuse(path, InternalError(internal_error_text()))
        else:
            manifest = analyse.classifier.manifest
            self.good.append(IncomingPhotograph(path, eye, analysis, manifest))

    def _check_whose(self, facts: DicomFacts | None) -> None:
        if not self.accept_other_patient:
            check_same_patient(facts, self.patient)
        elif names_another(facts, self.patient):
            self.others += 1


@guarded
def examine(
    images: Annotated[
        list[Path] | None, typer.Argument(metavar="IMAGE...", help="Photographs.")
    ] = None,
    *,
    patient: Annotated[str, typer.Option(metavar="RECORD_NUMBER", help="Whose eyes.")],
    right: Annotated[
        list[Path] | None,
        typer.Option(metavar="IMAGE", help="A photograph of the right eye; may be repeated."),
    ] = None,
    left: Annotated[
        list[Path] | None,
        typer.Option(metavar="IMAGE", help="A photograph of the left eye; may be repeated."),
    ] = None,
    visit_date: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="YYYY-MM-DD; today if left out."),
    ] = None,
    operator: Annotated[str, typer.Option(help="Who took the photographs.")] = "",
    reason: Annotated[str, typer.Option(help="Why the patient came.")] = "",
    acuity_right: AcuityRight = None,
    correction_right: CorrectionRight = None,
    iop_right: IopRight = None,
    tonometry_right: TonometryRight = None,
    acuity_left: AcuityLeft = None,
    correction_left: CorrectionLeft = None,
    iop_left: IopLeft = None,
    tonometry_left: TonometryLeft = None,
    model: Annotated[str | None, typer.Option(help="Model bundle's id.")] = None,
    engine: Annotated[EngineChoice | None, typer.Option(help="What runs the model.")] = None,
    accept_other_patient: Annotated[
        bool,
        typer.Option(
            "--accept-other-patient", help="Also where a DICOM header names another patient."
        ),
    ] = False,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Keep a visit: original photographs, encrypted, and what the model says of them.

    The eye of a photograph given without --right or --left is told by the camera or the
    picture, where they can. What cannot be read is told and left out.
    """
    wanted: list[tuple[Path, Laterality | None]] = [
        *((path, None) for path in images or ()),
        *((path, Laterality.RIGHT) for path in right or ()),
        *((path, Laterality.LEFT) for path in left or ()),
    ]
    if not wanted:
        stop(ExitCode.USAGE, "Name at least one photograph.")
    today = datetime.now(UTC).astimezone().date()
    given = DetailsOptions(
        visit_date.date() if visit_date else today,
        operator,
        reason,
        MeasuredOptions(acuity_right, correction_right, iop_right, tonometry_right),
        MeasuredOptions(acuity_left, correction_left, iop_left, tonometry_left),
    )
    details = given.applied_to(ExaminationDetails(today), today=today)
    folders = folders_of(data_dir)
    with opened(data_dir, user) as session:
        session.acting.allowed(Permission.EXAMINE)
        who = patient_by_number(session, patient)
        age = who.details.age_on(details.visit_date)
        analyse = load_analysis(folders, model=_model_for(folders, model, age), engine=engine)
        batch = _Batch(who.details, accept_other_patient)
        for path, eye in wanted:
            batch.analyse(analyse, path, eye)
        kept = _keep(session, who.id, details, batch) if batch.good else None
        errors = [
            {"path": str(path), "error": error.code, "message": str(error)}
            for path, error in batch.errors
        ]
        if kept is None:
            if as_json:
                give_json(document(examination=None, errors=errors))
            stop(ExitCode.NOTHING_DONE, "No photograph could be kept; there is no examination.")
        if batch.others:
            _write_down_accepted(session, kept.id, batch.others)
        record = session.open_examination(session.acting, kept.id)
    if as_json:
        parts = {"images": record.images, "analyses": record.analyses}
        give_json(document(examination=record.examination, **parts, errors=errors))
    else:
        give(told_examination(record))
    if errors:
        raise typer.Exit(ExitCode.SOME_FAILED)


def _model_for(folders: Folders, wanted: str | None, age: int | None) -> str | None:
    """Return the model to ask: by the patient's age where none is named, and told then."""
    choices = model_choices(folders)
    choice = next((c for c in choices if c.id == wanted), None)
    if wanted is None:
        choice = suggested(choices, age)
        if choice is not None and not choice.in_force:
            say(f"By the patient's age the photographs are analysed by: {choice.name}.")
    caution = age_caution(choice, age)
    if caution and len(choices) > 1:
        say(caution)
    return wanted or model_to_ask(choice)


def _keep(
    session: OpenedRecords, patient_id: int, details: ExaminationDetails, batch: _Batch
) -> Examination | None:
    """Store the visit; a file that changed or vanished since its analysis is left out."""
    try:
        return _begin(session, patient_id, details, batch)
    except ImageUnreadableError:
        for incoming in list(batch.good):
            try:
                session.keep_photograph(incoming)
            except ImageUnreadableError as error:
                batch.good.remove(incoming)
                batch.refuse(incoming.path, error)
    return _begin(session, patient_id, details, batch) if batch.good else None


def _begin(
    session: OpenedRecords, patient_id: int, details: ExaminationDetails, batch: _Batch
) -> Examination:
    return session.begin_examination(
        TaskContext(),
        session.acting,
        patient_id=patient_id,
        details=details,
        photographs=batch.good,
        accept_other_patient=batch.accept_other_patient,
    )


def _write_down_accepted(session: OpenedRecords, examination_id: int, photographs: int) -> None:
    reference = RecordReference(RecordKind.EXAMINATION, examination_id)
    event = AuditEvent(
        AuditAction.OTHER_PATIENT_ACCEPTED, reference, {"photographs": str(photographs)}
    )
    by = session.acting.allowed(Permission.EXAMINE)
    session.records.audit.record(event, by=by)
