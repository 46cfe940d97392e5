"""Whose eye: what is in force, who said so, and two buttons for the user's own word."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QWidget,
)

from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.gui.wrapped_label import WrappedLabel

if TYPE_CHECKING:
    from retina_desktop.domain.images import LateralityAssessment

_SOURCES = {
    "user": "as you stated",
    "dicom": "stated in the file",
    "image": "suggested by the picture",
    "none": "not known: please state it",
}


class EyeRow(QFrame):
    """Shows one `LateralityAssessment`; "R", "L" or "" (withdrawn) is what the user says."""

    eye_stated = Signal(str)

    def __init__(self, theme: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._theme = theme
        name = QLabel(self.tr("Eye"))
        name.setObjectName("fieldName")
        self._source = WrappedLabel("muted")
        self._warning = WrappedLabel("warningText")
        self.right = self._segment("OD", self.tr("Right eye (OD)"))
        self.left = self._segment("OS", self.tr("Left eye (OS)"))
        self.withdraw = QToolButton()
        self.withdraw.setIconSize(QSize(16, 16))
        self.withdraw.setAccessibleName(self.tr("Withdraw my word on the eye"))
        self.withdraw.setToolTip(
            self.tr("Take the eye from the file or the picture (Ctrl+Alt+A)")
        )
        # Exclusive, so that a click never leaves both or, by itself, neither.
        self._segments = QButtonGroup(self)
        self._segments.addButton(self.right)
        self._segments.addButton(self.left)
        self.right.clicked.connect(lambda: self.eye_stated.emit("R"))
        self.left.clicked.connect(lambda: self.eye_stated.emit("L"))
        self.withdraw.clicked.connect(lambda: self.eye_stated.emit(""))
        self._lay_out(name)
        theme.changed.connect(self._tint)
        self._tint()

    def show_eye(self, eye: "LateralityAssessment") -> None:
        """Show the eye in force with its source, and the warning if there is one."""
        self._segments.setExclusive(False)
        value = eye.value.value if eye.value else ""
        self.right.setChecked(value == "R")
        self.left.setChecked(value == "L")
        self._segments.setExclusive(True)
        source = eye.source.value
        words = self.tr(_SOURCES[source])
        if source == "image":
            words += f", {100 * eye.confidence:.0f} %"
        self._source.say(words)
        self._warning.say(eye.warning)
        self.withdraw.setVisible(source == "user")
        shown = eye.value.shown if eye.value else self.tr("Eye not known")
        self.setAccessibleName(f"{shown}, {words}. {eye.warning}")

    def _segment(self, text: str, name: str) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName("segment")
        button.setCheckable(True)
        button.setAccessibleName(name)
        keys = "Ctrl+Alt+R" if text == "OD" else "Ctrl+Alt+L"
        button.setToolTip(f"{name}: {self.tr('your word wins')} ({keys})")
        return button

    def _lay_out(self, name: QLabel) -> None:
        segments = QHBoxLayout()
        segments.setSpacing(0)
        segments.addWidget(self.right)
        segments.addWidget(self.left)
        layout = QGridLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setHorizontalSpacing(10)
        layout.setVerticalSpacing(4)
        layout.setColumnStretch(2, 1)
        layout.addWidget(name, 0, 0)
        layout.addLayout(segments, 0, 1)
        layout.addWidget(self._source, 0, 2)
        layout.addWidget(self.withdraw, 0, 3)
        layout.addWidget(self._warning, 1, 0, 1, 4)

    def _tint(self) -> None:
        self.withdraw.setIcon(self._theme.icons.icon("eye_auto"))
