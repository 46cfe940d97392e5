"""A pane on real workers, and a real photograph to show in it."""

from collections.abc import Callable

import numpy as np
import pytest
import skimage.data
from PySide6.QtGui import QAction, QImage
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
