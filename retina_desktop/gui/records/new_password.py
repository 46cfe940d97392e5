"""A new password: typed twice, with a hint on its strength."""

from PySide6.QtCore import QCoreApplication, Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from retina_desktop.domain.users import SHORTEST_PASSWORD
from retina_desktop.gui.records.forms import FormCard, PasswordField
from retina_desktop.gui.records.password_strength import Strength, strength_of
from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.gui.wrapped_label import WrappedLabel


class NewPassword:
    """Two fields and a hint in a form; `sentence` says what is the matter with them."""

    def __init__(
        self,
        form: FormCard,
        theme: ThemeKeeper,
        *,
        name: QLineEdit | None,
        words: str = "",
    ) -> None:
        self._name = name
        self.first, self.second = PasswordField(theme), PasswordField(theme)
        self.hint = WrappedLabel("muted")
        self._rows: list[QWidget] = [
            form.add_field(words or _tr("Password"), self.first),
            form.add_field(_tr("The same password again"), self.second),
            self.hint,
        ]
        form.fields.addWidget(self.hint)
        for field in (self.first, self.second):
            field.textChanged.connect(self._show_hint)
        self._show_hint()

    @property
    def value(self) -> str:
        """The password, as far as it is typed."""
        return self.first.text()

    def sentence(self) -> str:
        """Return why this password will not do, "" when it will."""
        if len(self.value) < SHORTEST_PASSWORD:
            return _tr("The password needs at least {0} characters.").format(SHORTEST_PASSWORD)
        if self.second.text() != self.value:
            return _tr("The two passwords differ; type the same twice.")
        return ""

    def show(self, shown: bool) -> None:
        """Show or hide all of it."""
        for row in self._rows:
            row.setVisible(shown)

    def forget(self) -> None:
        """Empty both fields."""
        self.first.forget()
        self.second.forget()

    @Slot()
    def _show_hint(self) -> None:
        name = self._name.text() if self._name is not None else ""
        strength = strength_of(self.value, user_name=name)
        words = _tr(_HINTS[strength])
        if self.second.text() and not self.value.startswith(self.second.text()):
            words = _tr("The two passwords differ.")
        self.hint.setText(words)
        self.hint.setAccessibleName(words)


_HINTS = {
    Strength.NOTHING: "Several words that only you would put together are easy to remember.",
    Strength.TOO_SHORT: "Too short: at least eight characters.",
    Strength.WEAK: "Weak: a longer one lasts longer; take several words.",
    Strength.GOOD: "Good.",
    Strength.STRONG: "Strong.",
}


def _tr(text: str) -> str:
    return QCoreApplication.translate("NewPassword", text)
