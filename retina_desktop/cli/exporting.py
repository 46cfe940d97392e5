"""``retina-desktop patients export``, ``examinations export``: records for other programs."""

import os
from pathlib import Path
from typing import Annotated

import typer

from retina_desktop.bootstrap_records.exports import export_examination, export_patient
from retina_desktop.cli.console import ExitCode, give, give_json, guarded, say, shown, stop
from retina_desktop.cli.examinations import ExaminationId
from retina_desktop.cli.records_session import (
    AsJson,
    DataFolder,
    UserName,
    document,
    folders_of,
    opened,
    patient_by_number,
)
from retina_desktop.cli.task_progress import shown_progress
from retina_desktop.domain.errors import TaskCancelledError
from retina_desktop.domain.transfer_errors import OutputExistsError
from retina_desktop.services.patient_export import PatientExportWishes
from retina_desktop.services.whole_files import check_writable

_PASSWORD = "RETINA_EXPORT_PASSWORD"
_SHORTEST_PASSWORD = 8


def register(patients: typer.Typer, examinations: typer.Typer) -> None:
    """Add these commands to those on patients and examinations."""
    patients.command(name="export")(whole_record)
    examinations.command(name="export")(one_examination)


@guarded
def whole_record(
    record_number: Annotated[str, typer.Argument()],
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The zip archive to write.")],
    heatmaps: Annotated[
        bool,
        typer.Option("--heatmaps", help="With pictures of the present findings' heatmaps."),
    ] = False,
    previews: Annotated[
        bool, typer.Option(help="Print visits that have no report yet, marked as previews.")
    ] = True,
    encrypt: Annotated[
        bool,
        typer.Option(
            "--encrypt", help=f"With a password, typed or from {_PASSWORD} (AES-256)."
        ),
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="An archive that is there.")
    ] = False,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Give out a patient's whole record: record.json, original photographs, reports.

    Without --encrypt everybody who holds the archive can read it.
    """
    check_writable(out)
    wishes = PatientExportWishes(heatmaps, _password() if encrypt else "", replace)
    with opened(data_dir, user) as session:
        patient = patient_by_number(session, record_number)
        export = export_patient(session, folders_of(data_dir), previews=previews)
        try:
            with shown_progress("Exporting") as context:
                record = export(context, session.acting, patient.id, out, wishes)
        except TaskCancelledError:
            stop(ExitCode.SOME_FAILED, "Stopped; nothing was written.")
    if as_json:
        missing, files = record.missing, record.files
        give_json(document(out=str(out), encrypted=encrypt, files=files, missing=missing))
    else:
        give(f"{shown(out)}  examinations: {len(record.visits)}, files: {len(record.files)}")
    if not encrypt:
        say("The archive is not encrypted: hand it over on a safe way.")
    if record.missing:
        stop(
            ExitCode.SOME_FAILED,
            f"{len(record.missing)} files are missing or damaged in the records and were left "
            "out.",
        )


@guarded
def one_examination(
    *,
    examination: ExaminationId,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The JSON file to write.")],
    replace: Annotated[bool, typer.Option("--replace", help="A file that is there.")] = False,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Give out one examination with analyses and decisions (schemas/examination.json)."""
    check_writable(out)
    if out.is_dir() or (out.exists() and not replace):
        raise OutputExistsError(
            "There is a file of that name already; choose another name, or add --replace."
        )
    with opened(data_dir, user) as session:
        export_examination(session)(session.acting, examination, out)
    if as_json:
        give_json(document(out=str(out)))
    else:
        give(shown(out))


def _password() -> str:
    password = os.environ.get(_PASSWORD) or ""
    if not password:
        password = str(
            typer.prompt(
                "Password of the archive", hide_input=True, confirmation_prompt=True, err=True
            )
        )
    if len(password) < _SHORTEST_PASSWORD:
        stop(ExitCode.USAGE, f"The archive's password needs {_SHORTEST_PASSWORD} characters.")
    return password
