"""A sheet for the patient: large type, plain words, what to do next."""

from reportlab.platypus import Flowable, KeepTogether, Spacer

from retina_desktop.domain.findings import LabelStatus
from retina_desktop.reporting import styles
from retina_desktop.reporting.blocks import Cell, PictureBlock, TextBlock, columns, framed
from retina_desktop.reporting.closing_section import addenda
from retina_desktop.reporting.eye_findings import EyeFindings, ListedFinding
from retina_desktop.reporting.eye_section import shown_first
from retina_desktop.reporting.header_section import letterhead
from retina_desktop.reporting.palette import PANEL, POSITIVE, tier_colour
from retina_desktop.reporting.referral_section import tier_in_force
from retina_desktop.reporting.sheet import Sheet
from retina_desktop.reporting.styles import MM
from retina_desktop.reporting.typesetting.type_styles import Span

_PICTURE = 34 * MM
_GAP = 5 * MM
_SIGNS = ("sign_loss", "sign_flashes", "sign_distortion", "sign_pain")


def patient_leaflet(sheet: Sheet) -> list[Flowable]:
    """Return the sheet; without figures, for they alarm more than they tell."""
    texts, press, content = sheet.texts, sheet.press, sheet.content
    story = letterhead(sheet)
    story += [
        TextBlock(press, texts("title.leaflet"), styles.LEAFLET_TITLE),
        TextBlock(
            press, texts("leaflet.greeting", name=content.patient.name), styles.LEAFLET_NAME
        ),
        Spacer(1, 8),
        _heading(sheet, "leaflet.what_we_did"),
        _body(sheet, _what_we_did(sheet)),
        Spacer(1, 6),
        _heading(sheet, "leaflet.what_we_found"),
    ]
    for eye in sheet.eyes:
        story += [*_eye(sheet, eye), Spacer(1, 6)]
    story += [
        *_what_to_do(sheet),
        Spacer(1, 9),
        *addenda(sheet, style=styles.LEAFLET_TYPED),
        *_come_at_once(sheet),
        Spacer(1, 9),
    ]
    contact = texts.listed(_who_answers(sheet))
    good_to_know: Cell = [
        _heading(sheet, "leaflet.good_to_know"),
        _body(sheet, texts("leaflet.limits")),
        _body(sheet, texts("leaflet.diabetes")),
        _body(sheet, texts.field(texts("leaflet.questions")) + contact),
    ]
    return [*story, KeepTogether(good_to_know)]


def _who_answers(sheet: Sheet) -> list[str]:
    """Return the clinic's name and the lines of its contact."""
    clinic = sheet.content.clinic
    lines = [clinic.name, *clinic.contact.split("\n")]
    return [" ".join(line.split()) for line in lines if line.strip()]


def _what_we_did(sheet: Sheet) -> str:
    texts, content = sheet.texts, sheet.content
    did = texts("leaflet.what_we_did_text", date=texts.date(content.visit.visit_date))
    if content.signature:
        return f"{did} {texts('leaflet.read_by', name=content.signature.shown_name)}"
    return did


def _eye(sheet: Sheet, eye: EyeFindings) -> list[Flowable]:
    lines: Cell = [TextBlock(sheet.press, sheet.texts.eye(eye.eye), styles.LEAFLET_EYE)]
    lines += [_body(sheet, sentence) for sentence in _sentences(sheet, eye)]
    printed = sheet.printed(shown_first(eye)) if eye.photographs else None
    if printed is None:
        return lines
    alternative = sheet.texts("eye.photograph_alternative", eye=sheet.texts.eye(eye.eye))
    picture = PictureBlock(
        printed.photograph, width=_PICTURE, height=_PICTURE, alternative=alternative
    )
    width = sheet.width - _PICTURE - _GAP
    turned = sheet.press.is_right_to_left
    widths = [_PICTURE, width + _GAP] if turned else [_PICTURE + _GAP, width]
    return [columns(sheet.press, [[[picture], lines]], widths, gap=_GAP)]


def _sentences(sheet: Sheet, eye: EyeFindings) -> list[str]:
    texts = sheet.texts
    if not eye.photographs and not eye.listed and not eye.own:
        return [texts("leaflet.not_photographed")]
    sentences = []
    for item in eye.listed:
        if item.counts and _is_untested(item):
            sentences.append(texts("leaflet.demonstration"))
        elif item.counts:
            confirmed = sheet.content.is_signed and item.decision is not None
            sentences.append(
                texts(
                    "leaflet.found" if confirmed else "leaflet.possible",
                    label=texts.label_name(item.label),
                    meaning=texts.label_meaning(item.label),
                ).strip()
            )
    sentences += [texts("leaflet.own_found", label=own.name) for own in eye.own]
    if eye.outside_range and (eye.suspected or not eye.is_judged):
        sentences.append(texts("leaflet.outside_range"))
    if sentences:
        return sentences
    return [texts("leaflet.nothing_found" if eye.is_judged else "leaflet.cannot_judge")]


def _is_untested(item: ListedFinding) -> bool:
    """Whether only a demonstration says so: no patient is told a grave name on its word."""
    finding = item.finding
    tentative = finding is not None and finding.status is LabelStatus.DEMONSTRATION
    return tentative and item.decision is None


def _what_to_do(sheet: Sheet) -> list[Flowable]:
    texts, press = sheet.texts, sheet.press
    tier = tier_in_force(sheet)
    colour = tier_colour(tier)
    cell: Cell = [
        _heading(sheet, "leaflet.what_to_do"),
        TextBlock(press, texts(f"leaflet.tier_{tier.value}"), styles.LEAFLET_STRONG),
    ]
    if not sheet.content.is_signed:
        waiting = [Span(texts("leaflet.not_read"), bold=True, colour=POSITIVE)]
        cell.append(TextBlock(press, waiting, styles.LEAFLET_BODY))
    return [framed(press, cell, sheet.width, edge=colour, background=PANEL)]


def _come_at_once(sheet: Sheet) -> list[Flowable]:
    texts = sheet.texts
    lines: Cell = [_heading(sheet, "leaflet.come_at_once")]
    lines += [_body(sheet, f"•  {texts(f'leaflet.{sign}')}") for sign in _SIGNS]
    return [KeepTogether(lines)]


def _heading(sheet: Sheet, key: str) -> TextBlock:
    heading = TextBlock(sheet.press, sheet.texts(key), styles.LEAFLET_HEADING, space_after=1)
    heading.keepWithNext = 1
    return heading


def _body(sheet: Sheet, text: str) -> TextBlock:
    return TextBlock(sheet.press, text, styles.LEAFLET_BODY, space_after=3)
