"""``retina-desktop export-research``: photographs and labels without who they are of."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from retina_desktop.bootstrap_records.research import export_for_research
from retina_desktop.cli.console import ExitCode, give, give_json, guarded, say, shown, stop
from retina_desktop.cli.records_session import (
    AsJson,
    DataFolder,
    UserName,
    document,
    opened,
)
from retina_desktop.cli.task_progress import shown_progress
from retina_desktop.domain.errors import TaskCancelledError
from retina_desktop.services.deidentification import PictureFormat
from retina_desktop.services.research_ports import ResearchWishes

_DAYS = ["%Y-%m-%d"]


@guarded
def export_research(
    *,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="A new or empty folder.")],
    label: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CODE", help="Only visits where it is present; may be repeated (any of)."
        ),
    ] = None,
    from_day: Annotated[
        datetime | None, typer.Option("--from", formats=_DAYS, help="First day of visits.")
    ] = None,
    to_day: Annotated[
        datetime | None, typer.Option("--to", formats=_DAYS, help="Last day of visits.")
    ] = None,
    pictures: Annotated[
        PictureFormat, typer.Option(help="png keeps every pixel; jpeg is of quality 95.")
    ] = PictureFormat.PNG,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Give out photographs, findings and decisions de-identified, for research.

    Pseudonyms stay the same from export to export, days are shifted, only the retina is left of
    a photograph, and those with text in it are left out. Look at the pictures all the same
    before they leave the clinic.
    """
    wishes = ResearchWishes(tuple(label or ()), _day(from_day), _day(to_day))
    with opened(data_dir, user) as session:
        export = export_for_research(session.records)
        try:
            with shown_progress("Exporting") as context:
                counts = export(context, session.acting, out, wishes, picture_format=pictures)
        except TaskCancelledError:
            stop(ExitCode.SOME_FAILED, "Stopped; nothing was written.")
    if not counts.visits:
        stop(ExitCode.NOTHING_DONE, "No visit is so; nothing was written.")
    if as_json:
        give_json(document(out=str(out), counts=counts))
    else:
        give(
            f"{shown(out)}  patients: {counts.patients}, visits: {counts.visits}, "
            f"photographs: {counts.photographs}"
        )
    for reason, number in sorted(counts.refused.items()):
        say(f"{number} left out: {reason}.")
    if counts.photographs:
        say("Look at the pictures before they leave: no detector finds every text.")


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
