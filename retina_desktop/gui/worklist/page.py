"""The Worklist page: what waits on a day, urgent first."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout

from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.model_choice import model_to_ask, suggested
from retina_desktop.gui.page_keys import WORKLIST_KEYS, bind_keys
from retina_desktop.gui.pages import Page, PageId, PageTools, Place
from retina_desktop.gui.patients.words import today, tr
from retina_desktop.gui.sentences import sentence_of
from retina_desktop.gui.worklist.batch import (
    DaysReports,
    days_list,
    days_reports,
    told_outcomes,
)
from retina_desktop.gui.worklist.view import WorklistView
from retina_desktop.gui.worklist.view_model import WorklistViewModel
from retina_desktop.gui.worklist.waiting import WaitingAnalyses

if TYPE_CHECKING:
    from retina_desktop.gui.task_runner import TaskHandle
    from retina_desktop.services.worklist import WorklistLine


class WorklistPage(Page):
    """Wires the list to the records, and leads to the examinations."""

    id: ClassVar[PageId] = PageId.WORKLIST

    def __init__(self, tools: PageTools) -> None:
        super().__init__()
        self._tools = tools
        self._running: TaskHandle | None = None
        self._words = ""
        self.view_model = WorklistViewModel(tools.session, today=today, parent=self)
        self.view = WorklistView(tools.theme)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        self.waiting = WaitingAnalyses(
            tools.session, tools.services, tools.lanes.analysis, parent=self
        )
        model, view = self.view_model, self.view
        model.state_changed.connect(view.render_state)
        model.examination_chosen.connect(self._open)
        model.failed.connect(tools.notifications.report)
        view.day_chosen.connect(model.show_day)
        view.day_stepped.connect(model.step_day)
        view.today_requested.connect(model.show_today)
        view.filter_chosen.connect(model.filter_state)
        view.line_marked.connect(model.select)
        view.examination_chosen.connect(self._open)
        view.next_requested.connect(model.open_next)
        view.analyse_requested.connect(self.analyse_captured)
        view.print_requested.connect(self._print_day)
        view.export_requested.connect(self._export_list)
        view.cancel_requested.connect(self._cancel)
        self.waiting.progressed.connect(self._on_analysing)
        self.waiting.ended.connect(self._on_analysed)
        self.waiting.failed.connect(tools.notifications.report)
        tools.screening.state_changed.connect(self._on_screening)
        self._on_screening()
        keys = {
            "next": model.open_next,
            "today": model.show_today,
            "before": lambda: model.step_day(-1),
            "after": lambda: model.step_day(1),
            "print": self._print_day,
        }
        bind_keys(self, WORKLIST_KEYS, keys)
        view.render_state(model.state)

    def activated(self) -> None:
        """Read what may be new, and put the keyboard into the list."""
        if self.view_model.state.worklist is None:
            self.view_model.show_today()
        else:
            self.view_model.look()
        self.view.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Drop everything of every patient."""
        self._cancel()
        self.waiting.forget()
        self.view_model.forget()

    def showEvent(self, event: QShowEvent) -> None:
        """Watch for changes while the list can be seen."""
        super().showEvent(event)
        self.view_model.watch(watching=True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop watching."""
        super().hideEvent(event)
        self.view_model.watch(watching=False)

    @Slot(int)
    def _open(self, examination_id: int) -> None:
        self.place_requested.emit(Place(PageId.EXAMINATION, examination_id))

    @Slot()
    def _print_day(self) -> None:
        if self.view_model.state.busy or not self.view_model.state.all_lines:
            return
        chosen = self._tools.dialogs.folder(self)
        if chosen:
            self.make_reports(chosen[0])

    @Slot()
    def _export_list(self) -> None:
        if self.view_model.state.busy:
            return
        day = self.view_model.state.day
        kinds = {tr("Excel workbook"): "xlsx", tr("Table (CSV)"): "csv"}
        name = f"worklist-{day.isoformat()}.xlsx"
        target = self._tools.dialogs.target(self, name, kinds)
        if target is not None:
            self.save_list(target)

    def make_reports(self, folder: Path) -> None:
        """Write the reports of the day's signed examinations into `folder`."""
        # Not in the lane of the writes: nobody's typing must wait for a day of reports.
        work = days_reports(self.view_model.state.day, folder, drafts=False)
        self._start(self._tools.session.keep_up(work), tr("Making the day's reports…"))

    def save_list(self, target: Path) -> None:
        """Write the day's list as CSV or Excel."""
        work = days_list(self.view_model.state.day, target)
        self._start(self._tools.session.read(work), tr("Saving the list…"))

    @Slot()
    def analyse_captured(self) -> None:
        """Have the model look at every photograph of the day that none has seen."""
        state = self.view_model.state
        if self._running is None and not self.waiting.running and not state.why_not_analyse:
            choices = self._tools.screening.state.choices
            models = {
                line.visit.id: model_to_ask(suggested(choices, _age(line)))
                for line in state.captured
            }
            self.waiting.start(list(models), models=models)
            self._on_analysing(0.0)

    @Slot(float)
    def _on_analysing(self, fraction: float) -> None:
        if self.waiting.running:
            self.view_model.be_busy(tr("Analysing photographs…"), fraction)

    @Slot(str)
    def _on_analysed(self, told: str) -> None:
        self.view_model.say(told)
        self.view_model.look()

    @Slot()
    def _on_screening(self) -> None:
        state = self._tools.screening.state
        loading = tr("The model is not loaded yet.")
        why_not = "" if state.model is not None else state.model_error or loading
        self.view_model.allow_analyses(why_not)

    def _start(self, handle: "TaskHandle", words: str) -> None:
        handle.progressed.connect(self._on_progress)
        handle.succeeded.connect(self._on_succeeded)
        handle.failed.connect(self._on_failed)
        handle.cancelled.connect(self._on_cancelled)
        handle.finished.connect(self._on_finished)
        self._running, self._words = handle, words
        self._on_progress(0.0, "")
        handle.start()

    @Slot()
    def _cancel(self) -> None:
        if self._running is not None:
            self._running.cancel()
        self.waiting.cancel()

    @Slot(float, str)
    def _on_progress(self, fraction: float, _message: str) -> None:
        self.view_model.be_busy(self._words, fraction)

    @Slot(object)
    def _on_succeeded(self, answer: DaysReports | int) -> None:
        if isinstance(answer, DaysReports):
            self.view_model.say(told_outcomes(answer.outcomes))
        else:
            self.view_model.say(tr("The list was saved with {0} lines.").format(answer))

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if isinstance(error, RetinaError):
            self.view_model.say(sentence_of(error))
        else:
            self.view_model.say("")
            self._tools.notifications.report(error)

    @Slot()
    def _on_cancelled(self) -> None:
        self.view_model.say(tr("Cancelled; what was written until then stays."))

    @Slot()
    def _on_finished(self) -> None:
        self._running = None


def _age(line: "WorklistLine") -> int | None:
    """Return the patient's completed years on the day of the visit."""
    return line.patient.details.age_on(line.visit.visit_date)
