"""What the reader sees and the model does not report: a search over all labels, and a list."""

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCompleter,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.domain.decisions import Decision, Severity
from retina_desktop.domain.labels import DISEASE_RISK
from retina_desktop.gui.examination.state import OWN, ExaminationState
from retina_desktop.gui.examination.words import (
    decision_word,
    isolated,
    label_word,
    tr,
    typed_labels,
)
from retina_desktop.gui.wrapped_label import WrappedLabel

_ROWS_SHOWN = 4


class AddedFindings(QWidget):
    """A field that finds labels by any part of their name, over what was added so far."""

    add_wanted = Signal(str)
    chosen = Signal(str)
    clear_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("Add a finding (Ctrl+F)"))
        self.field.setAccessibleName(self.tr("Add a finding"))
        self.field.setToolTip(
            self.tr(
                "Type part of a label's name or code, or any words of your own; Enter adds."
            )
        )
        self.field.setClearButtonEnabled(True)
        completer = QCompleter(sorted(typed_labels()), self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.activated.connect(self._add, Qt.ConnectionType.QueuedConnection)
        self.field.setCompleter(completer)
        self.add_button = QPushButton(self.tr("Add"))
        self.problem = WrappedLabel("errorText")
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Findings added by the reader"))
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.itemSelectionChanged.connect(self._on_selection)
        self.list.installEventFilter(self)
        self.field.returnPressed.connect(self._add)
        self.add_button.clicked.connect(self._add)
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self.field, 1)
        line.addWidget(self.add_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.list)
        layout.addLayout(line)
        layout.addWidget(self.problem)

    def render_state(self, state: ExaminationState) -> None:
        """Show what was added to the eye on the screen."""
        seen = state.seen_on(state.selected_id)
        why_not = state.powers.read
        self.field.setEnabled(not why_not and seen is not None)
        self.add_button.setEnabled(not why_not and seen is not None)
        self.field.setToolTip(why_not or self.field.toolTip())
        self.problem.say(state.entry_problems.get("finding", ""))
        rows = added_rows(state)
        with QSignalBlocker(self.list):
            self._fill(rows, state.label)
        self.list.setVisible(bool(rows))
        shown = min(len(rows), _ROWS_SHOWN)
        row_height = self.list.sizeHintForRow(0) if rows else 0
        self.list.setFixedHeight(shown * row_height + 4)

    def _fill(self, rows: list[tuple[str, str]], chosen: str | None) -> None:
        if [self._key(i) for i in range(self.list.count())] != rows:
            self.list.clear()
            for key, words in rows:
                item = QListWidgetItem(words)
                item.setData(Qt.ItemDataRole.UserRole, key)
                item.setToolTip(words)
                self.list.addItem(item)
        for number, (key, _) in enumerate(rows):
            self.list.item(number).setSelected(key == chosen)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take a finding off with Del."""
        if (
            watched is self.list
            and event.type() is QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
        ):
            self.clear_wanted.emit()
            return True
        return False

    def _key(self, row: int) -> tuple[str, str]:
        item = self.list.item(row)
        return str(item.data(Qt.ItemDataRole.UserRole)), item.text()

    def _on_selection(self) -> None:
        for item in self.list.selectedItems():
            self.chosen.emit(str(item.data(Qt.ItemDataRole.UserRole)))

    def _add(self) -> None:
        text = self.field.text()
        if text.strip():
            self.field.clear()
            self.add_wanted.emit(text)


def added_rows(state: ExaminationState) -> list[tuple[str, str]]:
    """Return what the reader added to the eye on the screen: its key and its words."""
    seen = state.seen_on(state.selected_id)
    if seen is None:
        return []
    positives = {finding.label for finding in seen.positives}
    rows = [
        (decision.label, f"{label_word(decision.label)}. {decision_word(decision)}")
        for decision in state.reading.decisions
        if decision.eye is seen.eye and _is_added(decision, positives)
    ]
    for own in state.reading.own_findings:
        if own.eye is seen.eye:
            words = isolated(own.name)
            if own.severity is not Severity.NOT_STATED:
                words += f", {tr(own.severity.value)}"
            rows.append((OWN + own.name, f"{words}. {own.note}" if own.note else words))
    return rows


def _is_added(decision: Decision, positives: set[str]) -> bool:
    return decision.label not in positives and decision.label != DISEASE_RISK
