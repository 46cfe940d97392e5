"""``retina-desktop backup``: make, list, plan and check backups of the records."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from retina_desktop.bootstrap_records.backing_up import BackupDesk
from retina_desktop.cli.console import ExitCode, give, give_json, guarded, printable, say, stop
from retina_desktop.cli.records_session import (
    AsJson,
    DataFolder,
    UserName,
    document,
    opened,
)
from retina_desktop.cli.task_progress import shown_progress
from retina_desktop.domain.backups import BackupPlan, BackupState, Rotation
from retina_desktop.services.backup_ports import FoundBackup, MadeBackup

app = typer.Typer(
    help="Backups of the records: make, list, plan, state, verify.", no_args_is_help=True
)

BackupFolder = Annotated[
    Path | None, typer.Option(help="The folder of the backups; otherwise the plan's.")
]


@app.command()
@guarded
def now(
    *,
    folder: BackupFolder = None,
    if_due: Annotated[
        bool, typer.Option("--if-due", help="Only if the plan wants one now.")
    ] = False,
    whole_check: Annotated[
        bool,
        typer.Option("--whole-check", help="Read every file in the folder, replace damaged."),
    ] = False,
    begin_series: Annotated[
        bool, typer.Option("--begin-series", help="On a drive without the earlier backups.")
    ] = False,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Make an encrypted backup while the records are in use, and verify it.

    Photographs and reports that the folder has are not copied again. With RETINA_PASSWORD set
    nobody is asked for anything, so that a scheduler can run it.
    """
    with opened(data_dir, user) as session:
        desk = BackupDesk(session.records)
        if if_due and not desk.backup_state().due(session.acting.now()):
            if as_json:
                give_json(document(made=False))
            say("No backup is due.")
            return
        with shown_progress("Backing up") as context:
            made = desk.back_up(
                context,
                session.acting,
                folder=folder,
                whole_check=whole_check,
                begin_series=begin_series,
            )
    if as_json:
        give_json(document(made=True, **_made(made)))
    else:
        give(str(made.folder))
    say(_sentence(made))
    if made.without_file:
        stop(
            ExitCode.SOME_FAILED,
            f"{len(made.without_file)} photographs or reports are missing or damaged in the "
            "records and in the backup: run retina-desktop verify.",
        )


