"""Fonts for names in every script that reports are printed in, whatever the system has."""

from pathlib import Path

from PySide6.QtGui import QFontDatabase, QFontInfo
from PySide6.QtWidgets import QApplication


def add_script_fonts(app: QApplication, folder: Path) -> None:
    """Have `app` draw what its own font lacks with the fonts in `folder`.

    The system's font stays the first choice. A folder without fonts changes nothing.
    """
    font = app.font()
    # A name such as "Sans Serif" is no family: left first, it would let an added one win.
    families = [QFontInfo(font).family()]
    for file in sorted(folder.glob("*.ttf"), key=_place):
        number = QFontDatabase.addApplicationFont(str(file))
        added = QFontDatabase.applicationFontFamilies(number)
        families += [name for name in added if name not in families]
    if len(families) > 1 and families != font.families():
        font.setFamilies(families)
        app.setFont(font)


def _place(file: Path) -> tuple[bool, str]:
    """Return the order: fonts of one script first, those of many (which draw it worse) last."""
    return not file.name.startswith("NotoSans"), file.name
