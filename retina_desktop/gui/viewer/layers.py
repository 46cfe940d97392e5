"""Draws pictures for one viewport, and keeps them: moving draws only what comes into view."""

import math
from collections.abc import Callable, Hashable

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QTransform

from retina_desktop.gui.viewer.camera import Placement, Size
from retina_desktop.gui.viewer.pyramid import Pyramid

NEAREST_FROM = (
    4.0  # device pixels per image pixel: from here on the pixels themselves are shown
)


class ScrollBuffer:
    """The last drawn content of a viewport in device pixels."""

    def __init__(self, image_format: QImage.Format) -> None:
        self._format = image_format
        self._key: Hashable = None
        self._placement: Placement | None = None
        self._image = QImage()
        self._spare = QImage()  # new memory for each movement would cost more than the move

    def image(
        self,
        key: Hashable,
        viewport: Size,
        placement: Placement,
        draw: Callable[[QImage, QRect], None],
    ) -> QImage:
        """Return the drawn viewport, reusing what an earlier call with the same `key` drew.

        Parameters
        ----------
        key : Hashable
            Everything the drawing depends on besides the placement.
        draw : Callable[[QImage, QRect], None]
            Fills a rectangle of the image.
        """
        everything = QRect(0, 0, viewport.width, viewport.height)
        shift = self._shift(key, everything, placement)
        if shift is None:
            if self._image.size() != everything.size():
                self._image = QImage(everything.size(), self._format)
                self._spare = QImage()
            draw(self._image, everything)
        elif shift != (0, 0):
            self._move(*shift)
            for part in _come_into_view(everything, *shift):
                draw(self._image, part)
        self._key, self._placement = key, placement
        return self._image

    def _move(self, dx: int, dy: int) -> None:
        if self._spare.isNull():
            self._spare = QImage(self._image.size(), self._format)
        painter = QPainter(self._spare)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.drawImage(dx, dy, self._image)
        painter.end()
        self._image, self._spare = self._spare, self._image

    def _shift(
        self, key: Hashable, everything: QRect, placement: Placement
    ) -> tuple[int, int] | None:
        if (
            self._placement is None
            or self._image.size() != everything.size()
            or self._key != key
        ):
            return None
        shift = self._placement.moved_by(placement)
        if shift is None or not everything.intersects(everything.translated(*shift)):
            return None
        return shift


def draw_photograph(
    target: QImage,
    part: QRect,
    picture: Pyramid,
    placement: Placement,
    *,
    surround: QColor,
    smooth: bool,
    tone_table: bytes | None,
) -> None:
    """Draw what `part` (device pixels) of the viewport shows of `picture`."""
    level = picture.level_for(placement.scale)
    painter = QPainter(target)
    painter.setClipRect(part)
    covered = covered_pixels(placement, picture.size) & part
    if covered != part:
        painter.fillRect(part, surround)
    exact = placement.scale == 1.0 and level.width() == picture.size.width
    if exact or (smooth and placement.scale < NEAREST_FROM):
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not exact)
        _draw_stretched(painter, level, part, placement, picture.size)
    else:
        _draw_nearest(painter, level, covered, placement, picture.size)
    painter.end()
    if tone_table is not None:
        _apply_table(target, covered, tone_table)


def draw_heat(
    target: QImage,
    part: QRect,
    image: QImage,
    size: Size,
    placement: Placement,
    *,
    smooth: bool,
) -> None:
    """Draw what `part` of the viewport shows of a heat image over a photograph of `size`."""
    painter = QPainter(target)
    painter.setClipRect(part)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
    painter.fillRect(part, QColor(0, 0, 0, 0))
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    _draw_stretched(painter, image, part, placement, size)
    painter.end()


def covered_pixels(placement: Placement, size: Size) -> QRect:
    """Return the device pixels whose middle lies on the photograph."""
    x0, y0 = placement.to_device(0.0, 0.0)
    x1, y1 = placement.to_device(float(size.width), float(size.height))
    left, right = (math.ceil(x - 0.5) for x in sorted((x0, x1)))
    top, bottom = (math.ceil(y - 0.5) for y in sorted((y0, y1)))
    return QRect(left, top, right - left, bottom - top)


def image_to_device(placement: Placement, fx: float = 1.0, fy: float = 1.0) -> QTransform:
    """Return the transform from pixels that are `fx` x `fy` image pixels large."""
    ux, uy = placement.to_device(1.0, 0.0)
    vx, vy = placement.to_device(0.0, 1.0)
    left, top = placement.left, placement.top
    return QTransform(
        (ux - left) * fx, (uy - top) * fx, (vx - left) * fy, (vy - top) * fy, left, top
    )


def _come_into_view(everything: QRect, dx: int, dy: int) -> list[QRect]:
    """Return what is new in a viewport whose content moved by (`dx`, `dy`)."""
    kept = everything.translated(dx, dy) & everything
    parts = []
    if dy:
        top = everything.top() if dy > 0 else kept.bottom() + 1
        parts.append(QRect(everything.left(), top, everything.width(), abs(dy)))
    if dx:
        left = everything.left() if dx > 0 else kept.right() + 1
        parts.append(QRect(left, kept.top(), abs(dx), kept.height()))
    return parts


def _draw_stretched(
    painter: QPainter, image: QImage, part: QRect, placement: Placement, size: Size
) -> None:
    """Draw the needed part of `image`, which covers a photograph of `size`."""
    to_device = image_to_device(
        placement, size.width / image.width(), size.height / image.height()
    )
    to_pixels, _ = to_device.inverted()
    seen = to_pixels.mapRect(QRectF(part)).toAlignedRect()
    seen = seen.adjusted(-2, -2, 2, 2) & image.rect()  # neighbours for the interpolation
    if seen.isEmpty():
        return
    painter.setTransform(to_device)
    painter.drawImage(QRectF(seen), image, QRectF(seen))


def _draw_nearest(
    painter: QPainter, image: QImage, covered: QRect, placement: Placement, size: Size
) -> None:
    """Give each of the `covered` device pixels the colour of the image pixel it lies in.

    As a texture: `QPainter.drawImage` rounds the borders of what it enlarges, and so would
    show a neighbour in some places, other ones with every movement.
    """
    texture = QBrush(image)
    texture.setTransform(
        image_to_device(placement, size.width / image.width(), size.height / image.height())
    )
    painter.fillRect(covered, texture)


def _apply_table(target: QImage, part: QRect, table: bytes) -> None:
    """Replace every channel's value in `part` of an RGB32 image by its entry in `table`."""
    import cv2  # loaded long ago, by the worker that built the picture
    import numpy as np

    if part.isEmpty():
        return
    flat = np.frombuffer(target.bits(), np.uint8).reshape(target.height(), -1)
    view = flat[part.top() : part.bottom() + 1, 4 * part.left() : 4 * part.right() + 4]
    cv2.LUT(view, np.frombuffer(table, np.uint8), dst=view)
    view[:, 3::4] = 255
