import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QNativeGestureEvent, QPointingDevice, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from retina_desktop.gui.viewer.camera import Camera, Size
from retina_desktop.gui.viewer.canvas import PhotographCanvas
from retina_desktop.gui.viewer.pyramid import build_pyramid
from retina_desktop.gui.viewer.state import Layer
from tests.gui.viewer.conftest import pixels_of


@pytest.fixture
def canvas(qtbot, retina):
    canvas = PhotographCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(400, 300)
    layer = Layer(build_pyramid(retina, Size(retina.shape[1], retina.shape[0])))
    canvas.camera_requested.connect(lambda camera: canvas.show_layer(layer, camera))
    canvas.show_layer(layer, Camera())
    canvas.show()
    qtbot.waitExposed(canvas)
    return canvas


def turn_wheel(canvas, position, angle):
    nowhere = QPoint()
    event = QWheelEvent(
        position,
        QPointF(canvas.mapToGlobal(position.toPoint())),
        nowhere,
        QPoint(0, angle),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


@pytest.mark.parametrize("angle", [120, -120, 15])
def test_the_wheel_keeps_the_point_under_the_cursor(canvas, angle):
    canvas.zoom_to(2.0)
    cursor = QPointF(290, 80)
    before, scale = canvas.image_point(cursor), canvas.placement().scale

    turn_wheel(canvas, cursor, angle)

    assert canvas.placement().scale == pytest.approx(scale * 2 ** (angle / 480))
    assert canvas.image_point(cursor) == pytest.approx(before, abs=1.01 / scale)


def test_pinching_zooms_about_the_fingers(canvas):
    canvas.zoom_to(2.0)
    place = QPointF(120, 200)
    before = canvas.image_point(place)
    pinch = QNativeGestureEvent(
        Qt.NativeGestureType.ZoomNativeGesture,
        QPointingDevice.primaryPointingDevice(),
        2,
        place,
        place,
        QPointF(canvas.mapToGlobal(place.toPoint())),
        0.25,
        QPointF(),
    )

    QApplication.sendEvent(canvas, pinch)

    assert canvas.placement().scale == pytest.approx(2.5)
    assert canvas.image_point(place) == pytest.approx(before, abs=0.6)


def test_dragging_takes_the_picture_along(canvas):
    canvas.zoom_to(1.0)
    before = canvas.image_point(QPointF(200, 150))

    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, 150))
    for step in range(1, 8):
        QTest.mouseMove(canvas, QPoint(200 + 5 * step, 150 - 3 * step))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(235, 129))

    assert canvas.image_point(QPointF(235, 129)) == before


@pytest.mark.parametrize(
    ("key", "dx", "dy"),
    [
        (Qt.Key.Key_Left, 40, 0),
        (Qt.Key.Key_Right, -40, 0),
        (Qt.Key.Key_Up, 0, 30),
        (Qt.Key.Key_Down, 0, -30),
    ],
)
def test_arrows_move_by_a_tenth_of_the_view(canvas, key, dx, dy):
    canvas.zoom_to(1.0)
    before = canvas.placement()

    QTest.keyClick(canvas, key)

    assert before.moved_by(canvas.placement()) == (dx, dy)


def test_shift_and_arrow_move_by_a_pixel_of_the_photograph(canvas):
    canvas.zoom_to(6.0)
    before = canvas.placement()

    QTest.keyClick(canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)

    assert before.moved_by(canvas.placement()) == (-6, 0)


def test_a_double_click_goes_to_1_to_1_there_and_back(canvas):
    place = QPoint(150, 120)
    before = canvas.image_point(QPointF(place))

    QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert canvas.placement().scale == 1.0
    assert canvas.image_point(QPointF(place)) == pytest.approx(before, abs=2.0)

    fitted = 300 / 706
    QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert canvas.placement().scale == pytest.approx(fitted, rel=0.01)


def test_a_fitted_photograph_stays_fitted_when_the_window_grows(qtbot, canvas):
    with qtbot.waitSignal(canvas.scale_changed) as told:
        canvas.resize(800, 600)

    assert canvas.placement().scale == pytest.approx(600 / 706, rel=0.01)
    assert told.args == [canvas.placement().scale]


def test_off_the_photograph_nothing_is_pointed_at(qtbot, canvas):
    with qtbot.waitSignal(canvas.pointed_at) as told:
        QTest.mouseMove(canvas, QPoint(3, 150))

    assert told.args == [None]


def test_without_a_photograph_gestures_are_harmless(qtbot):
    canvas = PhotographCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(200, 200)
    canvas.show_message("Drop a photograph")

    with qtbot.assertNotEmitted(canvas.camera_requested):
        turn_wheel(canvas, QPointF(50, 50), 120)
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
        QTest.mouseMove(canvas, QPoint(60, 60))
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(60, 60))
        QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(60, 60))
        QTest.keyClick(canvas, Qt.Key.Key_Left)

    assert len(np.unique(pixels_of(canvas).reshape(-1, 3), axis=0)) > 1  # the words


def test_leaving_ends_the_pointing(qtbot, canvas):
    with qtbot.waitSignal(canvas.pointed_at) as told:
        QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))

    assert told.args == [None]
