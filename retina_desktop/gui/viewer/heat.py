"""Turns a heatmap into what is laid over the photograph; for worker threads."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainterPath, QPolygonF

from retina_desktop.gui.viewer.camera import Size
from retina_desktop.gui.viewer.looks import Palette

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from retina_desktop.domain.heatmaps import Heatmap

THRESHOLD_HEAT = 0.5  # a finding exactly at its threshold, on the scale of domain.heatmaps
_LARGEST_SIDE = 1024  # evidence is smooth: more pixels show nothing more
_SMALLEST_SIDE = 512  # less would show the network's grid when the screen enlarges it


@dataclass(frozen=True, slots=True, eq=False)
class HeatPicture:
    """A heatmap coloured once; opacity is the painter's business.

    ``image`` and ``values`` (float32 in [0, 1], shape ``(h, w)``) cover the whole photograph of
    ``size``; ``bounds`` (image coordinates) holds all that is not transparent; ``contour``
    (image coordinates) runs where the heat is `THRESHOLD_HEAT`. ``scale_bar`` is the palette
    as 256 x 1 pixels from 0 to 1, with the overlay's own transparency.
    """

    image: QImage = field(repr=False)
    values: "Heatmap" = field(repr=False)
    size: Size
    bounds: QRectF
    contour: QPainterPath = field(repr=False)
    scale_bar: QImage = field(repr=False)

    def at(self, x: float, y: float) -> float:
        """Return the heat at an image point inside the photograph."""
        height, width = self.values.shape
        column = min(int(x / self.size.width * width), width - 1)
        row = min(int(y / self.size.height * height), height - 1)
        return float(self.values[row, column])


def build_heat_picture(heat: "Heatmap", palette: Palette, size: Size) -> HeatPicture:
    """Colour `heat`, which covers a photograph of `size`."""
    values = _at_working_size(heat, size)
    table = _argb_table(palette)
    steps = (values * 255.0 + 0.5).astype("uint8")
    return HeatPicture(
        _image_of(table[steps]),
        values,
        size,
        _bounds(table[:, 3][steps] > 0, size),
        _contour(values, size),
        _image_of(table[None]),
    )


def _at_working_size(heat: "Heatmap", size: Size) -> "Heatmap":
    """Return `heat` with the photograph's proportions and a screen's worth of pixels."""
    import cv2
    import numpy as np

    longest = max(size.width, size.height)
    side = min(max(*heat.shape, _SMALLEST_SIDE), _LARGEST_SIDE, longest)
    target = (
        max(1, round(size.width * side / longest)),
        max(1, round(size.height * side / longest)),
    )
    shrinks = target[0] < heat.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    resized = cv2.resize(np.asarray(heat, np.float32), target, interpolation=how)
    # bicubic overshoots: heat never exceeds the finding's strength, the map's own maximum
    return np.clip(resized, 0.0, min(float(heat.max(initial=0.0)), 1.0)).astype(np.float32)


def _argb_table(palette: Palette) -> "NDArray[np.uint8]":
    """Return (256, 4): the palette's premultiplied B, G, R and alpha by heat."""
    import numpy as np

    from retina_desktop.imaging.colormaps import alpha_table, colormap_table

    alpha = alpha_table()
    table = np.empty((256, 4), np.uint8)
    table[:, :3] = np.rint(colormap_table(palette.value)[:, ::-1] * alpha[:, None])
    table[:, 3] = np.rint(alpha * 255.0)
    return table


def _image_of(bgra: "NDArray[np.uint8]") -> QImage:
    height, width = bgra.shape[:2]
    premultiplied = QImage.Format.Format_ARGB32_Premultiplied
    return QImage(bgra.tobytes(), width, height, width * 4, premultiplied).copy()


def _bounds(opaque: "NDArray[np.bool_]", size: Size) -> QRectF:
    import numpy as np

    rows, columns = np.flatnonzero(opaque.any(axis=1)), np.flatnonzero(opaque.any(axis=0))
    if rows.size == 0:
        return QRectF()
    fx, fy = size.width / opaque.shape[1], size.height / opaque.shape[0]
    # one pixel more on each side: enlarging smoothly spreads that far
    left, top = (columns[0] - 1) * fx, (rows[0] - 1) * fy
    right, bottom = (columns[-1] + 2) * fx, (rows[-1] + 2) * fy
    return QRectF(QPointF(left, top), QPointF(right, bottom))


def _contour(values: "Heatmap", size: Size) -> QPainterPath:
    from retina_desktop.imaging.overlay import threshold_contours

    path = QPainterPath()
    fx, fy = size.width / values.shape[1], size.height / values.shape[0]
    for line in threshold_contours(values, level=THRESHOLD_HEAT):
        points = [QPointF((x + 0.5) * fx, (y + 0.5) * fy) for x, y in line.tolist()]
        path.addPolygon(QPolygonF(points))
        path.closeSubpath()
    return path
