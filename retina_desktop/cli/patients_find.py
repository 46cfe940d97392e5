"""``retina-desktop patients find``: by name, number, birth date, and what visits showed."""

from datetime import datetime
from typing import Annotated

import typer

from retina_desktop.cli.console import ExitCode, give, give_json, guarded, say, stop
from retina_desktop.cli.records_session import AsJson, DataFolder, UserName, document, opened
from retina_desktop.domain.labels import LABELS
from retina_desktop.domain.patient_search import LARGEST_PAGE, PatientHit, PatientQuery
from retina_desktop.domain.referral_tiers import ReferralTier

_DAY = ["%Y-%m-%d"]


def register(app: typer.Typer) -> None:
    """Add the command to the group of patients."""
    app.command()(find)


@guarded
def find(
    words: Annotated[
        str, typer.Argument(help="A record number, or parts of a name in any order.")
    ] = "",
    *,
    born: Annotated[
        datetime | None, typer.Option(formats=_DAY, help="Birth date, YYYY-MM-DD.")
    ] = None,
    visited_from: Annotated[
        datetime | None, typer.Option(formats=_DAY, help="A visit on this day or later.")
    ] = None,
    visited_to: Annotated[
        datetime | None, typer.Option(formats=_DAY, help="A visit on this day or before.")
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="Reported by a model or graded present, such as DR.")
    ] = None,
    referral: Annotated[
        ReferralTier | None, typer.Option(help="The reader's referral, else the model's.")
    ] = None,
    unsigned: Annotated[bool, typer.Option("--unsigned", help="Not signed yet.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=LARGEST_PAGE)] = 50,
    offset: Annotated[int, typer.Option(min=0, help="Leave out this many.")] = 0,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Find patients; everything given must hold, the options on visits of one visit.

    Case, accents, script and the order of names do not matter; one or two wrong letters are
    forgiven. The best match stands first.
    """
    if label is not None and label not in LABELS:
        stop(ExitCode.USAGE, f"There is no label {label}; the labels are {', '.join(LABELS)}.")
    query = PatientQuery(
        words=words,
        birth_date=born.date() if born else None,
        visited_from=visited_from.date() if visited_from else None,
        visited_to=visited_to.date() if visited_to else None,
        label=label,
        referral=referral,
        unsigned=unsigned,
        limit=limit,
        offset=offset,
    )
    if not words.strip() and born is None and not query.asks_for_visits:
        stop(ExitCode.USAGE, "Type a record number or a part of a name, or choose an option.")
    with opened(data_dir, user) as session:
        page = session.search_patients(session.acting, query)
    if as_json:
        found = [hit.patient for hit in page.hits]
        give_json(document(patients=found, hits=page.hits, more=page.more))
    elif page.hits:
        give("\n".join(_lines(page.hits)))
    if not page.hits:
        say("No patient was found.")
    elif page.more:
        say(f"There are more; --offset {offset + limit} shows the next.")


def _lines(hits: tuple[PatientHit, ...]) -> list[str]:
    lines = []
    told = False
    for hit in hits:
        if hit.similar and not told:
            lines.append("Similar names:")
            told = True
        lines.append(_line(hit))
        lines += [f"    also known as {other}" for other in hit.also_known_as]
    return lines


def _line(hit: PatientHit) -> str:
    details = hit.patient.details
    parts = [f"{details.record_number}  {details.name}"]
    if details.birth_date:
        parts.append(f"born {details.birth_date}")
    if hit.last_visit:
        parts.append(f"{hit.visits} visit{'s' * (hit.visits > 1)}, last {hit.last_visit}")
    if hit.tier:
        parts.append(hit.tier.shown)
    if hit.unsigned_visits:
        parts.append(f"{hit.unsigned_visits} unsigned")
    return ", ".join(parts)
