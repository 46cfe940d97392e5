"""JPEG to upright sRGB pixels: strictly, fast, and no larger than needed.

libjpeg-turbo decodes (through simplejpeg), for three reasons that were measured: it is about
four times as fast as Pillow at full size, it decodes at 1/2, 1/4 or 1/8 scale for a fraction
of that, and alone among Pillow, OpenCV and imagecodecs it tells when data are missing inside
an otherwise complete stream, which the others show as grey.
"""

import math
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import islice

import numpy as np
import simplejpeg

from retina_desktop.domain.errors import ImageTruncatedError, ImageUnreadableError
from retina_desktop.domain.images import RgbImage
from retina_desktop.imaging.colour_management import cmyk_to_srgb, to_srgb
from retina_desktop.imaging.orientation import exif_orientation, oriented
from retina_desktop.imaging.refusals import (
    DAMAGED,
    TRUNCATED,
    check_dimensions,
    damage_refused,
)

_SOI = b"\xff\xd8"
_SOS, _EOI, _APP1, _APP2, _APP0, _APP14 = 0xDA, 0xD9, 0xE1, 0xE2, 0xE0, 0xEE
_NO_FRAME_HEADERS = {0xC4, 0xC8, 0xCC}  # DHT, JPG, DAC among SOF0..SOF15
_STANDALONE = {0x01, *range(0xD0, 0xD8)}
_ICC_PREFIX = b"ICC_PROFILE\x00"
_SCALES = (8, 4, 2)
# Each scan of a progressive JPEG is a pass over the whole picture: a small file of thousands
# would keep the decoder busy for hours. Encoders write about ten.
_MOST_SCANS = 100
_SCAN = re.compile(rb"\xff\xda")
# Warnings of libjpeg after which the picture is still whole: odd labels, and padding that
# some cameras write before the end marker. Whatever else it says means lost data.
_LABEL_WARNING = re.compile(r"Unknown Adobe color transform|unknown JFIF revision")
_PADDING_WARNING = re.compile(r"(\d+) extraneous bytes before marker 0xd9")
_MOST_PADDING_BYTES = 512


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """What the segments before the first scan say."""

    width: int
    height: int
    precision: int  # bits per sample
    component_ids: tuple[int, ...]
    subsampled: bool  # components of different resolution
    lossless: bool
    has_jfif: bool
    adobe_transform: int | None  # 0 none, 1 YCbCr, 2 YCCK; None without an Adobe segment
    profile: bytes | None
    orientation: int


@dataclass(frozen=True, slots=True)
class DecodedJpeg:
    """Upright pixels, perhaps reduced, and the whole picture's upright size."""

    pixels: RgbImage
    width: int
    height: int


def read_jpeg_header(data: bytes) -> JpegHeader:
    """Read a JPEG's (or JPEG-LS's) segments up to its first scan.

    Raises
    ------
    ImageTruncatedError
        If the stream ends, or goes astray, before the first scan.
    ImageEmptyError, ImageTooLargeError
        If the picture's sides are not acceptable.
    """
    frame: tuple[int, bytes] | None = None
    chunks: dict[int, bytes] = {}
    adobe_transform, orientation, has_jfif = None, 1, False
    for marker, payload in _segments(data):
        if marker == _APP1 and payload.startswith(b"Exif\x00\x00"):
            orientation = exif_orientation(payload)
        elif marker == _APP2 and payload.startswith(_ICC_PREFIX) and len(payload) > 14:
            chunks[payload[12]] = payload[14:]
        elif marker == _APP0 and payload.startswith(b"JFIF"):
            has_jfif = True
        elif marker == _APP14 and payload.startswith(b"Adobe") and len(payload) >= 12:
            adobe_transform = payload[11]
        elif _is_frame_header(marker):
            frame = frame or (marker, payload)
    if frame is None:
        raise ImageTruncatedError(TRUNCATED)
    precision, height, width, components = _frame_fields(frame[1])
    fields = frame[1][6 : 6 + 3 * components]
    return JpegHeader(
        width=width,
        height=height,
        precision=precision,
        component_ids=tuple(fields[::3]),
        subsampled=len(set(fields[1::3])) > 1,
        lossless=frame[0] in {0xC3, 0xC7, 0xCB, 0xCF},
        has_jfif=has_jfif,
        adobe_transform=adobe_transform,
        profile=b"".join(chunks[number] for number in sorted(chunks)) or None,
        orientation=orientation,
    )


