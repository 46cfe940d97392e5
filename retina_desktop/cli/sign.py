"""``retina-desktop sign``: the reader's decisions on an examination, and the signature."""

from pathlib import Path
from typing import Annotated

import typer

from retina_desktop.cli.console import give, give_json, guarded, say
from retina_desktop.cli.examinations import ExaminationId, told_examination
from retina_desktop.cli.reading_words import ReaderWords, SpokenReading, read_decisions_file
from retina_desktop.cli.records_session import (
    AsJson,
    DataFolder,
    UserName,
    document,
    opened,
)
from retina_desktop.domain.decisions import Reading, StoredReading
from retina_desktop.domain.record_errors import AlreadySignedError
from retina_desktop.domain.referral_tiers import ReferralTier

Words = Annotated[list[str] | None, typer.Option(metavar="[OD:|OS:]LABEL")]


@guarded
def sign(
    *,
    examination: ExaminationId,
    agree: Words = None,
    disagree: Annotated[list[str] | None, typer.Option(metavar="[OD:|OS:]LABEL:REASON")] = None,
    add: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[OD:|OS:]FINDING", help="What you see and the model does not say."
        ),
    ] = None,
    referral: Annotated[ReferralTier | None, typer.Option(help="Your advice.")] = None,
    referral_note: Annotated[str | None, typer.Option(help="Your words on the advice.")] = None,
    text: Annotated[str | None, typer.Option(help="Your comment.")] = None,
    decisions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Decisions as JSON (see the README).")
    ] = None,
    draft: Annotated[bool, typer.Option("--draft", help="Save, do not sign yet.")] = False,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Decide and sign: the examination is locked then, later words are addenda.

    What was decided is saved first; if something is missing for the signature, a sentence says
    what, and the next `sign` goes on from there.
    """
    words = ReaderWords(
        tuple(agree or ()),
        tuple(disagree or ()),
        tuple(add or ()),
        referral,
        text,
        referral_note,
    )
    file = read_decisions_file(decisions) if decisions else None
    with opened(data_dir, user) as session:
        acting = session.acting
        record = session.open_examination(acting, examination)
        stored = record.reading
        if stored is not None and stored.signature is not None:
            raise AlreadySignedError(
                "This examination is signed; add to it with examinations addendum."
            )
        before = stored.reading if stored else Reading()
        spoken = SpokenReading(record)
        reading = spoken.with_file(before, file) if file else before
        reading = spoken.with_words(reading, words)
        version = stored.version if stored else 0
        if stored is None or reading != before:
            saved = session.save_reading(acting, examination, reading, expected_version=version)
            version = saved.version
        if not draft:
            session.sign_examination(acting, examination, expected_version=version)
        after = session.open_examination(acting, examination)
    _tell(after.reading, told_examination(after), as_json=as_json)


def _tell(reading: StoredReading | None, told: str, *, as_json: bool) -> None:
    if as_json:
        give_json(document(reading=reading))
    else:
        give(told)
    if reading is not None and reading.signature is None:
        say("Saved as a draft; not signed.")
