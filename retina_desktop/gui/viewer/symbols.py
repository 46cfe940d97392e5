"""The viewer's icons: lines on a 24 x 24 grid, in the palette's own text colour."""

from collections.abc import Mapping

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

_SIDES = (16, 20)  # logical pixels: menus, bars
_LENS = "M10.5 4a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13z M15.4 15.4 20 20 M7.6 10.5h5.8"
_PATHS: Mapping[str, str] = {
    "fit": "M4 9V5.5A1.5 1.5 0 0 1 5.5 4H9 M15 4h3.5A1.5 1.5 0 0 1 20 5.5V9 M20 15v3.5a1.5 1.5"
    " 0 0 1-1.5 1.5H15 M9 20H5.5A1.5 1.5 0 0 1 4 18.5V15 M9 9h6v6H9z",
    "actual_size": "M5.5 8.3 8 6.5V17.5 M15.5 8.3 18 6.5V17.5 M12 10v.01 M12 14.500v.01",
    "zoom_in": _LENS + " M10.5 7.600v5.8",
    "zoom_out": _LENS,
    "rotate_right": "M19.5 12a7.5 7.5 0 1 1-2.2-5.3L19.5 8.5 M19.5 4v4.5H15",
    "rotate_left": "M4.5 12a7.5 7.5 0 1 0 2.2-5.3L4.5 8.5 M4.5 4v4.5H9",
    "full_screen": "M13.5 10.5 20 4 M14.5 4H20v5.5 M10.5 13.5 4 20 M9.5 20H4v-5.5",
    "side_by_side": "M5.5 5h13A1.5 1.5 0 0 1 20 6.5v11a1.5 1.5 0 0 1-1.5 1.500h-13A1.5"
    " 1.5 0 0 1 4 17.500v-11A1.5 1.5 0 0 1 5.5 5z M12 5v14",
    "heat": "M12.2 3.500c.6 3.2 5.3 5 5.3 10a5.5 5.5 0 0 1-11 0c0-2.1.9-3.5 2.1-4.6"
    ".2 1.5.8 2.3 1.6 2.700C9.9 8.6 10.7 5.7 12.2 3.500z",
    "contour": "M6.5 7.500c3-3.8 7.7-3.4 10.6-.4s3.3 7.7-.8 10-9 1.4-10.8-2-1.4-5 1-7.600z"
    " M12 10.200a2.2 2.2 0 1 0 0 4.400a2.2 2.2 0 0 0 0-4.400z",
    "tone": "M12 4a8 8 0 1 0 0 16a8 8 0 0 0 0-16z",
}
_FILLED: Mapping[str, str] = {"tone": "M12 4v16a8 8 0 0 0 0-16z"}


def has_symbol(name: str) -> bool:
    """Whether there is an icon of that name."""
    return name in _PATHS


def symbol_icon(name: str, palette: QPalette) -> QIcon:
    """Return icon `name`, sharp on every screen, in the palette's button text colours."""
    icon = QIcon()
    # Only what the screens can show: the first paint of the window waits for these.
    ratios = sorted({screen.devicePixelRatio() for screen in QGuiApplication.screens()})
    for mode, group in (
        (QIcon.Mode.Normal, QPalette.ColorGroup.Active),
        (QIcon.Mode.Disabled, QPalette.ColorGroup.Disabled),
    ):
        color = palette.color(group, QPalette.ColorRole.ButtonText)
        renderer = QSvgRenderer(QByteArray(_svg(name, color)))
        for side in _SIDES:
            for ratio in ratios:
                device = round(side * ratio)
                pixmap = QPixmap(device, device)
                pixmap.fill(Qt.GlobalColor.transparent)
                painter = QPainter(pixmap)
                renderer.render(painter, QRectF(0, 0, device, device))
                painter.end()
                pixmap.setDevicePixelRatio(ratio)
                icon.addPixmap(pixmap, mode)
    return icon


def _svg(name: str, color: QColor) -> bytes:
    body = f'<path d="{_PATHS[name]}"/>'
    if name in _FILLED:
        body += f'<path d="{_FILLED[name]}" fill="{color.name()}" stroke="none"/>'
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none"'
        f' stroke="{color.name()}" stroke-width="1.75" stroke-linecap="round"'
        f' stroke-linejoin="round">{body}</svg>'
    ).encode("ascii")
