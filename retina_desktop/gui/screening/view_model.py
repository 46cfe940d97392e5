"""The list of photographs and its queue: intentions become tasks, answers become states."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from retina_desktop.domain.errors import RetinaError
from retina_desktop.gui.screening.photograph_tasks import (
    PhotographOutcome,
    analysis_task,
    model_task,
    sample_task,
    search_task,
)
from retina_desktop.gui.screening.state import Photograph, PhotographStatus, ScreeningState
from retina_desktop.gui.sentences import sentence_of
from retina_desktop.gui.services_port import LoadedModel, WindowServices
from retina_desktop.gui.task_runner import TaskHandle, TaskRunner
from retina_desktop.services.tasks import Task

if TYPE_CHECKING:
    from retina_desktop.domain.images import Laterality, RgbImage
    from retina_desktop.domain.referral import Referral

_INTERNAL_ERROR = "Internal error: the program could not go on with this."
_PREVIEWS_KEPT = 32  # small pictures of the photographs looked at last


@dataclass(frozen=True, slots=True)
class Lanes:
    """Threads by what they are busy with, so that a long wait in one holds up no other."""

    analysis: TaskRunner  # one wide: the model runs one photograph after another
    pictures: TaskRunner
    heatmaps: TaskRunner
    files: TaskRunner

    def shut_down(self) -> bool:
        """Cancel all work and wait for it; False when some did not stop in time."""
        lanes = (self.analysis, self.pictures, self.heatmaps, self.files)
        for lane in lanes:  # all at once, so that the window's end waits for the slowest only
            lane.cancel_all()
        stopped = [lane.shut_down() for lane in lanes]  # every one, not only up to a late one
        return all(stopped)


class ScreeningViewModel(QObject):
    """Owns the one `ScreeningState`."""

    state_changed = Signal(object)  # ScreeningState
    failed = Signal(object)  # Exception that belongs to no photograph of the list

    def __init__(
        self, services: WindowServices, lanes: Lanes, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._services = services
        self._lanes = lanes
        self._ids = count(1)
        self._running: tuple[int, TaskHandle] | None = None  # the lane is one wide
        self._searches: list[TaskHandle] = []  # in the order in which they finish
        self._previews: OrderedDict[int, RgbImage] = OrderedDict()
        self.state = ScreeningState()

    def preview(self, photograph_id: int) -> "RgbImage | None":
        """Return the small picture kept from the analysis, None when it was given up."""
        return self._previews.get(photograph_id)

    @Slot()
    def load_model(self) -> None:
        """Load the model in the analysis lane, before any photograph."""
        handle = self._lanes.analysis.prepare(self._services.load_model)
        handle.succeeded.connect(self._on_model_loaded)
        handle.failed.connect(self._on_model_failed)
        handle.start()

    def choose_model(self, model_id: str) -> None:
        """Have another model answer; every photograph of the list is analysed anew by it.

        It is loaded first; the answers of the model before stay until then.
        """
        model = self.state.model
        if model is None or model_id == (self.state.loading or self._asked_id):
            return
        if model_id == model.manifest.id:
            self._ask(None)
            return
        handle = self._lanes.analysis.prepare(model_task(self._services, model_id))
        handle.succeeded.connect(self._on_other_loaded)
        handle.failed.connect(self._on_other_failed)
        self._set(replace(self.state, loading=model_id))
        handle.start()

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Add files and the photographs in folders to the list, and analyse them."""
        if paths:
            self._search(search_task(self._services, paths))

    @Slot()
    def open_sample(self) -> None:
        """Add the sample photograph."""
        if self._services.sample_photograph is not None:
            self._search(sample_task(self._services.sample_photograph))

    def select(self, photograph_id: int) -> None:
        """Show a photograph; if it still waits, it is analysed next."""
        if photograph_id != self.state.selected_id and self.state.find(photograph_id):
            self._set(replace(self.state, selected_id=photograph_id))

    def step(self, by: int) -> None:
        """Show the photograph `by` places further down the list."""
        neighbour = self.state.neighbour(by)
        if neighbour is not None:
            self.select(neighbour)

    def choose_label(self, code: str) -> None:
        """Show label `code`'s heatmap on the photograph on screen."""
        chosen = self.state.selected
        if chosen is not None and chosen.label != code:
            self._change(chosen.id, lambda p: replace(p, label=code))

    def state_laterality(self, laterality: "Laterality | None") -> None:
        """Take the user's word on the eye on screen; None withdraws it."""
        chosen = self.state.selected
        if chosen is not None and chosen.laterality != laterality:
            self._change(chosen.id, lambda p: replace(p, laterality=laterality))
            self.retry(chosen.id)

    def retry(self, photograph_id: int) -> None:
        """Analyse a photograph once more; what is known of it stays until then.

        A model that could not be loaded is tried again first: it may have been installed.
        """
        if self.state.model_error:
            self.load_model()
        if self._running is not None and self._running[0] == photograph_id:
            self._running[1].cancel()
        self._change(
            photograph_id,
            lambda p: replace(p, status=PhotographStatus.WAITING, progress=0.0, error=""),
        )
        self._start_next()

    def cancel(self, photograph_id: int) -> None:
        """Stop a photograph's analysis, or take it out of the queue."""
        photograph = self.state.find(photograph_id)
        if photograph is None:
            return
        if photograph.status is PhotographStatus.WAITING:
            self._change(photograph_id, _cancelled)
        elif self._running is not None and self._running[0] == photograph_id:
            self._running[1].cancel()

    @Slot()
    def cancel_all(self) -> None:
        """Stop everything that waits or runs."""
        for search in self._searches:
            search.cancel()
        photographs = tuple(
            _cancelled(p) if p.status is PhotographStatus.WAITING else p
            for p in self.state.photographs
        )
        self._set(replace(self.state, photographs=photographs))
        if self._running is not None:
            self._running[1].cancel()

    def remove(self, photograph_id: int) -> None:
        """Take a photograph off the list; its file is not touched."""
        if self.state.find(photograph_id) is None:
            return
        if self._running is not None and self._running[0] == photograph_id:
            self._running[1].cancel()
        self._previews.pop(photograph_id, None)
        self._set(_with_patient(self.state.without(photograph_id)))

    @Slot()
    def clear(self) -> None:
        """Take every photograph off the list."""
        self.cancel_all()
        self._previews.clear()
        self._set(replace(self.state, photographs=(), selected_id=None, patient=None))

    def _search(self, task: Task[Sequence[Path]]) -> None:
        handle = self._lanes.files.prepare(task)
        handle.succeeded.connect(self._on_found)
        handle.failed.connect(self.failed)
        handle.finished.connect(self._on_search_finished)
        self._searches.append(handle)
        self._set(replace(self.state, searching=True))
        handle.start()

    def _start_next(self) -> None:
        photograph = self.state.next_waiting()
        if self._running is not None or photograph is None:
            return
        task = analysis_task(
            self._services, photograph.path, photograph.laterality, model=self.state.asked
        )
        handle = self._lanes.analysis.prepare(task)
        handle.progressed.connect(self._on_progressed)
        handle.succeeded.connect(self._on_analysed)
        handle.failed.connect(self._on_analysis_failed)
        handle.cancelled.connect(self._on_analysis_cancelled)
        handle.finished.connect(self._on_analysis_finished)
        self._running = photograph.id, handle
        self._change(photograph.id, lambda p: replace(p, status=PhotographStatus.ANALYSING))
        handle.start()

    @Slot(float, str)
    def _on_progressed(self, fraction: float, _message: str) -> None:
        self._change_running(lambda p: replace(p, progress=fraction))

    @Slot(object)
    def _on_analysed(self, outcome: PhotographOutcome) -> None:
        if self._running is not None:
            self._keep_preview(self._running[0], outcome.preview)
        self._change_running(
            lambda p: replace(
                p,
                status=PhotographStatus.DONE,
                progress=1.0,
                analysis=outcome.analysis,
                thumbnail=outcome.thumbnail,
            )
        )

    @Slot(object)
    def _on_analysis_failed(self, error: Exception) -> None:
        if not isinstance(error, RetinaError):
            self.failed.emit(error)
        sentence = sentence_of(error) if isinstance(error, RetinaError) else _INTERNAL_ERROR
        self._change_running(
            lambda p: replace(p, status=PhotographStatus.FAILED, error=sentence, analysis=None)
        )

    @Slot()
    def _on_analysis_cancelled(self) -> None:
        self._change_running(_cancelled)

    @Slot()
    def _on_analysis_finished(self) -> None:
        self._running = None
        self._start_next()

    @Slot(object)
    def _on_found(self, paths: Sequence[Path]) -> None:
        """List what is not yet listed, and show the first of it, or else of what was."""
        listed = {photograph.path: photograph.id for photograph in self.state.photographs}
        new = [path for path in dict.fromkeys(paths) if path not in listed]
        added = [Photograph(next(self._ids), path) for path in new]
        state = self.state.with_added(added)
        if paths:
            shown = added[0].id if added else listed[paths[0]]
            state = replace(state, selected_id=shown)
        self._set(state)
        self._start_next()

    @Slot()
    def _on_search_finished(self) -> None:
        self._searches.pop(0)
        self._set(replace(self.state, searching=bool(self._searches)))

    @Slot(object)
    def _on_model_loaded(self, model: LoadedModel) -> None:
        self._set(replace(self.state, model=model, model_error=""))

    @Slot(object)
    def _on_model_failed(self, error: Exception) -> None:
        sentence = sentence_of(error) if isinstance(error, RetinaError) else _INTERNAL_ERROR
        self._set(replace(self.state, model_error=sentence))
        self.failed.emit(error)

    @Slot(object)
    def _on_other_loaded(self, other: LoadedModel) -> None:
        if other.manifest.id == self.state.loading:  # else another was chosen meanwhile
            self._set(replace(self.state, other=other))
            self._ask(other.manifest.id)

    @Slot(object)
    def _on_other_failed(self, error: Exception) -> None:
        self._set(replace(self.state, loading=None))
        self.failed.emit(error)

    @property
    def _asked_id(self) -> str | None:
        asked = self.state.asked_model
        return None if asked is None else asked.manifest.id

    def _ask(self, model_id: str | None) -> None:
        """Let the other model answer from now on, on what is in the list too."""
        if model_id == self.state.asked:
            self._set(replace(self.state, loading=None))
            return
        waiting = tuple(
            replace(p, status=PhotographStatus.WAITING, progress=0.0, error="", label=None)
            for p in self.state.photographs
        )
        self._set(replace(self.state, asked=model_id, loading=None, photographs=waiting))
        if self._running is not None:
            self._running[1].cancel()
        self._start_next()

    def _change_running(self, change: Callable[[Photograph], Photograph]) -> None:
        """Change the photograph being analysed, unless it was queued anew or removed."""
        if self._running is None:
            return
        photograph = self.state.find(self._running[0])
        if photograph is not None and photograph.status is PhotographStatus.ANALYSING:
            self._change(photograph.id, change)

    def _change(self, photograph_id: int, change: Callable[[Photograph], Photograph]) -> None:
        before = self.state.find(photograph_id)
        state = self.state.with_changed(photograph_id, change)
        after = state.find(photograph_id)
        if before and after and before.analysis is not after.analysis:
            state = _with_patient(state)
        self._set(state)

    def _keep_preview(self, photograph_id: int, preview: "RgbImage") -> None:
        self._previews[photograph_id] = preview
        self._previews.move_to_end(photograph_id)
        while len(self._previews) > _PREVIEWS_KEPT:
            self._previews.popitem(last=False)

    def _set(self, state: ScreeningState) -> None:
        if state is not self.state:
            self.state = state
            self.state_changed.emit(state)


def _cancelled(photograph: Photograph) -> Photograph:
    """Return it as cancelled; one analysed before goes back to its answer."""
    answered = photograph.analysis is not None
    status = PhotographStatus.DONE if answered else PhotographStatus.CANCELLED
    return replace(photograph, status=status, progress=0.0)


def _with_patient(state: ScreeningState) -> ScreeningState:
    return replace(state, patient=patient_referral(state.photographs))


def patient_referral(photographs: Sequence[Photograph]) -> "Referral | None":
    """Return the advice on one patient with all these photographs; None for fewer than two.

    What is no fundus photograph says nothing about a patient and is left out.
    """
    answers = [p.analysis for p in photographs if p.analysis is not None]
    fundus = [analysis for analysis in answers if analysis.quality.is_fundus]
    if len(fundus) < 2:
        return None
    from retina_desktop.domain.referral import refer_patient  # imports NumPy

    eyes: dict[Laterality | None, list[Referral]] = {}
    for analysis in fundus:
        eyes.setdefault(analysis.laterality.value, []).append(analysis.referral)
    return refer_patient(eyes)
