"""What another person changed meanwhile, field by field: keep theirs, or yours."""

from collections.abc import Sequence
from datetime import date

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QGridLayout,
    QLabel,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.domain.patients import Condition, Sex
from retina_desktop.gui.patients.conflict import Conflict, FieldConflict, Keep
from retina_desktop.gui.patients.words import (
    shown_condition,
    shown_date,
    shown_field,
    shown_sex,
)
from retina_desktop.gui.wrapped_label import WrappedLabel


class ConflictView(QFrame):
    """Shows a `Conflict` as a table with one choice a line."""

    chosen = Signal(str, object)  # field, Keep

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.title = WrappedLabel("panelTitle")
        self.advice = WrappedLabel("muted")
        self._table = QWidget()
        self._shown: tuple[FieldConflict, ...] | None = None
        self.buttons: dict[tuple[str, Keep], QRadioButton] = {}
        self._layout = QVBoxLayout(self)
        self._layout.addWidget(self.title)
        self._layout.addWidget(self.advice)
        self._layout.addWidget(self._table)

    def render_conflict(self, conflict: Conflict | None) -> None:
        """Show `conflict`; nothing for None."""
        self.setVisible(conflict is not None)
        if conflict is None:
            self._shown = None
            return
        who = conflict.stored.changed_by
        self.title.say(self.tr("{0} changed this patient in the meantime.").format(who))
        count = len(conflict.undecided)
        self.advice.say(
            self.tr("Both of you changed the marked fields: choose what is kept.")
            if count
            else self.tr("What is chosen below will be saved.")
        )
        if self._shown != conflict.fields:
            self._build(conflict)
        for (field, keep), button in self.buttons.items():
            if conflict.chosen.get(field) is keep:
                button.setChecked(True)

    def _build(self, conflict: Conflict) -> None:
        self._shown = conflict.fields
        self._table.deleteLater()
        self._table = QWidget()
        self.buttons = {}
        grid = QGridLayout(self._table)
        grid.setContentsMargins(0, 4, 0, 0)
        grid.setHorizontalSpacing(14)
        heads = ("", self.tr("In the records ({0})").format(conflict.stored.changed_by))
        for column, text in enumerate((*heads, self.tr("Yours"))):
            head = QLabel(text)
            head.setObjectName("fieldName")
            grid.addWidget(head, 0, column)
        for row, field in enumerate(conflict.fields, start=1):
            self._add_row(grid, row, field)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        self._layout.addWidget(self._table)

    def _add_row(self, grid: QGridLayout, row: int, conflict: FieldConflict) -> None:
        name = shown_field(conflict.field)
        label = QLabel(f"\u25cf {name}" if conflict.both_changed else name)
        label.setObjectName("warningText" if conflict.both_changed else "")
        grid.addWidget(label, row, 0)
        group = QButtonGroup(self._table)
        sides = ((Keep.THEIRS, conflict.theirs), (Keep.MINE, conflict.mine))
        for column, (keep, value) in enumerate(sides, start=1):
            text = shown_value(value)
            button = QRadioButton(_shortened(text))
            button.setToolTip(text)
            whose = self.tr("theirs") if keep is Keep.THEIRS else self.tr("yours")
            button.setAccessibleName(f"{name}, {whose}: {text}")
            button.clicked.connect(
                lambda _on, field=conflict.field, keep=keep: self.chosen.emit(field, keep)
            )
            group.addButton(button)
            self.buttons[conflict.field, keep] = button
            grid.addWidget(button, row, column)


def shown_value(value: object) -> str:
    """Return a field's value as people read it."""
    if isinstance(value, Sex):
        return shown_sex(value)
    if isinstance(value, Condition):
        return shown_condition(value)
    if isinstance(value, str):
        return value or "\u2013"
    if isinstance(value, Sequence):
        return ", ".join(map(str, value)) or "\u2013"
    return shown_date(value if isinstance(value, date) else None)


def _shortened(text: str) -> str:
    line = " ".join(text.split()).replace("&", "&&")
    return line if len(line) <= 48 else f"{line[:47]}\u2026"
