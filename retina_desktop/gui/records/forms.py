"""The parts of which the forms before the records are made: a card, fields, passwords."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.gui.wrapped_label import WrappedLabel

_LONGEST = 1024  # characters; the records say in a sentence what is too long


class FormCard(QFrame):
    """A title, words, fields under one another, what went wrong, and buttons."""

    def __init__(self, title: str, words: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.title = WrappedLabel("emptyTitle")
        self.title.say(title)
        self.words = WrappedLabel("muted")
        self.words.say(words)
        self.error = WrappedLabel("errorText")
        self.error.say("")
        self.fields = QVBoxLayout()
        self.fields.setSpacing(10)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(10)
        self._buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 24, 28, 24)
        layout.setSpacing(14)
        for part in (self.title, self.words):
            layout.addWidget(part)
        layout.addLayout(self.fields)
        layout.addWidget(self.error)
        layout.addLayout(self._buttons)

    def add_field(self, words: str, field: QLineEdit, *, hint: str = "") -> QWidget:
        """Add a field under its words; return both as one widget, to be hidden together."""
        label = QLabel(words)
        label.setBuddy(field)
        field.setAccessibleName(words)
        field.setAccessibleDescription(hint)
        field.setToolTip(hint)
        field.setMaxLength(_LONGEST)
        row = QWidget()
        layout = QVBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(label)
        layout.addWidget(field)
        if hint:
            small = WrappedLabel("muted")
            small.say(hint)
            layout.addWidget(small)
        self.fields.addWidget(row)
        return row

    def add_button(
        self, words: str, *, primary: bool = False, first: bool = False
    ) -> QPushButton:
        """Add a button at the right, or at the left where it leads elsewhere."""
        button = named_button(words, primary=primary)
        if first:
            self._buttons.insertWidget(0, button)
        else:
            self._buttons.addWidget(button)
        return button

    def minimumSizeHint(self) -> QSize:
        """Return the height at the width that the card is given, not at its narrowest."""
        width = self.minimumWidth()
        if not width:
            return super().minimumSizeHint()
        return QSize(width, self.heightForWidth(width))

    def show_error(self, sentence: str) -> None:
        """Show what went wrong; a screen reader finds it at the form."""
        self.error.say(sentence)
        self.setAccessibleDescription(sentence)


class PasswordField(QLineEdit):
    """A password, hidden until its eye is pressed."""

    def __init__(self, theme: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setInputMethodHints(
            Qt.InputMethodHint.ImhHiddenText | Qt.InputMethodHint.ImhSensitiveData
        )
        self._show = QAction(self.tr("Show what is typed"), self)
        self._show.setCheckable(True)
        self._show.toggled.connect(self._on_toggled)
        self.addAction(self._show, QLineEdit.ActionPosition.TrailingPosition)
        for button in self.findChildren(QToolButton):
            button.setAccessibleName(self._show.text())
        theme.changed.connect(self._tint)
        self._tint()

    def forget(self) -> None:
        """Empty the field, past undoing, and hide what is typed next."""
        self.setText("")
        self._show.setChecked(False)

    def _on_toggled(self, shown: bool) -> None:
        mode = QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password
        self.setEchoMode(mode)

    def _tint(self) -> None:
        self._show.setIcon(self._theme.icons.icon("eye"))


def named_button(words: str, *, primary: bool = False) -> QPushButton:
    """Return a button with its accessible name and tip."""
    button = QPushButton()
    button.setObjectName("primary" if primary else "")
    name_button(button, words)
    button.setAutoDefault(False)
    return button


def name_button(button: QPushButton, words: str) -> None:
    """Write other words on a button, for screen readers too."""
    button.setText(words)
    button.setAccessibleName(words.rstrip("…"))
    button.setToolTip(words.rstrip("…"))


def named_tick(words: str) -> QCheckBox:
    """Return a box to tick."""
    tick = QCheckBox(words)
    tick.setAccessibleName(words)
    tick.setToolTip(words)
    return tick
