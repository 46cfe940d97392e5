"""Owns the page's one state: opens a visit, takes what is done to it, saves, undoes, signs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.examinations import StoredImage
from retina_desktop.domain.model_choice import ModelChoice
from retina_desktop.domain.record_errors import InvalidEntryError
from retina_desktop.domain.stored_analyses import StoredAnalysis
from retina_desktop.domain.undo import History
from retina_desktop.domain.visit_drafts import VisitDraft, draft_of
from retina_desktop.domain.visit_steps import with_addition, with_eye_told
from retina_desktop.gui.examination.saving import VisitSaving
from retina_desktop.gui.examination.state import ExaminationState, SaveStep, by_image
from retina_desktop.gui.examination.unfinished import (
    Unfinished,
    form_of,
    unfinished_from,
    with_unfinished,
)
from retina_desktop.gui.examination.words import tr
from retina_desktop.gui.records.port import RecordsServices
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.gui.sentences import sentence_of
from retina_desktop.services.tasks import TaskContext
from retina_desktop.services.visit_changes import OpenedVisit

if TYPE_CHECKING:
    from retina_desktop.gui.task_runner import TaskHandle

_HISTORIES_KEPT = 8
_INTERNAL = "Internal error: the program could not go on with this; what was saved is safe."


class ExaminationViewModel(QObject):
    """One visit at a time; everything that changes it goes through `change`.

    Saving follows by itself. Answers that belong to a visit left meanwhile change nothing on
    the screen, but what was asked to be written is written.
    """

    state_changed = Signal(object)  # ExaminationState
    failed = Signal(object)  # Exception that has no place on the page
    signed = Signal()
    opened = Signal(int)

    def __init__(
        self,
        session: RecordsSession,
        *,
        today: Callable[[], date] = date.today,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._today = today
        self._histories: dict[int, History[VisitDraft]] = {}
        self._opening: TaskHandle | None = None
        self._models: tuple[ModelChoice, ...] = ()
        self.state = ExaminationState()
        self.saving = VisitSaving(session, self)

    # -- coming and going ------------------------------------------------------------------

    def open(self, examination_id: int) -> None:
        """Show a visit; the same one again is read anew, unless something is unsaved."""
        if examination_id == self.state.examination_id and not self.state.is_stored:
            return
        self.leave()
        self.saving.begin()
        same = examination_id == self.state.examination_id and self.state.visit is not None
        user = self._session.services.user
        if same:
            self.set_state(replace(self.state, loading=True, user=user))
        else:
            self.set_state(
                ExaminationState(
                    examination_id,
                    loading=True,
                    user=user,
                    today=self._today(),
                    models=self._models,
                )
            )

        def work(services: RecordsServices, _: TaskContext) -> tuple[OpenedVisit, Unfinished]:
            opened = services.examination.open_visit(services.acting, examination_id)
            kept = services.examination.drafts.get(user.name, form_of(examination_id))
            return opened, unfinished_from(kept)

        # In the writes' lane: what was typed here a moment ago is written before it is read.
        self._opening = handle = self._session.write(work)
        handle.succeeded.connect(self._on_opened)
        handle.failed.connect(self._on_open_failed)
        handle.start()

    def leave(self) -> None:
        """Save at once what is unsaved, without waiting for it."""
        self._keep_history()
        self.saving.flush()

    def forget(self) -> None:
        """Drop everything of every patient."""
        self.saving.stop()
        self._histories.clear()
        self._opening = None
        self.set_state(ExaminationState())

    # -- changing --------------------------------------------------------------------------

    def change(
        self,
        label: str,
        step: Callable[[VisitDraft], VisitDraft],
        *,
        field: str = "",
        continues: bool = False,
    ) -> bool:
        """Do `step` to the draft; `field` is where its sentence stands if it is refused."""
        history = self.state.history
        if history is None or self.state.signature is not None:
            return False
        problems = {k: v for k, v in self.state.entry_problems.items() if k != field}
        try:
            draft = step(history.present)
        except InvalidEntryError as error:
            problems[field or error.field] = sentence_of(error)
            self.set_state(replace(self.state, entry_problems=problems))
            return False
        history = history.changed(draft, label, continues=continues)
        self.saving.put(replace(self.state, history=history, entry_problems=problems))
        return True

    @Slot()
    def seal(self) -> None:
        """End a run of typing: what comes next is a step of its own."""
        if self.state.history is not None:
            history = self.state.history.sealed()
            if history is not self.state.history:
                self.set_state(replace(self.state, history=history))

    @Slot()
    def undo(self) -> None:
        """Take the last step back."""
        if self.state.history is not None and self.state.signature is None:
            self.saving.put(
                replace(self.state, history=self.state.history.undone(), entry_problems={})
            )

    @Slot()
    def redo(self) -> None:
        """Do again what was undone last."""
        if self.state.history is not None and self.state.signature is None:
            self.saving.put(
                replace(self.state, history=self.state.history.redone(), entry_problems={})
            )

    def select(self, image_id: int) -> None:
        """Show a photograph."""
        if image_id != self.state.selected_id and self.state.photograph(image_id):
            self.set_state(replace(self.state, selected_id=image_id, label=None))

    def step(self, by: int) -> None:
        """Show the photograph `by` places further on."""
        ids = [p.image_id for p in self.state.in_order if not p.withdrawn]
        if not ids:
            return
        chosen = self.state.selected_id
        place = ids.index(chosen) + by if chosen in ids else 0
        self.select(ids[min(max(place, 0), len(ids) - 1)])

    def choose(self, label: str | None) -> None:
        """Choose a label, or a finding of the reader's own, for heatmap and decision."""
        if label != self.state.label:
            self.set_state(replace(self.state, label=label))

    def offer_models(self, models: tuple[ModelChoice, ...]) -> None:
        """Take what is installed; which one looks at photographs follows the patient's age."""
        if models != self._models:
            self._models = models
            self.set_state(replace(self.state, models=models))

    def choose_model(self, model_id: str) -> None:
        """Have a model look at the photographs of this visit from now on."""
        self.set_state(replace(self.state, model_id=model_id))

    def set_state(self, state: ExaminationState) -> None:
        """Replace the state and tell everybody."""
        if state is not self.state:
            self.state = state
            self.state_changed.emit(state)

    def complain(self, error: Exception) -> None:
        """Tell of an error that has no place on the page."""
        self.failed.emit(error)

    def was_signed(self) -> None:
        """Forget what could be undone of a visit that is signed now."""
        if self.state.examination_id is not None:
            self._histories.pop(self.state.examination_id, None)
        self.signed.emit()

    # -- what the records brought in beside the draft ------------------------------------------

    def photograph_added(self, image: StoredImage) -> None:
        """Show a photograph just kept; it is on the screen at once if none was."""
        state = self.state
        if state.visit is None or state.history is None or state.image(image.id) is not None:
            return
        history = with_addition(state.history, image, self.tr("added photograph"))
        visit = state.visit.with_image(image)
        shown = state.selected_id if state.selected_id is not None else image.id
        state = replace(state, visit=visit, history=history, selected_id=shown)
        self.saving.put(state)

    def eye_told(self, image: StoredImage) -> None:
        """Take the eye that camera or picture told, where nobody had said it."""
        state, eye = self.state, image.laterality
        if state.visit is None or state.history is None or eye is None:
            return
        visit = state.visit.with_image(image)
        history = state.history.mapped(lambda draft: with_eye_told(draft, image.id, eye))
        self.saving.put(replace(state, visit=visit, history=history))

    def add_analysis(self, stored: StoredAnalysis) -> None:
        """Put an analysis beside the older ones of its photograph."""
        known = self.state.analyses.get(stored.image_id, ())
        if all(a.id != stored.id for a in known):
            analyses = {**self.state.analyses, stored.image_id: (*known, stored)}
            self.set_state(replace(self.state, analyses=analyses))

    # -- answers ---------------------------------------------------------------------------

    @Slot(object)
    def _on_opened(self, answer: tuple[OpenedVisit, Unfinished]) -> None:
        opened, unfinished = answer
        examination_id = opened.visit.examination.id
        if self.sender() is not self._opening or not self.state.is_stored:
            return
        visit = opened.visit
        stored = visit.reading.reading if visit.reading else None
        history = History(draft_of(visit.examination, visit.images, stored))
        known = self.state.history or self._histories.get(examination_id)
        if known is not None and _agree(known.present, history.present):
            history = known  # nobody else changed it: what can be undone still can
        elif unfinished:
            history = replace(history, present=with_unfinished(history.present, unfinished))
        state = replace(
            self.state,
            loading=False,
            problem="",
            visit=visit,
            patient=opened.patient,
            addenda=opened.addenda,
            thumbnails=opened.thumbnails,
            analyses=by_image(visit.analyses),
            history=history,
            saving=SaveStep.SAVED,
            conflict=None,
            save_problem="",
            addendum_text=self.state.addendum_text or unfinished.get("addendum", ""),
        )
        if state.image(state.selected_id) is None:
            in_force = [p for p in state.in_order if not p.withdrawn]
            first = next(iter(in_force), None)
            state = replace(state, selected_id=first.image_id if first else None)
        self.set_state(state)
        self.opened.emit(examination_id)

    @Slot(object)
    def _on_open_failed(self, error: Exception) -> None:
        if self.sender() is self._opening:
            sentence = sentence_of(error) if isinstance(error, RetinaError) else tr(_INTERNAL)
            self.set_state(replace(self.state, loading=False, problem=sentence))
        if not isinstance(error, RetinaError):
            self.failed.emit(error)

    # -- private ---------------------------------------------------------------------------

    def _keep_history(self) -> None:
        state = self.state
        if state.examination_id is None or state.history is None or state.signature:
            return
        self._histories.pop(state.examination_id, None)
        self._histories[state.examination_id] = state.history.sealed()
        while len(self._histories) > _HISTORIES_KEPT:
            del self._histories[next(iter(self._histories))]


def _agree(shown: VisitDraft, stored: VisitDraft) -> bool:
    """Whether nothing stored differs from what was shown, but for texts that are no values."""
    return replace(shown, details=stored.details) == stored
