"""Decode a photograph no larger than a model needs it, and find its field of view."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from retina_desktop.domain.images import FieldOfView, FundusImage
from retina_desktop.imaging.field_of_view import find_field_of_view

# The reduced picture's shorter side per model input pixel: on most cameras the field of view
# fills at least this share of it, so that one decode is enough.
_MARGIN = 1.15


class Decoder(Protocol):
    """Decodes a file at a reduced scale whose shorter side has at least `min_side` pixels."""

    def __call__(self, path: Path, *, min_side: int) -> FundusImage:
        """Return the photograph."""
        ...


def read_with_field(
    decode: Decoder,
    path: Path,
    *,
    input_size: int,
    lap: Callable[[str], None] = lambda _: None,
) -> tuple[FundusImage, FieldOfView | None]:
    """Decode small; again, larger, where the field of view turns out to be a small part.

    Every model is shown its photographs this way, also where it is measured: the scale at
    which a JPEG is decoded moves a probability by several hundredths.

    Parameters
    ----------
    decode : Decoder
        Such as `decode_photograph`.
    path : Path
        The file.
    input_size : int
        Side of the model's input in pixels.
    lap : Callable[[str], None]
        Told after each ``decode`` and each search for the ``field``.

    Returns
    -------
    tuple[FundusImage, FieldOfView | None]
        The reduced photograph, and its field of view in its own pixels; None where it has none.
    """

    def read(min_side: int) -> tuple[FundusImage, FieldOfView | None]:
        image = decode(path, min_side=min_side)
        lap("decode")
        field = find_field_of_view(image.pixels)
        lap("field")
        return image, field

    wanted = round(input_size * _MARGIN)
    image, field = read(wanted)
    if field is None or image.scale == 1.0 or 2 * field.radius >= input_size:
        return image, field
    return read(round(min(image.pixels.shape[:2]) * wanted / (2 * field.radius)))
