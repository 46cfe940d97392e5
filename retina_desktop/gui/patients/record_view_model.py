"""A patient's record: shown at once, completed a moment later, kept up to date."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.record_errors import RecordNotFoundError
from retina_desktop.gui.patients import record_tasks
from retina_desktop.gui.patients.asking import LatestQuestion
from retina_desktop.gui.patients.record_state import RecordState, VisitLine
from retina_desktop.gui.patients.record_tasks import OpenedRecord, RecordDetails, StartedVisit
from retina_desktop.gui.patients.words import today, tr
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.gui.sentences import sentence_of
from retina_desktop.gui.services_port import WindowServices

if TYPE_CHECKING:
    from retina_desktop.gui.task_runner import TaskHandle


class RecordViewModel(QObject):
    """Owns the one `RecordState`."""

    state_changed = Signal(object)  # RecordState
    examination_chosen = Signal(int)
    vanished = Signal(str)  # the record is gone: a sentence
    changed = Signal()  # something was written: lists elsewhere are out of date
    failed = Signal(object)  # Exception that is a bug

    def __init__(
        self, session: RecordsSession, services: WindowServices, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._services = services
        self.state = RecordState()
        self._record = LatestQuestion(self)
        self._record.answered.connect(self._on_record)
        self._record.failed.connect(self._on_record_failed)
        self._details = LatestQuestion(self)
        self._details.answered.connect(self._on_details)
        self._details.failed.connect(self._on_failed)
        self._running: TaskHandle | None = None
        self._asked_id: int | None = None

    def open(self, patient_id: int) -> None:
        """Show a patient; what was shown of the same one stays until the answer is there."""
        patient = self.state.patient
        if patient is None or patient.id != patient_id:
            self._set(RecordState(loading=True))
        else:
            self._set(replace(self.state, error=""))
        self._ask(patient_id)

    @Slot()
    def reload(self) -> None:
        """Read the shown patient anew: something was changed; a sentence shown stays."""
        if self._asked_id is not None and self._session.is_open:
            self._ask(self._asked_id)

    def select_visit(self, examination_id: int) -> None:
        """Mark a visit."""
        self._set(replace(self.state, selected_visit=examination_id))

    def choose_trend(self, code: str) -> None:
        """Draw another label's course."""
        self._set(replace(self.state, trend_code=code))

    @Slot()
    def new_examination(self) -> None:
        """Begin a visit of today, and go there."""
        if self.state.patient is not None:
            self._start(record_tasks.begin_visit(self.state.patient.id), tr("Beginning…"))

    def add_photographs(self, paths: Sequence[Path]) -> None:
        """Keep dropped photographs in today's visit, or in a new one, and go there."""
        if self.state.patient is None or not paths or self.state.busy:
            return
        work = record_tasks.keep_photographs(
            self.state.patient,
            paths,
            self._services.find_photographs,
            into=self.state.open_visit_of(today()),
        )
        self._start(work, tr("Adding photographs…"))

    @Slot()
    def cancel(self) -> None:
        """Stop what runs."""
        if self._running is not None:
            self._running.cancel()

    def say(self, error: str) -> None:
        """Tell what went wrong."""
        self._set(replace(self.state, error=error))

    def forget(self) -> None:
        """Drop everything of every patient."""
        self.cancel()
        self._asked_id = None
        self._record.forget()
        self._details.forget()
        self._set(RecordState())

    def _ask(self, patient_id: int) -> None:
        self._asked_id = patient_id
        self._details.forget()
        self._record.ask(self._session.read(record_tasks.open_record(patient_id)))

    def _start(self, work: record_tasks.Work[StartedVisit], words: str) -> None:
        if self._running is not None:
            return
        handle = self._session.write(work)
        handle.succeeded.connect(self._on_started)
        handle.failed.connect(self._on_failed)
        handle.finished.connect(self._on_finished)
        self._running = handle
        self._set(replace(self.state, busy=words, error=""))
        handle.start()

    @Slot(object)
    def _on_started(self, started: StartedVisit) -> None:
        self.changed.emit()
        if started.refused:
            self._set(replace(self.state, error=" ".join(started.refused)))
        patient = self.state.patient
        if patient is None or patient.id != started.patient_id:
            return  # the user has gone to somebody else meanwhile
        if started.examination_id is None:
            return
        if started.refused:
            self.reload()  # stay: what was refused must be read here
        else:
            self.examination_chosen.emit(started.examination_id)

    @Slot(object)
    def _on_record(self, opened: OpenedRecord) -> None:
        patient, summaries = opened.record.patient, opened.record.visits
        known = {line.summary: line for line in self.state.visits}
        ids = [summary.id for summary in summaries]
        selected = self.state.selected_visit
        if selected not in ids:
            selected = ids[0] if ids else None
        self._asked_id = patient.id  # of a merged patient, the kept one
        self._set(
            replace(
                self.state,
                patient=patient,
                visits=tuple(known.get(s, VisitLine(s)) for s in summaries),
                merged=opened.merged,
                loading=False,
                complete=False,
                selected_visit=selected,
            )
        )
        self._details.ask(self._session.read(record_tasks.record_details(opened.record)))

    @Slot(object)
    def _on_details(self, details: RecordDetails) -> None:
        state = replace(self.state, visits=details.visits, complete=True)
        self._set(state.with_trends(details.trends))

    @Slot(object)
    def _on_record_failed(self, error: Exception) -> None:
        if isinstance(error, RecordNotFoundError):
            self.forget()
            self.vanished.emit(sentence_of(error))
        else:
            self._set(replace(self.state, loading=False))
            self._on_failed(error)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if isinstance(error, RetinaError):
            self._set(replace(self.state, error=sentence_of(error)))
        else:
            self.failed.emit(error)

    @Slot()
    def _on_finished(self) -> None:
        self._running = None
        self._set(replace(self.state, busy=""))

    def _set(self, state: RecordState) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)
