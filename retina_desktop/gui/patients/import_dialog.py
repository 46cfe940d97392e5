"""Bringing photographs in: wished, looked at first, carried out, and told."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.domain.errors import RetinaError
from retina_desktop.gui.patients import import_tasks
from retina_desktop.gui.patients.hit_model import Index
from retina_desktop.gui.patients.import_state import ImportRequest, ImportState, ImportStep
from retina_desktop.gui.patients.import_table import ImportColumn, ImportTable, counted_outcomes
from retina_desktop.gui.patients.import_wishes import ImportWishesForm
from retina_desktop.gui.patients.records_dialog import RecordsDialog, dialog_button
from retina_desktop.gui.patients.words import tr
from retina_desktop.gui.sentences import sentence_of
from retina_desktop.gui.wrapped_label import WrappedLabel

if TYPE_CHECKING:
    from retina_desktop.gui.pages import PageTools
    from retina_desktop.gui.task_runner import TaskHandle
    from retina_desktop.services.importing import ImportReport

_STEPS = 1000  # of the progress bar
_TITLES = {
    ImportStep.WISHES: "What is to be imported",
    ImportStep.PLANNING: "Looking at the files…",
    ImportStep.PLANNED: "What would happen; nothing has been changed yet",
    ImportStep.CARRYING_OUT: "Importing…",
    ImportStep.DONE: "What has happened",
}


class ImportDialog(RecordsDialog):
    """Shows an `ImportState`; a running import goes on while the window is locked."""

    imported = Signal()  # something new is in the records

    def __init__(self, tools: "PageTools", parent: QWidget) -> None:
        super().__init__(tools.session, tr("Import photographs"), parent)
        self._tools = tools
        self._handle: TaskHandle | None = None
        self.state = ImportState()
        self.title = WrappedLabel("panelTitle")
        self.wishes = ImportWishesForm(self._folder, self._table)
        self.wishes.offer_model(there=tools.screening.state.model is not None)
        self.wishes.changed.connect(self._render)
        self.table = ImportTable(tools.theme, self)
        self.table_view = self._build_table()
        self.pages = QStackedWidget()
        self.pages.addWidget(self.wishes)
        self.pages.addWidget(self.table_view)
        self.counts = WrappedLabel()
        self.remark = WrappedLabel()  # of the marked file, whole
        self.error = WrappedLabel("errorText")
        self.progress = QProgressBar()
        self.progress.setRange(0, _STEPS)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Progress of the import"))
        self.progress_text = QLabel()
        self.progress_text.setObjectName("muted")
        self.next_button = dialog_button(self.tr("Look first"), "primary")
        self.next_button.clicked.connect(self.go_on)
        self.back_button = dialog_button(self.tr("Back"))
        self.back_button.clicked.connect(self.go_back)
        self.close_button = dialog_button(self.tr("Close"))
        self.close_button.clicked.connect(self.stop_or_close)
        self._lay_out()
        self._render()

    def reject(self) -> None:
        """Close, but stop what runs first; what was brought in until then stays."""
        if self._handle is not None:
            self._handle.cancel()
        super().reject()

    @Slot()
    def go_on(self) -> None:
        """Plan, or carry out what was planned."""
        step, request = self.state.step, self.state.request
        if step is ImportStep.WISHES:
            wished = self.wishes.request()
            if wished is not None:
                self._plan(wished)
        elif step is ImportStep.PLANNED and request is not None and self.state.report:
            self._carry_out(request, self.state.report)

    @Slot()
    def go_back(self) -> None:
        """Change the wishes."""
        if not self.state.busy:
            self._set(ImportState())

    @Slot()
    def stop_or_close(self) -> None:
        """Stop what runs; close otherwise."""
        if self._handle is not None:
            self._handle.cancel()
        else:
            self.reject()

    # -- work ------------------------------------------------------------------------------

    def _plan(self, request: ImportRequest) -> None:
        work = import_tasks.plan(request, self._tools.services)
        self._set(ImportState(ImportStep.PLANNING, request))
        self._start(work)

    def _carry_out(self, request: ImportRequest, planned: "ImportReport") -> None:
        model = self._tools.screening.state.model
        work = import_tasks.carry_out(request, planned, self._tools.services, model)
        self._set(replace(self.state, step=ImportStep.CARRYING_OUT, progress=0.0, error=""))
        self._start(work)

    def _start(self, work: import_tasks.Work) -> None:
        # Not in the lane of the writes: typing must not wait for a folder of photographs.
        handle = self.session.keep_up(work)
        handle.progressed.connect(self._on_progress)
        handle.succeeded.connect(self._on_answer)
        handle.failed.connect(self._on_failed)
        handle.cancelled.connect(self._on_cancelled)
        handle.finished.connect(self._on_finished)
        self._handle = handle
        handle.start()

    @Slot(float, str)
    def _on_progress(self, fraction: float, _message: str) -> None:
        self._set(replace(self.state, progress=fraction))

    @Slot(object)
    def _on_answer(self, report: "ImportReport") -> None:
        if self.state.step is ImportStep.PLANNING:
            error = "" if report.files else tr("There is no photograph to import.")
            step = ImportStep.PLANNED if report.files else ImportStep.WISHES
            self._set(ImportState(step, self.state.request, report, error=error))
            return
        error = tr("Stopped; import the same again to go on.") if report.stopped else ""
        self._set(ImportState(ImportStep.DONE, self.state.request, report, error=error))
        self.imported.emit()

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if isinstance(error, RetinaError):
            sentence = sentence_of(error)
        else:
            sentence = tr("Internal error: the import could not go on.")
            self._tools.notifications.report(error)
        before = self.state
        step = ImportStep.WISHES
        if before.step is ImportStep.CARRYING_OUT:
            step = ImportStep.PLANNED  # what was kept is found there already next time
            self.imported.emit()
        self._set(ImportState(step, before.request, before.report, error=sentence))

    @Slot()
    def _on_cancelled(self) -> None:
        self._set(ImportState(ImportStep.WISHES, self.state.request))

    @Slot()
    def _on_finished(self) -> None:
        self._handle = None
        self._render()

    # -- showing ---------------------------------------------------------------------------

    def _folder(self) -> Path | None:
        chosen = self._tools.dialogs.folder(self)
        return chosen[0] if chosen else None

    def _table(self) -> Path | None:
        return self._tools.dialogs.table(self)

    @Slot()
    def _render(self) -> None:
        state = self.state
        self.title.say(tr(_TITLES[state.step]))
        asking = state.step in (ImportStep.WISHES, ImportStep.PLANNING)
        self.pages.setCurrentWidget(self.wishes if asking else self.table_view)
        self.wishes.setEnabled(not state.busy)
        self.counts.say(counted_outcomes(state.report) if state.report and not asking else "")
        self.error.say(state.error)
        for widget in (self.progress, self.progress_text):
            widget.setVisible(state.busy)
        self.progress.setValue(round(_STEPS * state.progress))
        self.progress_text.setText(f"{round(100 * state.progress)}\u00a0%")
        done = state.step is ImportStep.DONE
        self.next_button.setVisible(not done)
        if asking:
            self.next_button.setText(self.tr("Look first"))
            ready = self.wishes.request() is not None
        else:
            count = state.to_bring_in
            self.next_button.setText(self.tr("Import {0} photographs").format(count))
            ready = count > 0
        self.next_button.setEnabled(ready and not state.busy)
        self.remark.setVisible(bool(self.remark.text()) and not asking)
        self.back_button.setVisible(not asking)
        self.back_button.setText(self.tr("Import more") if done else self.tr("Back"))
        self.back_button.setEnabled(not state.busy)
        self.close_button.setText(self.tr("Stop") if state.busy else self.tr("Close"))

    def _build_table(self) -> QTableView:
        view = QTableView()
        view.setModel(self.table)
        view.setAccessibleName(self.tr("Files of the import"))
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setWordWrap(False)
        view.setTabKeyNavigation(False)
        view.selectionModel().currentRowChanged.connect(self._show_remark)
        view.verticalHeader().hide()
        view.verticalHeader().setDefaultSectionSize(view.fontMetrics().lineSpacing() + 10)
        header = view.horizontalHeader()
        header.setStretchLastSection(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column, width in (
            (ImportColumn.OUTCOME, 104),
            (ImportColumn.FILE, 180),
            (ImportColumn.PATIENT, 130),
            (ImportColumn.EYE, 44),
            (ImportColumn.DAY, 96),
        ):
            view.setColumnWidth(column, width)
        return view

    def _show_remark(self, current: Index, _previous: Index) -> None:
        self.remark.say(self.table.remark(current.row()) if current.isValid() else "")

    def _lay_out(self) -> None:
        running = QHBoxLayout()
        running.addWidget(self.progress, 1)
        running.addWidget(self.progress_text)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (self.close_button, self.back_button, self.next_button):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(8)
        layout.addWidget(self.title)
        layout.addWidget(self.counts)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.remark)
        layout.addWidget(self.error)
        layout.addLayout(running)
        layout.addLayout(buttons)
        self.resize(960, 540)

    def _set(self, state: ImportState) -> None:
        if state != self.state:
            changed = state.report is not self.state.report
            self.state = state
            if changed:
                self.table.show(state.report)
                self.remark.say("")
            self._render()
