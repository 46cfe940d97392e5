"""What stands before the records, and over everything while the window is locked."""

from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.domain.records_states import RecordsState
from retina_desktop.gui.file_dialogs import FileDialogs
from retina_desktop.gui.records.forms import FormCard
from retina_desktop.gui.records.login_form import LoginForm
from retina_desktop.gui.records.port import NewRecords
from retina_desktop.gui.records.recover_form import RecoverForm
from retina_desktop.gui.records.recovery_key_form import RecoveryKeyForm, file_name
from retina_desktop.gui.records.session import Access, RecordsSession, SessionState
from retina_desktop.gui.records.set_up_form import SetUpForm
from retina_desktop.gui.sentences import in_own_words, sentence_of
from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.services.tasks import TaskContext
from retina_desktop.services.whole_files import write_whole

_CARD_WIDTH = 560


class DoorPage(QWidget):
    """Shows one form at a time: what the session's state asks for."""

    def __init__(
        self,
        theme: ThemeKeeper,
        session: RecordsSession,
        dialogs: FileDialogs,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("doorPage")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session = session
        self._dialogs = dialogs
        self._wanted: NewRecords | None = None  # set up, to be opened once the key is kept
        self._forgotten = False
        self.waiting = FormCard(_tr("Opening the records…"))
        self.damaged = FormCard(_tr("The records cannot be opened"))
        self.set_up, self.key = SetUpForm(theme), RecoveryKeyForm()
        self.login, self.recover = LoginForm(theme), RecoverForm(theme)
        self._forms = _Forms(
            [self.waiting, self.damaged, self.set_up, self.key, self.login, self.recover]
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._forms)
        self._connect()
        self.render_state(session.state)

    @property
    def shown(self) -> FormCard:
        """The form on screen."""
        return self._forms.shown

    @Slot(object)
    def render_state(self, state: SessionState) -> None:
        """Show the form that `state` asks for."""
        if state.access is Access.OPEN:
            self._forget()
        for part in (self.set_up, self.login, self.recover):
            part.render_state(state)
        form = self._form_of(state)
        if form is self.damaged and state.records is not None:
            self.damaged.words.say(state.error or in_own_words(state.records.sentence))
        if self._forms.show_form(form):
            self._take_focus()

    def showEvent(self, event: QShowEvent) -> None:
        """Put the keyboard where the typing begins."""
        super().showEvent(event)
        self._take_focus()

    def _form_of(self, state: SessionState) -> FormCard:
        if self.key.key.text():
            return self.key
        if state.access is Access.LOCKED:
            return self.recover if self._forgotten else self.login
        match state.records:
            case None:
                return self.waiting
            case RecordsState.NOT_SET_UP | RecordsState.SET_UP_UNFINISHED:
                return self.set_up
            case records if records.is_damaged:
                return self.damaged
            case RecordsState.OPEN_WITHOUT_LOGIN:
                return self.damaged if state.error else self.waiting
            case _:
                return self.recover if self._forgotten else self.login

    def _connect(self) -> None:
        session = self._session
        session.state_changed.connect(self.render_state)
        session.set_up.connect(self._on_set_up)
        session.recovered.connect(self._on_recovered)
        self.set_up.wanted.connect(self._make)
        self.key.kept.connect(self._on_kept)
        self.key.save_requested.connect(self._save_key)
        self.login.log_in_requested.connect(session.open)
        self.login.unlock_requested.connect(session.unlock)
        self.login.forgotten.connect(self._on_forgotten)
        self.recover.left.connect(self._on_left)
        self.recover.recover_requested.connect(session.recover)
        again = self.damaged.add_button(_tr("Look again"), primary=True)
        again.clicked.connect(session.look)

    # -- set-up ----------------------------------------------------------------------------

    @Slot(object)
    def _make(self, wanted: NewRecords) -> None:
        self._wanted = wanted
        self._session.make_records(wanted)

    @Slot(str)
    def _on_set_up(self, recovery_key: str) -> None:
        self.set_up.forget()
        self.key.show_key(recovery_key)
        self.render_state(self._session.state)

    @Slot()
    def _on_kept(self) -> None:
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            self._session.open(wanted.name, wanted.password)
        self.render_state(self._session.state)

    @Slot(str)
    def _save_key(self, text: str) -> None:
        target = self._dialogs.text_target(self, file_name())
        if target is None:
            return

        def save(_: TaskContext, path: Path = target) -> None:
            write_whole(path, text.encode())

        handle = self._session.aside(save)
        handle.failed.connect(self._on_not_saved)
        handle.start()

    @Slot(object)
    def _on_not_saved(self, error: Exception) -> None:
        self.key.show_error(sentence_of(error))

    # -- a forgotten password --------------------------------------------------------------

    @Slot()
    def _on_forgotten(self) -> None:
        self._forgotten = True
        self._session.forget_error()
        self.render_state(self._session.state)

    @Slot()
    def _on_left(self) -> None:
        self._forgotten = False
        self._session.forget_error()
        self.recover.forget()
        self.render_state(self._session.state)

    @Slot(str)
    def _on_recovered(self, name: str) -> None:
        self._on_left()
        self.login.user_name.setText(name)
        self.login.show_notice(_tr("The new password is in force; log in with it."))

    def _take_focus(self) -> None:
        if self.shown is self.login:
            self.login.take_focus()
        elif self.shown is self.set_up:
            self.set_up.full_name.setFocus()
        elif self.shown is self.recover:
            self.recover.key.setFocus()

    def _forget(self) -> None:
        self._forgotten = False
        self.login.show_notice("")
        for form in (self.set_up, self.login, self.recover):
            form.forget()


class _Forms(QScrollArea):
    """One card in the middle, scrolled where the window is too small for it."""

    def __init__(self, forms: list[FormCard]) -> None:
        super().__init__()
        self.setObjectName("bare")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        across = QHBoxLayout(inside)
        column = QVBoxLayout()
        column.addStretch(1)
        for form in forms:
            form.setMaximumWidth(_CARD_WIDTH)
            form.setMinimumWidth(_CARD_WIDTH)
            form.hide()
            column.addWidget(form)
        column.addStretch(2)
        across.addStretch(1)
        across.addLayout(column)
        across.addStretch(1)
        self.setWidget(inside)
        self.shown = forms[0]
        self.shown.show()

    def show_form(self, form: FormCard) -> bool:
        """Show `form` alone; False when it is there already."""
        if form is self.shown:
            return False
        self.shown.hide()
        self.shown = form
        form.show()
        self.verticalScrollBar().setValue(0)
        return True


def _tr(text: str) -> str:
    return QCoreApplication.translate("DoorPage", text)
