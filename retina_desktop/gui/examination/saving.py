"""Brings what stands on the screen into the records: drafts, conflicts, signature, addenda."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Slot

from retina_desktop.domain.decisions import Addendum, StoredReading
from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.record_errors import (
    AlreadySignedError,
    ConflictError,
    NotReadyToSignError,
)
from retina_desktop.domain.undo import History
from retina_desktop.domain.visit_drafts import PhotographDraft, VisitDraft, draft_of
from retina_desktop.gui.examination.state import ExaminationState, SaveStep, by_image
from retina_desktop.gui.examination.unfinished import form_of, unfinished_of
from retina_desktop.gui.examination.words import tr
from retina_desktop.gui.records.port import RecordsServices
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.gui.sentences import sentence_of
from retina_desktop.services.tasks import TaskContext
from retina_desktop.services.visit_changes import SavedVisit, StoredVisit

SAVE_AFTER_MS = 400  # what is typed is on the disk within a second
RETRY_AFTER_MS = 5000
_INTERNAL = "Internal error: this could not be saved; the program tries again by itself."


class Owner(Protocol):
    """Who has the state; see `view_model.ExaminationViewModel`."""

    state: ExaminationState

    def set_state(self, state: ExaminationState) -> None:
        """Replace the state and tell everybody."""
        ...

    def complain(self, error: Exception) -> None:
        """Tell of an error that has no place on the page."""
        ...

    def was_signed(self) -> None:
        """Be told that the visit is signed now."""
        ...


class VisitSaving(QObject):
    """One write at a time, of all that differs; what comes meanwhile follows after it."""

    def __init__(self, session: RecordsSession, owner: Owner) -> None:
        super().__init__(owner if isinstance(owner, QObject) else None)
        self._session = session
        self._owner = owner
        self._saving_of: int | None = None
        self._sign_wanted = False
        self._unfinished: dict[str, str] = {}  # as kept last
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.save_now)

    def begin(self) -> None:
        """Forget the visit before: another one is being opened."""
        self._sign_wanted = False
        self._unfinished = {}

    def stop(self) -> None:
        """Want nothing any more."""
        self._timer.stop()
        self._sign_wanted = False
        self._unfinished = {}

    def put(self, state: ExaminationState) -> None:
        """Show `state`, and have it saved soon."""
        if state.is_stored:
            state = replace(state, saving=SaveStep.SAVED, save_problem="")
        elif state.saving is SaveStep.SAVED:
            state = replace(state, saving=SaveStep.PENDING)
        self._owner.set_state(state)
        self._save_soon()

    def flush(self) -> None:
        """Start writing at once; nobody waits for it."""
        self._timer.stop()
        self.save_now()

    @Slot()
    def save_now(self) -> None:
        """Write what differs from the records, unless a write is on its way already."""
        state = self._owner.state
        self._keep_unfinished(state)
        wanted, visit = state.wanted(), state.visit
        if self._saving_of is not None or wanted is None or visit is None or state.conflict:
            return
        if state.is_stored:
            self._rest()
            return
        self._saving_of = visit.examination.id
        self._owner.set_state(replace(state, saving=SaveStep.SAVING))

        def save(services: RecordsServices, _: TaskContext) -> SavedVisit:
            return services.examination.save_visit(services.acting, visit, wanted)

        self._write(save, self._on_saved, self._on_save_failed)

    @Slot()
    def keep_mine(self) -> None:
        """Write what stands here over what another workstation wrote."""
        self._renew(keep=True)

    @Slot()
    def take_theirs(self) -> None:
        """Take what another workstation wrote; what stood here can be had back by undo."""
        self._renew(keep=False)

    @Slot()
    def sign(self) -> None:
        """Sign what stands here, once it is saved."""
        state = self._owner.state
        if state.signing or state.signature or state.missing or state.powers.read:
            return
        self._sign_wanted = True
        self._owner.set_state(replace(state, signing=True))
        self.flush()

    def add_addendum(self) -> None:
        """Add the text that was typed to the signed visit."""
        state = self._owner.state
        examination_id, text = state.examination_id, state.addendum_text
        if examination_id is None or state.addendum_saving or not text.strip():
            return
        self._owner.set_state(replace(state, addendum_saving=True))

        def add(services: RecordsServices, _: TaskContext) -> Addendum:
            return services.add_addendum(services.acting, examination_id, text)

        self._write(add, self._on_addendum, self._on_addendum_failed)

    def type_addendum(self, text: str) -> None:
        """Take what is typed of an addendum; it is kept, but not added."""
        if text != self._owner.state.addendum_text:
            self._owner.set_state(replace(self._owner.state, addendum_text=text))
            self._save_soon()

    # -- answers ---------------------------------------------------------------------------

    @Slot(object)
    def _on_saved(self, saved: SavedVisit) -> None:
        of, self._saving_of = self._saving_of, None
        state = self._owner.state
        if state.visit is None or of != state.examination_id:
            if saved.problem is not None:
                self._owner.complain(saved.problem)
            self._save_soon()
            return
        analyses = {**state.analyses, **by_image(saved.visit.analyses)}
        self._owner.set_state(replace(state, visit=saved.visit, analyses=analyses))
        problem = saved.problem
        if problem is None:
            self._after_saving()
        elif isinstance(problem, ConflictError):
            self._show_conflict(problem)
        elif isinstance(problem, AlreadySignedError):
            self._stop_signing()
            self._owner.complain(problem)
            self._renew(keep=False)
        else:
            self._on_save_failed(problem)

    def _after_saving(self) -> None:
        if self._owner.state.is_stored:
            self._rest()
            return
        self._owner.set_state(
            replace(self._owner.state, saving=SaveStep.PENDING, save_problem="")
        )
        self._save_soon(0 if self._sign_wanted else SAVE_AFTER_MS)

    def _rest(self) -> None:
        """Everything is stored: say so, and sign if that waits."""
        state = self._owner.state
        if state.saving is not SaveStep.SAVED or state.save_problem:
            saved = replace(state, saving=SaveStep.SAVED, save_problem="")
            self._owner.set_state(saved)
        if self._sign_wanted:
            self._sign_wanted = False
            self._sign_stored()

    def _sign_stored(self) -> None:
        visit = self._owner.state.visit
        if visit is None:
            return
        examination_id = visit.examination.id
        version = visit.reading.version if visit.reading else 0

        def sign(services: RecordsServices, _: TaskContext) -> StoredReading:
            return services.sign_examination(
                services.acting, examination_id, expected_version=version
            )

        self._write(sign, self._on_signed, self._on_sign_failed)

    @Slot(object)
    def _on_signed(self, reading: StoredReading) -> None:
        state = self._owner.state
        if state.visit is None or reading.examination_id != state.examination_id:
            return
        visit = replace(state.visit, reading=reading)
        history = History(state.history.present) if state.history else None
        self._owner.set_state(replace(state, visit=visit, history=history, signing=False))
        self._owner.was_signed()

    @Slot(object)
    def _on_sign_failed(self, error: Exception) -> None:
        if isinstance(error, ConflictError):
            self._show_conflict(error)
            return
        self._stop_signing()
        if isinstance(error, NotReadyToSignError | AlreadySignedError):
            self._renew(keep=False)
        self._owner.complain(error)

    @Slot(object)
    def _on_save_failed(self, error: Exception) -> None:
        self._saving_of = None
        self._stop_signing()
        sentence = sentence_of(error) if isinstance(error, RetinaError) else tr(_INTERNAL)
        if not isinstance(error, RetinaError):
            self._owner.complain(error)
        state = replace(self._owner.state, saving=SaveStep.FAILED, save_problem=sentence)
        self._owner.set_state(state)
        self._timer.start(RETRY_AFTER_MS)

    @Slot(object)
    def _on_addendum(self, addendum: Addendum) -> None:
        state = self._owner.state
        if addendum.examination_id == state.examination_id:
            addenda = (*state.addenda, addendum)
            self._owner.set_state(
                replace(state, addenda=addenda, addendum_text="", addendum_saving=False)
            )
            self.flush()

    @Slot(object)
    def _on_addendum_failed(self, error: Exception) -> None:
        self._owner.set_state(replace(self._owner.state, addendum_saving=False))
        self._owner.complain(error)

    # -- another workstation ---------------------------------------------------------------

    def _show_conflict(self, error: ConflictError) -> None:
        self._stop_signing()
        state = replace(self._owner.state, saving=SaveStep.FAILED, conflict=error)
        self._owner.set_state(state)

    def _renew(self, *, keep: bool) -> None:
        visit = self._owner.state.visit
        if visit is None:
            return

        def renew(services: RecordsServices, _: TaskContext) -> StoredVisit:
            return services.examination.save_visit.renewed(services.acting, visit)

        taken = self._on_renewed_mine if keep else self._on_renewed_theirs
        self._write(renew, taken, self._on_save_failed)

    @Slot(object)
    def _on_renewed_mine(self, visit: StoredVisit) -> None:
        state = self._owner.state
        if state.history is None or visit.examination.id != state.examination_id:
            return
        history = state.history.mapped(lambda draft: with_photographs(draft, visit))
        self._take(visit, history)
        self.flush()

    @Slot(object)
    def _on_renewed_theirs(self, visit: StoredVisit) -> None:
        state = self._owner.state
        if state.history is None or visit.examination.id != state.examination_id:
            return
        stored = visit.reading.reading if visit.reading else None
        theirs = draft_of(visit.examination, visit.images, stored)
        history = state.history.mapped(lambda draft: with_photographs(draft, visit))
        self._take(visit, history.changed(theirs, self.tr("taking the other's changes")))

    def _take(self, visit: StoredVisit, history: History[VisitDraft]) -> None:
        state = self._owner.state
        analyses = {**state.analyses, **by_image(visit.analyses)}
        self.put(
            replace(
                state,
                visit=visit,
                analyses=analyses,
                history=history,
                conflict=None,
                save_problem="",
                saving=SaveStep.PENDING,
            )
        )

    # -- private ---------------------------------------------------------------------------

    def _keep_unfinished(self, state: ExaminationState) -> None:
        """Keep texts that are no values yet, and forget them once they are."""
        examination_id, user = state.examination_id, state.user
        texts = unfinished_of(state)
        if texts == self._unfinished or examination_id is None or user is None:
            return
        self._unfinished = texts
        name, form = user.name, form_of(examination_id)

        def keep(services: RecordsServices, _: TaskContext) -> None:
            drafts = services.examination.drafts
            if texts:
                drafts.save(name, form, texts, at=services.acting.now())
            else:
                drafts.discard(name, form)

        self._write(keep, _nothing, self._on_save_failed)

    def _stop_signing(self) -> None:
        self._sign_wanted = False
        if self._owner.state.signing:
            self._owner.set_state(replace(self._owner.state, signing=False))

    def _save_soon(self, after_ms: int = SAVE_AFTER_MS) -> None:
        state = self._owner.state
        if state.is_stored and unfinished_of(state) == self._unfinished:
            return
        # Not put off by further typing: a second is a second.
        if not self._timer.isActive() or after_ms < self._timer.remainingTime():
            self._timer.start(after_ms)

    def _write(
        self,
        work: Callable[[RecordsServices, TaskContext], object],
        done: Callable[..., None],
        failed: Callable[..., None],
    ) -> None:
        if not self._session.is_open:
            return
        handle = self._session.write(work)
        handle.succeeded.connect(done)
        handle.failed.connect(failed)
        handle.start()


def with_photographs(draft: VisitDraft, visit: StoredVisit) -> VisitDraft:
    """Return the draft with the photographs that others added; its own stay as they are."""
    for image in visit.images:
        if draft.photograph(image.id) is None:
            added = PhotographDraft(image.id, image.laterality, image.withdrawn)
            draft = draft.with_photograph(added)
    return draft


def _nothing(_result: object) -> None: ...
