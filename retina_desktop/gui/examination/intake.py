"""Photographs on their way into a visit: kept durably, then analysed, then the answer kept.

One at a time, in order. What fails gets its sentence and the next goes on; a photograph whose
analysis failed is kept all the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Slot

from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.examinations import StoredImage
from retina_desktop.domain.model_choice import model_to_ask
from retina_desktop.domain.patients import PatientDetails
from retina_desktop.domain.stored_analyses import StoredAnalysis
from retina_desktop.domain.transfer_errors import OtherPatientError
from retina_desktop.gui.examination.state import IntakeItem, IntakeStatus
from retina_desktop.gui.examination.view_model import ExaminationViewModel
from retina_desktop.gui.examination.words import tr
from retina_desktop.gui.records.port import RecordsServices
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.gui.sentences import sentence_of
from retina_desktop.gui.services_port import WindowServices
from retina_desktop.gui.task_runner import TaskHandle, TaskRunner
from retina_desktop.services.tasks import TaskContext

if TYPE_CHECKING:
    from retina_desktop.domain.analyses import Analysis
    from retina_desktop.domain.manifests import ModelManifest
    from retina_desktop.services.visit_changes import AddedPhotograph

_INTERNAL = "Internal error: the program could not go on with this photograph."
_NO_MODEL = "This window has no model to analyse with."
_OTHER = "The photograph's own header names another patient; it was not added."
_KEPT = "The photograph is kept, but not analysed: {0}"


@dataclass(frozen=True, slots=True)
class _Errand:
    item_id: int
    examination_id: int
    path: Path | None = None
    patient: PatientDetails | None = None  # a file whose header names another is refused
    image: StoredImage | None = None  # set: analyse it (again)
    model: str | None = None  # who looks at it; None: the model in force


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    image_id: int
    analysis: "Analysis"
    manifest: "ModelManifest"


class Intake(QObject):
    """Works off a queue of files and of photographs to analyse (again)."""

    def __init__(
        self,
        session: RecordsSession,
        services: WindowServices,
        analysis_lane: TaskRunner,
        model: ExaminationViewModel,
    ) -> None:
        super().__init__(model)
        self._session = session
        self._services = services
        self._lane = analysis_lane
        self._model = model
        self._ids = count(1)
        self._queue: list[_Errand] = []
        self._refused: list[_Errand] = []  # headers that name somebody else
        self._now: _Errand | None = None
        self._handle: TaskHandle | None = None

    def add_files(self, paths: Sequence[Path]) -> None:
        """Keep files as photographs of the visit on the screen, and analyse them."""
        examination_id = self._model.state.examination_id
        if examination_id is None or self._model.state.powers.examine:
            return
        patient = self._model.state.patient
        whose = patient.details if patient else None
        asked = model_to_ask(self._model.state.model)
        errands = [
            _Errand(next(self._ids), examination_id, path=path, patient=whose, model=asked)
            for path in paths
        ]
        items = [IntakeItem(e.item_id, e.path.name if e.path else "") for e in errands]
        self._enqueue(errands, items)

    def analyse(self, images: Sequence[StoredImage]) -> None:
        """Have the present model look at kept photographs; older answers stay beside it."""
        examination_id = self._model.state.examination_id
        if examination_id is None or self._model.state.powers.analyse:
            return
        asked = model_to_ask(self._model.state.model)
        errands = [
            _Errand(next(self._ids), examination_id, image=image, model=asked)
            for image in images
        ]
        items = [
            IntakeItem(e.item_id, e.image.original_name, image_id=e.image.id)
            for e in errands
            if e.image is not None
        ]
        self._enqueue(errands, items)

    @Slot()
    def cancel_waiting(self) -> None:
        """Take what has not begun out of the queue; what is being kept is kept."""
        waiting = {errand.item_id for errand in self._queue}
        self._queue.clear()
        self._set_items(tuple(i for i in self._items if i.id not in waiting))

    @Slot()
    def accept_others(self) -> None:
        """Add after all what was refused because its header names somebody else."""
        refused, self._refused = self._refused, []
        number = self._model.state.examination_id
        accepted = [replace(e, patient=None) for e in refused if e.examination_id == number]
        again = {errand.item_id for errand in accepted}
        items = [
            replace(i, status=IntakeStatus.WAITING, error="", other_patient=False)
            for i in self._items
            if i.id in again
        ]
        self._set_items(tuple(i for i in self._items if i.id not in again))
        self._enqueue(accepted, items)

    @Slot()
    def clear_failed(self) -> None:
        """Take the sentences of what failed away."""
        self._refused.clear()
        self._set_items(tuple(i for i in self._items if i.is_unfinished))

    def forget(self) -> None:
        """Drop everything; what is being kept is kept."""
        self._queue.clear()
        self._refused.clear()
        if self._handle is not None:
            self._handle.cancel()
        self._now = self._handle = None

    # -- the stages of one errand ----------------------------------------------------------

    def _next(self) -> None:
        if self._now is not None or not self._queue:
            return
        self._now = errand = self._queue.pop(0)
        if errand.image is not None:
            self._analyse(errand.image)
            return
        path, examination_id, whose = errand.path, errand.examination_id, errand.patient
        self._mark(status=IntakeStatus.KEEPING)

        def keep(services: RecordsServices, _: TaskContext) -> "AddedPhotograph":
            from retina_desktop.services.examination_records import IncomingPhotograph

            incoming = IncomingPhotograph(path or Path(), patient=whose)
            add = services.examination.add_photograph
            return add(services.acting, examination_id, incoming)

        self._start(self._session.write(keep), self._on_kept)

    @Slot(object)
    def _on_kept(self, added: "AddedPhotograph") -> None:
        if self._now is None or not self._is_answer():
            return
        image = added.image
        if self._is_shown(self._now):
            state = self._model.state
            thumbnails = {**state.thumbnails, image.id: added.thumbnail}
            self._model.set_state(replace(state, thumbnails=thumbnails))
            self._model.photograph_added(image)
        self._mark(image_id=image.id)
        self._analyse(image)

    def _analyse(self, image: StoredImage) -> None:
        self._mark(status=IntakeStatus.ANALYSING, progress=0.05)
        records, window = self._session.services, self._services
        model = self._now.model if self._now else None
        told = image.laterality if image.laterality_source.value == "user" else None

        def analyse(context: TaskContext) -> _Answer:
            if window.analyse_bytes is None:
                raise RetinaError(tr(_NO_MODEL))
            content = records.examination.photograph(image.sha256)
            context.progress(0.1)
            answer, manifest = window.analyse_bytes(
                context, content, laterality=told, model=model
            )
            return _Answer(image.id, answer.analysis, manifest)

        self._start(self._lane.prepare(analyse), self._on_analysed)

    @Slot(object)
    def _on_analysed(self, answer: _Answer) -> None:
        if self._now is None or not self._is_answer():
            return

        def keep(
            services: RecordsServices, _: TaskContext
        ) -> tuple[StoredImage, StoredAnalysis]:
            keep_answer = services.examination.keep_answer
            return keep_answer(
                services.acting, answer.image_id, answer.analysis, answer.manifest
            )

        self._start(self._session.write(keep), self._on_answer_kept)

    @Slot(object)
    def _on_answer_kept(self, kept: tuple[StoredImage, StoredAnalysis]) -> None:
        if self._now is None or not self._is_answer():
            return
        image, stored = kept
        if self._is_shown(self._now):
            self._model.eye_told(image)
            self._model.add_analysis(stored)
        self._mark(status=IntakeStatus.DONE, progress=1.0)
        self._finish()

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if self._now is None or not self._is_answer():
            return
        if not isinstance(error, RetinaError) or not self._is_shown(self._now):
            self._model.complain(error)
        other = isinstance(error, OtherPatientError)
        sentence = sentence_of(error) if isinstance(error, RetinaError) else tr(_INTERNAL)
        if other:
            sentence = tr(
                _OTHER
            )  # the records' own sentence names an option of the command line
        item = next((i for i in self._items if i.id == self._now.item_id), None)
        if item is not None and item.image_id is not None:
            sentence = tr(_KEPT).format(sentence)
        if other:
            self._refused.append(self._now)
        self._mark(status=IntakeStatus.FAILED, error=sentence, other_patient=other)
        self._finish()

    @Slot()
    def _on_cancelled(self) -> None:
        if self.sender() is self._handle:
            self._finish()

    @Slot(float, str)
    def _on_progressed(self, fraction: float, _message: str) -> None:
        if self.sender() is self._handle:
            self._mark(progress=fraction)

    # -- private ---------------------------------------------------------------------------

    def _enqueue(self, errands: Sequence[_Errand], items: Sequence[IntakeItem]) -> None:
        self._queue.extend(errands)
        unfinished = tuple(i for i in self._items if i.status is not IntakeStatus.DONE)
        self._set_items((*unfinished, *items))
        self._next()

    def _start(self, handle: TaskHandle, done: Callable[..., None]) -> None:
        self._handle = handle
        handle.succeeded.connect(done)
        handle.failed.connect(self._on_failed)
        handle.cancelled.connect(self._on_cancelled)
        handle.progressed.connect(self._on_progressed)
        handle.start()

    def _finish(self) -> None:
        self._now = self._handle = None
        self._next()

    def _is_answer(self) -> bool:
        """Whether the signal is of what runs now, and somebody is still logged in."""
        return self.sender() is self._handle and self._session.is_open

    def _is_shown(self, errand: _Errand) -> bool:
        state = self._model.state
        return state.examination_id == errand.examination_id and state.visit is not None

    @property
    def _items(self) -> tuple[IntakeItem, ...]:
        return self._model.state.intake

    def _set_items(self, items: tuple[IntakeItem, ...]) -> None:
        if items != self._items:
            self._model.set_state(replace(self._model.state, intake=items))

    def _mark(self, **changes: Any) -> None:  # noqa: ANN401 - as dataclasses.replace
        if self._now is None:
            return
        wanted = self._now.item_id
        self._set_items(
            tuple(replace(i, **changes) if i.id == wanted else i for i in self._items)
        )
