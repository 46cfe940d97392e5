"""Loss and validation over the epochs, drawn by pyqtgraph.

pyqtgraph is imported in a worker when the page is first shown (see `import_pyqtgraph`): that
takes a second or two, and only who trains needs it.
"""

import sys
import threading
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QHBoxLayout, QWidget

from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.gui.training.words import tr
from retina_desktop.services.tasks import TaskContext
from retina_desktop.services.training_runs_events import Course, Point

_LINE, _MARK = 2.0, 7  # logical pixels
_CHANCE, _MARGIN = 0.5, 0.05  # an AUROC's axis begins there, or a little below the least
_AXIS = 52  # room at the left, so that both plots begin at the same place


def import_pyqtgraph(_: TaskContext) -> None:
    """Import it, and keep its hands off the window's own handling of errors."""
    hooks = sys.excepthook, threading.excepthook
    import pyqtgraph  # noqa: F401 - for its effect: what comes later is quick

    sys.excepthook, threading.excepthook = hooks


class Curves(QWidget):
    """Two plots over the same epochs; their words are the accessible description."""

    def __init__(self, theme: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        from pyqtgraph import ScatterPlotItem

        self._theme = theme
        self._course = Course()
        self.setAccessibleName(tr("Curves of loss and validation"))
        self.loss, self._loss_line = _plot(tr("Training loss"))
        self.auroc, self._auroc_line = _plot(tr("Validation AUROC"))
        self._best = ScatterPlotItem(size=_MARK + 6, symbol="star")
        self.auroc.addItem(self._best)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.loss, 1)
        layout.addWidget(self.auroc, 1)
        theme.changed.connect(self._tint)
        self._tint()
        self.show_course(self._course)

    def show_course(self, course: Course) -> None:
        """Draw `course`."""
        self._course = course
        self._loss_line.setData(*_columns(course.loss))
        self._auroc_line.setData(*_columns(course.auroc))
        best = course.best
        self._best.setData(*_columns([best] if best else []))
        last = max(
            [1.0, *(points[-1].epochs for points in (course.loss, course.auroc) if points)]
        )
        for plot in (self.loss, self.auroc):
            plot.setXRange(0.0, last, padding=0.04)
        least = min([_CHANCE, *(point.value - _MARGIN for point in course.auroc)])
        self.auroc.setYRange(least, 1.0, padding=0.04)
        self.setAccessibleDescription(spoken(course))
        self.setToolTip(spoken(course))

    def _tint(self) -> None:
        colors = self._theme.colors
        for plot in (self.loss, self.auroc):
            plot.setBackground(colors.panel)
            plot.getPlotItem().titleLabel.setText(plot.accessibleName(), color=colors.text)
            for side in ("left", "bottom"):
                axis = plot.getAxis(side)
                axis.setPen(QPen(QColor(colors.muted)))
                axis.setTextPen(QPen(QColor(colors.text)))
                axis.setTickFont(self.font())
        self._loss_line.setPen(_pen(colors.accent))
        self._loss_line.setSymbolBrush(QColor(colors.accent))
        self._loss_line.setSymbolPen(QColor(colors.accent))
        self._auroc_line.setPen(_pen(colors.tier_none))
        self._auroc_line.setSymbolBrush(QColor(colors.tier_none))
        self._auroc_line.setSymbolPen(QColor(colors.panel))
        self._best.setBrush(QColor(colors.warning))
        self._best.setPen(QColor(colors.panel))


def spoken(course: Course) -> str:
    """Return in words what the curves show last."""
    said = []
    if course.loss:
        said.append(tr("Loss {0}").format(f"{course.loss[-1].value:.4f}"))
    if course.auroc:
        said.append(tr("validation AUROC {0}").format(f"{course.auroc[-1].value:.3f}"))
    if course.best is not None:
        best = course.best
        words = tr("best {0} after epoch {1}")
        said.append(words.format(f"{best.value:.3f}", f"{best.epochs:.0f}"))
    return ", ".join(said) or tr("No figures yet")


def _plot(title: str) -> tuple[Any, Any]:
    from pyqtgraph import PlotWidget

    plot = PlotWidget(title=title)
    plot.setAccessibleName(title)
    plot.setFrameShape(plot.Shape.NoFrame)
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    plot.setMenuEnabled(False)
    plot.setMouseEnabled(x=False, y=False)
    plot.hideButtons()
    plot.showGrid(x=False, y=True, alpha=0.15)
    plot.setLabel("bottom", tr("Epochs"))
    plot.getAxis("left").setWidth(_AXIS)
    for side in ("left", "bottom"):
        plot.getAxis(side).enableAutoSIPrefix(enable=False)
    plot.setLimits(xMin=-1.0)
    line = plot.plot([], [], antialias=True, symbol="o", symbolSize=_MARK)
    return plot, line


def _columns(points: Sequence[Point]) -> tuple[list[float], list[float]]:
    return [p.epochs for p in points], [p.value for p in points]


def _pen(color: str) -> QPen:
    pen = QPen(QColor(color), _LINE)
    pen.setCosmetic(True)
    return pen
