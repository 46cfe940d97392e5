"""A dialog with patients' data: covered while the window is locked, gone with the user."""

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QDialog, QPushButton, QWidget

from retina_desktop.gui.records.session import RecordsSession


class RecordsDialog(QDialog):
    """Hides when the session locks, comes back when it unlocks, closes when it ends."""

    def __init__(self, session: RecordsSession, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.session = session
        self.setWindowTitle(title)  # never a patient's name
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        Cover(session, self)


class Cover(QObject):
    """Keeps any dialog with patients' data from being read while the window is locked."""

    def __init__(self, session: RecordsSession, dialog: QDialog) -> None:
        super().__init__(dialog)
        self._dialog = dialog
        self._covered = False
        session.locked.connect(self._cover)
        session.unlocked.connect(self._uncover)
        # A slot of its own: it ends with the dialog, whatever Python class that is.
        session.closed.connect(self._close)

    @Slot()
    def _close(self) -> None:
        self._dialog.reject()

    @Slot()
    def _cover(self) -> None:
        if self._dialog.isVisible():
            self._covered = True
            self._dialog.setVisible(False)  # its result stays open

    @Slot()
    def _uncover(self) -> None:
        if self._covered:
            self._covered = False
            self._dialog.open()


def dialog_button(text: str, name: str = "", tip: str = "") -> QPushButton:
    """Return a button that Enter does not press by accident."""
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAccessibleName(text.rstrip("…"))
    button.setToolTip(tip)
    button.setAutoDefault(False)
    return button
