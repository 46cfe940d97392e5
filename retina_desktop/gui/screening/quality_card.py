"""Image quality: gradable or not, how good, and what the technician can do about it."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from retina_desktop.domain.quality import ImageQuality
from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.gui.wrapped_label import WrappedLabel


class QualityCard(QFrame):
    """Shows one `ImageQuality`."""

    def __init__(self, theme: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        name = QLabel(self.tr("Quality"))
        name.setObjectName("fieldName")
        self._verdict = QLabel()
        self._verdict.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
        self._bar = QualityBar(theme)
        self._score = QLabel()
        self._advice = WrappedLabel("advice")
        line = QHBoxLayout()
        line.setSpacing(10)
        line.addWidget(name)
        line.addWidget(self._verdict)
        line.addStretch(1)
        line.addWidget(self._bar)
        line.addWidget(self._score)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(4)
        layout.addLayout(line)
        layout.addWidget(self._advice)

    def show_quality(self, quality: ImageQuality) -> None:
        """Show verdict, score and advice."""
        verdict = self.tr("Gradable") if quality.gradable else self.tr("Not gradable")
        self._verdict.setText(verdict)
        score = f"{100 * quality.score:.0f} / 100"
        self._score.setText(score)
        self._bar.show_quality(quality)
        bullets = [reason.advice for reason in quality.reasons]
        bullet = "\u2022 " if len(bullets) > 1 else ""
        self._advice.say("\n".join(f"{bullet}{advice}" for advice in bullets))
        self.setAccessibleName(f"{verdict}, {score}. {' '.join(bullets)}")


class QualityBar(QWidget):
    """The score as a bar, in grey when not gradable (the words beside it say so too)."""

    def __init__(self, theme: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._quality: ImageQuality | None = None
        # the first to give way where there is little room: the number says the same
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMaximumWidth(self.sizeHint().width())
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Return a small bar."""
        return QSize(64, 8)

    def minimumSizeHint(self) -> QSize:
        """Return what still reads as a bar."""
        return QSize(16, 8)

    def show_quality(self, quality: ImageQuality) -> None:
        """Show `quality`'s score."""
        self._quality = quality
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw track and bar."""
        if self._quality is None:
            return
        colors = self._theme.colors
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        box = QRectF(self.rect())
        painter.setBrush(QColor(colors.track))
        painter.drawRoundedRect(box, 4, 4)
        box.setWidth(max(8.0, box.width() * self._quality.score))
        gradable = self._quality.gradable
        painter.setBrush(QColor(colors.accent if gradable else colors.absent))
        painter.drawRoundedRect(box, 4, 4)
        painter.end()
