"""Logos and signatures, which people bring as files, made ready for print."""

import io

from PIL import Image, UnidentifiedImageError

from retina_desktop.domain.errors import ImageUnreadableError
from retina_desktop.reporting.pictures import DOTS_PER_INCH

_QUALITY = 92
_MOST_PIXELS = 40_000_000  # a bomb has more, a logo does not
_FORMATS = ("PNG", "JPEG")


def printed_mark(data: bytes, *, width: float, height: float) -> tuple[bytes, float, float]:
    """Return a JPEG on white and its size within `width` by `height` points.

    Raises
    ------
    ImageUnreadableError
        If `data` is no PNG or JPEG, is damaged, or far too large.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                raise _unreadable()
            picture = _on_white(opened)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise _unreadable() from error
    share = min(width / picture.width, height / picture.height)
    shown_width, shown_height = picture.width * share, picture.height * share
    dots = DOTS_PER_INCH / 72
    picture.thumbnail((max(round(shown_width * dots), 1), max(round(shown_height * dots), 1)))
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=_QUALITY, subsampling=0)
    return jpeg.getvalue(), shown_width, shown_height


def _on_white(picture: Image.Image) -> Image.Image:
    layered = picture.convert("RGBA")
    white = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(white, layered).convert("RGB")


def _unreadable() -> ImageUnreadableError:
    return ImageUnreadableError(
        "The logo or signature image cannot be read; choose a PNG or JPEG in the settings."
    )
