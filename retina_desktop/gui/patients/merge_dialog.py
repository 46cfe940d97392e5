"""Two records of one person made one: found, looked at side by side, merged."""

from dataclasses import dataclass, fields, replace

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.patient_duplicates import SimilarPatient
from retina_desktop.domain.patient_search import PatientQuery
from retina_desktop.domain.patients import Patient, PatientDetails
from retina_desktop.domain.record_errors import InvalidEntryError
from retina_desktop.gui.patients.asking import LatestQuestion
from retina_desktop.gui.patients.conflict_view import shown_value
from retina_desktop.gui.patients.records_dialog import RecordsDialog, dialog_button
from retina_desktop.gui.patients.words import shown_field, shown_person, today, tr
from retina_desktop.gui.records.port import RecordsServices
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.gui.sentences import sentence_of
from retina_desktop.gui.wrapped_label import WrappedLabel
from retina_desktop.services.tasks import TaskContext

_REST_MS = 200
_MOST = 12
_ROWS = 5  # of candidates, before the list scrolls


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be the same person; ``reason`` is empty for who was searched for."""

    patient: Patient
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MergeState:
    """The open patient, who may be the same, and which record is to be kept."""

    opened: Patient
    words: str = ""
    candidates: tuple[Candidate, ...] = ()
    other: Candidate | None = None
    keep_opened: bool = True
    searched: bool = False
    busy: bool = False
    error: str = ""

    @property
    def kept(self) -> Patient:
        """Whose record stays."""
        return self.opened if self.keep_opened or self.other is None else self.other.patient

    @property
    def merged(self) -> Patient | None:
        """Whose record will show in the other's."""
        if self.other is None:
            return None
        return self.other.patient if self.keep_opened else self.opened