@app.command(name="list")
@guarded
def list_backups(
    *,
    folder: BackupFolder = None,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """List the finished backups of these records, newest first."""
    with opened(data_dir, user) as session:
        found = BackupDesk(session.records).list_backups(session.acting, folder=folder)
    show_backups(found, as_json=as_json)


@app.command()
@guarded
def plan(
    *,
    folder: Annotated[
        Path | None, typer.Option(help="Where backups are made by themselves.")
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="Make none by themselves.")] = False,
    every_hours: Annotated[int | None, typer.Option(help="From one to the next.")] = None,
    daily: Annotated[int | None, typer.Option(help="Days of which one is kept.")] = None,
    weekly: Annotated[int | None, typer.Option(help="Weeks of which one is kept.")] = None,
    monthly: Annotated[int | None, typer.Option(help="Months of which one is kept.")] = None,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Show the plan, or change what is given: any folder, also on a USB or network drive."""
    if folder is not None and off:
        stop(ExitCode.USAGE, "Choose one: --folder, or --off.")
    if folder is not None and not folder.expanduser().is_dir():
        stop(ExitCode.USAGE, "The folder for backups does not exist; make it first.")
    with opened(data_dir, user) as session:
        desk = BackupDesk(session.records)
        old = desk.read_plan()
        kept = {"daily": daily, "weekly": weekly, "monthly": monthly}
        rotation = replace(
            old.rotation,
            **{name: number for name, number in kept.items() if number is not None},
        )
        new = BackupPlan(
            "" if off else str(folder.expanduser().absolute()) if folder else old.folder,
            old.every_hours if every_hours is None else every_hours,
            rotation,
        )
        if new != old:
            desk.change_plan(session.acting, new)
    if as_json:
        give_json(document(plan=new))
    else:
        give(printable(_plan_shown(new)))


@app.command()
@guarded
def state(
    *, data_dir: DataFolder = None, user: UserName = None, as_json: AsJson = False
) -> None:
    """Tell the last good backup and the last failure; exit code 1 when one is overdue."""
    with opened(data_dir, user) as session:
        found = BackupDesk(session.records).backup_state()
        moment = session.acting.now()
    is_overdue = found.overdue(moment)
    if as_json:
        give_json(
            document(
                last=found.last,
                due=found.due(moment),
                overdue=is_overdue,
                failed_at=found.failed_at,
                failure=found.failure,
                plan=found.plan,
            )
        )
    else:
        give(printable(_state_shown(found, is_overdue=is_overdue)))
    if is_overdue:
        stop(ExitCode.SOME_FAILED, "A backup is overdue.")


@app.command()
@guarded
def verify(
    backup: Annotated[
        str | None, typer.Argument(help="Its name, as listed; otherwise the newest.")
    ] = None,
    *,
    folder: BackupFolder = None,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Read a whole backup against its hashes: database, keys, every photograph and report."""
    with opened(data_dir, user) as session, shown_progress("Reading the backup") as context:
        desk = BackupDesk(session.records)
        checked = desk.check_backup(context, session.acting, folder=folder, backup=backup)
    if as_json:
        give_json(
            document(
                intact=checked.intact,
                backup=checked.id,
                files=checked.files,
                problems=checked.problems,
            )
        )
    else:
        give("\n".join([f"{checked.id}: {checked.files} files read.", *checked.problems]))
    if not checked.intact:
        stop(ExitCode.SOME_FAILED, "The backup is not as it was written.")
    say("The backup is as it was written.")


def show_backups(found: tuple[FoundBackup, ...], *, as_json: bool) -> None:
    """Print what was found in a folder."""
    if as_json:
        give_json(
            document(
                backups=[
                    {"place": str(backup.place), "manifest": backup.manifest}
                    for backup in found
                ]
            )
        )
    elif found:
        give("\n".join(_line(backup) for backup in found))
    if not found:
        say("There is no finished backup in this folder.")


def _line(backup: FoundBackup) -> str:
    manifest = backup.manifest
    size = manifest.size_bytes / 2**20
    return (
        f"{manifest.id}  {manifest.made_at:%Y-%m-%d %H:%M} UTC  {manifest.patients} patients  "
        f"{manifest.examinations} examinations  {manifest.files} files  {size:.1f} MiB"
    )


def _made(made: MadeBackup) -> dict[str, object]:
    return {
        "manifest": made.manifest,
        "folder": str(made.folder),
        "copied": made.copied,
        "copied_bytes": made.copied_bytes,
        "removed": made.removed,
        "without_file": made.without_file,
    }


def _sentence(made: MadeBackup) -> str:
    manifest = made.manifest
    kind = "Encrypted backup" if manifest.encrypted else "Backup (not encrypted)"
    removed = f"; {len(made.removed)} old ones removed" if made.removed else ""
    return (
        f"{kind} made and verified: {manifest.patients} patients, {manifest.files} files, "
        f"{made.copied} of them new{removed}."
    )


def _plan_shown(shown: BackupPlan) -> dict[str, object]:
    rotation: Rotation = shown.rotation
    return {
        "folder": shown.folder or "none: no backup is made by itself",
        "every": f"{shown.every_hours} hours",
        "kept": f"{rotation.daily} daily, {rotation.weekly} weekly, {rotation.monthly} monthly",
    }


def _state_shown(found: BackupState, *, is_overdue: bool) -> dict[str, object]:
    last = found.last
    shown: dict[str, object] = {
        "last good": f"{_when(last.at)}, verified, {last.folder}" if last else "none",
        "overdue": "yes" if is_overdue else "no",
        "plan": found.plan.folder or "none",
    }
    if found.failed_at is not None:
        shown["failed"] = f"{_when(found.failed_at)}: {found.failure}"
    return shown


def _when(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
