"""``retina-desktop patients``: enter and show patients; other modules find and merge them."""

from datetime import date, datetime
from typing import Annotated

import typer

from retina_desktop.cli.console import give, give_json, guarded, printable
from retina_desktop.cli.records_session import (
    AsJson,
    DataFolder,
    UserName,
    document,
    opened,
    patient_by_number,
)
from retina_desktop.domain.examinations import ExaminationSummary
from retina_desktop.domain.patients import Condition, Patient, PatientDetails, Sex

app = typer.Typer(help="Patients: add, find, show, history, merge.", no_args_is_help=True)


@app.command()
@guarded
def add(
    record_number: Annotated[str, typer.Argument(help="The clinic's number of the patient.")],
    name: Annotated[str, typer.Argument(help="The name as the patient writes it.")],
    *,
    birth_date: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="YYYY-MM-DD.")
    ] = None,
    sex: Annotated[Sex, typer.Option(help="As in DICOM; U is not stated.")] = Sex.NOT_STATED,
    contact: Annotated[str, typer.Option(help="Address, telephone ...")] = "",
    notes: Annotated[str, typer.Option(help="Anything else.")] = "",
    diabetes: Annotated[Condition, typer.Option()] = Condition.UNKNOWN,
    hypertension: Annotated[Condition, typer.Option()] = Condition.UNKNOWN,
    risk_factor: Annotated[list[str] | None, typer.Option(help="May be repeated.")] = None,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Enter a new patient."""
    details = PatientDetails(
        record_number=record_number,
        name=name,
        birth_date=birth_date.date() if birth_date else None,
        sex=sex,
        contact=contact,
        notes=notes,
        diabetes=diabetes,
        hypertension=hypertension,
        risk_factors=tuple(risk_factor or ()),
    )
    with opened(data_dir, user) as session:
        patient = session.add_patient(session.acting, details)
    if as_json:
        give_json(document(patient=patient))
    else:
        give(_line(patient))


@app.command()
@guarded
def show(
    record_number: Annotated[str, typer.Argument()],
    *,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Show a patient and the visits, newest first."""
    with opened(data_dir, user) as session:
        wanted = patient_by_number(session, record_number)
        record = session.open_patient(session.acting, wanted.id)
    if as_json:
        give_json(document(patient=record.patient, visits=record.visits))
        return
    lines = [_line(record.patient), _facts(record.patient)]
    lines += [visit_line(visit) for visit in record.visits] or ["No examination yet."]
    give("\n".join(line for line in lines if line))


def visit_line(visit: ExaminationSummary) -> str:
    """Return one line on a visit."""
    tier = visit.tier.shown if visit.tier else "not analysed"
    mark = f" [{visit.mark}]" if visit.mark else ""
    return f"  Examination {visit.id}, {visit.visit_date}: {visit.state}, {tier}{mark}"


def _line(patient: Patient) -> str:
    details = patient.details
    born = f", born {details.birth_date}" if details.birth_date else ""
    return f"{details.record_number}  {details.name}{born}"


def _facts(patient: Patient) -> str:
    details = patient.details
    facts: dict[str, str | date] = {
        "  Sex": details.sex.value,
        "  Contact": details.contact,
        "  Diabetes": details.diabetes.value,
        "  Hypertension": details.hypertension.value,
        "  Risk factors": ", ".join(details.risk_factors),
        "  Notes": details.notes,
    }
    return printable({name: value for name, value in facts.items() if value})
