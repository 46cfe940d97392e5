"""A field for a typed date: in the country's order, and never guessing."""

from datetime import date

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLineEdit, QToolButton, QWidget

from retina_desktop.domain.record_errors import InvalidEntryError
from retina_desktop.gui.patients.typed_dates import DateOrder, read_date
from retina_desktop.gui.patients.words import tr
from retina_desktop.gui.sentences import sentence_of

_HINTS = {
    DateOrder.DAY_FIRST: "day/month/year",
    DateOrder.MONTH_FIRST: "month/day/year",
    DateOrder.YEAR_FIRST: "year-month-day",
}


def date_hint(order: DateOrder) -> str:
    """Return what stands in an empty date field."""
    return tr(_HINTS[order])


def add_clear_button(field: QLineEdit) -> None:
    """Give a field Qt's button that empties it, with a name that can be spoken."""
    field.setClearButtonEnabled(True)
    for button in field.findChildren(QToolButton):
        button.setAccessibleName(tr("Clear"))
        button.setToolTip(tr("Clear"))


class DateField(QLineEdit):
    """A date that narrows a list; ``date_changed`` comes when it is whole, or emptied."""

    date_changed = Signal(object)  # date | None
    refused = Signal(str)  # the sentence on what was typed; "" when it is sound again

    def __init__(self, name: str, order: DateOrder, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._order = order
        self._date: date | None = None
        self._refused = ""
        self.setPlaceholderText(date_hint(order))
        self.setAccessibleName(name)
        self.setToolTip(f"{name} ({date_hint(order)})")
        add_clear_button(self)
        self.textChanged.connect(self._on_changed)
        self.editingFinished.connect(self._judge)

    def set_date(self, day: date | None) -> None:
        """Show `day`, unless it is what stands there already."""
        if day != self._date:
            self._date = day
            self.setText(self._order.written(day) if day else "")

    @Slot()
    def _on_changed(self) -> None:
        """Take a whole date at once; what is not whole yet is not told off while typing."""
        try:
            day = read_date(self.text(), self._order, field="date")
        except InvalidEntryError:
            day = None  # a date that was changed must not go on acting unseen
        else:
            self._say("")
        if day != self._date:
            self._date = day
            self.date_changed.emit(day)

    @Slot()
    def _judge(self) -> None:
        try:
            read_date(self.text(), self._order, field="date")
        except InvalidEntryError as error:
            self._say(sentence_of(error))

    def _say(self, sentence: str) -> None:
        if sentence != self._refused:
            self._refused = sentence
            self.refused.emit(sentence)
