"""A pane on real workers, and a real photograph to show in it."""

from collections.abc import Callable

import numpy as np
import pytest
import skimage.data
from PySide6.QtGui import QAction, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from retina_desktop.domain.images import RgbImage
from retina_desktop.gui.viewer.view import ViewerPane

OFFSCREEN_COMPLAINS = "propagateSizeHints"  # of Qt's own offscreen platform, on every window


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/gui/viewer" in item.path.as_posix():
            item.add_marker(pytest.mark.qt_log_ignore(OFFSCREEN_COMPLAINS))


@pytest.fixture(scope="session")
def retina() -> RgbImage:
    return np.ascontiguousarray(skimage.data.retina()[::2, ::2])


@pytest.fixture
def pane(qtbot):
    pane = ViewerPane()
    qtbot.addWidget(pane)
    pane.resize(760, 560)
    pane.show()
    qtbot.waitExposed(pane)
    yield pane
    assert pane.shut_down()


@pytest.fixture
def show(qtbot, pane) -> Callable[..., None]:
    """Show pixels (and heat), and wait until the workers have everything ready."""

    def _show(pixels, heat=None, *, label="Diabetic retinopathy", strength=""):
        height, width = pixels.shape[:2]
        pane.show_photograph(pixels, width=width, height=height)
        pane.set_heatmap(heat, label=label, strength=strength)
        qtbot.waitUntil(lambda: pane.view_model.state.main is not None)
        qtbot.waitUntil(lambda: pane.view_model.state.has_heat == (heat is not None))
        QApplication.processEvents()

    return _show


@pytest.fixture
def act(pane) -> Callable[[str], QAction]:
    return lambda name: next(
        a for a in pane.actions_table() if a.objectName() == f"viewer.{name}"
    )


def pixels_of(widget: QWidget) -> RgbImage:
    """Return what `widget` paints, in device pixels."""
    return array_of(widget.grab().toImage())


def array_of(image: QImage) -> RgbImage:
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return flat[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def seen_part(canvas, pixels):
    """Return what the canvas shows and the pixels that belong there, at 1:1."""
    placement, view = canvas.placement(), canvas.viewport()
    assert placement.scale == 1.0
    expected = pixels[
        max(0, -placement.top) : view.height - placement.top,
        max(0, -placement.left) : view.width - placement.left,
    ]
    top, left = max(0, placement.top), max(0, placement.left)
    seen = pixels_of(canvas)[top : top + expected.shape[0], left : left + expected.shape[1]]
    assert seen.shape == expected.shape
    assert seen.size > 90_000
    return seen, expected


def ready(qtbot, pane):
    qtbot.waitUntil(lambda: not pane.view_model.state.waiting)


def choose(combo, index):
    """Choose as the user does."""
    combo.setCurrentIndex(index)
    combo.activated.emit(index)


def press(pane, key):
    """Press a key in the pane's window."""
    pane.activateWindow()
    pane.setFocus()
    QTest.keyClick(pane.canvas, key)
