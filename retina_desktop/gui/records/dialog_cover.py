"""While the window is locked no dialog shows a patient: all are hidden, and come back."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QWidget


class DialogCover(QObject):
    """Hides every window of the application but one, and shows them again."""

    def __init__(self, main: QWidget) -> None:
        super().__init__(main)
        self._main = main
        self._hidden: list[tuple[QWidget, bool]] = []  # with whether it was opened over another

    def hide_all(self) -> None:
        """Hide dialogs and other windows, menus for good."""
        for widget in QApplication.topLevelWidgets():
            if widget is self._main or not widget.isVisible():
                continue
            if isinstance(widget, QMenu):
                widget.close()
                continue
            self._hidden.append((widget, widget.isModal()))
            widget.destroyed.connect(self._forget)
            widget.hide()

    def show_all(self) -> None:
        """Show again what was hidden."""
        hidden, self._hidden = self._hidden, []
        for widget, modal in hidden:
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
