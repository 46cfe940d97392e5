"""Remembers the window's place and page, the panels' widths and the theme, in one ini file."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QMainWindow, QSplitter

from retina_desktop.gui.theme import ThemeChoice

_GEOMETRY, _PANELS, _THEME = "window/geometry", "window/panels", "window/theme"
_TRAINING = "training/folder"
_PAGE = "window/page"  # its name only; what it showed is in the records, which are encrypted


class WindowMemory:
    """A damaged, missing or unwritable file means the defaults, never an error."""

    def __init__(self, file: Path) -> None:
        self._settings = QSettings(str(file), QSettings.Format.IniFormat)

    def theme(self) -> ThemeChoice:
        """Return the theme chosen last."""
        try:
            return ThemeChoice(str(self._settings.value(_THEME, ThemeChoice.SYSTEM.value)))
        except ValueError:
            return ThemeChoice.SYSTEM

    def page(self) -> str:
        """Return the name of the page shown last, "" when nothing is remembered."""
        return str(self._settings.value(_PAGE, ""))

    def save_page(self, name: str) -> None:
        """Remember a page at once: a crash saves nothing."""
        self._settings.setValue(_PAGE, name)
        self._settings.sync()

    def training(self) -> str:
        """Return the folder that was trained in last, "" when nothing is remembered."""
        return str(self._settings.value(_TRAINING, ""))

    def save_training(self, folder: Path) -> None:
        """Remember a folder at once: a crash saves nothing."""
        self._settings.setValue(_TRAINING, str(folder))
        self._settings.sync()

    def restore(self, window: QMainWindow, panels: QSplitter) -> bool:
        """Put the window where it was; False when nothing is remembered."""
        geometry, widths = self._settings.value(_GEOMETRY), self._settings.value(_PANELS)
        if isinstance(widths, QByteArray):
            panels.restoreState(widths)
        return isinstance(geometry, QByteArray) and window.restoreGeometry(geometry)

    def save(self, window: QMainWindow, panels: QSplitter, theme: ThemeChoice) -> None:
        """Remember the window as it is."""
        self._settings.setValue(_GEOMETRY, window.saveGeometry())
        self._settings.setValue(_PANELS, panels.saveState())
        self._settings.setValue(_THEME, theme.value)
        self._settings.sync()
