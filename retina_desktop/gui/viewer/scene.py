"""Paints one canvas: photograph, heat, contour and marks, all in device pixels."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from retina_desktop.gui.viewer.camera import Placement, Size
from retina_desktop.gui.viewer.layers import (
    ScrollBuffer,
    draw_heat,
    draw_photograph,
    image_to_device,
)
from retina_desktop.gui.viewer.state import Layer

# Neutral, so that it does not shift the perception of the fundus' reds; dark in both themes,
# so that the pupil stays wide and the photograph's black frame does not glare.
SURROUND = QColor(38, 38, 38)
DRAFT_FROM_PIXELS = 1_000_000  # above, a picture in motion is drawn without interpolation
_CONTOUR_WIDTH = 1.6  # logical pixels
_CROSS_ARM = 9.0


@dataclass(frozen=True, slots=True)
class SceneView:
    """From where the scene is seen."""

    viewport: Size
    placement: Placement
    pixel_ratio: float  # device pixels per logical pixel
    in_motion: bool = False


class Scene:
    """Paints layers, and keeps what it drew for the next frame."""

    def __init__(self) -> None:
        self._photograph = ScrollBuffer(QImage.Format.Format_RGB32)
        self._heat = ScrollBuffer(QImage.Format.Format_ARGB32_Premultiplied)

    def paint(
        self,
        painter: QPainter,
        layer: Layer,
        view: SceneView,
        *,
        mark: tuple[float, float] | None = None,
    ) -> None:
        """Paint everything; `painter` works in device pixels from the viewport's corner."""
        self._paint_photograph(painter, layer, view)
        if layer.heat is not None and layer.opacity > 0.0:
            self._paint_heat(painter, layer, view)
        if layer.contour and layer.heat is not None:
            _paint_contour(painter, layer, view)
        if mark is not None:
            _paint_mark(painter, mark, view)

    def _paint_photograph(self, painter: QPainter, layer: Layer, view: SceneView) -> None:
        smooth = not _is_draft(view)

        def draw(target: QImage, part: QRect) -> None:
            draw_photograph(
                target,
                part,
                layer.picture,
                view.placement,
                surround=SURROUND,
                smooth=smooth,
                tone_table=layer.tone_table,
            )

        key = (layer.picture, layer.tone_table, smooth)
        image = self._photograph.image(key, view.viewport, view.placement, draw)
        painter.drawImage(0, 0, image)

    def _paint_heat(self, painter: QPainter, layer: Layer, view: SceneView) -> None:
        heat = layer.heat
        if heat is None or heat.bounds.isEmpty():
            return
        smooth = not _is_draft(view)

        def draw(target: QImage, part: QRect) -> None:
            draw_heat(target, part, heat.image, heat.size, view.placement, smooth=smooth)

        image = self._heat.image((heat, smooth), view.viewport, view.placement, draw)
        warm = (
            image_to_device(view.placement).mapRect(heat.bounds).toAlignedRect() & image.rect()
        )
        painter.setOpacity(layer.opacity)
        painter.drawImage(warm.topLeft(), image, warm)
        painter.setOpacity(1.0)


def _is_draft(view: SceneView) -> bool:
    pixels = view.viewport.width * view.viewport.height
    return view.in_motion and pixels > DRAFT_FROM_PIXELS


def _paint_contour(painter: QPainter, layer: Layer, view: SceneView) -> None:
    if layer.heat is None or layer.heat.contour.isEmpty():
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    path = image_to_device(view.placement).map(layer.heat.contour)
    # light on dark: seen on any picture and palette, with any colour vision
    for colour, width in ((QColor(0, 0, 0, 170), 2.2), (QColor(255, 255, 255), 1.0)):
        painter.setPen(QPen(colour, _CONTOUR_WIDTH * width * view.pixel_ratio))
        painter.drawPath(path)
    painter.restore()


def _paint_mark(painter: QPainter, mark: tuple[float, float], view: SceneView) -> None:
    """Show where the pointer is on the other picture."""
    x, y = view.placement.to_device(*mark)
    arm = _CROSS_ARM * view.pixel_ratio
    painter.save()
    for colour, width in ((QColor(0, 0, 0, 170), 3.0), (QColor(255, 255, 255), 1.0)):
        pen = QPen(colour, width * view.pixel_ratio)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        for dx, dy in ((1.0, 0.0), (0.0, 1.0)):
            for side in (-1.0, 1.0):
                near, far = side * arm * 0.35, side * arm
                painter.drawLine(
                    QPointF(x + dx * near, y + dy * near), QPointF(x + dx * far, y + dy * far)
                )
    painter.restore()
