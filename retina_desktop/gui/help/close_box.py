"""The row of buttons under each dialog of the Help menu."""

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialog, QDialogButtonBox


def close_box(dialog: QDialog) -> QDialogButtonBox:
    """Return a row with one button, which closes `dialog`."""
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    close = box.button(QDialogButtonBox.StandardButton.Close)
    close.setIcon(QIcon())  # some desktops put one of their own here, black on dark
    close.setAccessibleName(dialog.tr("Close"))
    close.setToolTip(dialog.tr("Close this window (Esc)"))
    box.rejected.connect(dialog.reject)
    return box
