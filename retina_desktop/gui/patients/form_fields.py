"""The form's fields: each with its name, and the sentence on what is wrong with it."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from retina_desktop.domain.patients import Condition, Sex
from retina_desktop.gui.patients.date_field import date_hint
from retina_desktop.gui.patients.form_state import FormState
from retina_desktop.gui.patients.typed_dates import DateOrder
from retina_desktop.gui.patients.words import shown_condition, shown_field, shown_sex
from retina_desktop.gui.wrapped_label import WrappedLabel

_LINES = {"record_number": 64, "name": 200, "birth_date": 20}  # most characters
_TEXTS = {"risk_factors": 3, "contact": 2, "notes": 3}  # lines shown
_ORDER = (
    ("record_number", "name"),
    ("birth_date", "sex"),
    ("diabetes", "hypertension"),
    ("risk_factors", "contact"),
    ("notes",),
)
Field = QLineEdit | QPlainTextEdit | QComboBox


class FormFields(QWidget):
    """Shows a `FormState`'s entry and tells every change, field by field."""

    edited = Signal(str, object)  # field, value
    left = Signal(str)  # the keyboard left this field
    undo_requested = Signal()
    redo_requested = Signal()

    def __init__(self, order: DateOrder, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields: dict[str, Field] = {}
        self.sentences: dict[str, WrappedLabel] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(2)
        for row, names in enumerate(_ORDER):
            for column, name in enumerate(names):
                span = 2 if len(names) == 1 else 1
                self._place(grid, name, 4 * row, column, span)
            grid.setRowMinimumHeight(4 * row + 3, 6)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        self.understood = QLabel()  # the date in words, so that no day becomes a month
        self.understood.setObjectName("muted")
        grid.addWidget(self.understood, 4 * 1 + 2, 0)
        born = self.fields["birth_date"]
        if isinstance(born, QLineEdit):
            born.setPlaceholderText(date_hint(order))
        factors = self.fields["risk_factors"]
        if isinstance(factors, QPlainTextEdit):
            factors.setPlaceholderText(self.tr("One a line"))

    def render_state(self, state: FormState, *, understood: str) -> None:
        """Show the texts without moving the cursor of the field being typed into."""
        for name, widget in self.fields.items():
            _show(widget, getattr(state.entry, name))
            widget.setEnabled(not state.saving)
            sentence = state.faults.get(name, "")
            self.sentences[name].say(sentence)
            widget.setAccessibleDescription(sentence)
            faulty = bool(sentence)
            if widget.property("faulty") != faulty:
                widget.setProperty("faulty", faulty)
                widget.style().unpolish(widget)
                widget.style().polish(widget)
        self.understood.setText(understood)
        self.understood.setVisible(bool(understood) and "birth_date" not in state.faults)

    def go_to(self, name: str) -> None:
        """Put the keyboard into a field."""
        self.fields[name].setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hear which field is left, and undo the form's steps instead of one field's."""
        if isinstance(event, QFocusEvent) and event.type() == QEvent.Type.FocusOut:
            if event.reason() != Qt.FocusReason.PopupFocusReason:
                self.left.emit(watched.property("field"))
        elif isinstance(event, QKeyEvent):
            steps = (
                (QKeySequence.StandardKey.Undo, self.undo_requested),
                (QKeySequence.StandardKey.Redo, self.redo_requested),
            )
            for key, requested in steps:
                if event.matches(key):
                    if event.type() == QEvent.Type.KeyPress:
                        requested.emit()
                    event.accept()
                    return True
        return super().eventFilter(watched, event)

    def _place(self, grid: QGridLayout, name: str, row: int, column: int, span: int) -> None:
        widget = self._build(name)
        label = QLabel(shown_field(name) + (" *" if name in ("record_number", "name") else ""))
        label.setObjectName("fieldName")
        label.setBuddy(widget)
        widget.setAccessibleName(shown_field(name))
        widget.setProperty("field", name)
        widget.installEventFilter(self)
        sentence = WrappedLabel("errorText")
        sentence.hide()
        self.fields[name], self.sentences[name] = widget, sentence
        grid.addWidget(label, row, column, 1, span)
        grid.addWidget(widget, row + 1, column, 1, span, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(sentence, row + 2, column, 1, span)

    def _build(self, name: str) -> Field:
        def tell(value: object) -> None:
            self.edited.emit(name, value)

        if name == "sex":
            return _choice([(shown_sex(sex), sex) for sex in Sex], tell)
        if name in ("diabetes", "hypertension"):
            return _choice([(shown_condition(c), c) for c in Condition], tell)
        if name in _LINES:
            line = QLineEdit()
            line.setMaxLength(_LINES[name])
            line.textEdited.connect(tell)
            return line
        text = QPlainTextEdit()
        text.setTabChangesFocus(True)
        height = text.fontMetrics().lineSpacing() * _TEXTS[name] + 14
        text.setFixedHeight(height)
        text.textChanged.connect(lambda: tell(text.toPlainText()))
        return text


def _choice(options: list[tuple[str, object]], tell: Callable[[object], None]) -> QComboBox:
    combo = QComboBox()
    for text, value in options:
        combo.addItem(text, value)
    # Not currentData: Qt gives an enum of strings back as a plain string.
    combo.currentIndexChanged.connect(lambda index: tell(options[index][1]))
    return combo


def _show(widget: Field, value: object) -> None:
    with QSignalBlocker(widget):
        if isinstance(widget, QComboBox):
            widget.setCurrentIndex(max(0, widget.findData(value)))
        elif isinstance(widget, QLineEdit):
            if widget.text() != value:
                widget.setText(str(value))
        elif widget.toPlainText() != value:
            widget.setPlainText(str(value))
