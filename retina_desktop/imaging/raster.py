"""PNG, TIFF, BMP and WebP to upright sRGB pixels of eight bits.

Pillow decodes, through each format's own class: the format is known, its size is checked
here before pixels are touched, and `Image.open` would warn about large pictures through the
warnings machinery, which is shared by all threads. Colour of 16 bits is decoded by imagecodecs:
Pillow keeps its high byte only and, of uncompressed planar TIFF, makes other colours.
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
    check_dimensions,
    damage_refused,
)
from retina_desktop.imaging.signatures import FileKind

_PNG_SIGNATURE_BYTES = 8
_BITS_TAG, _PHOTOMETRIC_TAG, _ORIENTATION_TAG = 258, 262, 274
_PLANAR_TAG, _EXTRA_SAMPLES_TAG = 284, 338
_WHITE_IS_ZERO, _PHOTOMETRIC_RGB = 0, 2
_SEPARATE_PLANES = 2
_UNASSOCIATED_ALPHA = 2
_SIXTEEN_BIT_GREY = {"I;16", "I;16L", "I;16B", "I;16N"}
_MOST_16_BIT = 65535


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
    with TiffImagePlugin.TiffImageFile(BytesIO(data)) as image:
        check_dimensions(*image.size)
        profile = image.info.get("icc_profile")
        orientation = int(image.tag_v2.get(_ORIENTATION_TAG, 1))
        if _is_sixteen_bit_rgb(image.tag_v2):
            pixels = oriented(_sixteen_bit_tiff(data, image.tag_v2), orientation)
        else:
            image.load()  # Pillow turns a TIFF upright as it loads
            pixels = _rgb(image)
            is_inverted = image.tag_v2.get(_PHOTOMETRIC_TAG) == _WHITE_IS_ZERO
            if is_inverted and image.mode in _SIXTEEN_BIT_GREY:
                pixels = 255 - pixels
    return to_srgb(pixels, profile)


def _is_sixteen_bit_rgb(tags: TiffImagePlugin.ImageFileDirectory_v2) -> bool:
    bits = tags.get(_BITS_TAG, (1,))
    is_rgb = tags.get(_PHOTOMETRIC_TAG) == _PHOTOMETRIC_RGB
    return is_rgb and len(bits) in (3, 4) and set(bits) == {16}


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
    """Decode a 16-bit PNG of any colour type; grey has one channel, or two with alpha."""
    import imagecodecs

    samples = scaled_to_8_bit(imagecodecs.png_decode(data), _MOST_16_BIT)
    if samples.ndim == 2:
        return _grey_to_rgb(samples)
    alpha = samples[..., -1]
    if samples.shape[2] == 2:
        return _over_black(_grey_to_rgb(samples[..., 0]), alpha)
    return _over_black(samples[..., :3], alpha) if samples.shape[2] == 4 else samples


def _sixteen_bit_tiff(data: bytes, tags: TiffImagePlugin.ImageFileDirectory_v2) -> RgbImage:
    """Decode the first page of a 16-bit RGB TIFF as stored, not turned upright."""
    import imagecodecs

    samples = imagecodecs.tiff_decode(data, index=0)
    if tags.get(_PLANAR_TAG) == _SEPARATE_PLANES:
        samples = samples.transpose(1, 2, 0)
    eight = scaled_to_8_bit(np.ascontiguousarray(samples), _MOST_16_BIT)
    extra = tags.get(_EXTRA_SAMPLES_TAG, (0,))[0]
    if eight.shape[2] == 4 and extra == _UNASSOCIATED_ALPHA:
        return _over_black(eight[..., :3], eight[..., 3])
    return eight[..., :3]  # premultiplied colour is over black already


def _grey_to_rgb(grey: NDArray[np.uint8]) -> RgbImage:
    return np.repeat(grey[..., np.newaxis], 3, axis=2)


def _rgb(image: Image.Image) -> RgbImage:
    """Convert a loaded Pillow image of any mode to RGB."""
    if image.mode in _SIXTEEN_BIT_GREY:
        native = np.asarray(image).astype(np.uint16)
        return _grey_to_rgb(scaled_to_8_bit(native, _MOST_16_BIT))
    if image.has_transparency_data:
        layered = np.asarray(image.convert("RGBA"))
        return _over_black(layered[..., :3], layered[..., 3])
    if image.mode == "CMYK":
        return cmyk_to_srgb(image, image.info.get("icc_profile"))
    if image.mode == "LAB":
        return lab_to_srgb(image)
    if image.mode.startswith(("I", "F")):
        raise ImageUnreadableError(
            "The picture's pixels are 32-bit numbers without a fixed white, which cannot be "
            "shown faithfully; export it with 8 or 16 bits."
        )
    return np.asarray(image.convert("RGB"))


def _over_black(colour: RgbImage, alpha: NDArray[np.uint8]) -> RgbImage:
    """Composite over black; a picture that is transparent everywhere never meant it."""
    if alpha.min() == 255 or not alpha.any():
        return colour
    layered = cv2.multiply(
        np.ascontiguousarray(colour), cv2.cvtColor(alpha, cv2.COLOR_GRAY2RGB), scale=1.0 / 255.0
    )
    return np.asarray(layered, np.uint8)
