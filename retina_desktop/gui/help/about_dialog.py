"""What the program is, for what it may be used, and whose work it stands on."""

from PySide6.QtWidgets import QDialog, QLabel, QVBoxLayout, QWidget

from retina_desktop.gui.help.close_box import close_box
from retina_desktop.gui.status_line import RESEARCH_NOTICE
from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.gui.wrapped_label import WrappedLabel

_WIDTH = 520
_PURPOSE = (
    "Retina Desktop reads colour fundus photographs on this computer alone: image quality, "
    "findings with the place of their evidence, and advice on referral. Its answers support "
    "a trained reader and never replace one. A label that is not found may still be there; "
    "retinal detachment and arterial occlusion in particular cannot be relied on to be found."
)
_PARTS = (  # distribution, licence
    ("PySide6-Essentials", "Qt for Python, LGPL-3.0"),
    ("onnxruntime", "MIT"),
    ("opencv-python-headless", "Apache-2.0"),
    ("numpy", "BSD-3-Clause"),
    ("pillow", "MIT-CMU"),
    ("pydicom", "MIT"),
    ("pylibjpeg", "MIT"),
    ("pylibjpeg-openjpeg", "MIT"),
    ("pylibjpeg-rle", "MIT"),
    ("pydantic", "MIT"),
    ("typer", "MIT"),
    ("rich", "MIT"),
)


class AboutDialog(QDialog):
    """Version, purpose, licences."""

    def __init__(
        self, theme: ThemeKeeper, *, version: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("About Retina Desktop"))
        self.setFixedWidth(_WIDTH)
        icon = QLabel()
        icon.setPixmap(
            theme.icons.pixmap(
                "application", 56, ratio=self.devicePixelRatioF(), color=theme.colors.accent
            )
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.setSpacing(10)
        layout.addWidget(icon)
        for name, text in (
            ("emptyTitle", f"Retina Desktop {version}"),
            ("warningText", self.tr(RESEARCH_NOTICE)),
            ("purpose", self.tr(_PURPOSE)),
            ("muted", self.tr("Licence: Apache-2.0. It stands on the work of others:")),
            ("muted", "\n".join(_part(name, licence) for name, licence in _PARTS)),
        ):
            label = WrappedLabel(name)
            label.say(text)
            layout.addWidget(label)
        buttons = close_box(self)
        layout.addWidget(buttons)
        self.setFixedHeight(layout.heightForWidth(_WIDTH))


def _part(name: str, licence: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # slow to import

    try:
        return f"{name} {version(name)} ({licence})"
    except PackageNotFoundError:
        return f"{name} ({licence})"
