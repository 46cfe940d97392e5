"""The first run: who will work with the records, and what opens them."""

from PySide6.QtCore import QCoreApplication, Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QLineEdit, QRadioButton, QWidget

from retina_desktop.domain.record_errors import InvalidEntryError
from retina_desktop.domain.users import check_user_name
from retina_desktop.gui.records.forms import FormCard
from retina_desktop.gui.records.new_password import NewPassword
from retina_desktop.gui.records.port import NewRecords
from retina_desktop.gui.records.session import SessionState
from retina_desktop.gui.sentences import sentence_of
from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.gui.wrapped_label import WrappedLabel

_UNDER_THE_WORDS = 20  # logical pixels: where the words beside a round button begin
SEVERAL, ALONE, NO_PASSWORD = "several", "alone", "no password"
_KINDS = {
    SEVERAL: (
        "Several people, each with a login",
        "Everybody has a name and a password, and what each of them did is written down. You "
        "become the administrator and let the others in.",
    ),
    ALONE: (
        "One person, with a password",
        "Nobody else works here. The records open with your password.",
    ),
    NO_PASSWORD: (
        "One person, without a password",
        "Whoever can use this account of the computer can read the records. Copies and backups "
        "stay encrypted and open with the recovery key.",
    ),
}


class SetUpForm(FormCard):
    """Asks what `NewRecords` holds."""

    wanted = Signal(object)  # NewRecords

    def __init__(self, theme: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(_tr("Set up the clinic's records"), parent=parent)
        self.words.say(
            _tr(
                "Patients, photographs and findings are kept encrypted on this computer; "
                "nothing leaves it. Who will work with them?"
            )
        )
        self.kinds: dict[str, QRadioButton] = {}
        group = QButtonGroup(self)
        for kind, (words, meaning) in _KINDS.items():
            button = QRadioButton(_tr(words))
            button.setAccessibleName(_tr(words))
            button.setAccessibleDescription(_tr(meaning))
            button.setToolTip(_tr(words))
            small = WrappedLabel("muted")
            small.setIndent(_UNDER_THE_WORDS)
            small.say(_tr(meaning))
            group.addButton(button)
            self.fields.addWidget(button)
            self.fields.addWidget(small)
            button.toggled.connect(self._on_chosen)
            self.kinds[kind] = button
        self.full_name, self.user_name = QLineEdit(), QLineEdit()
        self.add_field(
            _tr("Your full name"), self.full_name, hint=_tr("As it is printed on reports.")
        )
        self._name_row = self.add_field(
            _tr("Your name for logging in"),
            self.user_name,
            hint=_tr("Small letters and digits, such as m.rao"),
        )
        self.password = NewPassword(self, theme, name=self.user_name)
        self.button = self.add_button(_tr("Set up"), primary=True)
        self.button.clicked.connect(self.submit)
        for field in (self.full_name, self.user_name, self.password.second):
            field.returnPressed.connect(self.submit)
        self.kinds[SEVERAL].setChecked(True)

    @property
    def kind(self) -> str:
        """Which of the three is chosen."""
        return next(kind for kind, button in self.kinds.items() if button.isChecked())

    def render_state(self, state: SessionState) -> None:
        """Show that a worker is at it, or why it failed."""
        self.button.setEnabled(not state.busy)
        self.button.setText(_tr("Setting up…") if state.busy else _tr("Set up"))
        self.show_error(state.error)

    @Slot()
    def submit(self) -> None:
        """Ask for the set-up, or say what is missing."""
        problem = self._problem()
        self.show_error(problem)
        if problem or not self.button.isEnabled():
            return
        several, without = self.kind == SEVERAL, self.kind == NO_PASSWORD
        self.wanted.emit(
            NewRecords(
                name=self._typed_name() if several else None,
                full_name=self.full_name.text().strip(),
                password=None if without else self.password.value,
            )
        )

    def forget(self) -> None:
        """Empty the passwords."""
        self.password.forget()

    def _problem(self) -> str:
        if not self.full_name.text().strip():
            return _tr("Type your full name, as it is to be printed on reports.")
        if self.kind == SEVERAL:
            try:
                check_user_name(self._typed_name())
            except InvalidEntryError as error:
                return sentence_of(error)
        return "" if self.kind == NO_PASSWORD else self.password.sentence()

    def _typed_name(self) -> str:
        return self.user_name.text().strip().lower()

    @Slot()
    def _on_chosen(self) -> None:
        if hasattr(self, "password"):
            self._name_row.setVisible(self.kind == SEVERAL)
            self.password.show(self.kind != NO_PASSWORD)


def _tr(text: str) -> str:
    return QCoreApplication.translate("SetUpForm", text)
