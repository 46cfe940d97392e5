"""DICOM objects: read warily, refused with a reason, their facts taken from the header.

The only way into pydicom. Pixels are the story of `dicom_pixels`, grey and colour that of
`dicom_colour`.
"""

import logging
import warnings
import zlib
from io import BytesIO

from pydicom import Dataset, config, dcmread
from pydicom.dataset import FileDataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from retina_desktop.domain.errors import (
    DicomEncryptedError,
    DicomUnsupportedError,
    DicomWithoutImageError,
    ImageTooLargeError,
    ImageTruncatedError,
)
from retina_desktop.domain.images import DicomFacts, RgbImage
from retina_desktop.imaging.dicom_facts import read_facts
from retina_desktop.imaging.dicom_pixels import decode_first_frame
from retina_desktop.imaging.refusals import DAMAGED, MAX_FILE_BYTES, TRUNCATED, damage_refused

_META_GROUP = 0x0002
_PREAMBLE_BYTES = 132
# Deflate reaches 1032:1. Photographs reach about 50:1 (a small field in a black frame), so
# anything beyond these bounds was made to exhaust memory.
_MOST_EXPANSION = 200
_ALWAYS_ALLOWED_BYTES = 64 << 20


def decode_dicom(data: bytes) -> tuple[RgbImage, DicomFacts]:
    """Decode the first frame of a DICOM object to sRGB, and read what its header says.

    Parameters
    ----------
    data : bytes
        A DICOM file, with or without preamble.

    Raises
    ------
    ImageUnreadableError
        With one sentence that says why: `DicomEncryptedError`, `DicomWithoutImageError`,
        `DicomUnsupportedError`, or one of those that every format has.
    """
    _keep_patients_out_of_messages()
    try:
        with damage_refused():
            dataset = _read(data)
            _refuse_without_image(dataset)
            return decode_first_frame(dataset), read_facts(dataset)
    except (BytesLengthException, InvalidDicomError) as error:
        raise ImageTruncatedError(DAMAGED) from error


def _keep_patients_out_of_messages() -> None:
    """Silence pydicom, which quotes the values it finds odd in warnings and in its log.

    Idempotent, and about pydicom alone. It is not done with ``warnings.catch_warnings``,
    which swaps the filters of every thread and restores them in whatever order threads end.
    """
    config.settings.reading_validation_mode = config.IGNORE
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module=r"pydicom(\.|$)")
    warnings.filterwarnings("ignore", module=r"retina_desktop\.imaging\.dicom")


def _read(data: bytes) -> FileDataset:
    return dcmread(BytesIO(_inflated(data)), force=True)


def _inflated(data: bytes) -> bytes:
    """Return the file with a deflated data set inflated, within bounds; others as they are.

    pydicom would inflate without any bound, which turns a megabyte into a gigabyte.
    """
    file = BytesIO(data)
    file.seek(_PREAMBLE_BYTES if data[128:132] == b"DICM" else 0)
    if data[file.tell() : file.tell() + 2] != _META_GROUP.to_bytes(2, "little"):
        return data
    meta = read_dataset(
        file, is_implicit_VR=False, is_little_endian=True, stop_when=_is_past_the_meta_group
    )
    if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
        return data
    header, packed = data[: file.tell()], data[file.tell() :]
    most = min(MAX_FILE_BYTES, max(_ALWAYS_ALLOWED_BYTES, _MOST_EXPANSION * len(packed)))
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    body = inflater.decompress(packed, most)
    if inflater.unconsumed_tail:
        raise ImageTooLargeError(
            "The DICOM file unpacks to far more than a photograph needs and was not opened; "
            "export it without compression."
        )
    deflated = DeflatedExplicitVRLittleEndian.encode()
    plain = ExplicitVRLittleEndian.encode().ljust(len(deflated), b"\x00")
    return header.replace(deflated, plain) + body


def _is_past_the_meta_group(tag: BaseTag, vr: str | None, length: int) -> bool:  # noqa: ARG001
    """Whether the file's own header ends before this element; pydicom gives all three."""
    return tag.group != _META_GROUP


def _refuse_without_image(dataset: Dataset) -> None:
    if "PixelData" in dataset:
        return
    if "EncryptedAttributesSequence" in dataset:
        raise DicomEncryptedError(
            "The DICOM file's content is encrypted; export it without encryption."
        )
    if "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset:
        raise DicomUnsupportedError(
            "The DICOM file holds measured values, not a photograph; export the photograph."
        )
    if "Rows" in dataset:  # a picture was announced, and its data are at the end
        raise ImageTruncatedError(TRUNCATED)
    kind = _kind_of_object(dataset)
    raise DicomWithoutImageError(
        f"The DICOM file holds {kind} and no picture; choose the photograph itself."
    )


def _kind_of_object(dataset: Dataset) -> str:
    if "DirectoryRecordSequence" in dataset:
        return "a directory of other files (DICOMDIR)"
    if "EncapsulatedDocument" in dataset:
        return "a document"
    if "ContentSequence" in dataset:
        return "a structured report"
    if "WaveformSequence" in dataset:
        return "a waveform"
    return "other data"
