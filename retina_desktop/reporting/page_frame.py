"""What stands on every page around its text: foot, running head, and a draft's watermark."""

from collections.abc import Callable
from dataclasses import dataclass

from retina_desktop.reporting import styles
from retina_desktop.reporting.palette import HAIRLINE
from retina_desktop.reporting.report_canvas import ReportCanvas
from retina_desktop.reporting.sheet import Sheet
from retina_desktop.reporting.styles import MM
from retina_desktop.reporting.typesetting.type_styles import TypeStyle, colour_of

_WATERMARK_ALPHA = 0.11
_WATERMARK_COLOUR = colour_of("#B3421E")
_WATERMARK_SHARE = 0.66  # of the page's diagonal
_TRIAL_SIZE = 100.0
_SHOWN_HASH = 16  # hex digits at the foot; the whole hash stands in the text


@dataclass(frozen=True, slots=True)
class Margins:
    """Empty room at the page's edges, in points."""

    side: float = 16 * MM
    top: float = 13 * MM
    bottom: float = 19 * MM
    running: float = 8 * MM  # more at the top from the second page on


def page_painter(
    sheet: Sheet, margins: Margins, page_size: tuple[float, float]
) -> Callable[[ReportCanvas, int, int], None]:
    """Return what paints the frame of a page, once the number of pages is known."""

    def paint(canvas: ReportCanvas, page: int, pages: int) -> None:
        if not sheet.content.is_signed:
            _paint_watermark(canvas, sheet, page_size)
        if page > 1:
            _paint_running_head(canvas, sheet, margins, page_size)
        _paint_foot(canvas, sheet, margins, page_size, page=page, pages=pages)

    return paint


def _paint_watermark(
    canvas: ReportCanvas, sheet: Sheet, page_size: tuple[float, float]
) -> None:
    width, height = page_size
    style = TypeStyle(
        size=_TRIAL_SIZE, leading=_TRIAL_SIZE, bold=True, colour=_WATERMARK_COLOUR
    )
    trial = sheet.press.typesetter.set_line(sheet.texts("page.draft"), style)
    diagonal = (width**2 + height**2) ** 0.5
    share = diagonal * _WATERMARK_SHARE / trial.width
    canvas.saveState()
    canvas.setFillAlpha(_WATERMARK_ALPHA)
    canvas.setStrokeAlpha(_WATERMARK_ALPHA)
    canvas.translate(width / 2, height / 2)
    canvas.rotate(52)
    canvas.scale(share, share)
    canvas.draw_line_of_text(trial, x=-trial.width / 2, y=-_TRIAL_SIZE * 0.36, size=_TRIAL_SIZE)
    canvas.restoreState()


def _paint_running_head(
    canvas: ReportCanvas, sheet: Sheet, margins: Margins, page_size: tuple[float, float]
) -> None:
    patient, texts = sheet.content.patient, sheet.texts
    head = texts(
        "page.running",
        name=_shortened(patient.name, 60),
        number=patient.record_number,
        date=texts.date(sheet.content.visit.visit_date),
    )
    width, height = page_size
    y = height - margins.top - 3
    start, anchor = _start(sheet, margins, width)
    canvas.draw_text(head, styles.RUNNING, x=start, y=y, anchor=anchor)
    _rule(canvas, margins, width, y - 6)


def _paint_foot(
    canvas: ReportCanvas,
    sheet: Sheet,
    margins: Margins,
    page_size: tuple[float, float],
    *,
    page: int,
    pages: int,
) -> None:
    content, texts = sheet.content, sheet.texts
    width = page_size[0]
    head = content.audit_head
    y = margins.bottom - 8 * MM
    _rule(canvas, margins, width, y + 11)
    start, anchor = _start(sheet, margins, width)
    end = width - start
    audit = texts("page.audit_head", number=head.sequence, hash=head.hash[:_SHOWN_HASH] + "…")
    report = texts("page.report_id", id=_shortened(content.report_id, 44))
    if content.is_preview:
        report = texts("page.preview")
    canvas.draw_text(texts("limits.short"), styles.FOOTER, x=start, y=y, anchor=anchor)
    number = texts("page.number", page=page, pages=pages)
    canvas.draw_text(number, styles.FOOTER, x=end, y=y, anchor=1 - anchor)
    canvas.draw_text(f"{report} · {audit}", styles.FOOTER, x=start, y=y - 9, anchor=anchor)


def _start(sheet: Sheet, margins: Margins, width: float) -> tuple[float, float]:
    """Return where lines start, and the share of their width that lies left of it."""
    if sheet.press.is_right_to_left:
        return width - margins.side, 1.0
    return margins.side, 0.0


def _rule(canvas: ReportCanvas, margins: Margins, width: float, y: float) -> None:
    canvas.setStrokeColorRGB(*HAIRLINE)
    canvas.setLineWidth(0.6)
    canvas.line(margins.side, y, width - margins.side, y)


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
