"""A photograph ready to be drawn at any magnification without touching every pixel."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

from retina_desktop.gui.viewer.camera import Size

if TYPE_CHECKING:
    from retina_desktop.domain.images import RgbImage

_SMALLEST_SIDE = 256  # smaller copies gain nothing


@dataclass(frozen=True, slots=True, eq=False)
class Pyramid:
    """Copies of a picture, each half the side of the one before, as the screen wants them.

    ``size`` is the original photograph's, also when the pixels are a reduced preview of it.
    """

    levels: tuple[QImage, ...] = field(repr=False)
    size: Size

    @property
    def is_preview(self) -> bool:
        """Whether the pixels are fewer than the original's."""
        return self.levels[0].width() < self.size.width

    def level_for(self, scale: float) -> QImage:
        """Return the smallest copy that still has a pixel per device pixel at `scale`."""
        wanted = self.size.width * min(scale, 1.0) * 0.999
        return next((q for q in reversed(self.levels) if q.width() >= wanted), self.levels[0])


def build_pyramid(pixels: "RgbImage", size: Size) -> Pyramid:
    """Convert and halve once; for worker threads.

    Parameters
    ----------
    pixels : RgbImage
        Shape ``(H, W, 3)``; copied.
    size : Size
        Of the original photograph.
    """
    import cv2  # the window is seen before these are loaded
    import numpy as np

    levels = []
    while True:
        levels.append(_screen_image(pixels))
        height, width = pixels.shape[:2]
        if min(height, width) < 2 * _SMALLEST_SIDE:
            return Pyramid(tuple(levels), size)
        half = cv2.resize(pixels, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        pixels = np.asarray(half, np.uint8)


def _screen_image(pixels: "RgbImage") -> QImage:
    import cv2
    import numpy as np

    height, width = pixels.shape[:2]
    image = QImage(width, height, QImage.Format.Format_RGB32)
    if image.isNull():
        raise MemoryError
    # OpenCV writes into the image's own memory: a copy of 24 megapixels is not free
    bgra = np.frombuffer(image.bits(), np.uint8).reshape(height, width, 4)
    cv2.cvtColor(pixels, cv2.COLOR_RGB2BGRA, dst=bgra)
    return image
