"""Logging in, unlocking, and waiting after too many wrong passwords."""

from enum import StrEnum

from PySide6.QtCore import QCoreApplication, QTimer, Signal, Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from retina_desktop.domain.records_states import RecordsState
from retina_desktop.gui.records.forms import FormCard, PasswordField
from retina_desktop.gui.records.session import Access, SessionState
from retina_desktop.gui.theme import ThemeKeeper


class LoginKind(StrEnum):
    """What is asked for."""

    NAME_AND_PASSWORD = "name and password"
    PASSWORD = "password"
    UNLOCK = "unlock"


class LoginForm(FormCard):
    """A name where one is needed, and a password."""

    log_in_requested = Signal(object, str)  # the name or None, the password
    unlock_requested = Signal(str)
    forgotten = Signal()

    def __init__(self, theme: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self.user_name, self.password = QLineEdit(), PasswordField(theme)
        self._name_row = self.add_field(_tr("Name"), self.user_name)
        self.add_field(_tr("Password"), self.password)
        self.forgotten_button = self.add_button(_tr("Password forgotten…"), first=True)
        self.other_button = self.add_button(_tr("Somebody else…"))
        self.button = self.add_button("", primary=True)
        self._kind = LoginKind.NAME_AND_PASSWORD
        self._other = False  # somebody else wants in while the window is locked
        self._state = SessionState()
        self._left_s = 0
        self._clock = QTimer(self)
        self._clock.setInterval(1000)
        self._clock.timeout.connect(self._tick)
        self.button.clicked.connect(self.submit)
        self.password.returnPressed.connect(self.submit)
        self.user_name.returnPressed.connect(self.password.setFocus)
        self.forgotten_button.clicked.connect(self.forgotten)
        self.other_button.clicked.connect(self._on_other)

    @property
    def kind(self) -> LoginKind:
        """What is asked for now."""
        return self._kind

    @property
    def seconds_left(self) -> int:
        """How long no password is looked at."""
        return self._left_s

    def render_state(self, state: SessionState) -> None:
        """Ask for what `state` needs; a wait counts down by itself."""
        if state.access is not Access.LOCKED:
            self._other = False
        if state.wait_s and state != self._state:
            self._left_s = state.wait_s
            self._clock.start()
        if state.error and state != self._state:
            self.password.forget()
            self.password.setFocus()
        self._state = state
        self._show()

    def forget(self) -> None:
        """Empty the fields."""
        self.user_name.clear()
        self.password.forget()
        self._other = False

    def show_notice(self, sentence: str) -> None:
        """Say what was done, above the fields."""
        self.words.say(sentence)

    @Slot()
    def submit(self) -> None:
        """Log in or unlock."""
        if not self.button.isEnabled() or not self.password.text():
            return
        password = self.password.text()
        if self._kind is LoginKind.UNLOCK:
            self.unlock_requested.emit(password)
        elif self._kind is LoginKind.PASSWORD:
            self.log_in_requested.emit(None, password)
        else:
            self.log_in_requested.emit(self.user_name.text(), password)

    def take_focus(self) -> None:
        """Put the keyboard where the typing begins."""
        by_name = self._kind is LoginKind.NAME_AND_PASSWORD and not self.user_name.text()
        (self.user_name if by_name else self.password).setFocus()

    @Slot()
    def _on_other(self) -> None:
        self._other = not self._other
        self.password.forget()
        self.show_error("")
        self._show()
        self.take_focus()

    @Slot()
    def _tick(self) -> None:
        self._left_s = max(0, self._left_s - 1)
        if not self._left_s:
            self._clock.stop()
        self._show()

    def _show(self) -> None:
        self._kind = _kind_of(self._state, other=self._other)
        unlocking = self._kind is LoginKind.UNLOCK
        self.title.say(_tr("Locked") if unlocking else _tr("Log in"))
        if unlocking and self._state.user is not None:
            name = self._state.user.shown_name
            words = _tr("{0} is logged in. What was begun goes on.").format(name)
            self.words.say(words)
        elif self._state.access is Access.LOCKED:
            self.words.say(_tr("Whoever logs in now closes the records of who locked."))
        self._name_row.setVisible(self._kind is LoginKind.NAME_AND_PASSWORD)
        self.forgotten_button.setVisible(not unlocking)
        several = self._state.records is not RecordsState.PASSWORD_NEEDED
        self.other_button.setVisible(self._state.access is Access.LOCKED and several)
        self.other_button.setText(_tr("Back") if self._other else _tr("Somebody else…"))
        self.button.setText(_tr("Unlock") if unlocking else _tr("Log in"))
        self.button.setAccessibleName(self.button.text())
        self.button.setToolTip(self.button.text())
        self.button.setEnabled(not self._state.busy and not self._left_s)
        self.show_error(_waiting(self._left_s) if self._left_s else self._shown_error())

    def _shown_error(self) -> str:
        return "" if self._state.wait_s else self._state.error


def _kind_of(state: SessionState, *, other: bool) -> LoginKind:
    if state.access is Access.LOCKED and not other:
        return LoginKind.UNLOCK
    if state.records is RecordsState.PASSWORD_NEEDED:
        return LoginKind.PASSWORD
    return LoginKind.NAME_AND_PASSWORD


def _waiting(seconds: int) -> str:
    text = _tr("Too many wrong passwords: wait {0}, then try again.")
    minutes, rest = divmod(seconds, 60)
    return text.format(f"{minutes}:{rest:02}")


def _tr(text: str) -> str:
    return QCoreApplication.translate("LoginForm", text)
