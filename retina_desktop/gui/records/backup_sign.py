"""The backup's state at the foot of the window; pressing it opens its settings."""

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import QToolButton, QWidget

from retina_desktop.gui.records.backup_watch import BackupView
from retina_desktop.gui.records.backup_words import words_of
from retina_desktop.gui.theme import ThemeKeeper


class BackupSign(QToolButton):
    """An icon and a few words; hidden while nobody is logged in."""

    def __init__(self, theme: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("backupSign")
        self._theme = theme
        self._view = BackupView()
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(16, 16))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme.changed.connect(self._show)
        self._show()

    @Slot(object)
    def render_view(self, view: BackupView) -> None:
        """Show `view`."""
        self._view = view
        self._show()

    @Slot()
    def _show(self) -> None:
        words = words_of(self._view)
        self.setVisible(words is not None)
        name = "" if words is None else words.whole
        self.setToolTip(name or self.tr("Backups"))
        self.setAccessibleName(name or self.tr("Backups"))
        if words is not None:
            colour = getattr(self._theme.colors, words.color)
            ratio = self.devicePixelRatioF()
            self.setText(words.short)
            self.setIcon(self._theme.icons.pixmap(words.icon, 16, ratio=ratio, color=colour))
