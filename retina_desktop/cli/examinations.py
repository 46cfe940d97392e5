"""``retina-desktop examinations``: show a visit, correct its photographs, add after signing."""

from typing import Annotated

import typer

from retina_desktop.cli.console import ExitCode, give, give_json, guarded, stop
from retina_desktop.cli.finding_words import demonstration_word
from retina_desktop.cli.records_session import (
    AsJson,
    DataFolder,
    UserName,
    document,
    eye_shown,
    opened,
)
from retina_desktop.cli.visit_details import told_details
from retina_desktop.domain.decisions import StoredReading
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.labels import label_of
from retina_desktop.domain.range_checks import OUTSIDE_RANGE
from retina_desktop.domain.stored_analyses import StoredAnalysis
from retina_desktop.domain.users import Permission
from retina_desktop.services.examination_records import ExaminationRecord

app = typer.Typer(
    help="Examinations: show, correct photographs, add an addendum.", no_args_is_help=True
)
ExaminationId = Annotated[int, typer.Option("--examination", metavar="ID", min=1)]


@app.command()
@guarded
def show(
    *,
    examination: ExaminationId,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Show a visit: photographs, what the model says, what the reader decided."""
    with opened(data_dir, user) as session:
        record = session.open_examination(session.acting, examination)
        missing = session.sign_examination.missing(examination)
    if as_json:
        give_json(
            document(
                examination=record.examination,
                images=record.images,
                analyses=record.analyses,
                reading=record.reading,
                addenda=record.addenda,
                missing_before_signing=missing,
            )
        )
        return
    still = ["  To do before signing: " + " ".join(missing)] if missing else []
    give("\n".join([told_examination(record), *still]))


@app.command()
@guarded
def photograph(
    *,
    image: Annotated[int, typer.Option(metavar="ID", min=1, help="Of `examinations show`.")],
    eye: Annotated[Laterality | None, typer.Option(help="The eye it really shows.")] = None,
    withdraw: Annotated[
        bool | None,
        typer.Option("--withdraw/--bring-back", help="Added by mistake, or needed after all."),
    ] = None,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Correct a photograph's eye, or withdraw one added by mistake, before signing."""
    if eye is None and withdraw is None:
        stop(ExitCode.USAGE, "Say what to correct: --eye, --withdraw or --bring-back.")
    with opened(data_dir, user) as session:
        by = session.acting.allowed(Permission.EXAMINE)
        store = session.records.examinations
        if eye is not None:
            store.set_laterality(image, eye, by=by)
        if withdraw is not None:
            store.set_withdrawn(image, withdrawn=withdraw, by=by)
        stored = store.image(image)
    if as_json:
        give_json(document(image=stored))
    else:
        state = ", withdrawn" if stored.withdrawn else ""
        give(f"Photograph {stored.id}: {eye_shown(stored.laterality)}{state}")


@app.command()
@guarded
def addendum(
    *,
    examination: ExaminationId,
    text: Annotated[str, typer.Option(help="What is to be added.")],
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Add to a signed examination, which itself stays as it was signed."""
    with opened(data_dir, user) as session:
        added = session.add_addendum(session.acting, examination, text)
    if as_json:
        give_json(document(addendum=added))
    else:
        give(f"Addendum {added.id} to examination {examination}.")


def told_examination(record: ExaminationRecord) -> str:
    """Return what a person wants to read of a visit."""
    visit = record.examination
    lines = [f"Examination {visit.id}, {visit.details.visit_date}"]
    lines += told_details(visit.details)
    for image in record.images:
        lines.append(f"  Photograph {image.id}: {eye_shown(image.laterality)}")
        analysis = record.newest_analysis(image.id)
        lines += _told_analysis(analysis) if analysis else ["    Not analysed."]
    if record.reading is not None:
        lines += _told_reading(record.reading)
    lines += [f"  Addendum by {added.shown_name}: {added.text}" for added in record.addenda]
    return "\n".join(lines)


def _told_analysis(analysis: StoredAnalysis) -> list[str]:
    content = analysis.content
    lines = [f"    {content.referral.tier.shown}: {content.referral.reason}"]
    if content.in_range is False:
        lines.append(f"    {OUTSIDE_RANGE.upper()}")
    lines += [
        f"    Present: {label_of(finding.label).name} ({finding.label}) "
        f"{finding.probability:.1%}{demonstration_word(finding)}"
        for finding in content.positives
        if finding.probability is not None
    ]
    return [*lines, f"    Model {content.model.id} {content.model.version}"]


def _told_reading(stored: StoredReading) -> list[str]:
    reading = stored.reading
    lines = []
    for said in reading.decisions:
        agreement = f", {said.agreement}" if said.agreement else ""
        why = f": {said.reason}" if said.reason else ""
        lines.append(f"  {eye_shown(said.eye)} {said.label} {said.grade}{agreement}{why}")
    lines += [f"  {eye_shown(own.eye)} {own.name}" for own in reading.own_findings]
    lines += [f"  {reading.comment}"] if reading.comment else []
    if reading.referral is not None:
        lines.append(f"  Referral: {reading.referral.shown}")
    signed = stored.signature
    if signed is None:
        return [*lines, "  Draft, not signed."]
    return [*lines, f"  Signed by {signed.shown_name}, {signed.at:%Y-%m-%d %H:%M} UTC"]
