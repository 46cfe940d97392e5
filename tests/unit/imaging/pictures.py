"""Pictures of known colours, written by libraries other than the decoder under test."""

from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# A 2 x 3 chart of 32-pixel fields: no two alike, so a swap or a turn shows.
FIELD = 32
COLOURS = np.array(
    [
        [[200, 40, 30], [30, 180, 60], [20, 50, 210]],
        [[240, 230, 220], [120, 120, 120], [180, 90, 40]],
    ],
    np.uint8,
)


def chart() -> NDArray[np.uint8]:
    """Return the chart, shape (64, 96, 3)."""
    return COLOURS.repeat(FIELD, 0).repeat(FIELD, 1)


def field_colours(pixels: NDArray[np.uint8], rows: int = 2, columns: int = 3) -> Any:
    """Return the colours at the centres of the fields, shape (rows, columns, 3), int."""
    height, width = pixels.shape[:2]
    y = ((np.arange(rows) + 0.5) * height / rows).astype(int)
    x = ((np.arange(columns) + 0.5) * width / columns).astype(int)
    return pixels[np.ix_(y, x)].astype(int)


def encoded(pixels: NDArray[Any] | Image.Image, form: str, **options: Any) -> bytes:
    """Return a file of Pillow's format `form`."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    file = BytesIO()
    image.save(file, form, **options)
    return file.getvalue()
