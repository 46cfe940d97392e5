"""One viewport on a photograph: shows a layer, and turns gestures into cameras."""

import math

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGestureEvent, QPinchGesture, QSizePolicy, QWidget

from retina_desktop.gui.viewer.camera import (
    Camera,
    Placement,
    Size,
    next_stop,
    panned,
    place,
    zoomed,
)
from retina_desktop.gui.viewer.captions import paint_caption, paint_message
from retina_desktop.gui.viewer.scene import SURROUND, Scene, SceneView
from retina_desktop.gui.viewer.state import Layer

ZOOM_PER_NOTCH = 2.0**0.25  # of a mouse wheel: four notches double
PAN_SHARE = 0.1  # of the viewport, for an arrow key
SETTLE_MS = 90  # after the last movement of a gesture the picture is drawn finely

_ARROWS = {
    Qt.Key.Key_Left: (1, 0),
    Qt.Key.Key_Right: (-1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}
_TAB_REASONS = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


class PhotographCanvas(QWidget):
    """Shows what it is given; asks for another camera when the user moves or zooms.

    Every place in its signals is in image coordinates of the original photograph.
    """

    camera_requested = Signal(object)  # Camera
    pointed_at = Signal(object)  # tuple[float, float], or None off the photograph
    scale_changed = Signal(float)  # device pixels per image pixel

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layer: Layer | None = None
        self._camera = Camera()
        self._caption = self._message = ""
        self._mark: tuple[float, float] | None = None
        self._drag: tuple[QPointF, Camera] | None = None
        self._focus_by_key = False
        self._scene = Scene()
        self._settling = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settling.timeout.connect(self.update)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(96, 96)
        self.grabGesture(Qt.GestureType.PinchGesture)
        self.setAccessibleName(self.tr("Photograph"))

    # -- what is shown ---------------------------------------------------------------------

    def show_layer(self, layer: Layer, camera: Camera, *, caption: str = "") -> None:
        """Show `layer` from `camera`; `caption` stands in the corner."""
        retoned = self._layer is not None and layer.tone_table != self._layer.tone_table
        if camera.scale != self._camera.scale or retoned:
            self._settling.start()
        before = self._scale()
        self._layer, self._camera, self._caption, self._message = layer, camera, caption, ""
        self._announce(before)
        self.update()

    def show_message(self, message: str) -> None:
        """Show `message` and no photograph."""
        self._layer, self._message, self._drag = None, message, None
        self._scene = Scene()  # lets go of the last photograph's pixels
        self.update()

    def show_mark(self, point: tuple[float, float] | None) -> None:
        """Show a small cross at an image point: where the pointer is on the other canvas."""
        if point != self._mark:
            self._mark = point
            self.update()

    def placement(self) -> Placement | None:
        """Return where the photograph is on the screen, None without one."""
        if self._layer is None:
            return None
        return place(self._camera, self.viewport(), self._layer.picture.size)

    def viewport(self) -> Size:
        """Return the canvas' size in device pixels."""
        ratio = self.devicePixelRatioF()
        # no rounding up: a pixel that is only partly there cannot be exact
        return Size(
            max(1, math.floor(self.width() * ratio + 1e-6)),
            max(1, math.floor(self.height() * ratio + 1e-6)),
        )

    def image_point(self, position: QPointF) -> tuple[float, float] | None:
        """Return the image point at a place in the widget, None off the photograph."""
        placement = self.placement()
        if placement is None or self._layer is None:
            return None
        x, y = placement.to_image(*self._device(position))
        size = self._layer.picture.size
        return (x, y) if 0.0 <= x < size.width and 0.0 <= y < size.height else None

    def sizeHint(self) -> QSize:
        """Room for a photograph that can be judged."""
        return QSize(640, 520)

    # -- zoom and pan ----------------------------------------------------------------------

    def zoom_to(self, scale: float, anchor: QPointF | None = None) -> None:
        """Ask for `scale` device pixels per image pixel, about a place in the widget."""
        if self._layer is None:
            return
        self.camera_requested.emit(
            zoomed(
                self._camera,
                self.viewport(),
                self._layer.picture.size,
                scale=scale,
                anchor=None if anchor is None else self._device(anchor),
            )
        )

    def zoom_by(self, factor: float, anchor: QPointF | None = None) -> None:
        """Ask for `factor` times the scale."""
        self.zoom_to(self._scale() * factor, anchor)

    def zoom_one_stop(self, *, closer: bool) -> None:
        """Ask for the next usual magnification."""
        self.zoom_to(next_stop(self._scale(), closer=closer))

    def pan_by(self, dx: float, dy: float, *, start: Camera | None = None) -> None:
        """Ask for the picture to be moved by device pixels, from `start` or from here."""
        if self._layer is not None:
            size = self._layer.picture.size
            camera = panned(start or self._camera, self.viewport(), size, dx=dx, dy=dy)
            self.camera_requested.emit(camera)

    # -- events ----------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint in device pixels, aligned to the screen's even at 125 or 150 %."""
        painter = QPainter(self)
        placement = self.placement()
        ratio = self.devicePixelRatioF()
        if self._layer is None or ratio != int(ratio):  # else the scene covers everything
            painter.fillRect(self.rect(), SURROUND)
        if self._layer is not None and placement is not None:
            painter.save()
            painter.scale(1.0 / ratio, 1.0 / ratio)
            corner = painter.deviceTransform().map(QPointF(0.0, 0.0))
            painter.translate(_to_whole(corner.x()), _to_whole(corner.y()))
            moving = self._settling.isActive()
            view = SceneView(self.viewport(), placement, ratio, moving)
            self._scene.paint(painter, self._layer, view, mark=self._mark)
            painter.restore()
        if self._message:
            paint_message(painter, self, self._message, SURROUND)
        if self._caption and self._layer is not None:
            paint_caption(painter, self, self._caption, SURROUND)
        if self._focus_by_key and self.hasFocus():
            painter.setPen(QPen(self.palette().highlight(), 2.0))
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the middle of the view; a fitted photograph stays fitted."""
        self._settling.start()
        placement = self.placement()
        if placement is not None:
            self.scale_changed.emit(placement.scale)
        super().resizeEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the pointer, smoothly with wheels and pads that report small steps."""
        notches = event.angleDelta().y() / 120.0
        if notches and self._drag is None:
            self.zoom_by(ZOOM_PER_NOTCH**notches, event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to drag the photograph."""
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._drag = (event.position(), self._camera)
            if self._layer is not None:
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag, or tell what the pointer is on."""
        if self._drag is not None:
            origin, camera = self._drag
            moved = (event.position() - origin) * self.devicePixelRatioF()
            self.pan_by(moved.x(), moved.y(), start=camera)
        self.pointed_at.emit(self.image_point(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End dragging."""
        self._drag = None
        self.unsetCursor()
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Change between the whole photograph and 1:1 at the pointer."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if self._camera.scale is None:
            self.zoom_to(1.0, event.position())
        else:
            self._fit()

    def leaveEvent(self, event: QEvent) -> None:
        """Tell that the pointer is on nothing any more."""
        self.pointed_at.emit(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Pan with the arrows: a tenth of the view, with Shift one image pixel."""
        arrow = _ARROWS.get(Qt.Key(event.key()))
        others = event.modifiers() & ~(
            Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
        )
        if arrow is None or others or self._layer is None:
            super().keyPressEvent(event)
            return
        view = self.viewport()
        step_x, step_y = view.width * PAN_SHARE, view.height * PAN_SHARE
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            step_x = step_y = max(1.0, self._scale())
        self.pan_by(arrow[0] * step_x, arrow[1] * step_y)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the frame of the focus to those who use the keyboard."""
        self._focus_by_key = event.reason() in _TAB_REASONS
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the frame away."""
        super().focusOutEvent(event)
        self.update()

    def event(self, event: QEvent) -> bool:
        """Zoom with two fingers, on touch pads and touch screens."""
        if isinstance(event, QNativeGestureEvent):
            return self._native_gesture(event)
        if isinstance(event, QGestureEvent):
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture):
                place_on_screen = QPoint(round(pinch.hotSpot().x()), round(pinch.hotSpot().y()))
                self.zoom_by(pinch.scaleFactor(), QPointF(self.mapFromGlobal(place_on_screen)))
                event.accept()
                return True
        return super().event(event)

    # -- private ---------------------------------------------------------------------------

    def _native_gesture(self, event: QNativeGestureEvent) -> bool:
        if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_by(max(0.2, 1.0 + event.value()), event.position())
        elif event.gestureType() == Qt.NativeGestureType.SmartZoomNativeGesture:
            if self._camera.scale is None:
                self.zoom_to(1.0, event.position())
            else:
                self._fit()
        else:
            return super().event(event)
        return True

    def _fit(self) -> None:
        self.camera_requested.emit(Camera(quarter_turns=self._camera.quarter_turns))

    def _device(self, position: QPointF) -> tuple[float, float]:
        ratio = self.devicePixelRatioF()
        return position.x() * ratio, position.y() * ratio

    def _scale(self) -> float:
        placement = self.placement()
        return 1.0 if placement is None else placement.scale

    def _announce(self, before: float) -> None:
        now = self._scale()
        if now != before:
            self.scale_changed.emit(now)


def _to_whole(position: float) -> float:
    """Return the way to the nearest whole device pixel, halves up as Qt clips widgets."""
    return math.floor(position + 0.5) - position
