"""Writes small DICOM files as cameras and archives do, for tests."""

from io import BytesIO
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    generate_uid,
)

OPHTHALMIC_8_BIT = UID("1.2.840.10008.5.1.4.1.1.77.1.5.1")
OPHTHALMIC_16_BIT = UID("1.2.840.10008.5.1.4.1.1.77.1.5.2")
SECONDARY_CAPTURE = UID("1.2.840.10008.5.1.4.1.1.7")


def dicom_dataset(
    *, sop_class: UID = OPHTHALMIC_8_BIT, syntax: UID = ExplicitVRLittleEndian, **values: Any
) -> FileDataset:
    """Return an object without picture; `values` are elements by keyword."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["retina"])
    meta.TransferSyntaxUID = syntax
    dataset = FileDataset(
        "",
        {},
        file_meta=meta,
        preamble=bytes(128),
        is_implicit_VR=syntax == ImplicitVRLittleEndian,
        is_little_endian=syntax != ExplicitVRBigEndian,
    )
    dataset.SOPClassUID = sop_class
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def with_pixels(
    dataset: Dataset,
    samples: NDArray[Any],
    *,
    photometric: str,
    bits_stored: int | None = None,
    frame: bytes | None = None,
) -> Dataset:
    """Add the image pixel module; `samples` is (H, W) or (H, W, 3), one frame.

    `frame` is the compressed stream to store instead of the samples.
    """
    dataset.Rows, dataset.Columns = samples.shape[:2]
    dataset.SamplesPerPixel = 3 if samples.ndim == 3 else 1
    if samples.ndim == 3:
        dataset.PlanarConfiguration = 0
    dataset.PhotometricInterpretation = photometric
    dataset.BitsAllocated = samples.dtype.itemsize * 8
    dataset.BitsStored = bits_stored or dataset.BitsAllocated
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(samples.dtype.kind == "i")
    if frame is None:
        order = ">" if dataset.file_meta.TransferSyntaxUID == ExplicitVRBigEndian else "<"
        content = samples.astype(samples.dtype.newbyteorder(order)).tobytes()
        dataset.PixelData = content + bytes(len(content) % 2)
    else:
        dataset.PixelData = encapsulate([frame])
        dataset["PixelData"].is_undefined_length = True
    dataset["PixelData"].VR = "OB" if dataset.BitsAllocated == 8 or frame else "OW"
    return dataset


def written(dataset: Dataset, *, preamble: bool = True) -> bytes:
    """Return the file's bytes."""
    file = BytesIO()
    syntax = dataset.file_meta.TransferSyntaxUID
    if preamble:
        dataset.save_as(file, enforce_file_format=True)
        return file.getvalue()
    bare = Dataset(dataset)
    bare.save_as(
        file,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=syntax != ExplicitVRBigEndian,
    )
    return file.getvalue()


def dicom_bytes(
    samples: NDArray[Any],
    *,
    photometric: str,
    syntax: UID = ExplicitVRLittleEndian,
    bits_stored: int | None = None,
    frame: bytes | None = None,
    **values: Any,
) -> bytes:
    """Return a whole file: object, picture and `values`."""
    dataset = dicom_dataset(syntax=syntax, **values)
    with_pixels(dataset, samples, photometric=photometric, bits_stored=bits_stored, frame=frame)
    return written(dataset)


def rgb_to_ycbcr(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Convert by the formula of DICOM PS3.3, C.7.6.3.1.2, independent of the product's."""
    matrix = np.array(
        [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]]
    )
    ycbcr = rgb.astype(np.float64) @ matrix.T + np.array([0.0, 128.0, 128.0])
    return np.clip(np.rint(ycbcr), 0, 255).astype(np.uint8)


def jpeg_frame(samples: NDArray[Any], **options: Any) -> bytes:
    """Compress as a JPEG stream without JFIF or Adobe segments, as DICOM has it."""
    return _without_application_segments(imagecodecs.jpeg8_encode(samples, **options))


def _without_application_segments(stream: bytes) -> bytes:
    kept, position = stream[:2], 2
    while 0xE0 <= stream[position + 1] <= 0xEF:
        position += 2 + int.from_bytes(stream[position + 2 : position + 4], "big")
    return kept + stream[position:]
