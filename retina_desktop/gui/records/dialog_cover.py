"""While the window is locked no dialog shows a patient: all are hidden, and come back."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QDialog, QWidget

# Somebody's code waits for what these return: hidden, they have answered "no" already, and
# shown again they would be nobody's.
_ASKING = ("QFileDialog", "QMessageBox", "QAbstractPrintDialog", "QInputDialog")


class DialogCover(QObject):
    """Hides every window of the application but one, and shows them again."""

    def __init__(self, main: QWidget) -> None:
        super().__init__(main)
        self._main = main
        self._hidden: list[tuple[QWidget, bool]] = []  # with whether it was opened over another

    def hide_all(self) -> None:
        """Hide dialogs and other windows; menus and questions to the user for good."""
        for widget in QApplication.topLevelWidgets():
            if widget is self._main or not widget.isVisible():
                continue
            if widget.inherits("QMenu"):
                widget.close()
                continue
            if isinstance(widget, QDialog) and any(widget.inherits(n) for n in _ASKING):
                widget.reject()
                continue
            self._hidden.append((widget, widget.isModal()))
            widget.destroyed.connect(self._forget)
            widget.hide()

    def show_all(self) -> None:
        """Show again what was hidden, a dialog before those opened from it."""
        hidden, self._hidden = self._hidden, []
        for widget, modal in sorted(hidden, key=lambda shown: _depth(shown[0])):
            widget.destroyed.disconnect(self._forget)
            if modal and isinstance(widget, QDialog):
                widget.open()
            else:
                widget.show()

    def close_all(self) -> None:
        """Close for good what was hidden: somebody else works here now."""
        hidden, self._hidden = self._hidden, []
        for widget, _ in hidden:
            widget.destroyed.disconnect(self._forget)
            if isinstance(widget, QDialog):
                widget.reject()
            else:
                widget.close()

    def _forget(self, gone: QObject) -> None:
        self._hidden = [(widget, modal) for widget, modal in self._hidden if widget is not gone]


def _depth(widget: QWidget) -> int:
    above = widget.parentWidget()
    return 0 if above is None else 1 + _depth(above)
