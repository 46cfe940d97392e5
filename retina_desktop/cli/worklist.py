"""``retina-desktop worklist``: a day's examinations, urgent first."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from retina_desktop.cli.console import give, give_json, guarded, say
from retina_desktop.cli.lists import ExportFile, check_export, export_day, tell_export
from retina_desktop.cli.patients import visit_line
from retina_desktop.cli.records_session import (
    AsJson,
    DataFolder,
    UserName,
    document,
    opened,
)
from retina_desktop.domain.audit import AuditAction, AuditEvent, RecordKind, RecordReference
from retina_desktop.domain.examinations import ExaminationState
from retina_desktop.domain.users import Permission


@guarded
def worklist(
    *,
    day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="YYYY-MM-DD; today if left out."),
    ] = None,
    state: Annotated[
        ExaminationState | None, typer.Option(help="Only examinations that far.")
    ] = None,
    export: ExportFile = None,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """List the day's examinations with their state; the most urgent stands first."""
    date = day.date() if day else datetime.now(UTC).astimezone().date()
    check_export(export)
    if export is not None:
        with opened(data_dir, user) as session:
            table = export_day(session, date, state, export)
        tell_export(table, export, as_json=as_json)
        return
    with opened(data_dir, user) as session:
        by = session.acting.allowed(Permission.SEE_RECORDS)
        visits = [
            visit
            for visit in session.records.examinations.worklist(date)
            if state in (None, visit.state)
        ]
        found = {"found": str(len(visits))}
        event = AuditEvent(
            AuditAction.PATIENTS_SEARCHED, RecordReference(RecordKind.EXAMINATION), found
        )
        session.records.audit.record(event, by=by)
        patients = {
            visit.patient_id: session.records.patients.get(visit.patient_id).details
            for visit in visits
        }
    if as_json:
        rows = [
            {
                "visit": visit,
                "urgency": visit.tier,
                "record_number": patients[visit.patient_id].record_number,
                "name": patients[visit.patient_id].name,
            }
            for visit in visits
        ]
        give_json(document(day=date, examinations=rows))
        return
    lines = []
    for visit in visits:
        details = patients[visit.patient_id]
        lines.append(f"{details.record_number}  {details.name}\n{visit_line(visit)}")
    if lines:
        give("\n".join(lines))
    else:
        say(f"No examination on {date}.")
