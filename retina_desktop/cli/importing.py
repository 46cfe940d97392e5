"""``retina-desktop import``: photographs from elsewhere into the records, after a plan."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from retina_desktop.bootstrap import load_analysis
from retina_desktop.bootstrap_records.importing import carry_out_import, plan_import
from retina_desktop.bootstrap_records.opened import OpenedRecords
from retina_desktop.cli.console import ExitCode, give, give_json, guarded, say, shown, stop
from retina_desktop.cli.records_session import (
    AsJson,
    DataFolder,
    UserName,
    document,
    eye_shown,
    folders_of,
    opened,
)
from retina_desktop.cli.task_progress import shown_progress
from retina_desktop.config.folders import Folders
from retina_desktop.domain.errors import TaskCancelledError
from retina_desktop.services.folder_screening import photographs_below
from retina_desktop.services.importing import (
    BROUGHT_IN,
    FileOutcome,
    ImportedFile,
    ImportReport,
)
from retina_desktop.services.importing_claims import Claim, claims_by_name, claims_by_tags
from retina_desktop.services.importing_dates import DateFormat
from retina_desktop.services.importing_names import NamePattern
from retina_desktop.services.importing_plan import ImportWishes
from retina_desktop.services.importing_tables import Column, TableWishes, claims_by_table

app = typer.Typer(
    name="import",
    help="Import photographs: by their names, by a table (CSV), or by their DICOM headers.",
    no_args_is_help=True,
)

PlanOnly = Annotated[
    bool, typer.Option("--plan", help="Only say what would happen to each file.")
]
Analyse = Annotated[
    bool, typer.Option("--analyse", help="Ask the model about each photograph.")
]
Model = Annotated[str | None, typer.Option(help="Model bundle's id, with --analyse.")]
VisitDate = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="The day of files that nothing else dates."),
]
KnownOnly = Annotated[
    bool, typer.Option("--known-patients-only", help="Refuse unknown record numbers.")
]
Folder = Annotated[Path, typer.Argument(help="Read with all folders below it.")]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One run of an import command."""

    source: str
    plan_only: bool
    analyse: bool
    model: str | None
    wishes: ImportWishes
    folders: Folders
    as_json: bool


