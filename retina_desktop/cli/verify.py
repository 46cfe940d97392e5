"""``retina-desktop verify``: everything the records hold, against what says how it was."""

from retina_desktop.bootstrap_records.backing_up import BackupDesk
from retina_desktop.cli.console import ExitCode, give, give_json, guarded, say, stop
from retina_desktop.cli.records_session import (
    AsJson,
    DataFolder,
    UserName,
    document,
    opened,
)
from retina_desktop.cli.task_progress import shown_progress


@guarded
def verify(
    *, data_dir: DataFolder = None, user: UserName = None, as_json: AsJson = False
) -> None:
    """Check the database, the audit trail, every record, photograph and report, and the keys.

    Exit code 1 when anything is not as it was written.
    """
    with opened(data_dir, user) as session, shown_progress("Verifying") as context:
        checked = BackupDesk(session.records).verify_records(context, session.acting)
    if as_json:
        give_json(
            document(
                intact=checked.intact,
                files=checked.files,
                unnamed_files=checked.unnamed,
                missing=checked.missing,
                damaged=checked.damaged,
                audit_entries=checked.audit_entries,
                head=checked.head,
                problems=checked.problems,
            )
        )
    else:
        count = f"{checked.files} files, {checked.audit_entries} audit entries read."
        give("\n".join([count, *checked.problems]))
    if not checked.intact:
        stop(ExitCode.SOME_FAILED, "The records are not as they were written.")
    say("The records are as they were written.")
