"""The findings of one photograph with the reader's word under each; A, D and U decide."""

from collections.abc import Mapping

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem, QWidget

from retina_desktop.domain.decisions import Agreement, Decision
from retina_desktop.domain.labels import DISEASE_RISK
from retina_desktop.gui.examination.words import decision_word, tr
from retina_desktop.gui.screening.finding_groups import FindingGroups
from retina_desktop.gui.screening.findings_delegate import FindingsDelegate
from retina_desktop.gui.screening.findings_list import FindingsList
from retina_desktop.gui.screening.findings_model import (
    FindingRow,
    FindingsModel,
    FindingsRole,
    Group,
    Index,
)
from retina_desktop.gui.theme import ThemeKeeper

_PADDING = 12
_KEYS = {
    Qt.Key.Key_A: Agreement.AGREE,
    Qt.Key.Key_D: Agreement.DISAGREE,
    Qt.Key.Key_U: Agreement.UNSURE,
}
_SIGNS = {Agreement.AGREE: "✓", Agreement.DISAGREE: "✗", Agreement.UNSURE: "?", None: "•"}


class ReadingModel(FindingsModel):
    """Findings whose spoken text tells the decision too."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.decisions: Mapping[str, Decision] = {}
        self.fold(Group.ABSENT)

    def decide(self, decisions: Mapping[str, Decision]) -> None:
        """Take the reader's decisions by label."""
        if decisions != self.decisions:
            self.decisions = decisions
            if self.rowCount():
                self.dataChanged.emit(self.index(0), self.index(self.rowCount() - 1))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return as `FindingsModel`, the decision added to what is spoken."""
        found = super().data(index, role)
        if role == Qt.ItemDataRole.AccessibleTextRole and index.isValid():
            words = decision_line(self.row(index.row()), self.decisions)
            return f"{found}. {words}" if words else found
        return found


class ReadingList(FindingsList):
    """Shows findings and decisions; keys decide on the label that is chosen."""

    said = Signal(object)  # Agreement
    reason_wanted = Signal()
    clear_wanted = Signal()

    def __init__(self, theme: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.findings: ReadingModel = ReadingModel(self)
        self.setModel(self.findings)
        self.setItemDelegate(DecisionDelegate(theme, self))
        self.deciding = True  # False: the keys are not taken
        self.setAccessibleDescription(
            self.tr("A agrees, D disagrees, U is unsure, R gives a reason, Del takes it back.")
        )

    def show_reading(
        self,
        groups: FindingGroups,
        decisions: Mapping[str, Decision],
        *,
        chosen: str | None,
        reliable: bool,
    ) -> None:
        """Show findings with what the reader said of them."""
        if decisions != self.findings.decisions:
            self.findings.decide(decisions)
            self.scheduleDelayedItemsLayout()
        self.show_groups(groups, chosen=chosen, reliable=reliable)

    def _mark_chosen(self) -> None:
        """Mark the chosen label also where it is current but was unmarked meanwhile."""
        super()._mark_chosen()
        index = self.currentIndex()
        if index.isValid() and self.marked() == self._chosen:
            marks = self.selectionModel()
            if not marks.isSelected(index):
                marks.select(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def marked(self) -> str | None:
        """Return the label that is marked, None for a heading or nothing."""
        index = self.currentIndex()
        row = self.findings.row(index.row()) if index.isValid() else None
        return row.finding.label if isinstance(row, FindingRow) else None

    def event(self, event: QEvent) -> bool:
        """Take the deciding keys before the window's shortcuts of the same letters."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
            if self.deciding and plain and event.key() in {*_KEYS, Qt.Key.Key_R}:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Decide with A, D and U; R goes to the reason, Del takes the decision back."""
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        if self.deciding and plain:
            key = Qt.Key(event.key())
            if key in _KEYS:
                self.said.emit(_KEYS[key])
                return
            if key is Qt.Key.Key_R:
                self.reason_wanted.emit()
                return
            if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
                self.clear_wanted.emit()
                return
        super().keyPressEvent(event)


class DecisionDelegate(FindingsDelegate):
    """Paints a finding as everywhere, and the decision on a line below it."""

    def __init__(self, theme: ThemeKeeper, parent: ReadingList) -> None:
        super().__init__(theme, parent)
        self._list = parent

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Return room for the finding and its decision."""
        size = super().sizeHint(option, index)
        words = self._words(index)
        if words:
            size.setHeight(size.height() + self._line_height(option, words))
        return size

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draw the row."""
        words = self._words(index)
        if not words:
            super().paint(painter, option, index)
            return
        below = self._line_height(option, words)
        upper = QStyleOptionViewItem(option)
        upper.rect = option.rect.adjusted(0, 0, 0, -below)
        focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
        upper.state &= ~QStyle.StateFlag.State_HasFocus
        painter.save()
        self._paint_ground(painter, option)
        painter.restore()
        super().paint(painter, upper, index)
        painter.save()
        self._paint_decision(painter, option.rect, below, index, words)
        if focused:
            painter.setPen(QColor(self._theme.colors.accent))
            painter.drawRect(option.rect.adjusted(0, 0, -1, -1))
        painter.restore()

    def _paint_decision(
        self,
        painter: QPainter,
        row: QRect,
        height: int,
        index: QModelIndex | QPersistentModelIndex,
        words: str,
    ) -> None:
        colors = self._theme.colors
        found = index.data(FindingsRole.ROW)
        decision = (
            self._list.findings.decisions.get(found.finding.label)
            if isinstance(found, FindingRow)
            else None
        )
        box = QRect(
            row.x() + _PADDING, row.bottom() - height, row.width() - 2 * _PADDING, height
        )
        sign = _SIGNS[decision.agreement] if decision else "○"
        painter.setPen(QColor(colors.text if decision else colors.warning))
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, sign)
        room = box.adjusted(18, 0, 0, -4)
        flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop
        painter.drawText(room, flags, words)

    def _words(self, index: QModelIndex | QPersistentModelIndex) -> str:
        row = index.data(FindingsRole.ROW)
        return decision_line(row, self._list.findings.decisions)

    def _line_height(self, option: QStyleOptionViewItem, words: str) -> int:
        room = QRect(0, 0, max(40, self._list.viewport().width() - 2 * _PADDING - 18), 1000)
        metrics = QFontMetrics(option.font)
        flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop
        return metrics.boundingRect(room, flags, words).height() + 8


def decision_line(row: object, decisions: Mapping[str, Decision]) -> str:
    """Return what stands under a finding: the decision, that it is missing, or nothing."""
    if not isinstance(row, FindingRow):
        return ""
    decision = decisions.get(row.finding.label)
    if decision is not None:
        return decision_word(decision)
    if row.group is Group.PRESENT and row.finding.label != DISEASE_RISK:
        return tr("Not decided yet")
    return ""
