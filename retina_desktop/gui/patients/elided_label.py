"""A label of one line that ends with an ellipsis where it is long, and shows all in its tip."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStyleOption, QWidget

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class ElidedLabel(QLabel):
    """Plain text in any script; never wider than its place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def setText(self, text: str) -> None:
        """Show `text`."""
        super().setText(text)
        self.setAccessibleName(text)
        self.setToolTip(text)

    def minimumSizeHint(self) -> QSize:
        """Return one line of no width."""
        return QSize(0, self.sizeHint().height())

    def sizeHint(self) -> QSize:
        """Return one line, tall enough for every script."""
        return QSize(super().sizeHint().width(), round(self.fontMetrics().lineSpacing() * 1.15))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw what fits."""
        painter = QPainter(self)
        option = QStyleOption()
        option.initFrom(self)
        box: QRect = self.contentsRect()
        mode = Qt.TextElideMode.ElideRight
        shown = self.fontMetrics().elidedText(self.text(), mode, box.width())
        flags = _LEFT | Qt.AlignmentFlag.AlignAbsolute | Qt.TextFlag.TextSingleLine
        self.style().drawItemText(
            painter,
            box,
            int(flags),
            option.palette,
            self.isEnabled(),
            shown,
            self.foregroundRole(),
        )
        painter.end()
