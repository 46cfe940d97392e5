"""Explains the heat: label, strength, colour scale with the threshold, and a warning."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen, QTransform
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from retina_desktop.gui.viewer.scene import SURROUND
from retina_desktop.gui.viewer.state import HeatCaption

LEGEND_CHARS = 17  # width in average characters of the user's font
_BAR_WIDTH = 22


class HeatLegend(QFrame):
    """Stands beside the photograph while heat is shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Legend of the heatmap"))
        self.label = QLabel(wordWrap=True)
        self.label.setAccessibleName(self.tr("Finding whose heatmap is shown"))
        bold = self.label.font()
        bold.setBold(True)
        self.label.setFont(bold)
        self.strength = QLabel(wordWrap=True)
        self.strength.setAccessibleName(self.tr("Strength of the finding"))
        self.scale = HeatScale()
        self.notice = QLabel(
            self.tr(
                "Heat shows where the evidence for this label lies; it is not a map of disease."
            ),
            wordWrap=True,
        )
        small = self.notice.font()
        small.setPointSizeF(small.pointSizeF() * 0.9)
        self.notice.setFont(small)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(10, 10, 10, 10)
        rows.setSpacing(6)
        rows.addWidget(self.label)
        rows.addWidget(self.strength)
        rows.addWidget(self.scale, 3)
        rows.addWidget(self.notice)
        rows.addStretch(1)
        self.setFixedWidth(self.fontMetrics().averageCharWidth() * LEGEND_CHARS + 44)

    def render_caption(self, caption: HeatCaption) -> None:
        """Name the finding."""
        self.label.setText(caption.label)
        self.strength.setText(caption.strength)
        self.strength.setVisible(bool(caption.strength))

    def render_scale(self, bar: QImage) -> None:
        """Show the palette `bar`, 256 x 1 pixels from 0 to 1."""
        self.scale.show_bar(bar)


class HeatScale(QWidget):
    """A vertical colour bar with ticks at 0, the threshold and 1."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bar = QImage()
        self._standing = QImage()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(96)
        self.setMaximumHeight(320)
        self.setAccessibleName(self.tr("Scale from 0 to 1, threshold at 0.5"))
        self.setToolTip(
            self.tr(
                "The hottest point shows how strong the finding is: "
                "0.5 is exactly at its threshold, more only where it is present."
            )
        )

    def show_bar(self, bar: QImage) -> None:
        """Show the palette, with its transparency over the viewer's surround."""
        if bar.cacheKey() != self._bar.cacheKey():
            self._bar = bar
            self._standing = bar.transformed(QTransform().rotate(-90))
            self.update()

    def sizeHint(self) -> QSize:
        """Room for three ticks and a readable gradient."""
        return QSize(110, 240)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bar and its ticks in the palette's text colour."""
        painter = QPainter(self)
        metrics = painter.fontMetrics()
        half = metrics.height() / 2
        bar = QRectF(0.5, half, _BAR_WIDTH, self.height() - 2 * half)
        painter.fillRect(bar, SURROUND)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(bar, self._standing)
        text = self.palette().windowText().color()
        painter.setPen(QPen(text, 1.0))
        painter.drawRect(bar)
        for value, words in (
            (1.0, "1"),
            (0.5, self.tr("0.5 threshold")),
            (0.0, "0"),
        ):
            y = bar.bottom() - value * bar.height()
            painter.drawLine(QPointF(bar.right(), y), QPointF(bar.right() + 6, y))
            if value == 0.5:
                painter.drawLine(QPointF(bar.left(), y), QPointF(bar.right(), y))
            place = QRectF(bar.right() + 10, y - half, self.width(), 2 * half)
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(place, flags, words)
