"""The form of a new patient, or of one to be corrected."""

from PySide6.QtCore import QDateTime, QLocale, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.domain.patient_duplicates import SimilarPatient
from retina_desktop.domain.patients import PatientDetails
from retina_desktop.domain.record_errors import InvalidEntryError
from retina_desktop.gui.page_keys import FORM_KEYS, bind_keys
from retina_desktop.gui.patients.conflict_view import ConflictView
from retina_desktop.gui.patients.form_fields import FormFields
from retina_desktop.gui.patients.form_state import FormState
from retina_desktop.gui.patients.typed_dates import DateOrder, read_date
from retina_desktop.gui.patients.words import shown_age, shown_date, shown_person, today, tr
from retina_desktop.gui.wrapped_label import WrappedLabel

_MOST_SIMILAR = 3
_WIDEST = 760  # logical pixels; wider lines are harder to read


class PatientForm(QWidget):
    """Shows a `FormState`; every intention is a signal."""

    save_requested = Signal()
    cancel_requested = Signal()
    merge_saved = Signal()  # the conflict's decisions are to be saved
    back_requested = Signal()  # from the conflict to the fields
    draft_taken = Signal()
    draft_dropped = Signal()
    patient_chosen = Signal(int)  # one of the similar ones

    def __init__(self, order: DateOrder, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._order = order
        self.title = QLabel()
        self.title.setObjectName("pageTitle")
        self.fields = FormFields(order)
        self.conflict = ConflictView()
        self.error = WrappedLabel("errorText")
        self.state_text = QLabel()
        self.state_text.setObjectName("muted")
        self.draft = self._build_draft()
        self.similar = self._build_similar()
        self.save_button = _button(self.tr("Save"), "primary", self.tr("Save (Ctrl+Enter)"))
        self.save_button.clicked.connect(self._on_save)
        self.cancel_button = _button(self.tr("Cancel"), "", self.tr("Close unsaved (Esc)"))
        self.cancel_button.clicked.connect(self._on_cancel)
        self.undo_button = _button(self.tr("Undo"), "flat", self.tr("Undo (Ctrl+Z)"))
        self.undo_button.clicked.connect(self.fields.undo_requested)
        self.redo_button = _button(self.tr("Redo"), "flat", self.tr("Redo (Ctrl+Shift+Z)"))
        self.redo_button.clicked.connect(self.fields.redo_requested)
        self._lay_out()
        self._state = FormState()
        bind_keys(self, FORM_KEYS, {"save": self._on_save, "cancel": self._on_cancel})

    def render_state(self, state: FormState) -> None:
        """Show the fields, or the conflict in their place."""
        self._state = state
        corrected = state.patient is not None
        self.title.setText(self.tr("Correct patient") if corrected else self.tr("New patient"))
        self.fields.setVisible(state.conflict is None)
        self.fields.render_state(state, understood=self._understood(state))
        self.conflict.render_conflict(state.conflict)
        self.error.say(state.error)
        self._render_draft(state)
        self._render_similar(state)
        self._render_buttons(state)

    def begin(self) -> None:
        """Put the keyboard where typing starts."""
        self.fields.go_to("record_number" if self._state.patient is None else "name")

    def _on_save(self) -> None:
        if self._state.conflict is None:
            self.save_button.setFocus()
            self.save_requested.emit()
        elif self.save_button.isEnabled():
            self.merge_saved.emit()

    def _on_cancel(self) -> None:
        if self._state.conflict is None:
            self.cancel_requested.emit()
        else:
            self.back_requested.emit()

    def _lay_out(self) -> None:
        inner = QWidget()
        inner.setMaximumWidth(_WIDEST)
        body = QVBoxLayout(inner)
        body.setContentsMargins(20, 14, 20, 10)
        body.setSpacing(10)
        for widget in (self.title, self.draft, self.similar, self.conflict, self.fields):
            body.addWidget(widget)
        body.addStretch(1)
        area = QScrollArea()
        area.setObjectName("bare")
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(20, 8, 20, 10)
        buttons.setSpacing(8)
        buttons.addWidget(self.save_button)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.undo_button)
        buttons.addWidget(self.redo_button)
        buttons.addWidget(self.state_text, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(20, 0, 20, 0)
        foot.addWidget(self.error)
        rule = QFrame()
        rule.setObjectName("rule")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(area, 1)
        layout.addWidget(rule)
        layout.addLayout(foot)
        layout.addLayout(buttons)

    def _build_draft(self) -> QFrame:
        card = QFrame()
        card.setObjectName("card")
        self.draft_text = WrappedLabel()
        self.take_button = _button(self.tr("Continue with it"), "", "")
        self.take_button.clicked.connect(self.draft_taken)
        self.drop_button = _button(self.tr("Discard it"), "flat", "")
        self.drop_button.clicked.connect(self.draft_dropped)
        row = QHBoxLayout(card)
        row.addWidget(self.draft_text, 1)
        row.addWidget(self.take_button)
        row.addWidget(self.drop_button)
        return card

    def _build_similar(self) -> QFrame:
        card = QFrame()
        card.setObjectName("cautionCard")
        self.similar_title = WrappedLabel("warningText")
        self.similar_buttons = [
            _button(self.tr("Similar patient"), "link", "") for _ in range(_MOST_SIMILAR)
        ]
        column = QVBoxLayout(card)
        column.setSpacing(2)
        column.addWidget(self.similar_title)
        for button in self.similar_buttons:
            button.clicked.connect(self._on_similar)
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        return card

    def _on_similar(self) -> None:
        sender = self.sender()
        if isinstance(sender, QPushButton):
            self.patient_chosen.emit(sender.property("patient_id"))

    def _render_draft(self, state: FormState) -> None:
        offered = state.offered
        self.draft.setVisible(offered is not None and state.conflict is None)
        if offered is not None:
            moment = QDateTime.fromSecsSinceEpoch(int(offered.saved_at.timestamp()))
            when = QLocale().toString(moment, "d MMM yyyy, HH:mm")
            text = self.tr("What you typed on {0} was not saved.").format(when)
            if offered.outdated:
                text += " " + self.tr("The patient was changed since.")
            self.draft_text.say(text)

    def _render_similar(self, state: FormState) -> None:
        self.similar.setVisible(bool(state.similar) and state.conflict is None)
        self.similar_title.say(
            self.tr("Already in the records? Open instead of entering twice:")
        )
        rows: list[SimilarPatient | None] = list(state.similar[:_MOST_SIMILAR])
        rows += [None] * (_MOST_SIMILAR - len(rows))
        for button, similar in zip(self.similar_buttons, rows, strict=True):
            button.setVisible(similar is not None)
            if similar is not None:
                text = similar_text(similar)
                button.setText(text.replace("&", "&&"))
                button.setAccessibleName(text)
                button.setProperty("patient_id", similar.patient.id)

    def _render_buttons(self, state: FormState) -> None:
        conflict = state.conflict
        self.save_button.setText(
            self.tr("Save") if conflict is None else self.tr("Save the chosen")
        )
        self.save_button.setEnabled(
            not state.saving and (state.unsaved if conflict is None else not conflict.undecided)
        )
        self.cancel_button.setText(
            self.tr("Cancel") if conflict is None else self.tr("Back to the form")
        )
        for button, there in (
            (self.undo_button, state.history.past),
            (self.redo_button, state.history.future),
        ):
            button.setVisible(conflict is None)
            button.setEnabled(bool(there) and not state.saving)
        if state.saving:
            self.state_text.setText(self.tr("Saving…"))
        elif state.unsaved and state.draft_kept:
            self.state_text.setText(self.tr("Draft kept"))
        else:
            self.state_text.setText("")

    def _understood(self, state: FormState) -> str:
        """Return the typed birth date with its month in letters, and the age."""
        try:
            born = read_date(state.entry.birth_date, self._order, field="birth_date")
            if born is None:
                return ""
            details = PatientDetails("?", "?", born)
        except InvalidEntryError:
            return ""
        age = shown_age(details, today())
        return " \u00b7 ".join(filter(None, (shown_date(born), age)))


def similar_text(similar: SimilarPatient) -> str:
    """Return a similar patient in one line with the reason."""
    details = similar.patient.details
    parts = (details.name, details.record_number, shown_person(details, today()))
    line = " \u00b7 ".join(filter(None, parts))
    return f"{line} ({tr(similar.reason)})" if similar.reason else line


def _button(text: str, name: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAccessibleName(text)
    button.setToolTip(tip)
    button.setAutoDefault(False)
    return button
