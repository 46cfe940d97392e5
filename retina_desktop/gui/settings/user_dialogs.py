"""Asking for a new user, a user's roles, and a new password for somebody."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QDialog, QLineEdit, QVBoxLayout, QWidget

from retina_desktop.domain.record_errors import InvalidEntryError
from retina_desktop.domain.users import Role, User
from retina_desktop.gui.records.forms import FormCard, named_tick
from retina_desktop.gui.records.new_password import NewPassword
from retina_desktop.gui.sentences import sentence_of
from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.gui.wrapped_label import WrappedLabel

if TYPE_CHECKING:
    from retina_desktop.domain.users import UserAccount

_WIDTH = 480
_ROLES: Mapping[Role, tuple[str, str]] = {
    Role.TECHNICIAN: ("Technician", "Enters patients and photographs."),
    Role.READER: ("Reader", "Also decides on findings, signs and prints."),
    Role.ADMINISTRATOR: ("Administrator", "Keeps users, backups and settings; signs nothing."),
}


class UserDialog(QDialog):
    """A new user, or the name and roles of one there is."""

    wanted = Signal(object, str)  # User, the first password ("" for one there is)

    def __init__(
        self, theme: ThemeKeeper, account: "UserAccount | None", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._account = account
        new = account is None
        title = self.tr("New user") if new else self.tr("Change a user")
        self.setWindowTitle(title)
        self.form = FormCard(title)
        self.full_name, self.user_name = QLineEdit(), QLineEdit()
        self.form.add_field(self.tr("Full name"), self.full_name)
        self.form.add_field(
            self.tr("Name for logging in"),
            self.user_name,
            hint=self.tr("Small letters and digits; it stays for good."),
        )
        self.roles = {role: self._role(role) for role in _ROLES}
        self.password: NewPassword | None = None
        if account is None:
            words = self.tr("First password, to be changed by the user")
            self.password = NewPassword(self.form, theme, name=self.user_name, words=words)
            self.roles[Role.TECHNICIAN].setChecked(True)
        else:
            self.full_name.setText(account.user.shown_name)
            self.user_name.setText(account.user.name)
            self.user_name.setReadOnly(True)
            for role in account.user.roles:
                self.roles[role].setChecked(True)
        cancel = self.form.add_button(self.tr("Cancel"))
        self.button = self.form.add_button(
            self.tr("Add") if new else self.tr("Save"), primary=True
        )
        cancel.clicked.connect(self.reject)
        self.button.clicked.connect(self.submit)
        _show_in(self, self.form)

    @Slot()
    def submit(self) -> None:
        """Ask for it, or say what is missing."""
        roles = frozenset(role for role, tick in self.roles.items() if tick.isChecked())
        name = self.user_name.text().strip().lower()
        try:
            user = User(name, self.full_name.text(), roles)
        except InvalidEntryError as error:
            self.form.show_error(sentence_of(error))
            return
        problem = self.password.sentence() if self.password is not None else ""
        self.form.show_error(problem)
        if not problem:
            self.wanted.emit(user, self.password.value if self.password else "")

    def _role(self, role: Role) -> QCheckBox:
        words, meaning = _ROLES[role]
        tick = named_tick(self.tr(words))
        tick.setAccessibleDescription(self.tr(meaning))
        small = WrappedLabel("muted")
        small.setIndent(20)
        small.say(self.tr(meaning))
        self.form.fields.addWidget(tick)
        self.form.fields.addWidget(small)
        return tick


class PasswordDialog(QDialog):
    """A password that an administrator gives to somebody."""

    wanted = Signal(str)

    def __init__(self, theme: ThemeKeeper, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = self.tr("New password for {0}").format(name)
        self.setWindowTitle(self.tr("New password"))
        self.form = FormCard(title, self.tr("Tell it to the user, who is asked to change it."))
        self.password = NewPassword(self.form, theme, name=None)
        cancel = self.form.add_button(self.tr("Cancel"))
        self.button = self.form.add_button(self.tr("Set"), primary=True)
        cancel.clicked.connect(self.reject)
        self.button.clicked.connect(self.submit)
        self.password.second.returnPressed.connect(self.submit)
        _show_in(self, self.form)

    @Slot()
    def submit(self) -> None:
        """Ask for it, or say what is the matter."""
        problem = self.password.sentence()
        self.form.show_error(problem)
        if not problem:
            self.wanted.emit(self.password.value)


def _show_in(dialog: QDialog, form: FormCard) -> None:
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(0, 0, 0, 0)
    form.setMinimumWidth(_WIDTH)
    layout.addWidget(form)
    layout.addStretch(1)  # what room is left stays below, not between the words
    dialog.resize(_WIDTH, layout.heightForWidth(_WIDTH))