@app.command(name="folder")
@guarded
def from_folder(
    folder: Folder,
    *,
    pattern: Annotated[
        str,
        typer.Option(
            help="How files are named, with {record_number}, {eye}, {date}, {name} and "
            "{anything}; {date:DD.MM.YYYY} spells the day, a slash parts folders."
        ),
    ] = "{record_number}_{eye}_{date}",
    plan: PlanOnly = False,
    analyse: Analyse = False,
    model: Model = None,
    visit_date: VisitDate = None,
    known_patients_only: KnownOnly = False,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Import photographs whose names say whose eye they show, and when.

    Photographs of one patient and day become one examination. What the records hold already
    is left alone, so the same folder can be imported again, also after it was stopped.
    """
    named = NamePattern(pattern)
    paths = _photographs(folder)
    claims = claims_by_name(paths, named, below=folder)
    wishes = ImportWishes(_day(visit_date), not known_patients_only)
    wanted = _Wanted("folder", plan, analyse, model, wishes, folders_of(data_dir), as_json)
    with opened(data_dir, user) as session:
        _import(session, claims, wanted)


@app.command(name="csv")
@guarded
def from_table(
    table: Annotated[Path, typer.Argument(help="CSV with a row for each photograph.")],
    *,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=HEADER",
            help="Which header is which column, where it is not called so: file, "
            "record_number, name, birth_date, sex, eye, visit_date, notes.",
        ),
    ] = None,
    date_format: Annotated[
        str, typer.Option(help="Of all days of the table, such as DD/MM/YYYY.")
    ] = "",
    folder: Annotated[
        Path | None, typer.Option(help="Where the files are; the table's folder if left out.")
    ] = None,
    plan: PlanOnly = False,
    analyse: Analyse = False,
    model: Model = None,
    visit_date: VisitDate = None,
    known_patients_only: KnownOnly = False,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Import the photographs that a table lists with their patients and days."""
    wanted_columns = TableWishes(_columns(column or []), DateFormat(date_format))
    try:
        data = table.read_bytes()
    except OSError:
        stop(ExitCode.USAGE, f"{shown(table)} cannot be read.")
    claims = claims_by_table(data, wanted_columns, below=folder or table.parent)
    wishes = ImportWishes(_day(visit_date), not known_patients_only)
    wanted = _Wanted("csv", plan, analyse, model, wishes, folders_of(data_dir), as_json)
    with opened(data_dir, user) as session:
        _import(session, claims, wanted)


@app.command(name="dicom")
@guarded
def from_dicom(
    folder: Folder,
    *,
    plan: PlanOnly = False,
    analyse: Analyse = False,
    model: Model = None,
    visit_date: VisitDate = None,
    known_patients_only: KnownOnly = False,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Import DICOM photographs by what their headers say of patient, eye and day."""
    claims = claims_by_tags(_photographs(folder))
    wishes = ImportWishes(_day(visit_date), not known_patients_only)
    wanted = _Wanted("dicom", plan, analyse, model, wishes, folders_of(data_dir), as_json)
    with opened(data_dir, user) as session:
        _import(session, claims, wanted)


def _import(session: OpenedRecords, claims: Iterable[Claim], wanted: _Wanted) -> None:
    try:
        with shown_progress("Looking at the files") as context:
            report = plan_import(session)(context, session.acting, claims, wanted.wishes)
    except TaskCancelledError:
        stop(ExitCode.SOME_FAILED, "Stopped; nothing was imported.")
    if not report.files:
        stop(ExitCode.NOTHING_DONE, "There is no photograph to import.")
    if not wanted.plan_only:
        with shown_progress("Importing") as context:
            report = carry_out_import(session)(
                context,
                session.acting,
                report,
                source=wanted.source,
                analyse=load_analysis(wanted.folders, model=wanted.model)
                if wanted.analyse
                else None,
            )
    _tell(report, wanted)
    counts = report.counts
    if report.stopped:
        stop(ExitCode.SOME_FAILED, "Stopped; import the same again to go on.")
    if counts[FileOutcome.REFUSED] == len(report.files):
        stop(ExitCode.NOTHING_DONE)
    if counts[FileOutcome.REFUSED]:
        stop(ExitCode.SOME_FAILED)


def _tell(report: ImportReport, wanted: _Wanted) -> None:
    counts = {str(outcome): number for outcome, number in report.counts.items() if number}
    if wanted.as_json:
        files = [_as_json(file) for file in report.files]
        give_json(
            document(
                planned=wanted.plan_only, stopped=report.stopped, counts=counts, files=files
            )
        )
        return
    give("\n".join(_line(file) for file in report.files))
    brought = sum(report.counts[outcome] for outcome in BROUGHT_IN)
    would = "would be brought in" if wanted.plan_only else "brought in"
    say(f"{brought} of {len(report.files)} {would}: " + _listed(counts) + ".")


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {outcome}" for outcome, number in counts.items())


def _line(file: ImportedFile) -> str:
    if file.outcome is FileOutcome.REFUSED:
        return f"{shown(file.claim.path)}: refused. {file.sentence}"
    whose = f"{file.patient.record_number}, " if file.patient else ""
    day = f"{file.claim.visit_date}, " if file.claim.visit_date else ""
    remark = f". {file.remark}" if file.remark else ""
    eye = eye_shown(file.eye)
    return f"{shown(file.claim.path)}: {whose}{day}{eye}: {file.outcome}{remark}"


def _as_json(file: ImportedFile) -> dict[str, object]:
    patient = file.patient
    return {
        "path": str(file.claim.path),
        "outcome": file.outcome,
        "record_number": patient.record_number if patient else file.claim.record_number,
        "name": patient.name if patient else file.claim.name,
        "eye": file.eye,
        "visit_date": file.claim.visit_date,
        "examination": file.examination_id,
        "sha256": file.sha256,
        "error": file.error,
        "message": file.sentence,
        "remark": file.remark,
    }


def _photographs(folder: Path) -> list[Path]:
    if not folder.is_dir():
        stop(ExitCode.USAGE, f"{shown(folder)} is not a folder.")
    unread: list[Exception] = []
    found = list(photographs_below(folder, on_unreadable=unread.append))
    if unread:
        say(f"{len(unread)} folders could not be read; the photographs in there are missing.")
    return found


def _columns(said: list[str]) -> dict[Column, str]:
    columns = {}
    for word in said:
        name, equals, header = word.partition("=")
        if not equals or name.strip() not in set(Column):
            names = ", ".join(Column)
            stop(ExitCode.USAGE, f"Write --column NAME=HEADER, with a NAME of: {names}.")
        columns[Column(name.strip())] = header
    return columns


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
