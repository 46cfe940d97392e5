"""The end of a report: the reader's words and signature, how it was made, and its limits."""

from reportlab.platypus import Flowable, KeepTogether, Spacer

from retina_desktop.domain.report_content import ReportContent
from retina_desktop.reporting import styles
from retina_desktop.reporting.blocks import (
    Cell,
    PictureBlock,
    SignatureLine,
    TextBlock,
    columns,
    framed,
)
from retina_desktop.reporting.palette import ACCENT, PANEL
from retina_desktop.reporting.report_texts import quoted
from retina_desktop.reporting.sheet import Sheet
from retina_desktop.reporting.styles import MM
from retina_desktop.reporting.typesetting.type_styles import MUTED, Span, TypeStyle

_SIGNATURE_WIDTH, _SIGNATURE_HEIGHT = 60 * MM, 16 * MM
_BRIEF_SIGNATURE = 12 * MM  # its height
_PROGRAM = "Retina Desktop"
_FACT_NAMES = 44 * MM
_FRAMED_ADDENDA = 1500  # characters
_LIMITS = ("limits.probability", "limits.heatmap", "limits.absence")


def addenda(
    sheet: Sheet, *, longest: int | None = None, style: TypeStyle = styles.TYPED
) -> list[Flowable]:
    """Return what was added after signing, framed: it may overrule what stands around it.

    Parameters
    ----------
    sheet : Sheet
        The report.
    longest : int or None
        Most characters of each, where space is short; None prints all.
    style : TypeStyle
        Of their text.
    """
    texts, press = sheet.texts, sheet.press
    cell: Cell = []
    for added in sheet.content.addenda:
        made = texts("addendum.made", date=texts.date(added.at.date()), name=added.shown_name)
        cell += [
            TextBlock(press, [Span(made, bold=True)], style, space_after=1),
            TextBlock(press, _cut(added.text, longest), style, space_after=3),
        ]
    if not cell:
        return []
    if longest is None and sum(len(a.text) for a in sheet.content.addenda) > _FRAMED_ADDENDA:
        return [*cell, Spacer(1, 6)]  # a frame would have to stand on one page
    panel = framed(press, cell, sheet.width, edge=ACCENT, background=PANEL)
    return [panel, Spacer(1, 6)]


def comment(sheet: Sheet, *, longest: int | None = None) -> list[Flowable]:
    """Return what the reader wrote.

    Parameters
    ----------
    sheet : Sheet
        The report.
    longest : int or None
        Most characters of the comment, where space is short; None prints all.
    """
    written = sheet.content.reading.comment
    if not written:
        return []
    return [
        _heading(sheet, "comment.heading"),
        TextBlock(sheet.press, _cut(written, longest), styles.TYPED),
        Spacer(1, 7),
    ]


def signature_block(sheet: Sheet, *, brief: bool = False) -> list[Flowable]:
    """Return the signature's image or a line to sign on, with the reader's name and moment.

    ``brief`` is lower, and leaves out the field's name and the hash of what was signed.
    """
    texts, press, content = sheet.texts, sheet.press, sheet.content
    cell: Cell = []
    height = _BRIEF_SIGNATURE if brief else _SIGNATURE_HEIGHT
    if not brief:
        cell.append(TextBlock(press, texts("signature.heading"), styles.FIELD_NAME))
    if content.signature and content.signature_image:
        jpeg, width, tall = sheet.mark(
            content.signature_image, width=_SIGNATURE_WIDTH, height=height
        )
        picture = PictureBlock(
            jpeg, width=width, height=tall, alternative=texts("signature.heading")
        )
        picture.hAlign = "RIGHT" if press.is_right_to_left else "LEFT"
        cell.append(picture)
        cell.append(SignatureLine(width=_SIGNATURE_WIDTH, height=3))
    else:
        cell.append(SignatureLine(width=_SIGNATURE_WIDTH, height=height))
    cell[-1].hAlign = "RIGHT" if press.is_right_to_left else "LEFT"
    cell.append(Spacer(1, 2))
    if sheet.reader:
        cell.append(TextBlock(press, [Span(quoted(sheet.reader), bold=True)], styles.BODY))
    if content.signature:
        moment = content.signature.at
        when = texts(
            "signature.signed_at", date=texts.date(moment.date()), time=texts.clock(moment)
        )
        cell.append(TextBlock(press, when, styles.SMALL))
        signed = texts("signature.record_hash", hash=content.signature.content_sha256)
        if not brief:
            cell.append(TextBlock(press, signed, styles.NOTE))
    else:
        cell.append(TextBlock(press, texts("signature.not_signed"), styles.SMALL))
    return [KeepTogether([*cell, Spacer(1, 9)])]


