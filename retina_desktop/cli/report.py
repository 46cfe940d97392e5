"""``retina-desktop report``, ``reports`` and ``report-day``: examinations as PDF."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from retina_desktop.bootstrap_records.reports import report_desk
from retina_desktop.cli.console import ExitCode, give, give_json, guarded, say, shown, stop
from retina_desktop.cli.records_session import (
    AsJson,
    DataFolder,
    UserName,
    document,
    folders_of,
    opened,
)
from retina_desktop.domain.report_content import Language, Paper, Template
from retina_desktop.domain.reports import StoredReport
from retina_desktop.services.reports import DayOutcome, PrintedReport, ReportDesk
from retina_desktop.services.tasks import TaskContext
from retina_desktop.services.whole_files import check_writable, write_whole

app = typer.Typer(help="Reports that were made, and how they are made.", no_args_is_help=True)

TemplateOption = Annotated[Template, typer.Option(help="For whom.")]
PaperOption = Annotated[
    Paper | None,
    typer.Option(case_sensitive=False, help="As the clinic has chosen if left out."),
]
LanguageOption = Annotated[
    Language | None,
    typer.Option(case_sensitive=False, help="As the clinic has chosen if left out."),
]


@guarded
def report(
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The PDF to write.")],
    examination: Annotated[
        int | None, typer.Option(metavar="ID", min=1, help="Make a new report of this visit.")
    ] = None,
    number: Annotated[
        str | None, typer.Option(help="Give out the report of this number again.")
    ] = None,
    template: TemplateOption = Template.FULL,
    paper: PaperOption = None,
    language: LanguageOption = None,
    recipient: Annotated[
        str, typer.Option(help="Name and address of whom the letter is for.")
    ] = "",
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Print an examination; until it is signed, every page says that it is a draft.

    Each run makes and keeps a report with a number of its own; --number gives out a kept one
    again, byte for byte.
    """
    if (examination is None) == (number is None):
        stop(ExitCode.USAGE, "Name either --examination, or the --number of a kept report.")
    if out.is_dir():
        stop(ExitCode.USAGE, f"{shown(out)} is a folder; name a file for the PDF.")
    check_writable(out)
    with opened(data_dir, user) as session:
        desk = report_desk(session.records, folders_of(data_dir))
        if number is not None:
            printed = desk.reprint(session.acting, number)
        elif examination is not None:
            printed = desk.make(
                session.acting,
                examination,
                template,
                paper or desk.defaults(session.acting).paper,
                language or desk.defaults(session.acting).language,
                recipient=recipient,
            )
        write_whole(out, printed.pdf)
    _tell(out, printed.report, as_json=as_json)


@guarded
def report_day(
    *,
    day: Annotated[
        datetime, typer.Argument(formats=["%Y-%m-%d"], metavar="DATE", help="YYYY-MM-DD.")
    ],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Gets one PDF a visit.")],
    template: TemplateOption = Template.FULL,
    paper: PaperOption = None,
    language: LanguageOption = None,
    drafts: Annotated[
        bool, typer.Option("--drafts", help="Also visits that nobody has signed.")
    ] = False,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Make the reports of a day's list, urgent first; one that fails stops no other."""
    if out.exists() and not out.is_dir():
        stop(ExitCode.USAGE, f"{shown(out)} is no folder.")
    check_writable(out / "report.pdf")

    def give_out(printed: PrintedReport) -> None:
        write_whole(out / printed.report.file_name, printed.pdf)

    with opened(data_dir, user) as session:
        desk = report_desk(session.records, folders_of(data_dir))
        outcomes = desk.make_days(
            TaskContext(),
            session.acting,
            day.date(),
            template,
            paper or desk.defaults(session.acting).paper,
            language or desk.defaults(session.acting).language,
            give_out=give_out,
            drafts=drafts,
        )
    _tell_day(outcomes, as_json=as_json)
    if any(outcome.error for outcome in outcomes):
        made = any(outcome.report for outcome in outcomes)
        stop(ExitCode.SOME_FAILED if made else ExitCode.NOTHING_DONE)


@app.command(name="list")
@guarded
def list_reports(
    *,
    examination: Annotated[
        int | None, typer.Option(metavar="ID", min=1, help="Only of this visit.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many, newest first.")] = 50,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """List the reports made, newest first."""
    with opened(data_dir, user) as session:
        desk: ReportDesk = report_desk(session.records, folders_of(data_dir))
        if examination is None:
            found = desk.listed.newest(session.acting, limit)
        else:
            found = desk.listed.of_examination(session.acting, examination)[:limit]
    if as_json:
        give_json(document(reports=found))
    elif found:
        give("\n".join(map(_line, found)))
    else:
        say("No report was made yet.")


@app.command()
@guarded
def defaults(
    *,
    paper: PaperOption = None,
    language: LanguageOption = None,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Show, or choose for the whole clinic, the paper and language of reports."""
    with opened(data_dir, user) as session:
        desk = report_desk(session.records, folders_of(data_dir))
        chosen = desk.defaults(session.acting)
        if paper or language:
            changed = replace(
                chosen, paper=paper or chosen.paper, language=language or chosen.language
            )
            chosen = desk.save_defaults(session.acting, changed)
    if as_json:
        give_json(document(paper=chosen.paper, language=chosen.language))
    else:
        give(f"Paper {chosen.paper.shown}, language {chosen.language.shown}")


def _line(made: StoredReport) -> str:
    state = "draft " if made.draft else "signed"
    return (
        f"{made.number:<20}  examination {made.examination_id:<6}  {state}  "
        f"{made.template.value:<8}{made.language.value}  {made.made_at:%Y-%m-%d %H:%M} UTC  "
        f"{made.shown_name}"
    )


def _tell(out: Path, made: StoredReport, *, as_json: bool) -> None:
    if as_json:
        facts = {
            "report": made.number,
            "template": made.template.value,
            "sha256": made.pdf_sha256,
            "signed": "no" if made.draft else "yes",
            "head": f"{made.audit_sequence}:{made.audit_hash}",
        }
        give_json(document(out=str(out), **facts))
    else:
        give(f"{shown(out)}  report {made.number}")
    if made.draft:
        say("The examination was not signed: the report is marked as a draft.")


def _tell_day(outcomes: tuple[DayOutcome, ...], *, as_json: bool) -> None:
    if as_json:
        rows = [
            {
                "examination": outcome.examination_id,
                "report": outcome.report.number if outcome.report else None,
                "file": outcome.report.file_name if outcome.report else None,
                "error": outcome.error.code if outcome.error else None,
                "message": str(outcome.error) if outcome.error else None,
                "not_signed": outcome.unsigned,
            }
            for outcome in outcomes
        ]
        give_json(document(reports=rows))
        return
    for outcome in outcomes:
        if outcome.report:
            give(f"{outcome.report.file_name}  examination {outcome.examination_id}")
        elif outcome.error:
            say(f"Examination {outcome.examination_id}: {outcome.error}")
    made = sum(outcome.report is not None for outcome in outcomes)
    unsigned = sum(outcome.unsigned for outcome in outcomes)
    failed = sum(outcome.error is not None for outcome in outcomes)
    say(f"Reports made: {made}. Not signed, left out: {unsigned}. Failed: {failed}.")
