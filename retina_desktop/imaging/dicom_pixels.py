"""The first frame of a DICOM object as samples, out of whatever it is compressed with.

pydicom reads uncompressed and RLE frames, with pylibjpeg-openjpeg JPEG 2000 and HTJ2K too. The
JPEG family is decoded here: 8-bit streams by the strict JPEG decoder, deeper ones and JPEG-LS
by imagecodecs. RLE is left to pydicom's own Python: damaged frames make pylibjpeg-rle panic (a
Rust panic is no Exception) and imagecodecs crash the process.
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    HTJ2K,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)
from pydicom.uid import JPEG2000 as JPEG_2000

from retina_desktop.domain.errors import (
    DicomUnsupportedError,
    ImageTruncatedError,
)
from retina_desktop.domain.images import RgbImage
from retina_desktop.imaging.dicom_colour import Samples, to_rgb
from retina_desktop.imaging.jpeg import (
    JpegHeader,
    decode_jpeg,
    read_jpeg_header,
    with_colour_transform,
)
from retina_desktop.imaging.refusals import DAMAGED, TRUNCATED, check_dimensions

_NATIVE = {
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
}
_JPEG = {JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1}
_JPEG_LS = {JPEGLSLossless, JPEGLSNearLossless}
_JPEG_2000 = {JPEG2000Lossless, JPEG_2000, HTJ2KLossless, HTJ2KLosslessRPCL, HTJ2K}
_BY_PYDICOM = {RLELossless, *_NATIVE, *_JPEG_2000}
_END_OF_IMAGE = b"\xff\xd9"  # of JPEG, JPEG-LS and JPEG 2000 alike
_CODESTREAM_START = b"\xff\x4f\xff\x51"
_YCBCR = ("YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL")


@dataclass(frozen=True, slots=True)
class _Layout:
    """What the image pixel module says, checked."""

    rows: int
    columns: int
    samples: int
    bits_stored: int
    is_signed: bool
    photometric: str


def decode_first_frame(dataset: Dataset) -> RgbImage:
    """Return the first frame as sRGB, shape ``(Rows, Columns, 3)``.

    Raises
    ------
    ImageUnreadableError
        With one sentence that says why.
    """
    layout = _layout(dataset)
    check_dimensions(layout.columns, layout.rows)
    syntax = _transfer_syntax(dataset)
    if syntax in _JPEG:
        return _jpeg(dataset, layout)
    if syntax in _JPEG_LS:
        samples = _jpeg_ls(_frame(dataset), layout)
    elif syntax in _BY_PYDICOM:
        samples = _by_pydicom(dataset, layout, syntax)
    else:
        raise DicomUnsupportedError(
            f"The DICOM picture is compressed as {_spoken(syntax)}, which is not read here; "
            "export it uncompressed."
        )
    return to_rgb(dataset, samples)


def _layout(dataset: Dataset) -> _Layout:
    samples = int(dataset.get("SamplesPerPixel") or 1)
    allocated = int(dataset.BitsAllocated)
    stored = int(dataset.get("BitsStored") or allocated)
    if samples not in (1, 3) or not 1 <= stored <= allocated <= 32 or allocated == 24:
        raise DicomUnsupportedError(
            f"The DICOM picture has {samples} samples of {stored} in {allocated} bits a pixel, "
            "which is not read here; export it as 8-bit colour."
        )
    default = "MONOCHROME2" if samples == 1 else "RGB"
    return _Layout(
        rows=int(dataset.Rows),
        columns=int(dataset.Columns),
        samples=samples,
        bits_stored=stored,
        is_signed=bool(dataset.get("PixelRepresentation")),
        photometric=str(dataset.get("PhotometricInterpretation") or default).strip().upper(),
    )


def _transfer_syntax(dataset: Dataset) -> UID:
    """Return the stated syntax; without one, what pydicom found the data set to be."""
    stated = dataset.file_meta.get("TransferSyntaxUID")
    if stated:
        return UID(str(stated))
    is_implicit, is_little_endian = dataset.original_encoding
    explicit = ExplicitVRLittleEndian if is_little_endian else ExplicitVRBigEndian
    syntax = ImplicitVRLittleEndian if is_implicit else explicit
    dataset.file_meta.TransferSyntaxUID = syntax
    return syntax


def _spoken(syntax: UID) -> str:
    """Return the standard's name of a syntax, or no more than that it is unknown."""
    return (
        syntax.name if syntax.is_transfer_syntax and not syntax.is_private else "unknown data"
    )


def _frame(dataset: Dataset) -> bytes:
    """Return the compressed first frame, which must reach its own end marker."""
    frame = _encapsulated(dataset)
    if _END_OF_IMAGE not in frame[-64:]:  # padding may follow
        raise ImageTruncatedError(TRUNCATED)
    return frame


def _encapsulated(dataset: Dataset) -> bytes:
    frames = max(int(dataset.get("NumberOfFrames") or 1), 1)
    return get_frame(dataset.PixelData, 0, number_of_frames=frames)


