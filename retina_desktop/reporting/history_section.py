"""What changed since the visit before, and over all visits."""

from collections.abc import Iterator
from dataclasses import dataclass

from reportlab.platypus import Flowable, KeepTogether, Spacer

from retina_desktop.domain.decisions import Grade
from retina_desktop.domain.findings import Finding
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.labels import DISEASE_RISK, label_of
from retina_desktop.domain.report_content import PreviousFinding, PreviousVisit
from retina_desktop.reporting import styles
from retina_desktop.reporting.blocks import Cell, TextBlock, columns
from retina_desktop.reporting.palette import HAIRLINE
from retina_desktop.reporting.range_section import shown_name
from retina_desktop.reporting.sheet import Sheet
from retina_desktop.reporting.styles import MM
from retina_desktop.reporting.trend_chart import TrendChart
from retina_desktop.reporting.typesetting.type_styles import Span

_GUTTER = 8 * MM
_KEPT_TOGETHER = 12  # rows; a longer comparison may go on on the next page
_SHARES = (0.31, 0.13, 0.18, 0.18, 0.20)  # of the width, by column

_STANDING = frozenset({Grade.PRESENT, Grade.QUESTIONABLE})


@dataclass(frozen=True, slots=True)
class _Row:
    """One label of one eye, then and now."""

    eye: Laterality | None
    label: str
    then: PreviousFinding | None
    now: Finding | None
    grade: Grade | None  # the reader's, now

    @property
    def matters(self) -> bool:
        """Whether the model or the reader said at one of the visits that it is there."""
        grades = {self.grade, self.then.grade if self.then else None}
        found = [self.now, self.then.finding if self.then else None]
        return bool(grades & _STANDING) or any(f is not None and f.is_positive for f in found)


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
    blocks.append(TextBlock(press, texts("previous.note"), styles.NOTE, space_after=4))
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
    note = TextBlock(sheet.press, sheet.texts("trend.note"), styles.NOTE, space_after=4)
    note.keepWithNext = 1
    grid = columns(sheet.press, rows, widths, gap=_GUTTER, row_gap=6)
    return [heading, note, grid, Spacer(1, 6)]


def _rows(sheet: Sheet, previous: PreviousVisit) -> Iterator[_Row]:
    for eye in sheet.eyes:
        now = {item.label: item.finding for item in eye.listed}
        now.update({finding.label: finding for finding in eye.below})
        before = {item.finding.label: item for item in previous.findings if item.eye is eye.eye}
        codes = [code for code in dict.fromkeys([*now, *before]) if code != DISEASE_RISK]
        said = {item.label: item.decision for item in eye.listed if item.decision}
        for code in sorted(codes, key=lambda code: (label_of(code).tier.rank, code)):
            grade = said[code].grade if code in said else None
            row = _Row(eye.eye, code, before.get(code), now.get(code), grade)
            if row.matters:
                yield row


def _row(sheet: Sheet, row: _Row) -> list[Cell]:
    texts, press = sheet.texts, sheet.press
    before = row.then.finding if row.then else None
    words = [
        shown_name(texts, row.label, row.now or before),
        texts.eye(row.eye),
        _said(sheet, before, row.then.grade if row.then else None),
        _said(sheet, row.now, row.grade),
    ]
    cells: list[Cell] = [[TextBlock(press, word, styles.SMALL)] for word in words]
    change = TextBlock(press, [Span(_change(sheet, before, row.now), bold=True)], styles.SMALL)
    return [*cells, [change]]


def _said(sheet: Sheet, finding: Finding | None, grade: Grade | None) -> str:
    """Return the model's probability and, in brackets, the reader's decision."""
    texts = sheet.texts
    known = finding is not None and finding.probability is not None
    shown = texts.percent(finding.probability or 0.0) if finding and known else styles.NOTHING
    return f"{shown} ({texts(f'grade.{grade.value}')})" if grade else shown


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
    key = "previous.up" if points > 0 else "previous.down"
    return texts(f"{key}_one" if abs(points) == 1 else key, points=abs(points))
