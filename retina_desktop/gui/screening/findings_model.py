"""A photograph's findings as a Qt list model: groups with their count, then their labels.

A label that is not assessed has a row that can neither be chosen nor read as negative.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

from retina_desktop.domain.findings import Finding, LabelStatus
from retina_desktop.domain.labels import label_of
from retina_desktop.gui.screening.finding_groups import FindingGroups

Index = QModelIndex | QPersistentModelIndex

_SUSPECTED = (
    "the answer reached its threshold but is not relied on, outside the validated range: look "
    "at the photograph yourself"
)


class Group(StrEnum):
    """The groups, in reading order; the last stands alone."""

    PRESENT = "present"
    ABSENT = "absent"
    NOT_ASSESSED = "not_assessed"
    OUTSIDE_RANGE = "outside_range"

    @property
    def is_assessed(self) -> bool:
        """Whether the model's word on these labels counts."""
        return self in (Group.PRESENT, Group.ABSENT)


@dataclass(frozen=True, slots=True)
class GroupRow:
    """The heading of a group; choosing it folds and unfolds the group."""

    group: Group
    title: str
    count: int
    folded: bool


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One label in its group."""

    group: Group
    finding: Finding
    suspected: bool = False  # outside the range: the answer reached its threshold

    @property
    def name(self) -> str:
        """The label's full name."""
        return label_of(self.finding.label).name

    @property
    def value(self) -> str:
        """The probability in per cent, or that there is none."""
        if self.suspected:
            return "answer not relied on"
        probability = self.finding.probability
        return "not assessed" if probability is None else percent(probability)


class FindingsRole(IntEnum):
    """What the delegate asks for beyond Qt's own roles."""

    ROW = Qt.ItemDataRole.UserRole


class FindingsModel(QAbstractListModel):
    """Shows `FindingGroups`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._groups = FindingGroups()
        self._reliable = True
        self._folded = {Group.NOT_ASSESSED}
        self._rows: tuple[GroupRow | FindingRow, ...] = ()

    def show(self, groups: FindingGroups, *, reliable: bool) -> None:
        """Show other findings; `reliable` is False on a photograph that is not gradable."""
        self._groups, self._reliable = groups, reliable
        self._rebuild()

    def fold(self, group: Group) -> None:
        """Fold an unfolded group and the other way round."""
        self._folded ^= {group}
        self._rebuild()

    def row(self, row: int) -> GroupRow | FindingRow:
        """Return what row `row` shows."""
        return self._rows[row]

    def row_of(self, code: str | None) -> int:
        """Return the row of a label, -1 when it is folded away or not there."""
        for number, row in enumerate(self._rows):
            if isinstance(row, FindingRow) and row.finding.label == code:
                return number
        return -1

    def assessed_codes(self) -> list[str]:
        """Return the labels that can be chosen, in the order shown."""
        shown = (row for row in self._rows if isinstance(row, FindingRow))
        return [row.finding.label for row in shown if row.finding.is_assessed]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Let headings and assessed labels be chosen."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        row = self._rows[index.row()]
        if isinstance(row, FindingRow) and not row.finding.is_assessed:
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemNeverHasChildren
        return (
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsSelectable
            | Qt.ItemFlag.ItemNeverHasChildren
        )

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return name, explanation, spoken text or the row itself."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == FindingsRole.ROW:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return heading(row) if isinstance(row, GroupRow) else row.name
        if role == Qt.ItemDataRole.ToolTipRole and isinstance(row, FindingRow):
            return tip(row)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return spoken_heading(row) if isinstance(row, GroupRow) else spoken(row)
        if role == Qt.ItemDataRole.AccessibleDescriptionRole and isinstance(row, FindingRow):
            return label_of(row.finding.label).explanation
        return None

    def _rebuild(self) -> None:
        rows: list[GroupRow | FindingRow] = []
        for group, findings in (
            (Group.PRESENT, self._groups.present),
            (Group.ABSENT, self._groups.absent),
            (Group.NOT_ASSESSED, self._groups.not_assessed),
            (Group.OUTSIDE_RANGE, self._groups.outside_range),
        ):
            # "Present (0)" tells something, but not of what was not assessed
            if not findings and (group is not Group.PRESENT or self._groups.outside_range):
                continue
            folded = group in self._folded
            rows.append(GroupRow(group, self._title(group), len(findings), folded))
            if not folded:
                suspected = self._groups.not_relied_on
                rows.extend(FindingRow(group, f, f.label in suspected) for f in findings)
        if tuple(rows) != self._rows:
            self.beginResetModel()
            self._rows = tuple(rows)
            self.endResetModel()

    def _title(self, group: Group) -> str:
        if group is Group.PRESENT:
            return self.tr("Present")
        if group is Group.NOT_ASSESSED:
            return self.tr("Not assessed")
        if group is Group.OUTSIDE_RANGE:
            return self.tr("Outside this model's validated range")
        if self._reliable:
            return self.tr("Below threshold")
        return self.tr("Below threshold, not reliable")


def heading(row: GroupRow) -> str:
    """Return a group's title with its count."""
    return f"{row.title} ({row.count})"


def spoken_heading(row: GroupRow) -> str:
    """Return a heading as a screen reader says it: what the arrow shows, in words."""
    return f"{heading(row)}, {'closed: Enter opens it' if row.folded else 'open'}"


def percent(probability: float) -> str:
    """Return a probability as whole per cent, the ends honest: never 0 % nor 100 %."""
    if probability < 0.01:
        return "<\u00a01\u00a0%"
    if probability > 0.99:
        return ">\u00a099\u00a0%"
    return f"{100 * probability:.0f}\u00a0%"


def spoken(row: FindingRow) -> str:
    """Return a finding as a screen reader says it."""
    if row.suspected:
        return f"{row.name}: {_SUSPECTED}"
    if row.group is Group.OUTSIDE_RANGE:
        return f"{row.name}: not assessed, outside this model's validated range"
    if row.group is Group.NOT_ASSESSED:
        return f"{row.name}: not assessed by this model"
    verdict = "present" if row.group is Group.PRESENT else "below threshold"
    demonstration = (
        ", demonstration only" if row.finding.status is LabelStatus.DEMONSTRATION else ""
    )
    threshold = percent(row.finding.threshold or 0.0)
    return f"{row.name}: {verdict}, {row.value}, threshold {threshold}{demonstration}"


def tip(row: FindingRow) -> str:
    """Return what the label means, with its code, its threshold and its urgency."""
    label = label_of(row.finding.label)
    lines = [f"{label.name} ({label.code})", label.explanation]
    if row.suspected:
        lines.append(_SUSPECTED.capitalize() + ".")
    elif row.group is Group.OUTSIDE_RANGE:
        lines.append("Outside this model's validated range: it says nothing about this label.")
    elif row.group is Group.NOT_ASSESSED:
        lines.append("Not assessed by this model: it says nothing about this label.")
    elif row.finding.threshold is not None:
        lines.append(f"{row.value}, threshold {percent(row.finding.threshold)}.")
    if row.finding.status is LabelStatus.DEMONSTRATION:
        lines.append("Demonstration: learned from too few patients for a figure to mean much.")
    if (row.group is Group.PRESENT or row.suspected) and label.urgency_note:
        lines.append(label.urgency_note)
    if label.icd10:
        lines.append(f"ICD-10: {label.icd10}")
    return "\n".join(lines)
