"""``retina-desktop patients duplicates|merge|unmerge``: two records of one person."""

from typing import Annotated

import typer

from retina_desktop.bootstrap_records.opened import OpenedRecords
from retina_desktop.cli.console import give, give_json, guarded, say
from retina_desktop.cli.records_session import AsJson, DataFolder, UserName, document, opened
from retina_desktop.domain.patients import Patient
from retina_desktop.domain.record_errors import RecordNotFoundError


def register(app: typer.Typer) -> None:
    """Add the commands to the group of patients."""
    app.command()(duplicates)
    app.command()(merge)
    app.command()(unmerge)


@guarded
def duplicates(
    *,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most pairs.")] = 50,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """List pairs of patients who may be one person, the likeliest first, with the reasons."""
    with opened(data_dir, user) as session:
        pairs = session.patients.duplicates(session.acting, limit=limit)
    if as_json:
        give_json(document(pairs=pairs))
        return
    for pair in pairs:
        give(f"{_line(pair.first)}\n{_line(pair.second)}")
        give(f"    {pair.likeness.score:.2f}: {'; '.join(pair.likeness.reasons)}")
    if not pairs:
        say("No two patients seem to be one person.")


@guarded
def merge(
    kept: Annotated[str, typer.Argument(help="The record number to keep.")],
    merged: Annotated[str, typer.Argument(help="The record number of the double.")],
    *,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Show the double's visits in the kept patient's record; unmerge undoes it.

    Nothing is moved or deleted: the double's record number stays taken, and finds the kept
    patient.
    """
    with opened(data_dir, user) as session:
        one, other = _own(session, kept), _own(session, merged)
        versions = (one.version, other.version)
        patient = session.patients.merge(session.acting, one.id, other.id, versions)
    if as_json:
        give_json(document(kept=one, merged=patient))
    else:
        give(f"{_line(patient)}\nnow shows in the record of\n{_line(one)}")


@guarded
def unmerge(
    merged: Annotated[str, typer.Argument(help="The record number of the double.")],
    *,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Part a merged patient again; visits entered since stay with the kept one."""
    with opened(data_dir, user) as session:
        patient = session.patients.undo_merge(session.acting, _own(session, merged).id)
    if as_json:
        give_json(document(patient=patient))
    else:
        give(f"{_line(patient)} stands alone again.")


def _own(session: OpenedRecords, record_number: str) -> Patient:
    found = session.patients.merging.own_by_number(record_number.strip())
    if found is None:
        raise RecordNotFoundError(
            "No patient has one of these record numbers; retina-desktop patients find "
            "searches by name."
        )
    return found


def _line(patient: Patient) -> str:
    details = patient.details
    born = f", born {details.birth_date}" if details.birth_date else ""
    return f"{details.record_number}  {details.name}{born}"
