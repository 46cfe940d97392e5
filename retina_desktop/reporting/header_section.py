"""The top of a report: who reports, on whom, and whether a reader has signed."""

from collections.abc import Sequence

from reportlab.platypus import Flowable, Spacer

from retina_desktop.reporting import styles
from retina_desktop.reporting.blocks import Cell, PictureBlock, TextBlock, columns
from retina_desktop.reporting.palette import HAIRLINE, PANEL
from retina_desktop.reporting.qr_code import QrCode
from retina_desktop.reporting.report_texts import quoted
from retina_desktop.reporting.sheet import Sheet
from retina_desktop.reporting.styles import MM
from retina_desktop.reporting.typesetting.type_styles import MUTED, Span

_LOGO_WIDTH, _LOGO_HEIGHT = 34 * MM, 17 * MM
_QR_SIDE = 18 * MM
_LONGEST_NUMBER = 40  # characters under the code
_GAP = 5 * MM
_FIELDS_A_ROW = 4
_MOST_LINES, _LONGEST_LINE, _LONGEST_NAME = 8, 200, 200  # of the letterhead, which cannot split


def letterhead(sheet: Sheet) -> list[Flowable]:
    """Return the clinic with its logo, and the code of the report's id."""
    content, press = sheet.content, sheet.press
    clinic = content.clinic
    details = "\n".join(p.strip() for p in (clinic.address, clinic.contact) if p.strip())
    lines = details.split("\n")[:_MOST_LINES]
    name: Cell = [TextBlock(press, clinic.name[:_LONGEST_NAME], styles.CLINIC)]
    if details:
        name += [
            TextBlock(press, line[:_LONGEST_LINE], styles.CLINIC_DETAILS) for line in lines
        ]
    cells: list[Cell] = [name, _code(sheet)]
    widths = [sheet.width - _QR_SIDE, _QR_SIDE]
    if press.is_right_to_left:  # the code is the table's first column then
        widths = [widths[0] - _GAP, _QR_SIDE + _GAP]
    if clinic.logo:
        jpeg, width, height = sheet.mark(clinic.logo, width=_LOGO_WIDTH, height=_LOGO_HEIGHT)
        logo = PictureBlock(jpeg, width=width, height=height, alternative=clinic.name)
        cells.insert(0, [logo])
        room = _GAP if not press.is_right_to_left else 0.0
        widths = [width + room, widths[0] - width - room, widths[1]]
    style = [("LINEBELOW", (0, 0), (-1, -1), 0.8, HAIRLINE)]
    return [
        columns(press, [cells], widths, gap=_GAP, row_gap=6, style=style),
        Spacer(1, 9),
    ]


def _code(sheet: Sheet) -> Cell:
    """Return the report's number to scan, and to read under it; nothing in a preview."""
    if sheet.content.is_preview:
        return []
    number = sheet.content.report_id
    caption = TextBlock(sheet.press, quoted(number[:_LONGEST_NUMBER]), styles.CODE)
    return [QrCode(number, side=_QR_SIDE), Spacer(1, 2), caption]


def title_and_status(sheet: Sheet, title: str) -> list[Flowable]:
    """Return the title and, under it, whether and by whom it was signed."""
    texts, content = sheet.texts, sheet.content
    blocks: list[Flowable] = [TextBlock(sheet.press, texts(title), styles.TITLE)]
    if content.signature:
        signed = texts(
            "status.signed",
            name=content.signature.shown_name,
            date=texts.date(content.signature.at.date()),
        )
        blocks.append(TextBlock(sheet.press, signed, styles.STATUS))
    else:
        blocks.append(TextBlock(sheet.press, texts("status.draft"), styles.STATUS_DRAFT))
    if content.is_preview:
        blocks.append(TextBlock(sheet.press, texts("page.preview"), styles.STATUS_DRAFT))
    return [*blocks, Spacer(1, 7)]


def patient_panel(sheet: Sheet, *, brief: bool = False) -> list[Flowable]:
    """Return who was examined and why, in fields on a tinted panel."""
    texts, press = sheet.texts, sheet.press
    patient, visit = sheet.content.patient, sheet.content.visit
    fields = [
        ("patient.name", quoted(patient.name)),
        ("patient.record_number", quoted(patient.record_number)),
        ("patient.birth_date", _birth(sheet)),
        ("patient.sex", texts(f"sex.{patient.sex.value}")),
        ("patient.visit_date", texts.date(visit.visit_date)),
        ("patient.operator", quoted(visit.operator) if visit.operator else styles.NOTHING),
        ("patient.diabetes", texts(f"condition.{patient.diabetes.value}")),
        ("patient.hypertension", texts(f"condition.{patient.hypertension.value}")),
    ]
    inner = sheet.width - 20
    share = inner / _FIELDS_A_ROW
    widths = [share * 1.3, share * 0.9, share * 1.15, share * 0.65]
    cells: list[Cell] = [
        [
            TextBlock(press, texts(key), styles.FIELD_NAME),
            TextBlock(press, value, styles.BODY),
        ]
        for key, value in fields
    ]
    if brief:
        cells, widths = (
            cells[:5],
            [share * 1.1, share * 0.7, share * 1.0, share * 0.5, share * 0.7],
        )
    row = len(widths)
    rows = [cells[at : at + row] for at in range(0, len(cells), row)]
    style = [
        ("BACKGROUND", (0, 0), (-1, -1), PANEL),
        ("LEFTPADDING", (0, 0), (0, -1), 10),
        ("TOPPADDING", (0, 0), (-1, -1), 5),
    ]
    panel = columns(press, rows, [widths[0] + 20, *widths[1:]], gap=8, row_gap=4, style=style)
    notes = [] if brief else _notes(sheet)
    return [panel, Spacer(1, 5), *notes, Spacer(1, 4)]


def _birth(sheet: Sheet) -> str:
    patient, texts = sheet.content.patient, sheet.texts
    if patient.birth_date is None:
        return texts("patient.not_stated")
    shown = texts.date(patient.birth_date)
    years = patient.age_on(sheet.content.visit.visit_date)
    if years is None:
        return shown
    key = {0: "patient.age_below_one", 1: "patient.age_one"}.get(years, "patient.age")
    return texts(key, date=shown, years=years)


def _notes(sheet: Sheet) -> Sequence[Flowable]:
    """Return what may be long, across the page where it can go on to the next one."""
    texts = sheet.texts
    patient, reason = sheet.content.patient, sheet.content.visit.reason
    notes = []
    if reason:
        notes.append(labelled(sheet, texts("patient.reason"), quoted(reason)))
    if patient.risk_factors:
        listed = texts.listed(list(patient.risk_factors))
        notes.append(labelled(sheet, texts("patient.risk_factors"), listed))
    return notes


def labelled(sheet: Sheet, name: str, value: str) -> TextBlock:
    """Return ``name: value`` as one paragraph, the name muted."""
    spans = [Span(sheet.texts.field(name), colour=MUTED), Span(value)]
    return TextBlock(sheet.press, spans, styles.BODY, space_after=2)
