"""The head of a patient's record: who it is, what to bear in mind, what can be done."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.domain.patients import Condition, PatientDetails
from retina_desktop.gui.patients.elided_label import ElidedLabel
from retina_desktop.gui.patients.record_state import RecordState
from retina_desktop.gui.patients.words import shown_person, today, tr
from retina_desktop.gui.wrapped_label import WrappedLabel


class RecordHeader(QWidget):
    """Shows a `RecordState`'s patient; the buttons are signals."""

    new_requested = Signal()
    edit_requested = Signal()
    report_requested = Signal()
    export_requested = Signal()
    merge_requested = Signal()
    part_requested = Signal(int)  # the merged patient's number in the records
    delete_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = ElidedLabel()
        self.name.setObjectName("pageTitle")
        self.person = ElidedLabel()
        self.person.setObjectName("muted")
        self.risks = WrappedLabel()
        self.also = WrappedLabel("muted")
        self.notes = ElidedLabel()
        self.notes.setObjectName("muted")
        self.new_button = _button(self.tr("New examination"), "primary")
        self.new_button.setToolTip(
            self.tr("Begin a visit of today (Ctrl+E); photographs can be dropped here as well")
        )
        self.new_button.clicked.connect(self.new_requested)
        self.edit_button = _button(self.tr("Edit"), "")
        self.edit_button.setToolTip(self.tr("Correct the patient's details (F2)"))
        self.edit_button.clicked.connect(self.edit_requested)
        self.more_button = _button(self.tr("More"), "")
        self.more_button.setToolTip(self.tr("Print, export, merge, delete"))
        self.menu = QMenu(self.more_button)
        self.report = self._entry(self.tr("Report of the marked visit…"), self.report_requested)
        self.export = self._entry(self.tr("Export the whole record…"), self.export_requested)
        self.menu.addSeparator()
        self.merge = self._entry(self.tr("Merge with another record…"), self.merge_requested)
        self._partings: list[QAction] = []
        self.menu.addSeparator()
        self.delete = self._entry(self.tr("Delete this record…"), self.delete_requested)
        self.more_button.setMenu(self.menu)
        self._lay_out()

    def render_state(self, state: RecordState) -> None:
        """Show who it is."""
        patient = state.patient
        self.setVisible(patient is not None)
        if patient is None:
            return
        details = patient.details
        self.name.setText(details.name)
        person = shown_person(details, today())
        self.person.setText(" \u00b7 ".join(filter(None, (details.record_number, person))))
        self.risks.say(risks_text(details))
        others = ", ".join(f"{one.name} ({one.record_number})" for one in state.merged)
        self.also.say(self.tr("Also known as: {0}").format(others) if others else "")
        notes = " \u00b7 ".join(filter(None, (details.notes, details.contact)))
        self.notes.setText(" ".join(notes.split()))
        self.notes.setVisible(bool(notes))
        for button in (self.new_button, self.edit_button, self.more_button):
            button.setEnabled(not state.busy)
        self.report.setEnabled(state.selected_visit is not None)
        self._render_partings(state)

    def _render_partings(self, state: RecordState) -> None:
        for action in self._partings:
            self.menu.removeAction(action)
            action.deleteLater()
        self._partings = []
        for one in state.merged:
            action = QAction(
                self.tr("Undo the merge of {0}").format(one.record_number), self.menu
            )
            action.triggered.connect(
                lambda _on=False, patient_id=one.patient_id: self.part_requested.emit(
                    patient_id
                )
            )
            self.menu.insertAction(self.delete, action)
            self._partings.append(action)

    def _entry(self, text: str, requested: object) -> QAction:
        action = self.menu.addAction(text)
        action.triggered.connect(requested)
        return action

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(2)
        for label in (self.name, self.person, self.risks, self.also, self.notes):
            words.addWidget(label)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for button in (self.new_button, self.edit_button, self.more_button):
            button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            buttons.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(18, 14, 14, 8)
        layout.setSpacing(12)
        layout.addLayout(words, 1)
        layout.addLayout(buttons)


def risks_text(details: PatientDetails) -> str:
    """Return what a reader must bear in mind; a question mark where nobody knows."""
    parts = []
    for name, condition in (
        (tr("Diabetes"), details.diabetes),
        (tr("Hypertension"), details.hypertension),
    ):
        if condition is Condition.YES:
            parts.append(name)
        elif condition is Condition.NO:
            parts.append(tr("No {0}").format(name.lower()))
        else:
            parts.append(tr("{0}?").format(name))
    parts.extend(details.risk_factors)
    return " \u00b7 ".join(parts)


def _button(text: str, name: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAccessibleName(text)
    button.setAutoDefault(False)
    return button
