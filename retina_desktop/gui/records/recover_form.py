"""A forgotten password: the recovery key gives an administrator a new one."""

from PySide6.QtCore import QCoreApplication, Signal, Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from retina_desktop.domain.records_states import RecordsState
from retina_desktop.gui.records.forms import FormCard
from retina_desktop.gui.records.new_password import NewPassword
from retina_desktop.gui.records.session import SessionState
from retina_desktop.gui.theme import ThemeKeeper


class RecoverForm(FormCard):
    """Asks for the recovery key and a new password."""

    recover_requested = Signal(str, str, object)  # key, new password, name or None
    left = Signal()

    def __init__(self, theme: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(_tr("Password forgotten"), parent=parent)
        self.words.say(
            _tr(
                "An administrator can give everybody else a new password in the settings. An "
                "administrator's own is replaced here, with the recovery key that was printed "
                "when the records were set up."
            )
        )
        self.key, self.user_name = QLineEdit(), QLineEdit()
        self.add_field(_tr("Recovery key"), self.key)
        self._name_row = self.add_field(
            _tr("Administrator's name"),
            self.user_name,
            hint=_tr("May stay empty where there is one administrator."),
        )
        self.password = NewPassword(self, theme, name=self.user_name, words=_tr("New password"))
        self.back_button = self.add_button(_tr("Back"), first=True)
        self.button = self.add_button(_tr("Set the new password"), primary=True)
        self.back_button.clicked.connect(self.left)
        self.button.clicked.connect(self.submit)
        self.password.second.returnPressed.connect(self.submit)

    def render_state(self, state: SessionState) -> None:
        """Show that a worker is at it, or why it failed."""
        self._name_row.setVisible(state.records is RecordsState.LOGIN_NEEDED)
        self.button.setEnabled(not state.busy)
        self.show_error(state.error)

    @Slot()
    def submit(self) -> None:
        """Ask for the new password, or say what is missing."""
        problem = self.password.sentence()
        if not self.key.text().strip():
            problem = _tr("Type the recovery key, as it is printed.")
        self.show_error(problem)
        if problem or not self.button.isEnabled():
            return
        name = self.user_name.text().strip().lower() or None
        self.recover_requested.emit(self.key.text(), self.password.value, name)

    def forget(self) -> None:
        """Empty the fields."""
        self.key.clear()
        self.password.forget()


def _tr(text: str) -> str:
    return QCoreApplication.translate("RecoverForm", text)
