"""``retina-desktop examinations list``, and lists as files for a spreadsheet."""

import re
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from retina_desktop.bootstrap_records.lists import list_examinations, list_file
from retina_desktop.bootstrap_records.opened import OpenedRecords
from retina_desktop.cli.console import ExitCode, give, give_json, guarded, say, shown, stop
from retina_desktop.cli.records_session import (
    AsJson,
    DataFolder,
    UserName,
    document,
    opened,
)
from retina_desktop.domain.examinations import ExaminationState
from retina_desktop.domain.lists import ListTable
from retina_desktop.services.whole_files import check_writable, write_whole

_DAY = ["%Y-%m-%d"]
_ENDINGS = (".csv", ".xlsx")

ExportFile = Annotated[
    Path | None,
    typer.Option("--export", metavar="FILE", help="Write the list as .csv or .xlsx."),
]


def register(app: typer.Typer) -> None:
    """Add the command to the group of examinations."""
    app.command(name="list")(examinations_list)


@guarded
def examinations_list(
    *,
    first: Annotated[
        datetime, typer.Option("--from", formats=_DAY, help="The first day, YYYY-MM-DD.")
    ],
    last: Annotated[
        datetime | None, typer.Option("--to", formats=_DAY, help="The last; else the same day.")
    ] = None,
    state: Annotated[
        ExaminationState | None, typer.Option(help="Only examinations that far.")
    ] = None,
    export: ExportFile = None,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """List examinations between two days with findings, referral and state."""
    check_export(export)
    days = first.date(), (last or first).date()
    with opened(data_dir, user) as session:
        table = list_examinations(session.records)(session.acting, *days, state=state)
        if export is not None:
            write_list(table, export, session)
    if export is not None:
        tell_export(table, export, as_json=as_json)
    elif as_json:
        names = ["_".join(re.findall("[a-z]+", name.lower())) for name in table.columns]
        named = [dict(zip(names, row, strict=True)) for row in table.rows]
        give_json(document(examinations=named))
    elif table.rows:
        give("\n".join("\t".join(map(_cell, row)) for row in (table.columns, *table.rows)))
    else:
        say("No examination on these days.")


def export_day(
    session: OpenedRecords, day: date, state: ExaminationState | None, export: Path
) -> ListTable:
    """Write a day's list; return it."""
    table = list_examinations(session.records)(session.acting, day, day, state=state)
    write_list(table, export, session)
    return table


def check_export(export: Path | None) -> None:
    """End the command early where the list could not be written."""
    if export is None:
        return
    if export.suffix.lower() not in _ENDINGS:
        stop(ExitCode.USAGE, f"A list is written as {' or '.join(_ENDINGS)}; name it so.")
    check_writable(export)


def write_list(table: ListTable, export: Path, session: OpenedRecords) -> None:
    """Write a list as the file that its ending asks for."""
    write_whole(export, list_file(table, export, made_at=session.acting.now()))


def tell_export(table: ListTable, export: Path, *, as_json: bool) -> None:
    """Say what was written."""
    if as_json:
        give_json(document(out=str(export), rows=len(table.rows)))
    else:
        give(f"{shown(export)}  {len(table.rows)} rows")


def _cell(value: object) -> str:
    return "" if value is None else " ".join(str(value).split())
