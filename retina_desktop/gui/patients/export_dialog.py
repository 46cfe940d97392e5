"""A patient's whole record given out as one archive, locked with a password where wanted."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.domain.errors import RetinaError
from retina_desktop.gui.patients.records_dialog import RecordsDialog, dialog_button
from retina_desktop.gui.patients.words import tr
from retina_desktop.gui.records.port import RecordsServices
from retina_desktop.gui.sentences import sentence_of
from retina_desktop.gui.wrapped_label import WrappedLabel
from retina_desktop.services.patient_export import PatientExportWishes
from retina_desktop.services.record_documents import PatientDocument
from retina_desktop.services.tasks import TaskContext

if TYPE_CHECKING:
    from retina_desktop.gui.pages import PageTools
    from retina_desktop.gui.task_runner import TaskHandle

_STEPS = 1000  # of the progress bar


class ExportDialog(RecordsDialog):
    """Asks for a password and a place, writes, and tells what could not be included."""

    def __init__(self, tools: "PageTools", patient_id: int, parent: QWidget) -> None:
        super().__init__(tools.session, tr("Export a record"), parent)
        self._tools, self._patient_id = tools, patient_id
        self._handle: TaskHandle | None = None
        self.text = WrappedLabel()
        self.text.setText(
            self.tr(
                "The archive holds everything of this patient: details, visits, original "
                "photographs, what models and readers said, and the reports. That it leaves "
                "the records is written down."
            )
        )
        self.password = _password(self.tr("Password of the archive"))
        self.again = _password(self.tr("Password again"))
        self.heatmaps = QCheckBox(self.tr("Pictures with heatmaps too"))
        self.heatmaps.setAccessibleName(self.heatmaps.text())
        self.hint = WrappedLabel("warningText")
        self.outcome = WrappedLabel()
        self.outcome.hide()
        self.error = WrappedLabel("errorText")
        self.error.hide()
        self.progress = QProgressBar()
        self.progress.setRange(0, _STEPS)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Progress of the export"))
        self.save_button = dialog_button(self.tr("Save as…"), "primary")
        self.save_button.clicked.connect(self._choose)
        self.close_button = dialog_button(self.tr("Close"))
        self.close_button.clicked.connect(self.stop_or_close)
        for field in (self.password, self.again):
            field.textChanged.connect(self._render)
        self._lay_out()
        self._render()

    def reject(self) -> None:
        """Close, but stop what runs first; nothing half written stays."""
        if self._handle is not None:
            self._handle.cancel()
        super().reject()

    @Slot()
    def stop_or_close(self) -> None:
        """Stop what runs; close otherwise."""
        if self._handle is not None:
            self._handle.cancel()
        else:
            self.reject()

    def export_to(self, target: Path) -> None:
        """Write the archive; the file dialog has asked about replacing one."""
        patient_id = self._patient_id
        wishes = PatientExportWishes(
            heatmaps=self.heatmaps.isChecked(), password=self.password.text(), replace=True
        )

        def run(services: RecordsServices, context: TaskContext) -> PatientDocument:
            export = services.patients.export
            return export(context, services.acting, patient_id, target, wishes)

        self.error.say("")
        self.outcome.say("")
        handle = self.session.keep_up(run)
        handle.progressed.connect(self._on_progress)
        handle.succeeded.connect(self._on_written)
        handle.failed.connect(self._on_failed)
        handle.finished.connect(self._on_finished)
        self._handle = handle
        self._render()
        handle.start()

    @Slot()
    def _choose(self) -> None:
        # No name or number in the file's name: names of files are seen by anybody.
        target = self._tools.dialogs.target(self, "record.zip", {tr("Archive"): "zip"})
        if target is not None:
            self.export_to(target)

    @Slot(float, str)
    def _on_progress(self, fraction: float, _message: str) -> None:
        self.progress.setValue(round(_STEPS * fraction))

    @Slot(object)
    def _on_written(self, document: PatientDocument) -> None:
        self.outcome.say(self.tr("The archive was written."))
        if document.missing:
            self.error.say(
                self.tr("{0} files are lost or damaged and not in it.").format(
                    len(document.missing)
                )
            )

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if isinstance(error, RetinaError):
            self.error.say(sentence_of(error))
        else:
            self.error.say(tr("Internal error: the archive was not written."))
            self._tools.notifications.report(error)

    @Slot()
    def _on_finished(self) -> None:
        self._handle = None
        self._render()

    @Slot()
    def _render(self) -> None:
        busy = self._handle is not None
        password, again = self.password.text(), self.again.text()
        if not password:
            self.hint.say(self.tr("Without a password anybody who gets the file can read it."))
        else:
            same = password == again
            self.hint.say("" if same else self.tr("The two passwords differ."))
        self.save_button.setEnabled(not busy and password == again)
        for widget in (self.password, self.again, self.heatmaps):
            widget.setEnabled(not busy)
        self.progress.setVisible(busy)
        self.close_button.setText(self.tr("Stop") if busy else self.tr("Close"))

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow(self.tr("Password"), self.password)
        form.addRow(self.tr("Again"), self.again)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.save_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(8)
        layout.addWidget(self.text)
        layout.addLayout(form)
        for widget in (self.hint, self.heatmaps, self.progress, self.outcome, self.error):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addLayout(buttons)
        self.resize(500, 340)


def _password(name: str) -> QLineEdit:
    field = QLineEdit()
    field.setEchoMode(QLineEdit.EchoMode.Password)
    field.setAccessibleName(name)
    return field
