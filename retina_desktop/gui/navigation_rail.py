"""The rail at the left of the window: one button per page, and who is logged in."""

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QAction, QFontMetrics
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from retina_desktop.gui.pages import PageId
from retina_desktop.gui.theme import ThemeKeeper

WIDTH = 68  # logical pixels at the usual text size; wider where the words need it
_ICON = 20
_BESIDE_WORDS = 10  # the mark at the left, and room for the bolder letters of the checked one
_ICONS = {
    PageId.SCREENING: "eye",
    PageId.WORKLIST: "worklist",
    PageId.PATIENTS: "patients",
    PageId.TRAINING: "training",
}
_AT_THE_FOOT = (PageId.TRAINING,)  # not for every day


class NavigationRail(QWidget):
    """Triggers the window's actions; the checked one is the page on screen."""

    def __init__(
        self,
        theme: ThemeKeeper,
        actions: Mapping[str, QAction],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setObjectName("navigationRail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.page_buttons = {
            PageId.SCREENING: _button(actions["page_screening"], self.tr("Screening")),
            PageId.WORKLIST: _button(actions["page_worklist"], self.tr("Worklist")),
            PageId.PATIENTS: _button(actions["page_patients"], self.tr("Patients")),
            PageId.TRAINING: _button(actions["page_training"], self.tr("Training")),
        }
        self.user_button = _button(actions["lock"], self.tr("Lock"), triggers=False)
        self.user_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.user_button)
        menu.addActions([actions["lock"], actions["log_out"]])
        self.user_button.setMenu(menu)
        self.settings_button = _button(actions["settings"], self.tr("Settings"))
        for button in self._buttons():
            button.ensurePolished()  # the style sheet's letters are to be measured
        longest = max(
            button.fontMetrics().horizontalAdvance(button.text()) for button in self._buttons()
        )
        self.setFixedWidth(max(WIDTH, longest + _BESIDE_WORDS))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 6)
        layout.setSpacing(2)
        for page in _ICONS:
            if page not in _AT_THE_FOOT:
                layout.addWidget(self.page_buttons[page])
        layout.addStretch(1)
        for page in _AT_THE_FOOT:
            layout.addWidget(self.page_buttons[page])
        layout.addWidget(self.user_button)
        layout.addWidget(self.settings_button)
        self.show_user("")
        theme.changed.connect(self._tint)
        self._tint()

    def show_page(self, page: PageId) -> None:
        """Mark `page`; a page without a button of its own marks where its patients are."""
        shown = page if page in self.page_buttons else PageId.PATIENTS
        for known, button in self.page_buttons.items():
            button.setChecked(known is shown)

    def show_user(self, name: str) -> None:
        """Show who is logged in; "" when nobody is."""
        self.user_button.setVisible(bool(name))
        room = self.width() - _BESIDE_WORDS
        lines = two_lines(name, self.user_button.fontMetrics(), room)
        self.user_button.setText(lines.replace("&", "&&"))  # no mnemonic
        self.user_button.setAccessibleName(self.tr("Logged in: {0}").format(name))
        self.user_button.setToolTip(
            self.tr("{0} is logged in. Lock the window, or log out.").format(name)
        )

    @Slot()
    def _tint(self) -> None:
        icons = self._theme.icons
        for page, name in _ICONS.items():
            self.page_buttons[page].setIcon(icons.icon(name))
        self.user_button.setIcon(icons.icon("user"))
        self.settings_button.setIcon(icons.icon("settings"))

    def _buttons(self) -> list[QToolButton]:
        return [*self.page_buttons.values(), self.user_button, self.settings_button]


def two_lines(name: str, metrics: QFontMetrics, room: int) -> str:
    """Return `name` on as many lines as it needs, two at most, each not wider than `room`.

    It is parted between words, and each line ends with an ellipsis where it is still too long.
    """
    words = name.split()
    first = words[:1]
    for word in words[1:]:
        if metrics.horizontalAdvance(" ".join([*first, word])) > room:
            break
        first.append(word)
    lines = [" ".join(first), " ".join(words[len(first) :])]
    elide = Qt.TextElideMode.ElideRight
    return "\n".join(
        metrics.elidedText(line, elide, room).replace(" …", "…") for line in lines if line
    )


def _button(action: QAction, words: str, *, triggers: bool = True) -> QToolButton:
    button = QToolButton()
    button.setObjectName("railButton")
    button.setText(words)
    button.setAccessibleName(words)
    button.setToolTip(action.toolTip())
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
    button.setIconSize(QSize(_ICON, _ICON))
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    if triggers:
        button.setCheckable(action.isCheckable())
        button.clicked.connect(action.trigger)
        action.enabledChanged.connect(button.setEnabled)
    return button