def _check_run_lengths(frame: bytes, layout: _Layout, bits_allocated: int) -> None:
    """Refuse an RLE frame that is longer than its picture could need; it might expand 64:1."""
    plain = layout.rows * layout.columns * layout.samples * bits_allocated // 8
    if len(frame) > 2 * plain + 1024:
        raise ImageTruncatedError(DAMAGED)


def _check_stream_dimensions(width: int, height: int, layout: _Layout) -> None:
    """Refuse a stream of another size than the header's: a trap, or damage."""
    if (width, height) != (layout.columns, layout.rows):
        raise ImageTruncatedError(DAMAGED)


def _by_pydicom(dataset: Dataset, layout: _Layout, syntax: UID) -> Samples:
    plugin = ""
    if syntax in _JPEG_2000:
        plugin = "pylibjpeg"
        _check_stream_dimensions(*_jpeg_2000_size(_frame(dataset)), layout)
    elif syntax == RLELossless:
        plugin = "pydicom"
        _check_run_lengths(_encapsulated(dataset), layout, int(dataset.BitsAllocated))
    decoder = get_decoder(syntax)
    values, properties = decoder.as_array(dataset, index=0, raw=True, decoding_plugin=plugin)
    return Samples(
        values=_within_stored_bits(values, dataset, layout) if syntax in _NATIVE else values,
        bits=layout.bits_stored,
        photometric=str(properties["photometric_interpretation"]),
    )


def _within_stored_bits(
    values: NDArray[np.generic], dataset: Dataset, layout: _Layout
) -> NDArray[np.generic]:
    """Drop what lies beside the stored bits (overlays of old files) and keep the sign."""
    allocated = values.dtype.itemsize * 8
    high_bit = int(dataset.get("HighBit") or layout.bits_stored - 1)
    above = allocated - 1 - high_bit
    if layout.bits_stored == allocated or above < 0 or values.dtype.kind not in "iu":
        return values
    raised = np.left_shift(np.asarray(values, values.dtype), above)
    return np.asarray(np.right_shift(raised, allocated - layout.bits_stored))


def _jpeg_2000_size(frame: bytes) -> tuple[int, int]:
    """Return width and height of a JPEG 2000 codestream (ISO 15444-1, A.5.1)."""
    start = frame.find(_CODESTREAM_START)
    if start < 0:
        raise ImageTruncatedError(DAMAGED)
    right, bottom, left, top = struct.unpack_from(">IIII", frame, start + 8)
    return right - left, bottom - top


def _jpeg(dataset: Dataset, layout: _Layout) -> RgbImage:
    """Decode JPEG: baseline and extended (8 and 12 bits), lossless (2 to 16 bits)."""
    frame = _frame(dataset)
    header = read_jpeg_header(frame)
    _check_stream_dimensions(header.width, header.height, layout)
    if len(header.component_ids) != layout.samples:
        raise ImageTruncatedError(DAMAGED)
    photometric = layout.photometric
    if header.precision > 8:
        values = _deep_jpeg(frame, header)
    elif layout.samples == 1:
        values = decode_jpeg(frame).pixels[..., 0]
    else:
        is_ycbcr = not header.lossless and _is_stored_as_ycbcr(header, photometric)
        values = decode_jpeg(with_colour_transform(frame, is_ycbcr=is_ycbcr)).pixels
        photometric = photometric if header.lossless else "RGB"
    return to_rgb(dataset, Samples(values, header.precision, photometric))


def _is_stored_as_ycbcr(header: JpegHeader, photometric: str) -> bool:
    """Decide which of two voices to believe when a JPEG stream lies inside DICOM.

    A marker in the stream was written by the encoder itself and wins over the DICOM header,
    which archives are known to leave wrong; so do components of different resolution (nobody
    halves green and blue) and components named R, G, B. Else the header speaks. (A lossless
    stream is never transformed by its encoder: there the header speaks alone.)
    """
    if header.subsampled or header.has_jfif:
        return True
    if header.adobe_transform is not None:
        return header.adobe_transform == 1
    return photometric.startswith(_YCBCR) and header.component_ids != tuple(b"RGB")


def _deep_jpeg(frame: bytes, header: JpegHeader) -> NDArray[np.generic]:
    """Decode a stream of more than 8 bits a sample, without any colour conversion."""
    import imagecodecs

    space = "grayscale" if len(header.component_ids) == 1 else "rgb"
    decoded: NDArray[np.generic] = imagecodecs.jpeg8_decode(
        frame, colorspace=space, outcolorspace=space
    )
    return decoded


def _jpeg_ls(frame: bytes, layout: _Layout) -> Samples:
    import imagecodecs

    header = read_jpeg_header(frame)
    _check_stream_dimensions(header.width, header.height, layout)
    values: NDArray[np.generic] = imagecodecs.jpegls_decode(frame)
    if values.ndim == 3 and values.shape[0] == 3 and values.shape[2] != 3:
        values = values.transpose(1, 2, 0)  # stored plane by plane
    return Samples(values, header.precision, layout.photometric)