class MergeDialog(RecordsDialog):
    """Shows a `MergeState`; ``merged`` tells whose record shows both now."""

    merged = Signal(int)  # the kept patient's number in the records

    def __init__(self, session: RecordsSession, patient: Patient, parent: QWidget) -> None:
        super().__init__(session, tr("Merge two records"), parent)
        self.state = MergeState(patient)
        self._search = LatestQuestion(self)
        self._search.answered.connect(self._on_found)
        self._search.failed.connect(self._on_failed)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._look)
        self._build()
        self._lay_out()
        self._render()
        self._look()

    def choose(self, row: int) -> None:
        """Look at one of the candidates beside the open patient."""
        if 0 <= row < len(self.state.candidates):
            self._set(replace(self.state, other=self.state.candidates[row], error=""))

    @Slot()
    def merge(self) -> None:
        """Carry it out."""
        state = self.state
        kept, merged = state.kept, state.merged
        if merged is None or state.busy:
            return

        def run(services: RecordsServices, _context: TaskContext) -> int:
            versions = kept.version, merged.version
            services.patients.merge(services.acting, kept.id, merged.id, versions)
            return kept.id

        self._set(replace(state, busy=True, error=""))
        handle = self.session.write(run)
        handle.succeeded.connect(self._on_merged)
        handle.failed.connect(self._on_failed)
        handle.start()

    def _build(self) -> None:
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("Name or record number of the other record"))
        self.field.setAccessibleName(self.tr("Search the other record"))
        self.field.setMaxLength(200)
        self.field.textChanged.connect(self._on_typed)
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Records that may be of the same person"))
        self.list.currentRowChanged.connect(self.choose)
        self.hint = WrappedLabel("muted")
        self.reason = WrappedLabel()
        self.grid_box = QWidget()
        self.keep = QComboBox()
        self.keep.setAccessibleName(self.tr("Which record is kept"))
        self.keep.currentIndexChanged.connect(self._on_keep)
        self.consequence = WrappedLabel("muted")
        self.error = WrappedLabel("errorText")
        self.merge_button = dialog_button(self.tr("Merge"), "primary")
        self.merge_button.clicked.connect(self.merge)
        self.cancel_button = dialog_button(self.tr("Cancel"))
        self.cancel_button.clicked.connect(self.reject)

    def _lay_out(self) -> None:
        self.keep_box = QWidget()
        keep_row = QHBoxLayout(self.keep_box)
        keep_row.setContentsMargins(0, 0, 0, 0)
        name = QLabel(self.tr("Keep the record"))
        name.setBuddy(self.keep)
        keep_row.addWidget(name)
        keep_row.addWidget(self.keep, 1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.merge_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(8)
        for widget in (self.field, self.hint, self.list, self.reason, self.grid_box):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addWidget(self.keep_box)
        for widget in (self.consequence, self.error):
            layout.addWidget(widget)
        layout.addLayout(buttons)
        self.resize(680, 520)

    # -- showing ---------------------------------------------------------------------------

    def _render(self) -> None:
        state = self.state
        self._render_list(state)
        if state.candidates:
            hint = self.tr("These may be the same person:") if not state.words else ""
        elif state.searched:
            hint = self.tr("No other record is similar; search for it by name or number.")
        else:
            hint = ""
        self.hint.say(hint)
        self.reason.say(
            self.tr("Why: {0}.").format(state.other.reason)
            if state.other and state.other.reason
            else ""
        )
        self._render_sides(state)
        self.consequence.say(
            self.tr(
                "All visits will show in the kept record. The other number stays taken and "
                "finds this patient. A merge can be undone in the menu of the record."
            )
            if state.other
            else ""
        )
        self.error.say(state.error)
        self.merge_button.setEnabled(state.other is not None and not state.busy)
        self.keep_box.setVisible(state.other is not None)
        self.keep.setEnabled(not state.busy)

    def _render_list(self, state: MergeState) -> None:
        texts = [candidate_text(candidate) for candidate in state.candidates]
        shown = [self.list.item(row).text() for row in range(self.list.count())]
        if texts != shown:
            with QSignalBlocker(self.list):
                self.list.clear()
                for text in texts:
                    item = QListWidgetItem(text)
                    item.setToolTip(text)
                    self.list.addItem(item)
        self.list.setVisible(bool(texts))
        row = self.list.sizeHintForRow(0) if texts else 0
        self.list.setFixedHeight(min(len(texts), _ROWS) * row + 4)

    def _render_sides(self, state: MergeState) -> None:
        layout = self.layout()
        old, self.grid_box = self.grid_box, QWidget()
        if layout is not None:
            layout.replaceWidget(old, self.grid_box)
        old.deleteLater()
        if state.other is None:
            return
        grid = QGridLayout(self.grid_box)
        grid.setContentsMargins(0, 6, 0, 0)
        grid.setHorizontalSpacing(14)
        sides = state.opened.details, state.other.patient.details
        heads = (self.tr("This record"), self.tr("The other record"))
        for column, head in enumerate(heads, start=1):
            label = QLabel(head)
            label.setObjectName("fieldName")
            grid.addWidget(label, 0, column)
        for row, field in enumerate(fields(PatientDetails), start=1):
            values = [getattr(details, field.name) for details in sides]
            if not any(values):
                continue
            differs = values[0] != values[1]
            name = QLabel(shown_field(field.name) + (" \u2260" if differs else ""))
            name.setObjectName("warningText" if differs else "fieldName")
            grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
            for column, value in enumerate(values, start=1):
                text = shown_value(value)
                label = WrappedLabel()
                label.setText(text if len(text) <= 120 else f"{text[:119]}\u2026")
                label.setToolTip(text)
                grid.addWidget(label, row, column, Qt.AlignmentFlag.AlignTop)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        with QSignalBlocker(self.keep):
            self.keep.clear()
            for details in sides:
                self.keep.addItem(f"{details.record_number} \u00b7 {details.name}")
            self.keep.setCurrentIndex(0 if state.keep_opened else 1)

    # -- asking ----------------------------------------------------------------------------

    @Slot(str)
    def _on_typed(self, words: str) -> None:
        self._set(replace(self.state, words=words.strip()))
        self._rest.start()

    @Slot(int)
    def _on_keep(self, index: int) -> None:
        self._set(replace(self.state, keep_opened=index == 0))

    @Slot()
    def _look(self) -> None:
        opened, words = self.state.opened, self.state.words
        try:
            query = PatientQuery(words=words, limit=_MOST)
        except InvalidEntryError as error:
            self._set(replace(self.state, error=sentence_of(error)))
            return

        def run(services: RecordsServices, context: TaskContext) -> tuple[Candidate, ...]:
            context.progress(0.0)
            similar = services.patients.similar(services.acting, opened.details, limit=_MOST)
            if not words:
                return _others(opened, similar)
            reasons = {one.patient.id: one.reason for one in similar}
            page = services.patients.search(services.acting, query)
            return tuple(
                Candidate(hit.patient, reasons.get(hit.patient.id, ""))
                for hit in page.hits
                if hit.patient.id != opened.id
            )

        self._search.ask(self.session.read(run))

    @Slot(object)
    def _on_found(self, candidates: tuple[Candidate, ...]) -> None:
        self._set(replace(self.state, candidates=candidates, searched=True))

    @Slot(object)
    def _on_merged(self, kept_id: int) -> None:
        self.merged.emit(kept_id)
        self.accept()

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        sentence = tr("Internal error: nothing was merged.")
        if isinstance(error, RetinaError):
            sentence = sentence_of(error)
        self._set(replace(self.state, busy=False, error=sentence))

    def _set(self, state: MergeState) -> None:
        if state != self.state:
            self.state = state
            self._render()


def candidate_text(candidate: Candidate) -> str:
    """Return a candidate in one line."""
    details = candidate.patient.details
    parts = (details.name, details.record_number, shown_person(details, today()))
    return " \u00b7 ".join(filter(None, parts))


def _others(opened: Patient, similar: tuple[SimilarPatient, ...]) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(one.patient, one.reason) for one in similar if one.patient.id != opened.id
    )
