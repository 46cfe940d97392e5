"""What was added after signing, and a field to add more."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from retina_desktop.domain.decisions import Addendum
from retina_desktop.gui.examination.fields import put_text
from retina_desktop.gui.examination.state import ExaminationState
from retina_desktop.gui.examination.words import isolated, moment_word
from retina_desktop.gui.wrapped_label import WrappedLabel


class AddendaPanel(QWidget):
    """The addenda, oldest first."""

    typed = Signal(str)
    add_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = QLabel(self.tr("Addenda"))
        title.setObjectName("panelTitle")
        self._shown: tuple[int, ...] | None = None
        self._cards = QVBoxLayout()
        self._cards.setSpacing(6)
        self.field = QPlainTextEdit()
        self.field.setAccessibleName(self.tr("Addendum"))
        self.field.setPlaceholderText(
            self.tr("Write an addendum; once added it is never changed")
        )
        self.field.setTabChangesFocus(True)
        self.field.setMaximumHeight(90)
        self.field.textChanged.connect(lambda: self.typed.emit(self.field.toPlainText()))
        self.button = QPushButton(self.tr("Add to the examination"))
        self.button.clicked.connect(self.add_wanted)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(title)
        layout.addLayout(self._cards)
        layout.addWidget(self.field)
        layout.addWidget(self.button)

    def render_state(self, state: ExaminationState) -> None:
        """Show the addenda of a signed visit."""
        self.setVisible(state.signature is not None)
        why_not = state.powers.add_addendum
        put_text(self.field, state.addendum_text)
        self.field.setReadOnly(bool(why_not) or state.addendum_saving)
        self.field.setToolTip(why_not)
        typed = bool(state.addendum_text.strip())
        self.button.setEnabled(typed and not why_not and not state.addendum_saving)
        self.button.setToolTip(why_not)
        key = tuple(addendum.id for addendum in state.addenda)
        if key != self._shown:
            self._shown = key
            while (item := self._cards.takeAt(0)) is not None:
                if (widget := item.widget()) is not None:
                    widget.deleteLater()
            for addendum in state.addenda:
                self._cards.addWidget(_card(addendum))


def _card(addendum: Addendum) -> QFrame:
    card = QFrame()
    card.setObjectName("card")
    layout = QVBoxLayout(card)
    layout.setContentsMargins(10, 6, 10, 6)
    layout.setSpacing(2)
    who = WrappedLabel("fieldName", card)
    who.say(f"{isolated(addendum.shown_name)}, {moment_word(addendum.at)}")
    text = WrappedLabel(parent=card)
    text.say(addendum.text)
    layout.addWidget(who)
    layout.addWidget(text)
    return card
