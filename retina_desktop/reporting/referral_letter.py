"""A letter to the doctor who sent the patient: in sentences, on a page or two."""

from reportlab.platypus import Flowable, Spacer

from retina_desktop.domain.decisions import Grade, Severity
from retina_desktop.reporting import styles
from retina_desktop.reporting.blocks import Cell, TextBlock, columns
from retina_desktop.reporting.closing_section import addenda, signature_block
from retina_desktop.reporting.eye_findings import EyeFindings, ListedFinding
from retina_desktop.reporting.eye_section import measurements, picture_cells, shown_first
from retina_desktop.reporting.header_section import letterhead
from retina_desktop.reporting.range_section import shown_name
from retina_desktop.reporting.referral_section import because, tier_in_force
from retina_desktop.reporting.report_texts import quoted
from retina_desktop.reporting.sheet import Sheet
from retina_desktop.reporting.styles import MM
from retina_desktop.reporting.typesetting.type_styles import Span

_GAP = 2 * MM
_FINDING_KEYS = {
    Grade.PRESENT: "letter.finding_confirmed",
    Grade.ABSENT: "letter.finding_rejected",
    Grade.QUESTIONABLE: "letter.finding_questionable",
    Grade.CANNOT_GRADE: "letter.finding_ungradable",
}


def referral_letter(sheet: Sheet) -> list[Flowable]:
    """Return the letter from address to signature."""
    texts, press, content = sheet.texts, sheet.press, sheet.content
    story = letterhead(sheet)
    if content.recipient:
        story += [TextBlock(press, content.recipient, styles.LETTER_TYPED), Spacer(1, 10)]
    moment = content.signature.at if content.signature else content.created_at
    story += [
        TextBlock(press, texts.date(moment.date()), styles.LETTER_BODY),
        Spacer(1, 10),
        TextBlock(press, _subject(sheet), styles.LETTER_SUBJECT),
        Spacer(1, 8),
        TextBlock(press, texts("letter.greeting"), styles.LETTER_BODY),
        Spacer(1, 6),
    ]
    opening = texts("letter.opening", date=texts.date(content.visit.visit_date))
    if content.visit.reason:
        reason = " ".join(content.visit.reason.split()).rstrip(".")
        opening = f"{opening} {texts('letter.reason', reason=reason)}"
    story += [TextBlock(press, opening, styles.LETTER_BODY), Spacer(1, 6)]
    for eye in sheet.eyes:
        story.append(
            TextBlock(press, _eye_spans(sheet, eye), styles.LETTER_BODY, space_after=3)
        )
    story += [
        Spacer(1, 4),
        *_pictures(sheet),
        *_advice(sheet),
        *addenda(sheet, style=styles.LETTER_TYPED),
        *_remarks(sheet),
    ]
    closing = TextBlock(press, texts("letter.closing"), styles.LETTER_BODY)
    closing.keepWithNext = 1
    return [
        *story,
        closing,
        Spacer(1, 2),
        *signature_block(sheet, brief=True),
        *_basis(sheet),
    ]


def _subject(sheet: Sheet) -> str:
    texts, patient = sheet.texts, sheet.content.patient
    if patient.birth_date is None:
        return texts("letter.subject_unborn", name=patient.name, number=patient.record_number)
    return texts(
        "letter.subject",
        name=patient.name,
        birth_date=texts.date(patient.birth_date),
        number=patient.record_number,
    )


def _eye_spans(sheet: Sheet, eye: EyeFindings) -> list[Span]:
    separator = f"{sheet.texts('language.full_stop')} "
    measured = measurements(sheet, eye.eye, separator=separator)
    sentence = _eye_sentence(sheet, eye)
    stop = sheet.texts("language.full_stop") if measured else ""
    return [Span(f"{sentence} {measured}{stop}")]


