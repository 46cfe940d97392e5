"""``retina-desktop examinations change``: correct the details of a visit not signed yet."""

from datetime import datetime
from typing import Annotated

import typer

from retina_desktop.cli.console import ExitCode, give, give_json, guarded, stop
from retina_desktop.cli.examinations import ExaminationId
from retina_desktop.cli.records_session import (
    AsJson,
    DataFolder,
    UserName,
    document,
    opened,
)
from retina_desktop.cli.visit_details import (
    AcuityLeft,
    AcuityRight,
    CorrectionLeft,
    CorrectionRight,
    DetailsOptions,
    IopLeft,
    IopRight,
    MeasuredOptions,
    TonometryLeft,
    TonometryRight,
    told_details,
)
from retina_desktop.domain.users import Permission


def register(app: typer.Typer) -> None:
    """Add the command to the group of examinations."""
    app.command(name="change")(change)


@guarded
def change(
    *,
    examination: ExaminationId,
    visit_date: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="YYYY-MM-DD.")
    ] = None,
    operator: Annotated[str | None, typer.Option(help="Who took the photographs.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why the patient came.")] = None,
    acuity_right: AcuityRight = None,
    correction_right: CorrectionRight = None,
    iop_right: IopRight = None,
    tonometry_right: TonometryRight = None,
    acuity_left: AcuityLeft = None,
    correction_left: CorrectionLeft = None,
    iop_left: IopLeft = None,
    tonometry_left: TonometryLeft = None,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Change what is given and leave the rest; an empty text takes an entry away.

    A signed visit stays as it was signed: examinations addendum adds to it.
    """
    given = DetailsOptions(
        visit_date.date() if visit_date else None,
        operator,
        reason,
        MeasuredOptions(acuity_right, correction_right, iop_right, tonometry_right),
        MeasuredOptions(acuity_left, correction_left, iop_left, tonometry_left),
    )
    if not given.is_given:
        stop(ExitCode.USAGE, "Say what to change; examinations change --help lists it.")
    with opened(data_dir, user) as session:
        by = session.acting.allowed(Permission.EXAMINE)
        store = session.records.examinations
        known = store.get(examination)
        today = session.acting.now().astimezone().date()
        details = given.applied_to(known.details, today=today)
        changed = store.update(examination, details, expected_version=known.version, by=by)
    if as_json:
        give_json(document(examination=changed))
        return
    title = f"Examination {changed.id}, {changed.details.visit_date}"
    give("\n".join([title, *told_details(changed.details)]))
