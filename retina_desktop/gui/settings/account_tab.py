"""One's own account: the password, or doing without, the picture of one's signature."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from retina_desktop.domain.users import Permission
from retina_desktop.gui.file_dialogs import FileDialogs
from retina_desktop.gui.records.forms import FormCard, PasswordField, name_button
from retina_desktop.gui.records.new_password import NewPassword
from retina_desktop.gui.records.port import RecordsServices
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.gui.sentences import sentence_of
from retina_desktop.gui.settings.picture_field import PictureField, read_picture
from retina_desktop.gui.settings.tab import SettingsTab
from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.services.tasks import TaskContext

if TYPE_CHECKING:
    from retina_desktop.domain.users import UserAccount


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """The user logged in, with the picture of the signature.

    ``alone``: nobody else can log in, so that the records may open without a password.
    """

    account: "UserAccount"
    signature: bytes
    without_login: bool
    alone: bool


class AccountTab(SettingsTab):
    """For everybody."""

    def __init__(
        self,
        theme: ThemeKeeper,
        session: RecordsSession,
        dialogs: FileDialogs,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(session, parent)
        self._own: OwnAccount | None = None
        self.who = QLabel()
        self.who.setObjectName("panelTitle")
        self.signature = PictureField(self.tr("signature"), dialogs)
        self.form = FormCard(self.tr("Another password"))
        self.form.title.setObjectName("panelTitle")
        self.old = PasswordField(theme)
        self._old_row = self.form.add_field(self.tr("Present password"), self.old)
        self.new = NewPassword(self.form, theme, name=None, words=self.tr("New password"))
        self.button = self.form.add_button(self.tr("Change the password"), primary=True)
        self._build_without(theme)
        beside = QHBoxLayout()
        beside.setSpacing(12)
        words = QLabel(self.tr("Signature on reports"))
        beside.addWidget(words)
        beside.addWidget(self.signature, 1)
        self.body.addWidget(self.who)
        self.body.addLayout(beside)
        self.body.addWidget(self.form)
        self.body.addWidget(self.without)
        self.button.clicked.connect(self.change_password)
        self.new.second.returnPressed.connect(self.change_password)
        self.signature.chosen.connect(self._give_signature)
        self.signature.removed.connect(lambda: self._give_signature(None))

    def _build_without(self, theme: ThemeKeeper) -> None:
        words = self.tr(
            "Whoever can use this account of the computer can read the records then. Copies "
            "and backups stay encrypted and open with the recovery key."
        )
        self.without = FormCard(self.tr("Open without a password"), words)
        self.without.title.setObjectName("panelTitle")
        self.present = PasswordField(theme)
        self.without.add_field(self.tr("Present password"), self.present)
        self.stop_button = self.without.add_button(self.tr("Ask for no password any more"))
        self.stop_button.clicked.connect(self.stop_asking)
        self.present.returnPressed.connect(self.stop_asking)
        self.without.hide()

    def activated(self) -> None:
        """Read who is logged in."""
        self.start(self._session.read(_read), self._show)

    @Slot()
    def change_password(self) -> None:
        """Choose another password, or the first one where none is asked for."""
        own, problem = self._own, self.new.sentence()
        self.form.show_error(problem)
        if problem or own is None or not self.button.isEnabled():
            return
        old, new = self.old.text(), self.new.value

        def write(services: RecordsServices, context: TaskContext) -> OwnAccount:
            house, acting = services.house, services.acting
            if own.without_login:
                house.ask_for_password(acting, password=new)
            else:
                house.change_own_password(acting, old=old, new=new)
            return _read(services, context)

        self.button.setEnabled(False)
        self.start(self._session.write(write), self._on_password_changed)

    @Slot()
    def stop_asking(self) -> None:
        """Let the records open without a password on this computer."""
        present = self.present.text()
        missing = self.tr("Type the present password.")
        self.without.show_error("" if present else missing)
        if not present or not self.stop_button.isEnabled():
            return

        def write(services: RecordsServices, context: TaskContext) -> OwnAccount:
            services.house.stop_asking_for_password(services.acting, password=present)
            return _read(services, context)

        self.stop_button.setEnabled(False)
        handle = self._session.write(write)
        handle.succeeded.connect(self._on_asking_stopped)
        handle.failed.connect(self._on_not_stopped)
        handle.start()

    @Slot(object)
    def _on_asking_stopped(self, own: OwnAccount) -> None:
        if not self._session.is_open:
            return
        self._show(own)
        self._session.set_without_login(without=own.without_login)
        self.say(self.tr("The records open without a password from now on."))

    @Slot(object)
    def _on_not_stopped(self, error: Exception) -> None:
        self.without.show_error(sentence_of(error))
        self.stop_button.setEnabled(True)
        self.present.forget()
        self.present.setFocus()

    def show_failure(self, error: Exception) -> None:
        """Show why."""
        super().show_failure(error)
        self.button.setEnabled(True)

    @Slot(object)
    def _on_password_changed(self, own: OwnAccount) -> None:
        self.old.forget()
        self.new.forget()
        self._show(own)
        self._session.set_without_login(without=own.without_login)
        self.say(self.tr("The new password is in force."))

    def _give_signature(self, path: Path | None) -> None:
        own = self._own
        if own is None:
            return

        def write(services: RecordsServices, context: TaskContext) -> OwnAccount:
            services.house.set_signature(
                services.acting,
                own.account.id,
                None if path is None else read_picture(path),
                expected_version=own.account.version,
            )
            return _read(services, context)

        self.start(self._session.write(write), self._on_signature_kept)

    @Slot(object)
    def _on_signature_kept(self, own: OwnAccount) -> None:
        self._show(own)
        self.say(self.tr("The signature is kept."))

    @Slot(object)
    def _show(self, own: OwnAccount) -> None:
        self._own = own
        user = own.account.user
        roles = ", ".join(sorted(role.value for role in user.roles))
        self.who.setText(f"{user.shown_name} ({roles})")
        self.signature.show_picture(own.signature)
        self._old_row.setVisible(not own.without_login)
        self.form.title.say(
            self.tr("Ask for a password from now on")
            if own.without_login
            else self.tr("Another password")
        )
        name_button(
            self.button,
            self.tr("Ask for this password")
            if own.without_login
            else self.tr("Change the password"),
        )
        self.button.setEnabled(True)
        self.without.setVisible(own.alone and not own.without_login)
        self.present.forget()
        self.without.show_error("")
        self.stop_button.setEnabled(True)


def _read(services: RecordsServices, _: TaskContext) -> OwnAccount:
    account = services.house.own_account()
    signature = services.house.signature(account.id) or b""
    alone = False
    if account.user.may(Permission.ADMINISTER):
        everybody = services.house.list_users(services.acting)
        alone = sum(known.user.active for known in everybody) == 1
    return OwnAccount(account, signature, services.house.without_login(), alone)
