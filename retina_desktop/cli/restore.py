"""``retina-desktop restore``: a backup becomes the records of a data folder."""

from pathlib import Path
from typing import Annotated

import typer

from retina_desktop.bootstrap_records.backing_up import (
    backups_to_restore,
    chosen_backup,
    restore_backup,
)
from retina_desktop.cli.backup import show_backups
from retina_desktop.cli.console import ExitCode, give, give_json, guarded, say, stop
from retina_desktop.cli.records_session import (
    AsJson,
    DataFolder,
    UserName,
    ask_password,
    ask_recovery_key,
    document,
    folders_of,
)
from retina_desktop.cli.task_progress import shown_progress


@guarded
def restore(
    folder: Annotated[Path, typer.Argument(help="The folder of the backups.")],
    *,
    backup: Annotated[
        str | None, typer.Option(help="Its name, as listed; otherwise the newest.")
    ] = None,
    only_list: Annotated[
        bool, typer.Option("--list", help="Only list what can be restored; needs no password.")
    ] = False,
    recovery: Annotated[
        bool, typer.Option("--recovery", help="Unlock with the recovery key.")
    ] = False,
    move_aside: Annotated[
        bool, typer.Option("--move-aside", help="Keep present records under another name.")
    ] = False,
    accept_losses: Annotated[
        bool, typer.Option("--accept-losses", help="Restore the rest of a damaged backup.")
    ] = False,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Restore a backup into an empty data folder, verified before it takes its place.

    The password is the one in force when the backup was made (RETINA_PASSWORD, or asked for);
    --recovery takes the recovery key (RETINA_RECOVERY_KEY, or asked for) instead.
    """
    if only_list:
        show_backups(backups_to_restore(folder), as_json=as_json)
        return
    found = chosen_backup(folder, backup)
    encrypted = found.manifest.encrypted
    key = ask_recovery_key() if recovery and encrypted else None
    password = ask_password() if encrypted and not recovery else ""
    with shown_progress("Restoring") as context:
        restored = restore_backup(
            folders_of(data_dir),
            context,
            found,
            user=user,
            password=password,
            recovery_key=key,
            move_aside=move_aside,
            accept_losses=accept_losses,
        )
    if as_json:
        give_json(
            document(
                backup=restored.manifest.id,
                folder=str(restored.folder),
                moved_to=str(restored.moved_to) if restored.moved_to else None,
                lost=restored.lost,
                problems=restored.problems,
            )
        )
    else:
        give("\n".join([str(restored.folder), *restored.problems]))
    manifest = restored.manifest
    say(
        f"Restored and verified: {manifest.patients} patients, {manifest.examinations} "
        f"examinations, {manifest.files - len(restored.lost)} files of "
        f"{manifest.made_at:%Y-%m-%d %H:%M} UTC."
    )
    if recovery:
        say("Where no password is known: retina-desktop records recover sets a new one.")
    if restored.problems:
        stop(ExitCode.SOME_FAILED, "Some of it is not as it was written.")
