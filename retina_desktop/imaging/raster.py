"""PNG, TIFF, BMP and WebP to upright sRGB pixels of eight bits.

Pillow decodes, through each format's own class: the format is known, its size is checked
here before pixels are touched, and `Image.open` would warn about large pictures through the
warnings machinery, which is shared by all threads. imagecodecs decodes samples of 16 bits, of
which Pillow keeps the high byte alone and gets uncompressed planar TIFF wrong.
"""

import struct
import zlib
from io import BytesIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import BmpImagePlugin, Image, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from retina_desktop.domain.errors import ImageTruncatedError, ImageUnreadableError
from retina_desktop.domain.images import RgbImage
from retina_desktop.imaging.colour_management import cmyk_to_srgb, lab_to_srgb, to_srgb
from retina_desktop.imaging.orientation import exif_orientation, oriented
from retina_desktop.imaging.refusals import (
    DAMAGED,
    TRUNCATED,
    UNKNOWN_CODING,
    check_dimensions,
    damage_refused,
)
from retina_desktop.imaging.signatures import FileKind

_PNG_SIGNATURE_BYTES = 8
_BITS_TAG, _PHOTOMETRIC_TAG, _ORIENTATION_TAG = 258, 262, 274
_PLANAR_TAG, _EXTRA_SAMPLES_TAG = 284, 338
_COMPRESSION_TAG = 259
_NOT_IN_LIBTIFF = {33003, 33004, 33005, 34712, 50001, 50002}  # JPEG 2000, WebP, JPEG XL
_TILE_WIDTH_TAG, _TILE_HEIGHT_TAG = 322, 323
_MOST_TILE_PIXELS = 1 << 24
_WHITE_IS_ZERO, _GREY_OR_RGB = 0, {0, 1, 2}
_SEPARATE_PLANES = 2
_UNASSOCIATED_ALPHA = 2
_MOST_16_BIT = 65535
_WITHOUT_WHITE = (
    "The picture's pixels are numbers without a fixed white, which cannot be shown faithfully; "
    "export it with 8 or 16 bits."
)


def decode_raster(data: bytes, kind: FileKind) -> RgbImage:
    """Decode every pixel of the first picture in `data`.

    Parameters
    ----------
    data : bytes
        A file of `kind`.
    kind : FileKind
        PNG, TIFF, BMP or WEBP.

    Returns
    -------
    RgbImage
        Upright sRGB; transparency lies over black, as the frame around a fundus is.

    Raises
    ------
    ImageUnreadableError
        With one sentence that says why.
    """
    decode = {
        FileKind.PNG: _png,
        FileKind.TIFF: _tiff,
        FileKind.BMP: _bmp,
        FileKind.WEBP: _webp,
    }[kind]
    with damage_refused():
        return np.ascontiguousarray(decode(data))


def scaled_to_8_bit(samples: NDArray[np.generic], most: float) -> NDArray[np.uint8]:
    """Map 0 to `most` onto 0 to 255, rounded, larger values saturated."""
    return np.asarray(cv2.convertScaleAbs(np.asarray(samples), alpha=255.0 / most), np.uint8)


def _png(data: bytes) -> RgbImage:
    _check_png_chunks(data)
    with PngImagePlugin.PngImageFile(BytesIO(data)) as image:
        check_dimensions(*image.size)
        bit_depth = data[24]
        if bit_depth == 16:
            pixels = _sixteen_bit_png(data)
        else:
            image.load()
            pixels = _rgb(image)
        pixels = to_srgb(pixels, image.info.get("icc_profile"))
        exif = image.info.get("exif")
    return oriented(pixels, exif_orientation(exif) if isinstance(exif, bytes) else 1)


def _check_png_chunks(data: bytes) -> None:
    """Check every critical chunk's CRC and that the last one is there; decoders do not."""
    position = _PNG_SIGNATURE_BYTES
    while position + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, position)
        name = data[position + 4 : position + 8]
        end = position + 12 + length
        if end > len(data):
            break
        is_critical = not name[0] & 0x20
        (checksum,) = struct.unpack_from(">I", data, end - 4)
        if is_critical and zlib.crc32(memoryview(data)[position + 4 : end - 4]) != checksum:
            raise ImageTruncatedError(DAMAGED)
        if name == b"IEND":
            return
        position = end
    raise ImageTruncatedError(TRUNCATED)


def _tiff(data: bytes) -> RgbImage:
    with _opened_tiff(data) as image:
        check_dimensions(*image.size)
        _check_tile(image)
        profile = image.info.get("icc_profile")
        orientation = int(image.tag_v2.get(_ORIENTATION_TAG, 1))
        if _is_sixteen_bit(image.tag_v2):
            pixels = oriented(_sixteen_bit_tiff(data, image.tag_v2), orientation)
        else:
            image.load()  # Pillow turns a TIFF upright as it loads
            pixels = _rgb(image)
    return to_srgb(pixels, profile)


def _opened_tiff(data: bytes) -> TiffImagePlugin.TiffImageFile:
    """Open the first page; refuse by its tag what libtiff would complain of on stderr."""
    try:
        image = TiffImagePlugin.TiffImageFile(BytesIO(data))
        compression = image.tag_v2.get(_COMPRESSION_TAG)
    except SyntaxError as error:  # caused by a KeyError where Pillow has no name for it
        if not isinstance(error.__cause__, KeyError):
            raise
        compression = error.__cause__.args[0]
        if compression not in _NOT_IN_LIBTIFF:
            raise
    if compression in _NOT_IN_LIBTIFF:
        raise ImageUnreadableError(UNKNOWN_CODING)
    return image


