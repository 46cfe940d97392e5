"""What stands before the records: set-up, login, lock."""

from PySide6.QtWidgets import QWidget

from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.gui.theme import ThemeKeeper


class DoorPage(QWidget):
    """Shows what the session asks for."""

    def __init__(
        self, theme: ThemeKeeper, session: RecordsSession, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme, self._session = theme, session
