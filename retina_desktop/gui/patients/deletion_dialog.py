"""Deleting a record: what would go, whether it may, and the number typed again to confirm."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.retention import DeletionReason
from retina_desktop.gui.patients.records_dialog import RecordsDialog, dialog_button
from retina_desktop.gui.patients.words import shown_date, tr
from retina_desktop.gui.records.port import RecordsServices
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.gui.sentences import sentence_of
from retina_desktop.gui.wrapped_label import WrappedLabel
from retina_desktop.services.deletion import BACKUPS_STILL_HOLD, DeletionPlan
from retina_desktop.services.deletion_ports import Deleted
from retina_desktop.services.tasks import TaskContext

_REASONS = {
    DeletionReason.RETENTION_OVER: "The time of keeping is over",
    DeletionReason.PATIENT_ASKED: "The patient asked for it",
    DeletionReason.ENTERED_BY_MISTAKE: "Entered by mistake",
    DeletionReason.OTHER: "Another reason",
}
_COUNTED = {"examination": "visits", "image": "photographs", "report": "reports"}


class DeletionDialog(RecordsDialog):
    """Says why not, where a record must be kept; else asks for the number and deletes."""

    deleted = Signal()

    def __init__(self, session: RecordsSession, patient_id: int, parent: QWidget) -> None:
        super().__init__(session, tr("Delete a record"), parent)
        self._patient_id = patient_id
        self._plan: DeletionPlan | None = None
        self._busy = True
        self.text = WrappedLabel()
        self.warning = WrappedLabel("warningText")
        self.number = QLineEdit()
        self.number.setAccessibleName(self.tr("Record number, typed again"))
        self.number.textChanged.connect(self._render)
        self.reason = QComboBox()
        self.reason.setAccessibleName(self.tr("Reason"))
        for words in _REASONS.values():
            self.reason.addItem(tr(words))
        self.error = WrappedLabel("errorText")
        self.error.hide()
        self.delete_button = dialog_button(self.tr("Delete for good"), "danger")
        self.delete_button.clicked.connect(self.delete_record)
        self.cancel_button = dialog_button(self.tr("Cancel"))
        self.cancel_button.clicked.connect(self.reject)
        self._lay_out()
        self._render()
        handle = session.read(
            lambda s, _context: s.patients.plan_deletion(s.acting, patient_id)
        )
        handle.succeeded.connect(self._on_planned)
        handle.failed.connect(self._on_failed)
        handle.start()

    def _lay_out(self) -> None:
        self.confirmation = QWidget()
        form = QFormLayout(self.confirmation)
        form.setContentsMargins(0, 4, 0, 4)
        form.addRow(self.tr("Reason"), self.reason)
        form.addRow(self.tr("Type the record number"), self.number)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.delete_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(8)
        for widget in (self.text, self.warning, self.confirmation, self.error):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addLayout(buttons)
        self.resize(480, 300)

    @Slot()
    def delete_record(self) -> None:
        """Delete, if the number is right."""
        patient_id, typed = self._patient_id, self.number.text()
        reason = tuple(_REASONS)[self.reason.currentIndex()]

        def run(services: RecordsServices, _context: TaskContext) -> Deleted:
            delete = services.patients.delete
            return delete(services.acting, patient_id, typed=typed, reason=reason)

        self._busy = True
        self._render()
        handle = self.session.write(run)
        handle.succeeded.connect(self._on_deleted)
        handle.failed.connect(self._on_failed)
        handle.start()

    @Slot(object)
    def _on_planned(self, plan: DeletionPlan) -> None:
        self._plan, self._busy = plan, False
        self._render()

    @Slot(object)
    def _on_deleted(self, _deleted: Deleted) -> None:
        self.deleted.emit()
        self.accept()

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self._busy = False
        sentence = tr("Internal error: nothing was deleted.")
        self.error.say(sentence_of(error) if isinstance(error, RetinaError) else sentence)
        self._render()

    @Slot()
    def _render(self) -> None:
        plan = self._plan
        may = plan is not None and plan.may_delete
        self.confirmation.setVisible(may)
        self.delete_button.setVisible(may)
        typed = bool(self.number.text().strip())
        self.delete_button.setEnabled(may and typed and not self._busy)
        self.cancel_button.setText(self.tr("Cancel") if may else self.tr("Close"))
        if plan is None:
            self.text.say(self.tr("Looking at the record…") if self._busy else "")
            self.warning.say("")
        elif may:
            self.text.say(self.tr("This removes: {0}.").format(counted(plan)))
            self.warning.say(tr(BACKUPS_STILL_HOLD))
        else:
            self.text.say(
                self.tr("This record cannot be deleted before {0}: it is {1}.").format(
                    shown_date(plan.retention.until), tr(plan.retention.why)
                )
            )
            self.warning.say("")


def counted(plan: DeletionPlan) -> str:
    """Return what goes in words a clinician knows."""
    parts = [
        f"{plan.contents[table]} {tr(words)}"
        for table, words in _COUNTED.items()
        if plan.contents.get(table)
    ]
    return ", ".join([tr("the patient"), *parts])
