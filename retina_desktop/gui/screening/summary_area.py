"""Room for the cards above the findings: as high as they are, scrolled where space lacks."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget

_LEAST_HEIGHT = 120


class SummaryArea(QScrollArea):
    """Shows `content` whole if the layout has the room; wrapped text sets its height."""

    def __init__(self, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bare")
        self.setAccessibleName(self.tr("Summary"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        # else the area takes the content's least height at its narrowest, which is far too high
        content.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        self._content = content
        self.setWidget(content)

    def sizeHint(self) -> QSize:
        """Return the content's height at this width."""
        return QSize(0, self._content_height())

    def minimumSizeHint(self) -> QSize:
        """Return what leaves the findings some room in the smallest window."""
        return QSize(0, min(_LEAST_HEIGHT, self._content_height()))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ask for other room when the content changes."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Ask for other room when the text wraps anew."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.updateGeometry()

    def _content_height(self) -> int:
        content = self._content
        if content.hasHeightForWidth():
            return content.heightForWidth(self.viewport().width())
        return content.sizeHint().height()
