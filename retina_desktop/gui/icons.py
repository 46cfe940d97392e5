"""Our own icons, drawn in one colour that follows the theme.

Every file in ``resources/icons`` draws with ``currentColor``. Qt's renderer would paint that
black; so the colour is put into the text before it is rendered, for normal and disabled.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

_SIZES = (16, 20)  # logical pixels: menus and small buttons, the tool bar


@dataclass(frozen=True)
class IconSet:
    """The icons in `folder`, tinted."""

    folder: Path
    color: str  # "#rrggbb"
    disabled_color: str

    def icon(self, name: str) -> QIcon:
        """Return icon `name`, sharp on every screen; an unknown name is a bug (KeyError)."""
        cached = self._icons.get(name)
        if cached is not None:
            return cached
        icon = QIcon()
        for mode, color in (
            (QIcon.Mode.Normal, self.color),
            (QIcon.Mode.Disabled, self.disabled_color),
        ):
            renderer = QSvgRenderer(QByteArray(self._svg(name, color)))
            for side in _SIZES:
                for ratio in self._ratios:
                    icon.addPixmap(_rendered(renderer, side, ratio), mode)
        self._icons[name] = icon
        return icon

    def pixmap(self, name: str, side: int, *, ratio: float, color: str = "") -> QPixmap:
        """Return icon `name` as a picture of `side` logical pixels, in `color` if given."""
        renderer = QSvgRenderer(QByteArray(self._svg(name, color or self.color)))
        return _rendered(renderer, side, ratio)

    @cached_property
    def _ratios(self) -> list[float]:
        """Device pixels per logical pixel of the screens there are; others cost time."""
        return sorted({screen.devicePixelRatio() for screen in QGuiApplication.screens()})

    @cached_property
    def _icons(self) -> dict[str, QIcon]:
        return {}

    def _svg(self, name: str, color: str) -> bytes:
        path = self.folder / f"{name}.svg"
        if not path.is_file():
            raise KeyError(name)
        return path.read_bytes().replace(b"currentColor", color.encode("ascii"))


def _rendered(renderer: QSvgRenderer, side: int, ratio: float) -> QPixmap:
    device = round(side * ratio)
    pixmap = QPixmap(QSize(device, device))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, device, device))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap
