"""Which sections make which report."""

from collections.abc import Iterator

from reportlab.platypus import Flowable, Spacer

from retina_desktop.reporting.closing_section import (
    addenda,
    comment,
    limits,
    provenance,
    research_notice,
    signature_block,
)
from retina_desktop.reporting.eye_section import eye_columns, large_photographs, not_assessed
from retina_desktop.reporting.header_section import letterhead, patient_panel, title_and_status
from retina_desktop.reporting.history_section import comparison, trends
from retina_desktop.reporting.referral_section import referral_panel
from retina_desktop.reporting.sheet import Sheet

# What a summary keeps, tried in turn until it fits one page: findings an eye, characters of
# the comment and of an addendum, and how large the photographs are (0 leaves them out).
_SUMMARY_ROOM = (
    (8, 600, 1.0),
    (8, 600, 0.7),
    (4, 300, 0.65),
    (2, 120, 0.6),
    (1, 60, 0.0),
)


def full_report(sheet: Sheet) -> list[Flowable]:
    """Return everything: for the record and the colleague who wants to see all of it."""
    story: list[Flowable] = [
        *letterhead(sheet),
        *title_and_status(sheet, "title.full"),
        *patient_panel(sheet),
        *referral_panel(sheet),
        *addenda(sheet),
        *eye_columns(sheet),
        *not_assessed(sheet),
        *comment(sheet),
        *comparison(sheet),
        *trends(sheet),
        *signature_block(sheet),
        *provenance(sheet),
        *limits(sheet),
    ]
    return [*story, *large_photographs(sheet)]


def summaries(sheet: Sheet) -> Iterator[list[Flowable]]:
    """Yield ever shorter summaries; the first that fits one page is the one to print."""
    for findings, characters, pictures in _SUMMARY_ROOM:
        yield [
            *letterhead(sheet),
            *title_and_status(sheet, "title.summary"),
            *patient_panel(sheet, brief=True),
            *referral_panel(sheet),
            *addenda(sheet, longest=characters),
            *eye_columns(sheet, most=findings, pictures=pictures),
            *not_assessed(sheet),
            *comment(sheet, longest=characters),
            *signature_block(sheet, brief=True),
            *research_notice(sheet),
            Spacer(1, 1),
        ]
