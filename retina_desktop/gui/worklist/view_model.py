"""The worklist: a day read by a worker, watched for changes while it is on screen."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.examinations import ExaminationState
from retina_desktop.gui.patients.asking import LatestQuestion
from retina_desktop.gui.patients.words import tr
from retina_desktop.gui.records.port import RecordsServices
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.gui.sentences import sentence_of
from retina_desktop.gui.worklist.state import WorklistState
from retina_desktop.services.tasks import TaskContext
from retina_desktop.services.worklist import Worklist

WATCH_MS = 4000  # how soon another workstation's work shows


class WorklistViewModel(QObject):
    """Owns the one `WorklistState`."""

    state_changed = Signal(object)  # WorklistState
    examination_chosen = Signal(int)
    failed = Signal(object)  # Exception that is a bug

    def __init__(
        self,
        session: RecordsSession,
        *,
        today: Callable[[], date],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._today = today
        self._follows_today = True
        self.state = WorklistState(today())
        self._question = LatestQuestion(self)
        self._question.answered.connect(self._on_answer)
        self._question.failed.connect(self._on_failed)
        self._watch = QTimer(self)
        self._watch.setInterval(WATCH_MS)
        self._watch.timeout.connect(self.look)

    def watch(self, *, watching: bool) -> None:
        """Look for changes every few seconds, while the list can be seen."""
        if watching:
            self._watch.start()
        else:
            self._watch.stop()

    @Slot()
    def look(self) -> None:
        """Ask whether anything happened since the list was read; nearly free when not."""
        if not self._session.is_open or self._question.waiting:
            return
        if self._follows_today and self.state.day != self._today():
            self.show_day(self._today())  # midnight has passed
            return
        shown = self.state.worklist
        if shown is None:
            self._read(self.state.day)
            return

        def run(services: RecordsServices, _context: TaskContext) -> Worklist | None:
            return services.patients.worklist.changed(services.acting, shown)

        self._question.ask(self._session.read(run))

    def show_day(self, day: date) -> None:
        """Show another day's list."""
        self._follows_today = day == self._today()
        self._set(
            replace(
                WorklistState(day, shown_state=self.state.shown_state, loading=True),
                busy=self.state.busy,
                progress=self.state.progress,
                why_not_analyse=self.state.why_not_analyse,
            )
            if day != self.state.day
            else replace(self.state, loading=True)
        )
        self._read(day)

    def step_day(self, days: int) -> None:
        """Show the day before or after."""
        try:
            self.show_day(self.state.day + timedelta(days=days))
        except OverflowError:
            return  # the calendar ends

    @Slot()
    def show_today(self) -> None:
        """Come back to today."""
        self.show_day(self._today())

    def filter_state(self, state: ExaminationState | None) -> None:
        """Show only examinations that far, or all."""
        narrowed = replace(self.state, shown_state=state)
        if narrowed.selected is None:
            lines = narrowed.lines
            narrowed = replace(narrowed, selected_id=lines[0].visit.id if lines else None)
        self._set(narrowed)

    def select(self, examination_id: int) -> None:
        """Mark a line."""
        self._set(replace(self.state, selected_id=examination_id))

    @Slot()
    def open_next(self) -> None:
        """Open the most urgent examination that waits to be read."""
        line = self.state.next_to_read()
        if line is None:
            self.say(tr("Nothing waits to be read on this day."))
            return
        self._set(replace(self.state, selected_id=line.visit.id))
        self.examination_chosen.emit(line.visit.id)

    def allow_analyses(self, why_not: str) -> None:
        """Note why the model cannot look at anything, "" when it can."""
        self._set(replace(self.state, why_not_analyse=why_not))

    def say(self, notice: str) -> None:
        """Tell the outcome of what was asked."""
        self._set(replace(self.state, notice=notice, busy="", progress=0.0))

    def be_busy(self, words: str, progress: float) -> None:
        """Tell what runs, and how far it is."""
        self._set(replace(self.state, busy=words, progress=progress, notice=""))

    def forget(self) -> None:
        """Drop everything of every patient."""
        self._watch.stop()
        self._question.forget()
        self._follows_today = True
        why_not = self.state.why_not_analyse
        self._set(WorklistState(self._today(), why_not_analyse=why_not))

    def _read(self, day: date) -> None:
        def run(services: RecordsServices, context: TaskContext) -> Worklist:
            context.progress(0.0)
            return services.patients.worklist(services.acting, day)

        self._question.ask(self._session.read(run))

    @Slot(object)
    def _on_answer(self, answer: Worklist | None) -> None:
        if answer is None:
            if self.state.error:  # the records could not be reached, and can again
                self._set(replace(self.state, error=""))
        elif answer.day == self.state.day:
            self._set(self.state.with_worklist(answer))

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if isinstance(error, RetinaError):
            sentence = sentence_of(error)
        else:
            sentence = tr("Internal error: the list could not be read.")
            self.failed.emit(error)
        self._set(replace(self.state, loading=False, error=sentence))

    def _set(self, state: WorklistState) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)
