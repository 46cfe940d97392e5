"""What shall happen: the referral with its urgency, who said so, and why."""

from reportlab.platypus import Flowable, Spacer

from retina_desktop.domain.images import Laterality
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.reporting import styles
from retina_desktop.reporting.blocks import Cell, TextBlock, framed
from retina_desktop.reporting.eye_findings import deciding_labels, deciding_tier
from retina_desktop.reporting.palette import PANEL, tier_colour
from retina_desktop.reporting.range_section import shown_name, suspicion
from retina_desktop.reporting.sheet import Sheet
from retina_desktop.reporting.typesetting.type_styles import Span


def referral_panel(sheet: Sheet) -> list[Flowable]:
    """Return the referral on a panel in the tier's colour, in words first."""
    texts, press = sheet.texts, sheet.press
    tier = tier_in_force(sheet)
    colour = tier_colour(tier)
    reading = sheet.content.reading
    cell: Cell = [
        TextBlock(press, [Span(texts(f"tier.{tier.value}"), colour=colour)], styles.TIER),
        TextBlock(press, " ".join(_reasons(sheet, tier)), styles.BODY),
    ]
    if reading.referral_note:
        note = texts("referral.note", note=" ".join(reading.referral_note.split()))
        cell.append(TextBlock(press, note, styles.BODY))
    panel = framed(press, cell, sheet.width, edge=colour, background=PANEL)
    return [panel, Spacer(1, 9)]


def tier_in_force(sheet: Sheet) -> ReferralTier:
    """Return the reader's choice where there is one, else the program's advice."""
    return sheet.content.reading.referral or sheet.content.referral.tier


def because(sheet: Sheet, tier: ReferralTier) -> str:
    """Return the findings that decide, or what else does; empty when only the reader knows."""
    texts = sheet.texts
    codes = deciding_labels(sheet.eyes)
    if codes and deciding_tier(sheet.eyes) is tier:
        listed = texts("language.list_separator").join(_named(sheet, code) for code in codes)
        return texts("referral.because", labels=listed)
    if not any(photo.analysis for photo in sheet.content.photographs):
        return texts("referral.because_no_photograph")
    if tier is not ReferralTier.NONE and (words := suspicion(sheet)):
        return words
    if tier is ReferralTier.REIMAGE:
        return texts("referral.because_quality")
    return texts("referral.because_nothing") if not codes else ""


def _named(sheet: Sheet, code: str) -> str:
    """Return a label's name; a demonstration that no reader has decided on is called one."""
    items = [item for eye in sheet.eyes for item in eye.listed if item.label == code]
    undecided = [item.finding for item in items if item.counts and item.decision is None]
    decided = len(undecided) < sum(item.counts for item in items)
    return shown_name(sheet.texts, code, None if decided else undecided[0])


def _reasons(sheet: Sheet, tier: ReferralTier) -> list[str]:
    texts, content = sheet.texts, sheet.content
    by_reader = content.reading.referral is not None
    by = texts("referral.by_reader" if by_reader else "referral.by_program")
    parts = [by + texts("language.full_stop")]
    if by_reader and content.referral.tier is not tier:
        suggested = texts(f"tier.{content.referral.tier.value}")
        parts.append(texts("referral.program_differs", tier=suggested))
    reason = because(sheet, tier)
    if reason:
        parts.append(reason)
    missing = _missing_eyes(sheet)
    if missing:
        parts.append(texts("referral.missing_eye", eyes=missing))
    return parts


def _missing_eyes(sheet: Sheet) -> str:
    if sheet.content.of_eye(None):
        return ""  # it may be the missing one
    missing = [eye for eye in Laterality if not sheet.content.of_eye(eye)]
    return sheet.texts("language.list_separator").join(map(sheet.texts.eye, missing))
