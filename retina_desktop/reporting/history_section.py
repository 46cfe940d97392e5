"""What changed since the visit before, and over all visits."""

from collections.abc import Iterator

from reportlab.platypus import Flowable, KeepTogether, Spacer

from retina_desktop.domain.findings import Finding
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.labels import DISEASE_RISK, label_of
from retina_desktop.domain.report_content import PreviousFinding, PreviousVisit
from retina_desktop.reporting import styles
from retina_desktop.reporting.blocks import Cell, TextBlock, columns
from retina_desktop.reporting.palette import HAIRLINE
from retina_desktop.reporting.sheet import Sheet
from retina_desktop.reporting.styles import MM
from retina_desktop.reporting.trend_chart import TrendChart
from retina_desktop.reporting.typesetting.type_styles import Span

_GUTTER = 8 * MM
_KEPT_TOGETHER = 12  # rows; a longer comparison may go on on the next page
_SHARES = (0.36, 0.13, 0.17, 0.14, 0.20)  # of the width, by column

_Row = tuple[Laterality | None, str, PreviousFinding | None, Finding | None]


def comparison(sheet: Sheet) -> list[Flowable]:
    """Return then and now of every label that reached its threshold at one of the visits."""
    previous = sheet.content.previous
    if previous is None:
        return []
    texts, press = sheet.texts, sheet.press
    heading = texts("previous.heading", date=texts.date(previous.visit_date))
    blocks: list[Flowable] = [TextBlock(press, heading, styles.HEADING, space_after=2)]
    current = {
        f"{p.analysis.model.id} {p.analysis.model.version}"
        for p in sheet.content.photographs
        if p.analysis
    }
    if current and previous.model not in current:
        other = texts("previous.other_model", model=previous.model)
        blocks.append(TextBlock(press, other, styles.NOTE, space_after=3))
    rows = [_row(sheet, row) for row in _rows(sheet, previous)]
    if not rows:
        nothing = texts("previous.nothing")
        return [*blocks, TextBlock(press, nothing, styles.BODY), Spacer(1, 8)]
    head: list[Cell] = [
        [TextBlock(press, texts(f"previous.{key}"), styles.FIELD_NAME)]
        for key in ("label", "eye", "before", "now", "change")
    ]
    table = columns(
        press,
        [head, *rows],
        [share * sheet.width for share in _SHARES],
        gap=4,
        row_gap=3,
        repeat_rows=1,
        style=[
            ("LINEBELOW", (0, 0), (-1, -1), 0.5, HAIRLINE),
            ("TOPPADDING", (0, 1), (-1, -1), 3),
        ],
    )
    blocks += [table, Spacer(1, 10)]
    return [KeepTogether(blocks)] if len(rows) <= _KEPT_TOGETHER else blocks


def trends(sheet: Sheet) -> list[Flowable]:
    """Return a small chart of each trend, two side by side."""
    charts: list[Cell] = [
        [TrendChart(sheet.press, trend)] for trend in sheet.content.trends if trend.points
    ]
    if not charts:
        return []
    if len(charts) % 2:
        charts.append([])
    width = (sheet.width - _GUTTER) / 2
    turned = sheet.press.is_right_to_left
    widths = [width, width + _GUTTER] if turned else [width + _GUTTER, width]
    rows = [charts[at : at + 2] for at in range(0, len(charts), 2)]
    heading = TextBlock(sheet.press, sheet.texts("trend.heading"), styles.HEADING)
    heading.keepWithNext = 1
    grid = columns(sheet.press, rows, widths, gap=_GUTTER, row_gap=6)
    return [heading, grid, Spacer(1, 6)]


def _rows(sheet: Sheet, previous: PreviousVisit) -> Iterator[_Row]:
    for eye in sheet.eyes:
        now = {item.label: item.finding for item in eye.listed}
        now.update({finding.label: finding for finding in eye.below})
        before = {item.finding.label: item for item in previous.findings if item.eye is eye.eye}
        codes = [code for code in dict.fromkeys([*now, *before]) if code != DISEASE_RISK]
        for code in sorted(codes, key=lambda code: (label_of(code).tier.rank, code)):
            then, current = before.get(code), now.get(code)
            was = then is not None and bool(then.finding.is_positive)
            if was or (current is not None and current.is_positive):
                yield eye.eye, code, then, current


def _row(sheet: Sheet, row: _Row) -> list[Cell]:
    eye, code, then, now = row
    texts, press = sheet.texts, sheet.press
    before = then.finding if then else None
    graded = f" ({texts(f'grade.{then.grade.value}')})" if then and then.grade else ""
    words = [
        texts.label_name(code),
        texts.eye(eye),
        f"{_percent(sheet, before)}{graded}",
        _percent(sheet, now),
    ]
    cells: list[Cell] = [[TextBlock(press, word, styles.SMALL)] for word in words]
    change = TextBlock(press, [Span(_change(sheet, before, now), bold=True)], styles.SMALL)
    return [*cells, [change]]


def _percent(sheet: Sheet, finding: Finding | None) -> str:
    if finding is None or finding.probability is None:
        return styles.NOTHING
    return sheet.texts.percent(finding.probability)


def _change(sheet: Sheet, before: Finding | None, now: Finding | None) -> str:
    texts = sheet.texts
    if before is None or now is None:
        return styles.NOTHING
    if before.probability is None or now.probability is None:
        return styles.NOTHING
    if now.is_positive and not before.is_positive:
        return texts("previous.new")
    if before.is_positive and not now.is_positive:
        return texts("previous.gone")
    points = round(now.probability * 100) - round(before.probability * 100)
    if points == 0:
        return texts("previous.same")
    return texts("previous.up" if points > 0 else "previous.down", points=abs(points))
