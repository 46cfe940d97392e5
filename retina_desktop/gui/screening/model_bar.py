"""Which model looks at the photographs: there only where more than one is installed."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QWidget

from retina_desktop.domain.model_choice import ModelChoice
from retina_desktop.gui.wrapped_label import WrappedLabel

_LEAST_LETTERS = 24


class ModelBar(QWidget):
    """A chooser with a word on what speaks against the choice."""

    model_chosen = Signal(str)  # its id

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choices: tuple[ModelChoice, ...] = ()
        self.box = QComboBox()
        self.box.setAccessibleName(self.tr("Model"))
        self.box.setToolTip(self.tr("The model that looks at the photographs"))
        self.box.setMinimumContentsLength(_LEAST_LETTERS)
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.box.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.box.activated.connect(self._on_activated)
        self.note = WrappedLabel("advice")
        label = QLabel(self.tr("&Model"))
        label.setBuddy(self.box)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 12, 6)
        row.setSpacing(10)
        row.addWidget(label)
        row.addWidget(self.box)
        row.addWidget(self.note, 100, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)  # where there is no note
        self.hide()

    def render_choice(
        self,
        choices: Sequence[ModelChoice],
        chosen: str | None,
        *,
        note: str = "",
        enabled: bool = True,
    ) -> None:
        """Show the models, the chosen one's id, and a note; hidden without a choice."""
        if tuple(choices) != self._choices:
            self._choices = tuple(choices)
            with QSignalBlocker(self.box):
                self.box.clear()
                for choice in choices:
                    self.box.addItem(choice.name, choice.id)
        place = self.box.findData(chosen)
        if place != self.box.currentIndex():
            with QSignalBlocker(self.box):
                self.box.setCurrentIndex(place)
        self.box.setEnabled(enabled)
        self.note.say(note)
        self.box.setAccessibleDescription(note)
        self.setVisible(len(self._choices) > 1)

    def _on_activated(self, place: int) -> None:
        self.model_chosen.emit(self.box.itemData(place))