def provenance(sheet: Sheet) -> list[Flowable]:
    """Return which model, engine and program made this, and the audit trail's head."""
    texts, press, content = sheet.texts, sheet.press, sheet.content
    rows: list[list[Cell]] = [
        [
            [TextBlock(press, texts(f"provenance.{key}"), styles.FIELD_NAME)],
            [TextBlock(press, value, styles.NOTE)],
        ]
        for key, value in _facts(sheet, content)
    ]
    table = columns(press, rows, [_FACT_NAMES, sheet.width - _FACT_NAMES], gap=6, row_gap=1.5)
    heading = _heading(sheet, "provenance.heading")
    return [KeepTogether([heading, Spacer(1, 2), table, Spacer(1, 7)])]


def limits(sheet: Sheet) -> list[Flowable]:
    """Return what the figures do not mean, and that this is for research."""
    texts, press, model = sheet.texts, sheet.press, sheet.content.model
    sentences = [texts(key) for key in _LIMITS]
    blocks: list[Flowable] = [
        _heading(sheet, "provenance.limits_heading"),
        TextBlock(
            press, [Span(texts("limits.research"), bold=True)], styles.SMALL, space_after=2
        ),
        TextBlock(press, " ".join(sentences), styles.NOTE, space_after=2),
    ]
    if model.intended_use:
        use = texts("provenance.intended_use", text=model.intended_use)
        blocks.append(TextBlock(press, use, styles.NOTE, space_after=2))
    blocks += [TextBlock(press, quoted(limit), styles.NOTE) for limit in model.limits]
    return blocks


def research_notice(sheet: Sheet) -> list[Flowable]:
    """Return the one sentence that every page set must carry."""
    notice = [Span(sheet.texts("limits.research"), colour=MUTED)]
    return [TextBlock(sheet.press, notice, styles.SMALL)]


def report_name(sheet: Sheet) -> str:
    """Return the report's number, or that it is only looked at."""
    if sheet.content.is_preview:
        return sheet.texts("page.preview")
    return quoted(sheet.content.report_id)


def _cut(text: str, longest: int | None) -> str:
    if longest is None or len(text) <= longest:
        return text
    return f"{text[:longest].rstrip()} …"


def _facts(sheet: Sheet, content: ReportContent) -> list[tuple[str, str]]:
    texts = sheet.texts
    facts: list[tuple[str, str]] = []
    models = [photo.analysis.model for photo in content.photographs if photo.analysis]
    for at, model in enumerate(models):
        if model in models[:at]:  # not a set: a preprocessing step's parameters do not hash
            continue
        named = texts(
            "provenance.model_value",
            name=content.model.name,
            id=model.id,
            version=model.version,
        )
        engine = texts("provenance.engine_value", engine=model.engine, device=model.device)
        facts += [("model", named), ("model_hash", quoted(model.sha256)), ("engine", engine)]
    created = content.created_at
    head = content.audit_head
    facts += [
        ("software", quoted(f"{_PROGRAM} {content.software_version}")),
        (
            "created",
            texts(
                "provenance.created_value",
                date=texts.date(created.date()),
                time=texts.clock(created),
            ),
        ),
        ("report_id", report_name(sheet)),
        ("audit", texts("provenance.audit_value", number=head.sequence, hash=head.hash)),
    ]
    hashes = [quoted(p.analysis.image_sha256) for p in content.photographs if p.analysis]
    if hashes:
        facts.append(("photographs", "\n".join(hashes)))
    return facts


def _heading(sheet: Sheet, key: str) -> TextBlock:
    heading = TextBlock(sheet.press, sheet.texts(key), styles.HEADING)
    heading.keepWithNext = 1
    return heading
