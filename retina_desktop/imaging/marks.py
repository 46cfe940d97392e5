"""Logos and signatures, which people bring as files, made small and safe to keep."""

from io import BytesIO

from PIL import Image, ImageOps, JpegImagePlugin, PngImagePlugin

from retina_desktop.domain.errors import ImageTooLargeError, ImageUnreadableError
from retina_desktop.imaging.refusals import check_dimensions, damage_refused
from retina_desktop.imaging.signatures import FileKind, recognise

MOST_SIDE = 2000  # pixels; 300 dots per inch on 17 cm
MOST_BYTES = 1_000_000  # of the PNG
MOST_FILE_BYTES = 30_000_000  # a telephone's photograph of a signature has less
_MOST_PIXELS = 60_000_000
_SHRINK = 0.7

_NO_MARK = "The logo or signature is no PNG or JPEG; choose a picture in one of these formats."
_TOO_LARGE = "The logo or signature is far too large; save it at a smaller size."


def mark_as_png(data: bytes) -> bytes:
    """Return a logo or signature as a PNG of at most `MOST_SIDE` pixels and `MOST_BYTES`.

    Upright, in 8 bits, with its transparency and without whatever else the file told (place
    and time of a photograph). A larger picture is made smaller.

    Raises
    ------
    ImageUnreadableError
        If it is no PNG or JPEG, is damaged, or far too large.
    """
    kind = recognise(data[:512])
    if kind not in (FileKind.PNG, FileKind.JPEG):
        raise ImageUnreadableError(_NO_MARK)
    if len(data) > MOST_FILE_BYTES:
        raise ImageTooLargeError(_TOO_LARGE)
    with damage_refused():
        picture = _decoded(data, kind)
    picture.thumbnail((MOST_SIDE, MOST_SIDE), Image.Resampling.LANCZOS)
    while len(png := _encoded(picture)) > MOST_BYTES:
        smaller = max(1, round(max(picture.size) * _SHRINK))
        picture.thumbnail((smaller, smaller), Image.Resampling.LANCZOS)
    return png


def _decoded(data: bytes, kind: FileKind) -> Image.Image:
    plugin: type[PngImagePlugin.PngImageFile | JpegImagePlugin.JpegImageFile] = (
        PngImagePlugin.PngImageFile if kind is FileKind.PNG else JpegImagePlugin.JpegImageFile
    )
    # The class, not Image.open: it is known what the file is.
    with plugin(BytesIO(data)) as image:
        check_dimensions(*image.size)
        if image.width * image.height > _MOST_PIXELS:
            raise ImageTooLargeError(_TOO_LARGE)
        image.load()
        upright = ImageOps.exif_transpose(image)
        return upright.convert("RGBA" if upright.has_transparency_data else "RGB")


def _encoded(picture: Image.Image) -> bytes:
    file = BytesIO()
    picture.info.clear()  # what the file told besides its pixels
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()