def _check_tile(image: TiffImagePlugin.TiffImageFile) -> None:
    """Refuse tiles far larger than the picture, for which a decoder would allocate."""
    sides = (image.tag_v2.get(_TILE_WIDTH_TAG, 1), image.tag_v2.get(_TILE_HEIGHT_TAG, 1))
    if int(sides[0]) * int(sides[1]) > max(_MOST_TILE_PIXELS, 4 * image.width * image.height):
        raise ImageTruncatedError(DAMAGED)


def _is_sixteen_bit(tags: TiffImagePlugin.ImageFileDirectory_v2) -> bool:
    """Whether it is grey or RGB, with or without alpha, in 16 bits."""
    bits = tags.get(_BITS_TAG, (1,))
    return set(bits) == {16} and tags.get(_PHOTOMETRIC_TAG) in _GREY_OR_RGB


def _bmp(data: bytes) -> RgbImage:
    with BmpImagePlugin.BmpImageFile(BytesIO(data)) as image:
        check_dimensions(*image.size)
        image.load()
        return _rgb(image)


def _webp(data: bytes) -> RgbImage:
    if 8 + int.from_bytes(data[4:8], "little") > len(data):
        raise ImageTruncatedError(TRUNCATED)
    check_dimensions(*_webp_size(data))  # Pillow's class already allocates the canvas
    with WebPImagePlugin.WebPImageFile(BytesIO(data)) as image:
        image.load()
        pixels = to_srgb(_rgb(image), image.info.get("icc_profile"))
        exif = image.info.get("exif")
    return oriented(pixels, exif_orientation(exif) if isinstance(exif, bytes) else 1)


def _webp_size(data: bytes) -> tuple[int, int]:
    """Return width and height from the first chunk (RFC 9649, sections 2.5 to 2.7)."""
    name, body = data[12:16], data[20:30]
    if len(body) < 10:
        raise ImageTruncatedError(TRUNCATED)
    if name == b"VP8X":
        return (
            1 + int.from_bytes(body[4:7], "little"),
            1 + int.from_bytes(body[7:10], "little"),
        )
    if name == b"VP8L":
        packed = int.from_bytes(body[1:5], "little")
        return 1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", body, 6)
    return width & 0x3FFF, height & 0x3FFF


def _sixteen_bit_png(data: bytes) -> RgbImage:
    """Decode a 16-bit PNG of any colour type as stored."""
    import imagecodecs

    return _sixteen_bit_rgb(imagecodecs.png_decode(data), premultiplied=False)


def _sixteen_bit_tiff(data: bytes, tags: TiffImagePlugin.ImageFileDirectory_v2) -> RgbImage:
    """Decode the first page of a 16-bit grey or RGB TIFF as stored, not turned upright."""
    import imagecodecs

    samples = imagecodecs.tiff_decode(data, index=0)
    if samples.ndim == 3 and tags.get(_PLANAR_TAG) == _SEPARATE_PLANES:
        samples = samples.transpose(1, 2, 0)
    if samples.ndim == 3 and samples.shape[2] == 1:
        samples = samples[..., 0]
    if tags.get(_PHOTOMETRIC_TAG) == _WHITE_IS_ZERO:
        samples = _MOST_16_BIT - samples
    extra = tags.get(_EXTRA_SAMPLES_TAG, (0,))[0]
    return _sixteen_bit_rgb(samples, premultiplied=extra != _UNASSOCIATED_ALPHA)


def _sixteen_bit_rgb(samples: NDArray[np.generic], *, premultiplied: bool) -> RgbImage:
    """Bring 1 to 4 channels to RGB; `premultiplied` colour is over black already."""
    if samples.dtype != np.uint16:
        raise ImageUnreadableError(_WITHOUT_WHITE)
    eight = scaled_to_8_bit(np.ascontiguousarray(samples), _MOST_16_BIT)
    if eight.ndim == 2:
        return _grey_to_rgb(eight)
    has_alpha = eight.shape[2] in (2, 4)
    colour = eight[..., :3] if eight.shape[2] >= 3 else _grey_to_rgb(eight[..., 0])
    return _over_black(colour, eight[..., -1]) if has_alpha and not premultiplied else colour


def _grey_to_rgb(grey: NDArray[np.uint8]) -> RgbImage:
    return np.repeat(grey[..., np.newaxis], 3, axis=2)


def _rgb(image: Image.Image) -> RgbImage:
    """Convert a loaded Pillow image of any mode to RGB."""
    if image.has_transparency_data:
        layered = np.asarray(image.convert("RGBA"))
        return _over_black(layered[..., :3], layered[..., 3])
    if image.mode == "CMYK":
        return cmyk_to_srgb(image, image.info.get("icc_profile"))
    if image.mode == "LAB":
        return lab_to_srgb(image)
    if image.mode.startswith(("I", "F")):
        raise ImageUnreadableError(_WITHOUT_WHITE)
    return np.asarray(image.convert("RGB"))


def _over_black(colour: RgbImage, alpha: NDArray[np.uint8]) -> RgbImage:
    """Composite over black; a picture that is transparent everywhere never meant it."""
    if alpha.min() == 255 or not alpha.any():
        return colour
    layered = cv2.multiply(
        np.ascontiguousarray(colour), cv2.cvtColor(alpha, cv2.COLOR_GRAY2RGB), scale=1.0 / 255.0
    )
    return np.asarray(layered, np.uint8)
