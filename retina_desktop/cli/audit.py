"""``retina-desktop audit``: who did what and when, and whether anybody changed it."""

from typing import Annotated

import typer

from retina_desktop.cli.console import ExitCode, give, give_json, guarded, say, stop
from retina_desktop.cli.records_session import (
    AsJson,
    DataFolder,
    UserName,
    document,
    opened,
)
from retina_desktop.domain.audit import AuditEntry
from retina_desktop.domain.users import Permission

app = typer.Typer(help="The audit trail: show, verify.", no_args_is_help=True)


@app.command()
@guarded
def show(
    *,
    after: Annotated[int, typer.Option(min=0, help="Only entries after this number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, help="Most entries.")] = 1000,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """List who did what and when, oldest first."""
    with opened(data_dir, user) as session:
        session.acting.allowed(Permission.SEE_AUDIT)
        entries = list(session.records.audit.entries(after=after, limit=limit))
    if as_json:
        give_json(document(entries=entries))
    else:
        give("\n".join(_line(entry) for entry in entries))
    if len(entries) == limit:
        say(f"There may be more: --after {entries[-1].sequence}.")


@app.command()
@guarded
def verify(
    *,
    head: Annotated[
        list[str] | None,
        typer.Option(metavar="NUMBER:HASH", help="An entry and its hash known from elsewhere."),
    ] = None,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Find any entry or record that was edited, removed or reordered behind the program."""
    pinned = dict(_pin(text) for text in head or ())
    with opened(data_dir, user) as session:
        session.acting.allowed(Permission.SEE_AUDIT)
        report = session.records.audit.verify(pinned=pinned)
    if as_json:
        give_json(
            document(
                intact=report.intact,
                entries=report.entries,
                head={"sequence": report.head.sequence, "hash": report.head.hash},
                problems=report.problems,
            )
        )
    else:
        lines = [f"{report.entries} entries, head {report.head.sequence}:{report.head.hash}"]
        give("\n".join([*lines, *(problem.sentence for problem in report.problems)]))
    if not report.intact:
        stop(ExitCode.SOME_FAILED, "The audit trail or the records were altered.")
    say("The audit trail is intact, and every record is as its last entry left it.")


def _pin(text: str) -> tuple[int, str]:
    number, _, digest = text.partition(":")
    if not number.isdecimal() or len(digest) != 64:
        stop(ExitCode.USAGE, "A head is written NUMBER:HASH, with the 64 digits of the hash.")
    return int(number), digest.lower()


def _line(entry: AuditEntry) -> str:
    details = ", ".join(f"{name}: {value}" for name, value in entry.event.details.items())
    stamp = entry.stamp
    return (
        f"{entry.sequence:>6}  {stamp.at:%Y-%m-%d %H:%M:%S}  {stamp.user}@{stamp.workstation}  "
        f"{entry.event.action}  {entry.event.record}  {details}"
    ).rstrip()
