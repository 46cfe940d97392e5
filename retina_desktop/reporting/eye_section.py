"""Both eyes side by side: photographs, quality, and findings with the reader's word."""

from collections.abc import Sequence
from itertools import zip_longest

from reportlab.platypus import CondPageBreak, Flowable, Spacer

from retina_desktop.domain.decisions import Decision, Grade, OwnFinding, Severity
from retina_desktop.domain.eye_measurements import Correction
from retina_desktop.domain.findings import LabelStatus
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.quality import ImageQuality
from retina_desktop.domain.report_content import ReportedPhotograph
from retina_desktop.reporting import styles
from retina_desktop.reporting.blocks import (
    Cell,
    PictureBlock,
    ProbabilityBar,
    TextBlock,
    columns,
)
from retina_desktop.reporting.eye_findings import EyeFindings, ListedFinding
from retina_desktop.reporting.palette import POSITIVE
from retina_desktop.reporting.range_section import range_lines, shown_name
from retina_desktop.reporting.report_texts import quoted
from retina_desktop.reporting.sheet import Sheet
from retina_desktop.reporting.styles import MM
from retina_desktop.reporting.typesetting.type_styles import MUTED, Span

_GUTTER = 6 * MM  # between the eyes
_ROW_EXTRA = 14 * MM  # what a row of large photographs has beside them
_LONG_TEXT = 600  # characters
_PAIR_GAP = 1.5 * MM  # between a photograph and its overlay


def eye_columns(
    sheet: Sheet, *, most: int | None = None, pictures: float = 1.0
) -> list[Flowable]:
    """Return pictures and findings of both eyes, the right eye at the left of the page.

    Parameters
    ----------
    sheet : Sheet
        The report.
    most : int or None
        Most findings an eye to list; the rest is counted. None lists all.
    pictures : float
        Share of the column that photograph and overlay take; 0 leaves them out.
    """
    blocks: list[Flowable] = []
    width = (sheet.width - _GUTTER) / 2
    for eyes in (sheet.eyes[:2], sheet.eyes[2:]):
        if eyes:
            blocks += _pair_of_eyes(sheet, eyes, [width + _GUTTER, width], most, pictures)
    return [*blocks, Spacer(1, 6)]


def _pair_of_eyes(
    sheet: Sheet,
    eyes: Sequence[EyeFindings],
    widths: Sequence[float],
    most: int | None,
    pictures: float,
) -> list[Flowable]:
    """Return a head that stays in one piece, and findings that may go on on the next page."""
    padding: list[Cell] = [[]] * (2 - len(eyes))
    heads = [*(_eye_head(sheet, eye, widths[1], pictures) for eye in eyes), *padding]
    lists = [_finding_cells(sheet, eye, most) for eye in eyes]
    rows: list[list[Cell]] = [
        [*cells, *padding] for cells in map(list, zip_longest(*lists, fillvalue=[]))
    ]
    if most is None:
        rows.append([*(_below_cell(sheet, eye) for eye in eyes), *padding])
    press = sheet.press
    head = columns(
        press, [heads], widths, gap=_GUTTER, row_gap=5, keep_order=True, split_rows=False
    )
    if not rows:
        return [head]
    findings = columns(
        press,
        rows,
        widths,
        gap=_GUTTER,
        row_gap=5,
        keep_order=True,
        split_rows=any(_has_long_text(eye) for eye in eyes),
    )
    if most is not None or not any(eye.listed for eye in eyes):
        return [head, findings]
    legend = TextBlock(press, sheet.texts("findings.legend"), styles.NOTE, space_after=4)
    return [head, legend, findings]


def _has_long_text(eye: EyeFindings) -> bool:
    """Whether a finding may be too tall for a page, and so must not be kept in one piece."""
    reasons = [item.decision.reason for item in eye.listed if item.decision]
    return any(len(text) > _LONG_TEXT for text in [*reasons, *(own.note for own in eye.own)])


