"""The Training page: the form at the left, what becomes of it at the right."""

import re
from typing import ClassVar

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QPalette
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QSizePolicy,
    QStackedLayout,
    QTabWidget,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.gui.file_dialogs import FileDialogs
from retina_desktop.gui.pages import Page, PageId
from retina_desktop.gui.task_runner import TaskRunner
from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.gui.training.curves import Curves, import_pyqtgraph
from retina_desktop.gui.training.form import TrainingForm
from retina_desktop.gui.training.installing import ModelInstaller
from retina_desktop.gui.training.result_view import ResultView
from retina_desktop.gui.training.state import Phase, TrainingState
from retina_desktop.gui.training.status_panel import StatusPanel
from retina_desktop.gui.training.view_model import TrainingViewModel
from retina_desktop.gui.training.words import tr
from retina_desktop.gui.wrapped_label import WrappedLabel
from retina_desktop.services.training_runs import Stage
from retina_desktop.services.training_runs_events import Course

_WIDE = QSizePolicy.Policy.Expanding
_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
_REPORT_STYLE = (
    "h1 { font-size: 14pt } h2 { font-size: 11pt; margin-top: 14px } "
    "th, td { text-align: left; padding: 2px 14px 2px 0 }"
)


class TrainingPage(Page):
    """Wires form, course, report, log and result to the view model.

    ``lane`` imports the plots' library while the page is already there.
    """

    id: ClassVar[PageId] = PageId.TRAINING

    def __init__(
        self,
        theme: ThemeKeeper,
        dialogs: FileDialogs,
        view_model: TrainingViewModel,
        installer: ModelInstaller,
        lane: TaskRunner,
    ) -> None:
        super().__init__()
        self._theme, self._dialogs, self._lane = theme, dialogs, lane
        self.view_model, self.installer = view_model, installer
        self._shown: TrainingState | None = None
        self.form = TrainingForm()
        self.status = StatusPanel()
        self.result = ResultView()
        self.report = QTextBrowser()
        self.report.setAccessibleName(tr("Report on the data"))
        self.report.setOpenLinks(False)
        self.report.document().setDefaultStyleSheet(_REPORT_STYLE)
        self.log = QPlainTextEdit()
        self.log.setReadOnly(True)
        self.log.setAccessibleName(tr("Log of the training"))
        self.log.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.curves: Curves | None = None
        self._no_curves = WrappedLabel("muted")
        self._no_curves.say(tr("Loss and validation are drawn here once a training runs."))
        self._no_curves.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._no_curves.setSizePolicy(_WIDE, _WIDE)
        self.tabs = self._build_tabs()
        self._lay_out()
        self._connect()
        self.render_state(view_model.state)

    def activated(self) -> None:
        """Ask what is installed, and have the curves made ready."""
        self.view_model.look_around()
        self.installer.look()
        if self.curves is None:
            handle = self._lane.prepare(import_pyqtgraph)
            handle.succeeded.connect(self._on_imported)
            handle.failed.connect(self.view_model.failed)
            handle.start()
        self.form.manifest_button.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot(object)
    def render_state(self, state: TrainingState) -> None:
        """Show `state`; what did not change is left alone."""
        before, self._shown = self._shown, state
        self.form.render_state(state)
        self.status.render_state(state)
        self.result.render_state(state)
        snapshot = state.snapshot
        if before is None or before.snapshot.report != snapshot.report:
            self._show_report(snapshot.report)
        if self.log.toPlainText() != snapshot.log:
            self._show_log(snapshot.log)
        self._show_course(snapshot.course)
        if before is not None:
            self._lead(before, state)

    def _lead(self, before: TrainingState, state: TrainingState) -> None:
        """Bring what is new to the front, once."""
        if state.running is Stage.TRAIN and before.running is not Stage.TRAIN:
            self.tabs.setCurrentWidget(self._course)
        elif before.running is Stage.PREPARE and state.running is None and not state.failed:
            self.tabs.setCurrentWidget(self.report)
        elif state.phase is Phase.MEASURED and before.phase is not Phase.MEASURED:
            self.tabs.setCurrentWidget(self.result)

    def _show_course(self, course: Course) -> None:
        if self.curves is not None:
            drawn = bool(course.loss or course.auroc)
            self.curves.show_course(course)
            self._course_layout.setCurrentWidget(self.curves if drawn else self._no_curves)

    def _show_report(self, report: str) -> None:
        """Show the report in the window's own letters: it is dressed for a browser."""
        plain = _STYLE.sub("", report)
        self.report.setHtml(plain or f"<p>{tr('No data were checked here yet.')}</p>")

    def _show_log(self, log: str) -> None:
        bar = self.log.verticalScrollBar()
        at_end = bar.value() == bar.maximum()
        self.log.setPlainText(log)
        if at_end:
            bar.setValue(bar.maximum())

    @Slot(object)
    def _on_imported(self, _nothing: object) -> None:
        if self.curves is None:
            self.curves = Curves(self._theme)
            self._course_layout.addWidget(self.curves)
            self._show_course(self.view_model.state.snapshot.course)

    @Slot()
    def _choose_manifest(self) -> None:
        path = self._dialogs.training_list(self)
        if path is not None:
            self.view_model.choose_manifest(path)

    @Slot()
    def _choose_work_dir(self) -> None:
        chosen = self._dialogs.folder(self)
        if chosen:
            self.view_model.choose_work_dir(chosen[0])

    @Slot()
    def _choose_recipe(self) -> None:
        path = self._dialogs.recipe(self)
        if path is not None:
            self.view_model.choose_recipe_file(path)
        self.form.render_state(self.view_model.state)  # the list's mark goes back

    @Slot()
    def _choose_start(self) -> None:
        path = self._dialogs.weights(self)
        if path is not None:
            self.view_model.choose_start(path)
        self.form.render_state(self.view_model.state)  # the list's mark goes back

    @Slot()
    def _open_report(self) -> None:
        evaluation = self.view_model.state.snapshot.content.evaluation
        if evaluation is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(evaluation)))

    @Slot(str)
    def _install(self, name: str) -> None:
        if self._dialogs.change_model(self, name):
            self.installer.install(name)

    @Slot(str)
    def _use(self, model_id: str) -> None:
        models = self.view_model.state.models
        name = next((model.name for model in models if model.id == model_id), model_id)
        if self._dialogs.change_model(self, name):
            self.installer.use(model_id)

    def _connect(self) -> None:
        model, form, status = self.view_model, self.form, self.status
        model.state_changed.connect(self.render_state)
        form.manifest_asked.connect(self._choose_manifest)
        form.work_dir_asked.connect(self._choose_work_dir)
        form.recipe_asked.connect(self._choose_recipe)
        form.recipe_chosen.connect(model.choose_recipe)
        form.start_asked.connect(self._choose_start)
        form.start_chosen.connect(model.choose_start)
        form.wished.connect(lambda name, value: model.wish(**{name: value}))
        form.check_requested.connect(model.check_data)
        status.start_requested.connect(model.start)
        status.measure_requested.connect(model.measure)
        status.stop_requested.connect(model.stop)
        status.anew_requested.connect(model.start_anew)
        self.result.report_requested.connect(self._open_report)
        self.result.install_requested.connect(self._install)
        self.result.model_chosen.connect(self._use)

    def _build_tabs(self) -> QTabWidget:
        self._course = QWidget()
        self._course_layout = QStackedLayout(self._course)
        self._course_layout.setContentsMargins(0, 8, 0, 0)
        self._course_layout.addWidget(self._no_curves)
        tabs = QTabWidget()
        tabs.setAccessibleName(tr("Course, data, log and result"))
        tabs.addTab(self._course, tr("Course"))
        tabs.addTab(self.report, tr("Data"))
        tabs.addTab(self.log, tr("Log"))
        tabs.addTab(self.result, tr("Result"))
        return tabs

    def _lay_out(self) -> None:
        rule = QFrame()
        rule.setFixedWidth(1)
        rule.setBackgroundRole(QPalette.ColorRole.Mid)
        rule.setAutoFillBackground(True)
        right = QVBoxLayout()
        right.setContentsMargins(14, 12, 16, 12)
        right.setSpacing(10)
        right.addWidget(self.status)
        right.addWidget(self.tabs, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.form)
        layout.addWidget(rule)
        layout.addLayout(right, 1)
