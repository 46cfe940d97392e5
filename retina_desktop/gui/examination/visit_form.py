"""The visit's details: day, operator, reason, acuity and pressure of each eye."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from PySide6.QtCore import QDate, QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDateEdit,
    QFrame,
    QGridLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.domain.eye_measurements import Correction, Tonometry
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.visit_drafts import DetailsEntry, EyeEntry
from retina_desktop.gui.examination.fields import fill_choices, put_choice, put_line
from retina_desktop.gui.examination.state import ExaminationState
from retina_desktop.gui.examination.words import correction_word, tonometry_word
from retina_desktop.gui.wrapped_label import WrappedLabel

_FIRST_DAY = QDate(1900, 1, 1)


class VisitForm(QWidget):
    """Shows a `DetailsEntry`; what cannot be kept has its sentence under it."""

    date_chosen = Signal(object)
    operator_typed = Signal(str)
    reason_typed = Signal(str)
    measured = Signal(object, object, str, bool)  # eye, EyeEntry, what, typing

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.visit_date = QDateEdit()
        self.visit_date.setCalendarPopup(True)
        self.visit_date.setMinimumDate(_FIRST_DAY)
        self.visit_date.setAccessibleName(self.tr("Day of the visit"))
        self.visit_date.dateChanged.connect(self._on_date)
        self.operator = _line(self.tr("Operator"))
        self.operator.textEdited.connect(self.operator_typed)
        self.reason = _line(self.tr("Reason for the visit"))
        self.reason.textEdited.connect(self.reason_typed)
        self.problems = {
            n: WrappedLabel("errorText") for n in ("visit_date", "operator", "reason")
        }
        self.eyes = {eye: EyeFields(eye) for eye in Laterality}
        for fields in self.eyes.values():
            fields.measured.connect(self.measured)
        self.locked = WrappedLabel("muted")
        self._lay_out()

    @property
    def text_fields(self) -> tuple[QLineEdit, ...]:
        """The fields in which one types."""
        fields = [self.operator, self.reason]
        for eye in self.eyes.values():
            fields += [eye.acuity, eye.pressure]
        return tuple(fields)

    def render_state(self, state: ExaminationState) -> None:
        """Show the details as they stand."""
        draft, why_not = state.draft, state.powers.examine
        if draft is None:
            return
        entry, problems = draft.details, state.field_problems
        day = entry.visit_date
        with QSignalBlocker(self.visit_date):
            today = QDate(state.today.year, state.today.month, state.today.day)
            self.visit_date.setMaximumDate(max(today, QDate(day.year, day.month, day.day)))
            self.visit_date.setDate(QDate(day.year, day.month, day.day))
        put_line(self.operator, entry.operator)
        put_line(self.reason, entry.reason)
        for name, label in self.problems.items():
            label.say(problems.get(name, ""))
        for field in (self.visit_date, self.operator, self.reason):
            field.setEnabled(not why_not)
            field.setToolTip(why_not)
        for fields in self.eyes.values():
            fields.render_entry(entry, problems, why_not=why_not)
        self.locked.say(why_not)

    def _on_date(self, day: QDate) -> None:
        self.date_chosen.emit(date(day.year(), day.month(), day.day()))

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        rows = (
            (self.tr("Day"), self.visit_date, "visit_date"),
            (self.tr("Operator"), self.operator, "operator"),
            (self.tr("Reason"), self.reason, "reason"),
        )
        for number, (words, field, name) in enumerate(rows):
            label = QLabel(words)
            label.setObjectName("fieldName")
            label.setBuddy(field)
            grid.addWidget(label, 2 * number, 0)
            grid.addWidget(field, 2 * number, 1)
            grid.addWidget(self.problems[name], 2 * number + 1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 10, 10)
        layout.setSpacing(10)
        layout.addWidget(self.locked)
        layout.addLayout(grid)
        for fields in self.eyes.values():
            layout.addWidget(fields)
        layout.addStretch(1)


class EyeFields(QFrame):
    """Acuity with its correction, pressure with its method, of one eye."""

    measured = Signal(object, object, str, bool)

    def __init__(self, eye: Laterality, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._eye = eye
        self._entry = EyeEntry()
        title = QLabel(
            self.tr("Right eye (OD)") if eye is Laterality.RIGHT else self.tr("Left eye (OS)")
        )
        title.setObjectName("panelTitle")
        self.acuity = _line(self.tr("Visual acuity {0}").format(eye.shown))
        self.acuity.setPlaceholderText("6/12, 20/40, 0.5, CF …")
        self.pressure = _line(self.tr("Pressure {0} in mmHg").format(eye.shown))
        self.pressure.setPlaceholderText("mmHg")
        self.correction = QComboBox()
        self.correction.setAccessibleName(self.tr("Correction {0}").format(eye.shown))
        fill_choices(self.correction, [(correction_word(c), c.value) for c in Correction])
        self.method = QComboBox()
        self.method.setAccessibleName(self.tr("Tonometry {0}").format(eye.shown))
        fill_choices(self.method, [(tonometry_word(t), t.value) for t in Tonometry])
        self.problem = WrappedLabel("errorText")
        self.acuity.textEdited.connect(self._on_acuity)
        self.pressure.textEdited.connect(self._on_pressure)
        self.correction.activated.connect(self._on_correction)
        self.method.activated.connect(self._on_method)
        grid = QGridLayout(self)
        grid.setContentsMargins(10, 8, 10, 8)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        grid.addWidget(title, 0, 0, 1, 3)
        for row, (words, field, box) in enumerate(
            (
                (self.tr("Acuity"), self.acuity, self.correction),
                (self.tr("Pressure"), self.pressure, self.method),
            ),
            start=1,
        ):
            label = QLabel(words)
            label.setObjectName("fieldName")
            label.setBuddy(field)
            grid.addWidget(label, row, 0)
            grid.addWidget(field, row, 1)
            grid.addWidget(box, row, 2)
        grid.addWidget(self.problem, 3, 0, 1, 3)

    def render_entry(
        self, entry: DetailsEntry, problems: Mapping[str, str], *, why_not: str
    ) -> None:
        """Show what was typed of this eye."""
        self._entry = typed = entry.eye(self._eye)
        put_line(self.acuity, typed.acuity)
        put_line(self.pressure, typed.pressure)
        put_choice(self.correction, typed.correction.value)
        put_choice(self.method, typed.method.value)
        side = "right" if self._eye is Laterality.RIGHT else "left"
        words = [problems.get(f"{side}.{name}", "") for name in ("acuity", "pressure")]
        self.problem.say(" ".join(filter(None, words)))
        for field in (self.acuity, self.pressure, self.correction, self.method):
            field.setEnabled(not why_not)
            field.setToolTip(why_not)

    def _on_acuity(self, text: str) -> None:
        self._tell(replace(self._entry, acuity=text), self.tr("visual acuity"), typing=True)

    def _on_pressure(self, text: str) -> None:
        self._tell(replace(self._entry, pressure=text), self.tr("pressure"), typing=True)

    def _on_correction(self, _index: int) -> None:
        value = Correction(self.correction.currentData())
        self._tell(replace(self._entry, correction=value), self.tr("correction"))

    def _on_method(self, _index: int) -> None:
        value = Tonometry(self.method.currentData())
        self._tell(replace(self._entry, method=value), self.tr("tonometry"))

    def _tell(self, entry: EyeEntry, what: str, *, typing: bool = False) -> None:
        self.measured.emit(self._eye, entry, what, typing)


def _line(name: str) -> QLineEdit:
    line = QLineEdit()
    line.setAccessibleName(name)
    line.setMinimumWidth(70)
    return line
