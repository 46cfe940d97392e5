"""The settings as one dialog of tabs; who may not change something sees it all the same."""

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import QDialog, QTabWidget, QVBoxLayout, QWidget

from retina_desktop.domain.users import Permission
from retina_desktop.gui.file_dialogs import FileDialogs
from retina_desktop.gui.help.close_box import close_box
from retina_desktop.gui.records.backup_watch import BackupWatch
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.gui.settings.account_tab import AccountTab
from retina_desktop.gui.settings.backup_tab import BackupTab
from retina_desktop.gui.settings.clinic_tab import ClinicTab
from retina_desktop.gui.settings.records_tab import RecordsTab
from retina_desktop.gui.settings.tab import SettingsTab
from retina_desktop.gui.settings.users_tab import UsersTab
from retina_desktop.gui.theme import ThemeKeeper

_SIZE, _LEAST = QSize(720, 600), QSize(640, 460)


class SettingsDialog(QDialog):
    """Built anew each time it is opened."""

    lock_time_chosen = Signal(int)

    def __init__(
        self,
        theme: ThemeKeeper,
        session: RecordsSession,
        dialogs: FileDialogs,
        backups: BackupWatch,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Settings"))
        self.setMinimumSize(_LEAST)
        user = session.services.user
        administers = user.may(Permission.ADMINISTER)
        self.clinic = ClinicTab(session, dialogs)
        self.account = AccountTab(theme, session, dialogs)
        self.backup = BackupTab(session, dialogs, backups)
        self.users = UsersTab(theme, session, dialogs) if administers else None
        self.records = RecordsTab(session, dialogs) if administers else None
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName(self.tr("Settings"))
        self._by_name: dict[str, SettingsTab] = {}
        for name, words, tab in (
            ("clinic", self.tr("Clinic"), self.clinic),
            ("users", self.tr("Users"), self.users),
            ("account", self.tr("My account"), self.account),
            ("backup", self.tr("Backup"), self.backup),
            ("records", self.tr("Records"), self.records),
        ):
            if tab is not None:
                self.tabs.addTab(tab, words)
                self._by_name[name] = tab
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(close_box(self))
        self.clinic.lock_time_chosen.connect(self.lock_time_chosen)
        self.tabs.currentChanged.connect(self._on_tab)
        self.resize(_SIZE)
        self._on_tab()

    def show_tab(self, name: str) -> None:
        """Bring a tab to the front: clinic, users, account, backup or records."""
        tab = self._by_name.get(name)
        if tab is not None:
            self.tabs.setCurrentWidget(tab)

    @Slot()
    def _on_tab(self) -> None:
        tab = self.tabs.currentWidget()
        if isinstance(tab, SettingsTab):
            tab.activated()