def _eye_sentence(sheet: Sheet, eye: EyeFindings) -> str:
    texts = sheet.texts
    name = texts.eye(eye.eye)
    findings = [_finding(sheet, item) for item in eye.listed]
    findings += [texts("letter.finding_own", label=own.name) for own in eye.own]
    findings += [
        texts("letter.finding_not_relied_on", label=texts.label_name(code))
        for code in eye.suspected
    ]
    if findings:
        listed = texts("language.group_separator").join(findings)
        return texts("letter.eye_findings", eye=name, findings=listed)
    if not eye.photographs:
        return texts("letter.eye_missing", eye=name)
    if eye.is_judged:
        return texts("letter.eye_nothing", eye=name)
    outside = eye.outside_range
    return texts("letter.eye_outside_range" if outside else "letter.eye_ungradable", eye=name)


def _finding(sheet: Sheet, item: ListedFinding) -> str:
    texts = sheet.texts
    label = texts.label_name(item.label)
    if item.decision is not None:
        if item.decision.severity is not Severity.NOT_STATED:
            separator = texts("language.list_separator")
            label = f"{label}{separator}{texts(f'severity.{item.decision.severity.value}')}"
        return texts(_FINDING_KEYS[item.decision.grade], label=label)
    label = shown_name(texts, item.label, item.finding)
    probability = item.finding.probability if item.finding else None
    return texts(
        "letter.finding_unread", label=label, percent=texts.percent(probability or 0.0)
    )


def _pictures(sheet: Sheet) -> list[Flowable]:
    """Return photograph and overlay of each eye in one row."""
    photos = [shown_first(eye) for eye in sheet.eyes if eye.photographs][:2]
    side = (sheet.width - 3 * _GAP) / 4
    cells: list[Cell] = []
    for photo in photos:
        pair = picture_cells(sheet, photo, side, say_none=False)
        named = TextBlock(sheet.press, sheet.texts.eye(photo.eye), styles.CAPTION)
        cells += [[*cell, named] for cell in pair]
    if not cells:
        return []
    widths = [side + _GAP] * (len(cells) - 1) + [side]
    row = columns(sheet.press, [cells], widths, gap=_GAP, keep_order=True)
    return [row, Spacer(1, 8)]


def _advice(sheet: Sheet) -> list[Flowable]:
    texts, press = sheet.texts, sheet.press
    tier = tier_in_force(sheet)
    spans = [
        Span(
            texts.field(texts("letter.advice"))
            + texts(f"tier.{tier.value}")
            + texts("language.full_stop")
            + " ",
            bold=True,
        ),
        Span(because(sheet, tier)),
    ]
    blocks: list[Flowable] = [TextBlock(press, spans, styles.LETTER_BODY, space_after=4)]
    if sheet.content.reading.referral_note:
        note = sheet.content.reading.referral_note
        blocks.append(TextBlock(press, note, styles.LETTER_TYPED, space_after=4))
    return blocks


def _remarks(sheet: Sheet) -> list[Flowable]:
    texts, press = sheet.texts, sheet.press
    blocks: list[Flowable] = []
    if sheet.content.reading.comment:
        comment = sheet.content.reading.comment
        blocks.append(TextBlock(press, comment, styles.LETTER_TYPED, space_after=4))
    codes = dict.fromkeys(code for eye in sheet.eyes for code in eye.not_assessed)
    if codes:
        names = texts("language.list_separator").join(map(texts.label_name, codes))
        sentence = texts("letter.not_assessed", labels=names)
        blocks.append(TextBlock(press, sentence, styles.SMALL, space_after=6))
    return blocks


def _basis(sheet: Sheet) -> list[Flowable]:
    texts, content = sheet.texts, sheet.content
    notice = texts("limits.research")
    analyses = [photo.analysis for photo in content.photographs if photo.analysis]
    if not analyses:
        return [TextBlock(sheet.press, notice, styles.NOTE)]
    versions = dict.fromkeys(quoted(analysis.model.version) for analysis in analyses)
    basis = texts(
        "letter.basis",
        model=content.model.name,
        version=texts("language.list_separator").join(versions),
        notice=notice,
    )
    return [TextBlock(sheet.press, basis, styles.NOTE)]
