"""A small picture that can be chosen and taken away: a logo, a signature."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from retina_desktop.domain.errors import ImageUnreadableError
from retina_desktop.gui.file_dialogs import FileDialogs
from retina_desktop.gui.records.forms import named_button

_WIDTH, _HEIGHT = 180, 64
_LARGEST_BYTES = 20_000_000


class PictureField(QWidget):
    """Shows a PNG on white, as paper will; the file chosen is read by a worker."""

    chosen = Signal(object)  # Path
    removed = Signal()

    def __init__(self, what: str, dialogs: FileDialogs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dialogs = dialogs
        self._what = what
        self.picture = QLabel()
        self.picture.setObjectName("paper")
        self.picture.setFixedSize(_WIDTH, _HEIGHT)
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.choose_button = named_button(self.tr("Choose…"))
        self.choose_button.setAccessibleName(self.tr("Choose the {0}").format(what))
        self.remove_button = named_button(self.tr("Remove"))
        self.remove_button.setAccessibleName(self.tr("Remove the {0}").format(what))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.picture)
        layout.addWidget(self.choose_button)
        layout.addWidget(self.remove_button)
        layout.addStretch(1)
        self.choose_button.clicked.connect(self._choose)
        self.remove_button.clicked.connect(self.removed)
        self.show_picture(b"")

    def show_picture(self, png: bytes) -> None:
        """Show the picture, or that there is none."""
        pixmap = QPixmap()
        if png and pixmap.loadFromData(png, "PNG"):
            ratio = self.devicePixelRatioF()
            fitted = pixmap.scaled(
                round((_WIDTH - 8) * ratio),
                round((_HEIGHT - 8) * ratio),
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            fitted.setDevicePixelRatio(ratio)
            self.picture.setPixmap(fitted)
        else:
            self.picture.setText(self.tr("none"))
        self.picture.setAccessibleName(self._what if png else self.tr("none"))
        self.remove_button.setEnabled(bool(png))

    def _choose(self) -> None:
        path = self._dialogs.picture(self)
        if path is not None:
            self.chosen.emit(path)


def read_picture(path: Path) -> bytes:
    """Return the bytes of a small picture's file; called in a worker.

    Raises
    ------
    ImageUnreadableError
        If it cannot be read, or is no small picture.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise ImageUnreadableError("This file is too large for a logo or a signature.")
        return path.read_bytes()
    except OSError as error:
        raise ImageUnreadableError("This file cannot be read; choose another.") from error