def large_photographs(sheet: Sheet) -> list[Flowable]:
    """Return every photograph with its overlay, as large as two fit side by side."""
    blocks: list[Flowable] = []
    side = (sheet.width - _GUTTER) / 2
    for eye in sheet.eyes:
        for photo in eye.photographs:
            cells = picture_cells(sheet, photo, side)
            if cells:
                heading = TextBlock(sheet.press, sheet.texts.eye(eye.eye), styles.EYE_HEADING)
                row = columns(
                    sheet.press,
                    [[[heading], []], [*cells, *([[]] * (2 - len(cells)))]],
                    [side + _GUTTER, side],
                    gap=_GUTTER,
                    row_gap=4,
                    keep_order=True,
                    split_rows=False,
                    style=[("NOSPLIT", (0, 0), (-1, -1))],
                )
                blocks += [row, Spacer(1, 6)]
    if not blocks:
        return []
    title = TextBlock(sheet.press, sheet.texts("photographs.heading"), styles.HEADING)
    title.keepWithNext, title.spaceBefore = 1, 10
    # A page of their own, unless the one that was begun has room for two eyes.
    return [CondPageBreak(2 * (side + _ROW_EXTRA)), title, *blocks]


def not_assessed(sheet: Sheet) -> list[Flowable]:
    """Return the labels that the model knows nothing of, and that this means nothing."""
    codes = dict.fromkeys(code for eye in sheet.eyes for code in eye.not_assessed)
    if not codes:
        return []
    texts = sheet.texts
    names = texts.listed([texts.label_name(code) for code in codes])
    spans = [
        Span(
            f"{texts('findings.not_assessed_heading')}{texts('language.full_stop')} ", bold=True
        ),
        Span(_filled(texts("findings.not_assessed", labels="\0"), names)),
    ]
    return [TextBlock(sheet.press, spans, styles.SMALL), Spacer(1, 6)]


def _filled(sentence: str, listed: str) -> str:
    """Put a list whose items are isolated already into a sentence."""
    return sentence.replace("\u2068\0\u2069", listed)


def _eye_head(sheet: Sheet, eye: EyeFindings, width: float, share: float) -> Cell:
    texts, press = sheet.texts, sheet.press
    title = [
        Span(texts.eye(eye.eye)),
        Span(f"  {texts.eye_short(eye.eye)}", bold=False, colour=MUTED),
    ]
    cell: Cell = [TextBlock(press, title, styles.EYE_HEADING, space_after=2)]
    measured = measurements(sheet, eye.eye)
    if measured:
        cell += [TextBlock(press, measured, styles.SMALL), Spacer(1, 3)]
    if not eye.photographs:
        return [*cell, TextBlock(press, texts("eye.no_photograph"), styles.BODY)]
    first = shown_first(eye)
    side = (width - _PAIR_GAP) / 2 * share
    pictures = picture_cells(sheet, first, side) if share else []
    if pictures:
        pair = [*pictures, *([[]] * (2 - len(pictures)))]
        widths = [side + _PAIR_GAP, side]
        if press.is_right_to_left:  # what smaller pictures leave free lies at the line's end
            pair, widths = [[], *pair], [width - sum(widths), *widths]
        cell.append(columns(press, [pair], widths, gap=_PAIR_GAP, keep_order=True))
    cell.append(Spacer(1, 3))
    cell += [*_quality_lines(sheet, first), *range_lines(sheet, eye)]
    if len(eye.photographs) > 1:
        count = texts("eye.more_photographs", count=len(eye.photographs))
        cell.append(TextBlock(press, count, styles.NOTE))
    return cell


def shown_first(eye: EyeFindings) -> ReportedPhotograph:
    """Return the photograph that stands for the eye: a gradable one, the best of them."""

    def quality(photo: ReportedPhotograph) -> tuple[bool, bool, bool, float]:
        has_pixels, said = photo.photograph is not None, photo.analysis
        if said is None:
            return has_pixels, False, False, -1.0
        return has_pixels, said.quality.gradable, said.in_range is not False, said.quality.score

    return max(eye.photographs, key=quality)


