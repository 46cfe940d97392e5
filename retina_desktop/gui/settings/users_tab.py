"""Who may log in: added, changed, given a new password, turned off and on."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from retina_desktop.gui.file_dialogs import FileDialogs
from retina_desktop.gui.records.forms import named_button
from retina_desktop.gui.records.port import RecordsServices
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.gui.sentences import sentence_of
from retina_desktop.gui.settings.picture_field import read_picture
from retina_desktop.gui.settings.tab import SettingsTab
from retina_desktop.gui.settings.user_dialogs import PasswordDialog, UserDialog
from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.services.tasks import TaskContext

if TYPE_CHECKING:
    from collections.abc import Callable

    from retina_desktop.domain.users import User, UserAccount

_LEAST_HEIGHT = 220


class UsersTab(SettingsTab):
    """For administrators."""

    def __init__(
        self,
        theme: ThemeKeeper,
        session: RecordsSession,
        dialogs: FileDialogs,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(session, parent)
        self._theme, self._dialogs = theme, dialogs
        self._users: tuple[UserAccount, ...] = ()
        self.open_dialog: UserDialog | PasswordDialog | None = None
        self.table = _table(
            self.tr("Users"),
            [self.tr("Name"), self.tr("Logs in as"), self.tr("Roles"), self.tr("State")],
        )
        self.add_button = named_button(self.tr("Add…"), primary=True)
        self.change_button = named_button(self.tr("Change…"))
        self.password_button = named_button(self.tr("New password…"))
        self.signature_button = named_button(self.tr("Signature…"))
        self.active_button = named_button(self.tr("Deactivate"))
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in self._buttons():
            buttons.addWidget(button)
        buttons.addStretch(1)
        self.body.addWidget(self.table)
        self.body.addLayout(buttons)
        self.table.itemSelectionChanged.connect(self._enable)
        self.add_button.clicked.connect(self.add)
        self.change_button.clicked.connect(self.change)
        self.password_button.clicked.connect(self.give_password)
        self.signature_button.clicked.connect(self.give_signature)
        self.active_button.clicked.connect(self.turn_on_or_off)
        self._enable()

    @property
    def chosen(self) -> "UserAccount | None":
        """The user in the chosen row."""
        row = self.table.currentRow()
        return self._users[row] if 0 <= row < len(self._users) else None

    def choose(self, name: str) -> None:
        """Choose the user who logs in as `name`."""
        names = [account.user.name for account in self._users]
        self.table.selectRow(names.index(name))

    def activated(self) -> None:
        """Read who there is."""
        self.start(self._session.read(_list), self._show)

    @Slot()
    def add(self) -> None:
        """Ask for somebody new."""
        dialog = UserDialog(self._theme, None, self)

        def wanted(user: "User", password: str) -> None:
            self._write(lambda s: s.house.add_user(s.acting, user, password=password))

        dialog.wanted.connect(wanted)
        self._open(dialog)

    @Slot()
    def change(self) -> None:
        """Ask for another name or other roles."""
        account = self.chosen
        if account is None:
            return
        dialog = UserDialog(self._theme, account, self)

        def wanted(user: "User", _password: str) -> None:
            self._write(
                lambda s: s.house.change_user(
                    s.acting, account.id, user, expected_version=account.version
                )
            )

        dialog.wanted.connect(wanted)
        self._open(dialog)

    @Slot()
    def give_password(self) -> None:
        """Ask for a new password for somebody who forgot theirs."""
        account = self.chosen
        if account is None:
            return
        dialog = PasswordDialog(self._theme, account.user.shown_name, self)
        dialog.wanted.connect(
            lambda password: self._write(
                lambda s: s.house.reset_password(s.acting, account.id, password=password)
            )
        )
        self._open(dialog)

    @Slot()
    def give_signature(self) -> None:
        """Ask for the picture of a signature."""
        account = self.chosen
        path = self._dialogs.picture(self) if account is not None else None
        if account is None or path is None:
            return
        self._write(lambda s: _set_signature(s, account, path))

    @Slot()
    def turn_on_or_off(self) -> None:
        """Take somebody's way in, or give it back with a new password."""
        account = self.chosen
        if account is None:
            return
        if account.user.active:
            self._write(
                lambda s: s.house.deactivate_user(
                    s.acting, account.id, expected_version=account.version
                )
            )
            return
        dialog = PasswordDialog(self._theme, account.user.shown_name, self)
        dialog.wanted.connect(
            lambda password: self._write(
                lambda s: s.house.reactivate_user(
                    s.acting, account.id, password=password, expected_version=account.version
                )
            )
        )
        self._open(dialog)

    def show_failure(self, error: Exception) -> None:
        """Show why, in the dialog where one is open."""
        if self.open_dialog is not None:
            self.open_dialog.form.show_error(sentence_of(error))
            self.open_dialog.button.setEnabled(True)
        else:
            super().show_failure(error)

    def _write(self, work: "Callable[[RecordsServices], object]") -> None:
        def write(services: RecordsServices, context: TaskContext) -> "tuple[UserAccount, ...]":
            work(services)
            return _list(services, context)

        if self.open_dialog is not None:
            self.open_dialog.button.setEnabled(False)
        self.start(self._session.write(write), self._on_written)

    @Slot(object)
    def _on_written(self, users: "tuple[UserAccount, ...]") -> None:
        self._show(users)
        self.say(self.tr("Saved."))
        if self.open_dialog is not None:
            self.open_dialog.accept()

    @Slot(object)
    def _show(self, users: "tuple[UserAccount, ...]") -> None:
        chosen = self.chosen
        self._users = users
        self.table.setRowCount(len(users))
        for row, account in enumerate(users):
            user = account.user
            state = self.tr("active") if user.active else self.tr("deactivated")
            roles = ", ".join(sorted(role.value for role in user.roles))
            for column, text in enumerate((user.shown_name, user.name, roles, state)):
                self.table.setItem(row, column, _cell(text, dimmed=not user.active))
        if chosen is not None and chosen.user.name in [a.user.name for a in users]:
            self.choose(chosen.user.name)
        self._enable()

    @Slot()
    def _enable(self) -> None:
        account = self.chosen
        own = account is not None and account.user.name == self._own_name()
        active = account is not None and account.user.active
        self.change_button.setEnabled(account is not None)
        self.signature_button.setEnabled(active)
        self.password_button.setEnabled(active and not own)
        self.active_button.setEnabled(account is not None and not own)
        off = self.tr("Deactivate") if active or account is None else self.tr("Reactivate…")
        self.active_button.setText(off)
        self.active_button.setAccessibleName(off.rstrip("…"))

    def _own_name(self) -> str:
        return self._session.services.user.name if self._session.is_open else ""

    def _open(self, dialog: UserDialog | PasswordDialog) -> None:
        self.open_dialog = dialog
        dialog.finished.connect(self._on_dialog_finished)
        dialog.open()

    @Slot()
    def _on_dialog_finished(self) -> None:
        dialog, self.open_dialog = self.open_dialog, None
        if dialog is not None:
            dialog.deleteLater()

    def _buttons(self) -> list[QWidget]:
        return [
            self.add_button,
            self.change_button,
            self.password_button,
            self.signature_button,
            self.active_button,
        ]


def _list(services: RecordsServices, _: TaskContext) -> "tuple[UserAccount, ...]":
    return services.house.list_users(services.acting)


def _set_signature(services: RecordsServices, account: "UserAccount", path: Path) -> None:
    services.house.set_signature(
        services.acting, account.id, read_picture(path), expected_version=account.version
    )


def _table(name: str, headings: list[str]) -> QTableWidget:
    table = QTableWidget(0, len(headings))
    table.setAccessibleName(name)
    table.setHorizontalHeaderLabels(headings)
    table.verticalHeader().hide()
    table.setShowGrid(False)
    table.setMinimumHeight(_LEAST_HEIGHT)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setTabKeyNavigation(False)
    table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
    table.horizontalHeader().setHighlightSections(False)
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    return table


def _cell(text: str, *, dimmed: bool) -> QTableWidgetItem:
    cell = QTableWidgetItem(text)
    if dimmed:
        cell.setFlags(cell.flags() & ~Qt.ItemFlag.ItemIsDragEnabled)
        font = cell.font()
        font.setItalic(True)
        cell.setFont(font)
    return cell
