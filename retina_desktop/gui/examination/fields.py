"""Fields that follow a state without fighting the cursor, and leave undo to the page."""

import unicodedata
from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QSignalBlocker
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit


class FieldKeeper(QObject):
    """Watches text fields: undo goes to the page, and leaving a field ends a run of typing."""

    def __init__(self, on_left: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._on_left = on_left

    def keep(self, *fields: QLineEdit | QPlainTextEdit) -> None:
        """Watch these fields."""
        for field in fields:
            field.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the page's Undo and Redo through; tell when a field was left."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            keys = QKeySequence(event.keyCombination())
            for standard in (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo):
                if keys in QKeySequence.keyBindings(standard):
                    event.ignore()
                    return True
        if event.type() is QEvent.Type.FocusOut:
            self._on_left()
        return super().eventFilter(watched, event)


def put_line(field: QLineEdit, text: str) -> None:
    """Show `text`, unless the field says it already but for blanks being typed."""
    typing = field.hasFocus() and _plain(field.text()) == _plain(text)
    if field.text() != text and not typing:
        with QSignalBlocker(field):
            field.setText(text)


def put_text(field: QPlainTextEdit, text: str) -> None:
    """Show `text`; as `put_line`."""
    current = field.toPlainText()
    if _plain(current) != _plain(text):
        with QSignalBlocker(field):
            field.setPlainText(text)


def fill_choices(field: QComboBox, choices: Sequence[tuple[str, object]]) -> None:
    """Offer choices: words and what each stands for."""
    for words, value in choices:
        field.addItem(words, value)


def put_choice(field: QComboBox, value: object) -> None:
    """Choose the entry that stands for `value`, none where there is none."""
    index = next((i for i in range(field.count()) if field.itemData(i) == value), -1)
    if index != field.currentIndex():
        with QSignalBlocker(field):
            field.setCurrentIndex(index)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()
