"""DICOM objects that hold no readable picture are refused by what is wrong with them."""

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.uid import (
    MPEG4HP41,
    DeflatedExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLossless,
    JPEGLSLossless,
    RLELossless,
)

from retina_desktop.domain.errors import (
    DicomEncryptedError,
    DicomUnsupportedError,
    DicomWithoutImageError,
    ImageEmptyError,
    ImageTooLargeError,
    ImageTruncatedError,
    ImageUnreadableError,
)
from retina_desktop.imaging.decode import decode_bytes
from tests.helpers.dicom_files import (
    dicom_bytes,
    dicom_dataset,
    jpeg_frame,
    with_pixels,
    written,
)
from tests.unit.imaging.pictures import chart

CHART = chart()


def refusal(expected, data):
    with pytest.raises(ImageUnreadableError) as caught:
        decode_bytes(data)
    assert type(caught.value) is expected
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert ". " not in sentence
    return sentence


@pytest.mark.parametrize(
    ("keyword", "value", "word"),
    [
        ("ContentSequence", [Dataset()], "report"),
        ("DirectoryRecordSequence", [Dataset()], "directory"),
        ("EncapsulatedDocument", b"%PDF", "document"),
        ("WaveformSequence", [Dataset()], "waveform"),
        ("PatientID", "A-17", "other data"),
    ],
)
def test_objects_without_image(keyword, value, word):
    assert word in refusal(DicomWithoutImageError, written(dicom_dataset(**{keyword: value})))


def test_encrypted_object():
    item = Dataset()
    item.EncryptedContent = bytes(64)
    data = written(dicom_dataset(EncryptedAttributesSequence=[item]))
    refusal(DicomEncryptedError, data)


def test_encrypted_attributes_beside_a_picture_are_no_obstacle():
    item = Dataset()
    item.EncryptedContent = bytes(64)
    data = dicom_bytes(CHART, photometric="RGB", EncryptedAttributesSequence=[item])
    assert np.array_equal(decode_bytes(data).pixels, CHART)


def test_unsupported_compression_is_named():
    data = dicom_bytes(CHART, photometric="YBR_FULL_422", syntax=MPEG4HP41, frame=b"film")
    assert "MPEG-4" in refusal(DicomUnsupportedError, data)


@pytest.mark.parametrize("photometric", ["YBR_PARTIAL_420", "CMYK", "nonsense"])
def test_unsupported_colour(photometric):
    with pytest.raises(ImageUnreadableError):
        decode_bytes(dicom_bytes(CHART, photometric=photometric))


def test_measured_values():
    dataset = dicom_dataset(FloatPixelData=bytes(16))
    refusal(DicomUnsupportedError, written(dataset))


def test_too_many_pixels():
    dataset = with_pixels(dicom_dataset(), CHART, photometric="RGB")
    dataset.Rows = dataset.Columns = 20000
    refusal(ImageTooLargeError, written(dataset))


def test_no_pixels():
    dataset = with_pixels(dicom_dataset(), CHART, photometric="RGB")
    dataset.Rows = 0
    refusal(ImageEmptyError, written(dataset))


def test_deflated_bomb():
    bomb = dicom_bytes(
        np.zeros((9000, 9000), np.uint8),
        photometric="MONOCHROME2",
        syntax=DeflatedExplicitVRLittleEndian,
    )
    assert len(bomb) < 100_000
    refusal(ImageTooLargeError, bomb)


def stream(kind):
    return {
        JPEGBaseline8Bit: lambda: jpeg_frame(CHART, level=90),
        JPEGLossless: lambda: jpeg_frame(CHART, lossless=True),
        JPEGLSLossless: lambda: imagecodecs.jpegls_encode(CHART),
        JPEG2000Lossless: lambda: imagecodecs.jpeg2k_encode(CHART, codecformat="j2k"),
    }[kind]()


STREAMS = [JPEGBaseline8Bit, JPEGLossless, JPEGLSLossless, JPEG2000Lossless]


@pytest.mark.parametrize("syntax", STREAMS)
def test_a_stream_of_another_size_than_the_header_says(syntax):
    data = dicom_bytes(CHART[:8, :8], photometric="RGB", syntax=syntax, frame=stream(syntax))
    refusal(ImageTruncatedError, data)


@pytest.mark.parametrize("syntax", STREAMS)
def test_truncated_streams(syntax):
    whole = stream(syntax)
    for cut in (whole[: len(whole) // 2], whole[: len(whole) // 2] + bytes(500)):
        data = dicom_bytes(CHART, photometric="RGB", syntax=syntax, frame=cut)
        refusal(ImageTruncatedError, data)


def test_truncated_pixels():
    data = dicom_bytes(CHART, photometric="RGB")
    pixels_begin = len(data) - CHART.nbytes
    for length in range(pixels_begin - 20, len(data) - 2, 1500):
        refusal(ImageTruncatedError, data[:length])


def test_run_lengths_longer_than_their_picture():
    bomb = bytes([1, 0, 0, 0, 64]).ljust(64, b"\0") + b"\x81\x00" * 100_000
    data = dicom_bytes(
        np.zeros((16, 16), np.uint8), photometric="MONOCHROME2", syntax=RLELossless, frame=bomb
    )
    refusal(ImageTruncatedError, data)


def rle_file():
    dataset = with_pixels(dicom_dataset(), CHART[:24, :24], photometric="RGB")
    dataset.compress(RLELossless)
    return written(dataset)


FILES = [rle_file()] + [
    dicom_bytes(CHART, photometric="RGB", syntax=kind, frame=stream(kind)) for kind in STREAMS
]


@given(
    st.sampled_from(FILES),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
    st.floats(0.2, 1),
)
@settings(max_examples=250, deadline=5000)
def test_damaged_streams_never_do_worse_than_refuse(data, changes, share):
    damaged = bytearray(data[: int(len(data) * share)])
    for place, value in changes:
        damaged[int(place * len(damaged))] = value
    try:
        pixels = decode_bytes(bytes(damaged)).pixels
    except ImageUnreadableError:
        return
    assert pixels.dtype == np.uint8
