"""``retina-desktop patients delete|due-for-deletion|retention``: the lawful way out."""

from collections.abc import Mapping
from typing import Annotated

import typer

from retina_desktop.bootstrap_records.deletion import (
    delete_patient,
    due_for_deletion,
    plan_deletion,
    retention_setting,
)
from retina_desktop.cli.console import ExitCode, give, give_json, guarded, printable, say, stop
from retina_desktop.cli.records_session import (
    AsJson,
    DataFolder,
    UserName,
    document,
    opened,
    patient_by_number,
)
from retina_desktop.domain.retention import DeletionReason, RetentionRule
from retina_desktop.services.deletion import BACKUPS_STILL_HOLD, DeletionPlan


def register(app: typer.Typer) -> None:
    """Add these commands to those on patients."""
    app.command(name="delete")(delete)
    app.command(name="due-for-deletion")(due)
    app.command(name="retention")(retention)


@guarded
def delete(
    record_number: Annotated[str, typer.Argument()],
    *,
    confirm: Annotated[
        str | None,
        typer.Option(metavar="RECORD_NUMBER", help="The record number again, to delete it."),
    ] = None,
    reason: Annotated[
        DeletionReason | None, typer.Option(help="Kept in the audit trail.")
    ] = None,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Delete a patient's whole record for good, once the retention rule lets it go.

    Without --confirm it is only shown what would go, and whether it may.
    """
    with opened(data_dir, user) as session:
        patient = patient_by_number(session, record_number)
        plan = plan_deletion(session.records)(session.acting, patient.id)
        if confirm is None:
            _tell_plan(plan, as_json=as_json)
            return
        if reason is None:
            stop(ExitCode.USAGE, "Say why: --reason " + ", ".join(DeletionReason) + ".")
        deleted = delete_patient(session.records)(
            session.acting, patient.id, typed=confirm, reason=reason
        )
    if as_json:
        give_json(document(deleted=deleted, note=BACKUPS_STILL_HOLD))
    else:
        give(f"The record was deleted: {_listed(deleted.rows)}; files: {deleted.files}.")
        say(BACKUPS_STILL_HOLD)


@guarded
def due(
    *,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """List the patients whose records need not be kept any longer."""
    with opened(data_dir, user) as session:
        plans = due_for_deletion(session.records)(session.acting)
    if as_json:
        rows = [
            {
                "record_number": plan.span.record_number,
                "last_day": plan.span.last_day,
                "kept_until": plan.retention.until,
            }
            for plan in plans
        ]
        give_json(document(due=rows))
    elif plans:
        give(
            "\n".join(
                f"{plan.span.record_number}  last visit {plan.span.last_day}, kept until "
                f"{plan.retention.until}"
                for plan in plans
            )
        )
    else:
        say("No record is due for deletion.")


@guarded
def retention(
    *,
    years: Annotated[
        int | None, typer.Option(min=0, max=100, help="After the last visit.")
    ] = None,
    until_age: Annotated[
        int | None, typer.Option(min=0, max=100, help="Nobody's record goes before this age.")
    ] = None,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Show or set how long records are kept in this clinic."""
    with opened(data_dir, user) as session:
        setting = retention_setting(session.records)
        rule = setting.rule()
        if years is not None or until_age is not None:
            wanted = RetentionRule(
                rule.years_after_last_visit if years is None else years,
                rule.until_age if until_age is None else until_age,
            )
            rule = setting.change(session.acting, wanted)
    if as_json:
        give_json(document(retention=rule))
    else:
        give(
            f"Records are kept for {rule.years_after_last_visit} years after the last visit, "
            f"and until the patient is {rule.until_age} years old."
        )


def _tell_plan(plan: DeletionPlan, *, as_json: bool) -> None:
    if as_json:
        give_json(
            document(
                may_delete=plan.may_delete,
                kept_until=plan.retention.until,
                why=plan.retention.why,
                first_day=plan.span.first_day,
                last_day=plan.span.last_day,
                contents=plan.contents,
            )
        )
        return
    give(printable({name.replace("_", " "): count for name, count in plan.contents.items()}))
    if plan.may_delete:
        say(
            f"It was to be kept until {plan.retention.until} and may be deleted now: add "
            "--confirm with the record number, and --reason. " + BACKUPS_STILL_HOLD
        )
    else:
        say(f"It is {plan.retention.why}: it cannot be deleted before {plan.retention.until}.")


def _listed(rows: Mapping[str, int]) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {count}" for name, count in sorted(rows.items())
    )