def decode_jpeg(data: bytes, *, min_side: int | None = None) -> DecodedJpeg:
    """Decode a JPEG of 8-bit samples to upright sRGB.

    Parameters
    ----------
    data : bytes
        The stream; bytes after its end marker are ignored.
    min_side : int or None
        Decode at the smallest of the scales 1/8, 1/4 and 1/2 whose shorter side is at least
        this, by inverse DCTs of that size: the picture as if averaged over blocks.

    Raises
    ------
    ImageUnreadableError
        With one sentence that says why.
    """
    header = read_jpeg_header(data)
    if header.precision > 8:
        raise ImageUnreadableError(
            f"The picture is a JPEG of {header.precision} bits, which is read in DICOM files "
            "only; export it as 8-bit JPEG or as TIFF."
        )
    if next(islice(_SCAN.finditer(data), _MOST_SCANS, None), None) is not None:
        raise ImageUnreadableError(DAMAGED)
    with damage_refused():
        pixels = _pixels(data, header, min_side)
        pixels = oriented(pixels, header.orientation)
    turned = header.orientation >= 5
    width, height = (header.width, header.height)[:: -1 if turned else 1]
    return DecodedJpeg(pixels, width, height)


def with_colour_transform(data: bytes, *, is_ycbcr: bool) -> bytes:
    """Return the stream with a leading Adobe segment that settles its colour space.

    For streams whose container (DICOM) knows the colour space and that carry no marker of
    their own, where decoders would assume YCbCr. A JFIF segment says YCbCr too, so it is
    renamed where the stream is to be taken as it is.
    """
    segment = b"\xff\xee\x00\x0eAdobe" + struct.pack(">HHHB", 100, 0, 0, int(is_ycbcr))
    if not is_ycbcr and data[6:10] == b"JFIF":
        data = data[:6] + b"JFXX" + data[10:]
    return _SOI + segment + data[2:]


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker and payload of each segment before the first scan's data."""
    position = 2
    while (position := data.find(b"\xff", position)) >= 0:
        while data[position + 1 : position + 2] == b"\xff":  # fill bytes
            position += 1
        if position + 4 > len(data):
            break
        marker = data[position + 1]
        if marker == 0 or marker in _STANDALONE or data[position : position + 2] == _SOI:
            position += 2
            continue
        if marker == _EOI:
            return
        (length,) = struct.unpack_from(">H", data, position + 2)
        yield marker, data[position + 4 : position + 2 + length]
        if marker == _SOS:
            return
        position += 2 + max(length, 2)
    raise ImageTruncatedError(TRUNCATED)


def _is_frame_header(marker: int) -> bool:
    """Whether it is SOF0 to SOF15, or SOF55 of JPEG-LS."""
    return (0xC0 <= marker <= 0xCF and marker not in _NO_FRAME_HEADERS) or marker == 0xF7


def _frame_fields(payload: bytes) -> tuple[int, int, int, int]:
    """Return precision, height, width and the number of components of a frame header."""
    if len(payload) < 6 or len(payload) < 6 + 3 * payload[5]:
        raise ImageTruncatedError(TRUNCATED)
    precision, height, width, components = struct.unpack_from(">BHHB", payload)
    check_dimensions(width, height)
    return precision, height, width, components


def _pixels(data: bytes, header: JpegHeader, min_side: int | None) -> RgbImage:
    if len(header.component_ids) == 4:
        return _cmyk_pixels(data, header)
    min_height, min_width = _target(header, min_side)
    is_grey = len(header.component_ids) == 1
    space = "GRAY" if is_grey else "RGB"  # libjpeg does not make RGB of lossless grey
    try:
        pixels = _decoded(data, space, min_height, min_width, strict=True)
    except ValueError as error:
        if not _is_harmless(str(error)):
            raise
        pixels = _decoded(data, space, min_height, min_width, strict=False)
    return pixels.repeat(3, axis=2) if is_grey else to_srgb(pixels, header.profile)


def _decoded(
    data: bytes, space: str, min_height: int, min_width: int, *, strict: bool
) -> RgbImage:
    pixels: RgbImage = simplejpeg.decode_jpeg(
        data, space, min_height=min_height, min_width=min_width, strict=strict
    )
    return pixels


def _target(header: JpegHeader, min_side: int | None) -> tuple[int, int]:
    """Return height and width at the chosen scale; 0, 0 for the whole picture."""
    if min_side is not None and not header.lossless:
        for scale in _SCALES:
            height, width = math.ceil(header.height / scale), math.ceil(header.width / scale)
            if min(height, width) >= min_side:
                return height, width
    return 0, 0


def _is_harmless(warning: str) -> bool:
    padding = _PADDING_WARNING.search(warning)
    if padding is not None:
        return int(padding.group(1)) <= _MOST_PADDING_BYTES
    return _LABEL_WARNING.search(warning) is not None


def _cmyk_pixels(data: bytes, header: JpegHeader) -> RgbImage:
    """Decode CMYK or YCCK at full size; Pillow undoes Adobe's inversion."""
    from PIL import JpegImagePlugin

    # The class, not Image.open: the size is checked already, and Image.open would warn.
    with JpegImagePlugin.JpegImageFile(BytesIO(data)) as image:
        image.load()
        if image.mode != "CMYK":
            raise ImageUnreadableError(DAMAGED)
        return np.ascontiguousarray(cmyk_to_srgb(image, header.profile))