def picture_cells(
    sheet: Sheet, photo: ReportedPhotograph, side: float, *, say_none: bool = True
) -> list[Cell]:
    """Return photograph and overlay with captions, `side` points wide; none without pixels.

    ``say_none`` puts words where there is no overlay.
    """
    printed = sheet.printed(photo)
    if printed is None:
        return []
    texts = sheet.texts
    eye = texts.eye(photo.eye)
    plain = PictureBlock(
        printed.photograph,
        width=side,
        height=side,
        alternative=texts("eye.photograph_alternative", eye=eye),
    )
    cells: list[Cell] = [[plain, *_caption(sheet, texts("eye.photograph"))]]
    if printed.overlay:
        name = texts.label_name(printed.overlay_label)
        overlay = PictureBlock(
            printed.overlay,
            width=side,
            height=side,
            alternative=texts("eye.overlay_alternative", label=name, eye=eye),
        )
        cells.append([overlay, *_caption(sheet, texts("eye.overlay", label=name))])
    elif say_none:
        cells.append([Spacer(1, side / 2 - 8), *_caption(sheet, texts("eye.no_overlay"))])
    return cells


def _caption(sheet: Sheet, text: str) -> Cell:
    return [Spacer(1, 2), TextBlock(sheet.press, text, styles.CAPTION)]


def measurements(sheet: Sheet, eye: Laterality | None, *, separator: str = " · ") -> str:
    """Return acuity and pressure of `eye` in words; empty where nothing was measured."""
    if eye is None:
        return ""
    visit, texts = sheet.content.visit, sheet.texts
    measured = visit.right if eye is Laterality.RIGHT else visit.left
    parts = []
    if measured.acuity:
        correction = measured.acuity.correction
        if correction is Correction.NOT_STATED:
            parts.append(texts("eye.acuity", entry=measured.acuity.entry))
        else:
            shown = texts(f"correction.{correction.value}")
            parts.append(
                texts("eye.acuity_with", entry=measured.acuity.entry, correction=shown)
            )
    if measured.pressure:
        parts.append(texts("eye.pressure", mmhg=f"{measured.pressure.mmhg:g}"))
    return separator.join(parts)


def _quality_lines(sheet: Sheet, photo: ReportedPhotograph) -> Cell:
    if photo.analysis is None:
        return []
    texts, press, quality = sheet.texts, sheet.press, photo.analysis.quality
    good = quality.gradable
    spans = [
        Span(texts.field(texts("quality.heading")), colour=MUTED),
        Span(
            texts(_quality_key(quality), score=texts.percent(quality.score)),
            bold=not good,
            colour=None if good else POSITIVE,
        ),
    ]
    lines: Cell = [TextBlock(press, spans, styles.SMALL)]
    for reason in quality.reasons:
        advice = texts(f"quality_advice.{reason.value}")
        lines.append(TextBlock(press, advice, styles.NOTE))
    if photo.analysis.laterality.warning:
        warning = texts("eye.laterality_warning")
        lines.append(
            TextBlock(press, [Span(warning, bold=True, colour=POSITIVE)], styles.SMALL)
        )
    return lines


def _quality_key(quality: ImageQuality) -> str:
    if not quality.is_fundus:
        return "quality.not_fundus"
    if not quality.gradable:
        return "quality.ungradable"
    return "quality.weak" if quality.reasons else "quality.good"


def _finding_cells(sheet: Sheet, eye: EyeFindings, most: int | None) -> list[Cell]:
    if not eye.photographs and not eye.listed and not eye.own:
        return []
    texts, press = sheet.texts, sheet.press
    heading = TextBlock(press, texts("findings.heading"), styles.FIELD_NAME)
    cells = [_finding_cell(sheet, item) for item in eye.listed]
    cells += [_own_cell(sheet, own) for own in eye.own]
    left_out = 0 if most is None else max(len(cells) - most, 0)
    if left_out:
        cells = cells[:most]
        more = texts("findings.more", count=left_out)
        cells.append([TextBlock(press, more, styles.SMALL)])
    if not cells:
        key = "outside_none" if eye.outside_range else "none_judged"
        words = texts("findings.none" if eye.is_judged else f"findings.{key}")
        cells = [[TextBlock(press, words, styles.FINDING)]]
    return [[heading, *cells[0]], *cells[1:]]


