"""The form of a patient: typing is judged, kept and undoable; saving tells conflicts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.patient_duplicates import SimilarPatient
from retina_desktop.domain.patients import Patient, PatientDetails
from retina_desktop.domain.record_errors import (
    ConflictError,
    InvalidEntryError,
    RecordNumberTakenError,
)
from retina_desktop.domain.undo import History
from retina_desktop.gui.patients import form_tasks
from retina_desktop.gui.patients.asking import LatestQuestion
from retina_desktop.gui.patients.conflict import Keep, conflict_between
from retina_desktop.gui.patients.entry import (
    FIELDS,
    PatientEntry,
    details_of,
    edited,
    entry_of,
    faults_of,
)
from retina_desktop.gui.patients.form_state import FormState, OfferedDraft
from retina_desktop.gui.patients.typed_dates import DateOrder
from retina_desktop.gui.patients.words import tr
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.gui.sentences import sentence_of

DRAFT_AFTER_MS = 600  # of rest; leaving a field keeps the draft at once
SIMILAR_AFTER_MS = 350
_SHOWS_WHO = frozenset({"record_number", "name", "birth_date", "sex", "contact"})
_INTERNAL = "Internal error: the patient was not saved; what you typed is still here."


class PatientFormViewModel(QObject):
    """Owns the one `FormState`."""

    state_changed = Signal(object)  # FormState
    saved = Signal(object)  # the Patient as stored
    refused = Signal(str)  # the first field that keeps the form from being saved
    closed = Signal()  # without saving
    failed = Signal(object)  # Exception that is no answer to what was typed

    def __init__(
        self,
        session: RecordsSession,
        *,
        order: DateOrder,
        today: Callable[[], date],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self.order = order
        self._today = today
        self.state = FormState()
        self._similar = LatestQuestion(self)
        self._similar.answered.connect(self._on_similar)
        self._drafts = LatestQuestion(self)
        self._drafts.answered.connect(self._on_draft_found)
        self._drafts.failed.connect(self.failed)
        self._draft_timer = _timer(self, DRAFT_AFTER_MS, self.keep_draft)
        self._similar_timer = _timer(self, SIMILAR_AFTER_MS, self._look_for_similar)

    # -- opening and leaving ---------------------------------------------------------------

    @Slot()
    def open_new(self) -> None:
        """Begin with empty fields; a draft left behind is offered."""
        self._open(FormState())

    def open_patient(self, patient: Patient) -> None:
        """Begin with the fields of `patient`; a draft left behind is offered."""
        entry = entry_of(patient.details, self.order)
        self._open(FormState(patient=patient, history=History(entry), base=entry))

    @Slot()
    def close(self) -> None:
        """Leave without saving; what was typed is dropped, as the user asked."""
        self._forget_questions()
        if self.state.unsaved or self.state.offered or self.state.draft_kept:
            self._write(form_tasks.drop_draft(self._form))
        self._set(FormState())
        self.closed.emit()

    def forget(self) -> None:
        """Drop everything; the draft on the disk stays for the user it belongs to."""
        self._forget_questions()
        self._set(FormState())

    # -- typing ----------------------------------------------------------------------------

    def edit(self, field: str, value: object) -> None:
        """Take a change of one field."""
        history = edited(self.state.history, field, value)
        if history is self.state.history:
            return
        faults = {name: text for name, text in self.state.faults.items() if name != field}
        self._set(replace(self.state, history=history, faults=faults, error=""))
        self._changed(field)

    def leave_field(self, field: str) -> None:
        """Judge the field just left, and keep the draft."""
        self._set(replace(self.state, history=self.state.history.sealed()))
        value = getattr(self.state.entry, field)
        if value or field in self.state.faults:
            self._judge((field,))
        self.keep_draft()

    @Slot()
    def undo(self) -> None:
        """Take back the last change."""
        self._travel(self.state.history.undone())

    @Slot()
    def redo(self) -> None:
        """Do again what was taken back."""
        self._travel(self.state.history.redone())

    @Slot()
    def take_draft(self) -> None:
        """Put the offered draft into the fields."""
        offered = self.state.offered
        if offered is not None:
            history = self.state.history.changed(offered.entry, "draft")
            self._set(replace(self.state, history=history, offered=None, draft_kept=True))
            self._changed("name")

    @Slot()
    def drop_draft(self) -> None:
        """Forget the offered draft."""
        if self.state.offered is not None:
            self._set(replace(self.state, offered=None))
            self._write(form_tasks.drop_draft(self._form))

    @Slot()
    def keep_draft(self) -> None:
        """Put what was typed on the disk, if anything was."""
        self._draft_timer.stop()
        if not self._session.is_open or self.state.saving or self.state.draft_kept:
            return
        if self.state.unsaved:
            patient = self.state.patient
            version = patient.version if patient else 0
            handle = self._session.write(
                form_tasks.keep_draft(self._form, self.state.entry, version)
            )
            handle.failed.connect(self.failed)
            handle.start()
            self._set(replace(self.state, draft_kept=True))

    # -- saving ----------------------------------------------------------------------------

    @Slot()
    def save(self) -> None:
        """Write the form into the records, or say at each field what is wrong."""
        if self.state.saving or self.state.conflict is not None:
            return
        self._judge(FIELDS)
        if self.state.faults:
            self.refused.emit(next(iter(self.state.faults)))
            return
        try:
            details = details_of(self.state.entry, self.order, self._today())
        except InvalidEntryError as error:
            self._refuse(error.field, error)
            return
        self._save(details, self.state.patient)

    def choose(self, field: str, keep: Keep) -> None:
        """Decide a field in which two changes collide."""
        conflict = self.state.conflict
        if conflict is not None:
            self._set(replace(self.state, conflict=conflict.choose(field, keep)))

    @Slot()
    def save_merged(self) -> None:
        """Save what was decided, on top of the other's change."""
        conflict = self.state.conflict
        if conflict is not None and not conflict.undecided and not self.state.saving:
            self._save(conflict.merged(), conflict.stored)

    @Slot()
    def back_to_form(self) -> None:
        """Go on typing from the other's state, with the decisions taken so far."""
        conflict = self.state.conflict
        if conflict is not None:
            base = entry_of(conflict.stored.details, self.order)
            mine = entry_of(conflict.merged(), self.order)
            history = self.state.history.changed(mine, "conflict")
            self._set(
                replace(
                    self.state,
                    patient=conflict.stored,
                    base=base,
                    history=history,
                    conflict=None,
                )
            )

    def _save(self, details: PatientDetails, patient: Patient | None) -> None:
        self._draft_timer.stop()
        self._similar_timer.stop()
        self._set(replace(self.state, saving=True, error=""))
        handle = self._session.write(form_tasks.save_patient(details, patient, self._form))
        handle.succeeded.connect(self._on_saved)
        handle.failed.connect(self._on_save_failed)
        handle.start()

    @Slot(object)
    def _on_saved(self, patient: Patient) -> None:
        if not self.state.saving:
            return  # forgotten meanwhile: somebody else is logged in
        self._set(FormState())
        self.saved.emit(patient)

    @Slot(object)
    def _on_save_failed(self, error: Exception) -> None:
        if not self.state.saving:
            return
        self._set(replace(self.state, saving=False, draft_kept=False))
        self.keep_draft()
        if isinstance(error, ConflictError) and self.state.patient is not None:
            self._read_stored(self.state.patient.id)
        elif isinstance(error, InvalidEntryError):
            self._refuse(error.field, error)
        elif isinstance(error, RecordNumberTakenError):
            self._refuse("record_number", error)
        elif isinstance(error, RetinaError):
            self._set(replace(self.state, error=sentence_of(error)))
        else:
            self._set(replace(self.state, error=tr(_INTERNAL)))
            self.failed.emit(error)

    def _refuse(self, field: str, error: RetinaError) -> None:
        self._set(replace(self.state, faults={field: sentence_of(error)}))
        self.refused.emit(field)

    def _read_stored(self, patient_id: int) -> None:
        handle = self._session.read(form_tasks.stored_patient(patient_id))
        handle.succeeded.connect(self._on_stored)
        handle.failed.connect(self.failed)
        handle.start()

    @Slot(object)
    def _on_stored(self, stored: Patient) -> None:
        mine_from = self.state.conflict.stored if self.state.conflict else self.state.patient
        if mine_from is None or mine_from.id != stored.id:
            return
        if self.state.conflict is not None:
            mine = self.state.conflict.merged()
        else:
            mine = details_of(self.state.entry, self.order, self._today())
        conflict = conflict_between(mine_from.details, stored, mine)
        self._set(replace(self.state, conflict=conflict))

    # -- questions -------------------------------------------------------------------------

    def _open(self, state: FormState) -> None:
        self._forget_questions()
        self._set(state)
        # In the lane of the writes: after a draft that is still being kept or dropped.
        self._drafts.ask(self._session.write(form_tasks.find_draft(self._form)))

    @Slot(object)
    def _on_draft_found(self, found: form_tasks.KeptDraft | None) -> None:
        if found is None or self.state.unsaved or found.entry == self.state.base:
            return
        patient = self.state.patient
        outdated = patient is not None and patient.version != found.version
        offered = OfferedDraft(found.entry, found.saved_at, outdated=outdated)
        self._set(replace(self.state, offered=offered))

    def _look_for_similar(self) -> None:
        if not self._session.is_open:
            return
        entry = self.state.entry
        faults = faults_of(entry, self.order, self._today())
        if not entry.name.strip() or "name" in faults:
            self._set(replace(self.state, similar=()))
            return
        cleared = PatientEntry(record_number="?")
        for field in _SHOWS_WHO - set(faults):
            cleared = cleared.with_field(field, getattr(entry, field))
        details = details_of(cleared, self.order, self._today())
        own = self.state.patient.id if self.state.patient else None
        self._similar.ask(self._session.read(form_tasks.find_similar(details, own)))

    @Slot(object)
    def _on_similar(self, similar: tuple[SimilarPatient, ...]) -> None:
        self._set(replace(self.state, similar=similar))

    # -- inside ----------------------------------------------------------------------------

    @property
    def _form(self) -> str:
        patient = self.state.patient
        return "patient.new" if patient is None else f"patient.{patient.id}"

    def _judge(self, names: tuple[str, ...]) -> None:
        found = faults_of(self.state.entry, self.order, self._today())
        faults = {name: text for name, text in self.state.faults.items() if name not in names}
        faults |= {name: found[name] for name in names if name in found}
        self._set(replace(self.state, faults=faults))

    def _travel(self, history: History[PatientEntry]) -> None:
        if history is not self.state.history:
            self._set(replace(self.state, history=history, faults={}, error=""))
            self._changed("name")

    def _changed(self, field: str) -> None:
        self._set(replace(self.state, draft_kept=False))
        self._draft_timer.start()
        if field in _SHOWS_WHO:
            self._similar_timer.start()

    def _write(self, work: form_tasks.Work[None]) -> None:
        if self._session.is_open:
            handle = self._session.write(work)
            handle.failed.connect(self.failed)
            handle.start()

    def _forget_questions(self) -> None:
        for timer in (self._draft_timer, self._similar_timer):
            timer.stop()
        self._similar.forget()
        self._drafts.forget()

    def _set(self, state: FormState) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)


def _timer(owner: QObject, after_ms: int, then: Callable[[], None]) -> QTimer:
    timer = QTimer(owner)
    timer.setSingleShot(True)
    timer.setInterval(after_ms)
    timer.timeout.connect(then)
    return timer
