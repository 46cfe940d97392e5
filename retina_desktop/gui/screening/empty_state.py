"""What the window says before any photograph is open: how to begin."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.gui.wrapped_label import WrappedLabel

_STEPS = (
    "JPEG, PNG, TIFF, BMP, WebP and DICOM; one or many, or whole folders.",
    "Findings, image quality and advice on referral appear within seconds.",
    "Choose a finding to see where in the photograph its evidence lies.",
    "Nothing leaves this computer.",
)
_ICON = 72


class EmptyState(QWidget):
    """A page with the three ways to begin."""

    def __init__(
        self,
        theme: ThemeKeeper,
        *,
        open_action: QAction,
        sample_action: QAction,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("emptyState")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._icon = QLabel()
        title = WrappedLabel("emptyTitle")
        title.say(self.tr("Drop fundus photographs here, or press Ctrl+O"))
        title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        steps = WrappedLabel("emptyStep")
        steps.say("\n".join(self.tr(step) for step in _STEPS))
        steps.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.open_button = _button(open_action, self.tr("Open photographs…"), "primary")
        self.sample_button = _button(sample_action, self.tr("Try the sample"), "")
        buttons = QHBoxLayout()
        buttons.setSpacing(12)
        buttons.addStretch(1)
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.sample_button)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(40, 24, 40, 24)
        layout.setSpacing(18)
        layout.addStretch(2)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(title)
        layout.addLayout(buttons)
        layout.addWidget(steps)
        layout.addStretch(3)
        theme.changed.connect(self._tint)
        self._tint()

    def _tint(self) -> None:
        ratio = self.devicePixelRatioF()
        color = self._theme.colors.muted
        self._icon.setPixmap(
            self._theme.icons.pixmap("application", _ICON, ratio=ratio, color=color)
        )


def _button(action: QAction, text: str, name: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAccessibleName(text.rstrip("…"))
    button.setToolTip(action.toolTip())
    button.setIconSize(QSize(18, 18))
    button.setEnabled(action.isEnabled())
    button.clicked.connect(action.trigger)
    action.enabledChanged.connect(button.setEnabled)
    return button