def _finding_cell(sheet: Sheet, item: ListedFinding) -> Cell:
    texts, press, finding = sheet.texts, sheet.press, item.finding
    name = [Span(texts.label_name(item.label), bold=True)]
    if finding is None or finding.probability is None or finding.threshold is None:
        return [TextBlock(press, name, styles.FINDING), *_decision_lines(sheet, item.decision)]
    above = bool(finding.is_positive)
    figures = texts(
        "findings.probability",
        percent=texts.percent(finding.probability),
        threshold=texts.percent(finding.threshold),
    )
    notes = [figures, texts("findings.above" if above else "findings.below")]
    if finding.status is LabelStatus.DEMONSTRATION:
        notes.append(texts("findings.demonstration"))
    return [
        TextBlock(press, name, styles.FINDING),
        ProbabilityBar(
            finding.probability, finding.threshold, right_to_left=press.is_right_to_left
        ),
        TextBlock(press, " · ".join(notes), styles.NOTE),
        *_decision_lines(sheet, item.decision),
    ]


def _decision_lines(sheet: Sheet, decision: Decision | None) -> Cell:
    texts, press = sheet.texts, sheet.press
    if decision is None:
        undecided = texts("findings.reader", decision=texts("findings.no_decision"))
        return [TextBlock(press, undecided, styles.NOTE)]
    words = texts("findings.reader", decision=decision_words(sheet, decision))
    lines: Cell = [TextBlock(press, words, styles.DECISION)]
    if decision.reason:
        reason = texts("findings.reason", reason=" ".join(decision.reason.split()))
        lines.append(TextBlock(press, reason, styles.NOTE))
    return lines


def decision_words(sheet: Sheet, decision: Decision) -> str:
    """Return grade, why not gradable, severity, and how it stands to the model, in words."""
    texts = sheet.texts
    parts = [texts(f"grade.{decision.grade.value}")]
    if decision.grade is Grade.CANNOT_GRADE and decision.ungradable:
        parts.append(texts(f"ungradable.{decision.ungradable.value}"))
    if decision.severity is not Severity.NOT_STATED:
        parts.append(texts(f"severity.{decision.severity.value}"))
    words = texts("language.list_separator").join(parts)
    if decision.agreement is None:
        return words
    return f"{words} ({texts(f'agreement.{decision.agreement.value}')})"


def _own_cell(sheet: Sheet, own: OwnFinding) -> Cell:
    texts, press = sheet.texts, sheet.press
    words = texts("findings.own")
    if own.severity is not Severity.NOT_STATED:
        severity = texts(f"severity.{own.severity.value}")
        words = f"{words}{texts('language.list_separator')}{severity}"
    cell: Cell = [
        TextBlock(press, [Span(quoted(own.name), bold=True)], styles.FINDING),
        TextBlock(press, words, styles.DECISION),
    ]
    if own.note:
        cell.append(TextBlock(press, " ".join(own.note.split()), styles.SMALL_TYPED))
    return cell


def _below_cell(sheet: Sheet, eye: EyeFindings) -> Cell:
    texts = sheet.texts
    if not eye.below or not eye.is_judged:  # low figures of what cannot be judged reassure
        return []
    figures = [
        f"{shown_name(texts, finding.label, finding)} {texts.percent(finding.probability)}"
        for finding in eye.below
        if finding.probability is not None
    ]
    spans = [
        Span(texts.field(texts("findings.others")), colour=MUTED),
        Span(texts("language.list_separator").join(figures), colour=MUTED),
    ]
    return [TextBlock(sheet.press, spans, styles.NOTE)]
