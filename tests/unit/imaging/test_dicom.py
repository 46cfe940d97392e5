"""DICOM photographs: every syntax and photometric interpretation gives the true colours."""

import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import imagecodecs
import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
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

from retina_desktop.domain.images import DicomFacts, Laterality
from retina_desktop.imaging.decode import decode_bytes
from tests.helpers.dicom_files import (
    OPHTHALMIC_16_BIT,
    SECONDARY_CAPTURE,
    dicom_bytes,
    dicom_dataset,
    jpeg_frame,
    rgb_to_ycbcr,
    with_pixels,
    written,
)
from tests.unit.imaging.pictures import COLOURS, chart, encoded, field_colours

CHART = chart()
YCBCR = rgb_to_ycbcr(CHART)
GREY = np.asarray(Image.fromarray(CHART).convert("L"))
GREY_COLOURS = np.repeat(GREY[16::32, 16::32, None], 3, 2).astype(int)
DEEP = GREY.astype(np.uint16) * 257
TWELVE = DEEP >> 4
NATIVE = [
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
]
JFIF = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"


def assert_colours(data, expected=COLOURS, tolerance=0):
    image = decode_bytes(data)
    assert image.source_format == "DICOM"
    assert image.pixels.dtype == np.uint8
    assert image.pixels.shape == (64, 96, 3)
    assert np.abs(field_colours(image.pixels) - np.asarray(expected, int)).max() <= tolerance
    return image


@pytest.mark.parametrize("syntax", NATIVE)
def test_uncompressed(syntax):
    assert_colours(dicom_bytes(CHART, photometric="RGB", syntax=syntax))
    assert_colours(dicom_bytes(YCBCR, photometric="YBR_FULL", syntax=syntax), tolerance=2)
    for samples, bits in ((GREY, 8), (DEEP, 16), (TWELVE, 12)):
        data = dicom_bytes(samples, photometric="MONOCHROME2", bits_stored=bits, syntax=syntax)
        assert_colours(data, GREY_COLOURS)


@pytest.mark.parametrize("syntax", NATIVE[:2])
def test_without_preamble(syntax):
    dataset = with_pixels(dicom_dataset(syntax=syntax), CHART, photometric="RGB")
    assert_colours(written(dataset, preamble=False))


def test_secondary_capture_and_sixteen_bit_ophthalmic():
    assert_colours(dicom_bytes(CHART, photometric="RGB", sop_class=SECONDARY_CAPTURE))
    data = dicom_bytes(DEEP, photometric="MONOCHROME2", sop_class=OPHTHALMIC_16_BIT)
    assert_colours(data, GREY_COLOURS)


def test_planes():
    dataset = with_pixels(dicom_dataset(), CHART, photometric="RGB")
    dataset.PlanarConfiguration = 1
    dataset.PixelData = CHART.transpose(2, 0, 1).tobytes()
    assert_colours(written(dataset))


def test_uncompressed_ybr_422():
    dataset = with_pixels(dicom_dataset(), CHART, photometric="YBR_FULL_422")
    pairs = [YCBCR[:, 0::2, 0], YCBCR[:, 1::2, 0], YCBCR[:, 0::2, 1], YCBCR[:, 0::2, 2]]
    dataset.PixelData = np.stack(pairs, axis=-1).tobytes()
    assert_colours(written(dataset), tolerance=2)


def test_palette():
    picture = Image.fromarray(CHART).quantize(8)
    table = np.array(picture.getpalette()).reshape(-1, 3)
    for bits in (8, 16):
        entries = table * 257 if bits == 16 else table
        tables = {}
        for channel, name in enumerate(("Red", "Green", "Blue")):
            tables[f"{name}PaletteColorLookupTableDescriptor"] = [len(table), 0, bits]
            tables[f"{name}PaletteColorLookupTableData"] = (
                entries[:, channel].astype(f"<u{bits // 8}").tobytes()
            )
        data = dicom_bytes(np.asarray(picture), photometric="PALETTE COLOR", **tables)
        assert_colours(data, np.asarray(picture.convert("RGB"))[16::32, 16::32], 1)


def test_sixteen_bit_colour():
    assert_colours(dicom_bytes(CHART.astype(np.uint16) * 257, photometric="RGB"))


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL", "YBR_FULL_422"])
@pytest.mark.parametrize("sampling", ["422", "420"])
def test_subsampled_jpeg_is_ycbcr_whatever_the_header_says(photometric, sampling):
    frame = jpeg_frame(CHART, level=95, subsampling=sampling)
    data = dicom_bytes(CHART, photometric=photometric, syntax=JPEGBaseline8Bit, frame=frame)
    assert_colours(data, tolerance=4)


@pytest.mark.parametrize(
    ("photometric", "frame"),
    [
        ("YBR_FULL", jpeg_frame(CHART, level=95, subsampling="444")),
        ("RGB", jpeg_frame(CHART, level=95, colorspace="rgb", outcolorspace="rgb")),
        ("RGB", encoded(CHART, "JPEG", quality=95, subsampling=0)),  # JFIF says YCbCr
        ("YBR_FULL_422", encoded(CHART, "JPEG", quality=95, keep_rgb=True)),  # Adobe: RGB
        ("RGB", encoded(CHART, "JPEG", quality=95, keep_rgb=True)),
        ("YBR_FULL", encoded(CHART, "JPEG", quality=95, progressive=True)),
    ],
)
@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEGExtended12Bit])
def test_jpeg_colour_space_of_stream_and_header(photometric, frame, syntax):
    data = dicom_bytes(CHART, photometric=photometric, syntax=syntax, frame=frame)
    assert_colours(data, tolerance=4)


def test_grey_jpeg_of_8_and_12_bits():
    frame = jpeg_frame(GREY, level=95)
    data = dicom_bytes(GREY, photometric="MONOCHROME2", syntax=JPEGBaseline8Bit, frame=frame)
    assert_colours(data, GREY_COLOURS, 2)
    frame = jpeg_frame(TWELVE, level=98, bitspersample=12)
    data = dicom_bytes(
        TWELVE, photometric="MONOCHROME2", bits_stored=12, syntax=JPEGExtended12Bit, frame=frame
    )
    assert_colours(data, GREY_COLOURS, 1)


@pytest.mark.parametrize(
    ("syntax", "predictor"), [(JPEGLossless, 1), (JPEGLossless, 7), (JPEGLosslessSV1, 1)]
)
def test_lossless_jpeg(syntax, predictor):
    def stream(samples, **options):
        return jpeg_frame(samples, lossless=True, predictor=predictor, **options)

    rgb = stream(CHART)
    for frame in (rgb, rgb[:2] + JFIF + rgb[2:]):
        assert_colours(dicom_bytes(CHART, photometric="RGB", syntax=syntax, frame=frame))
    for frame in (stream(YCBCR), imagecodecs.jpeg8_encode(YCBCR, lossless=True, predictor=1)):
        data = dicom_bytes(YCBCR, photometric="YBR_FULL", syntax=syntax, frame=frame)
        assert_colours(data, tolerance=2)
    for samples, bits in ((GREY, 8), (TWELVE, 12), (DEEP, 16)):
        data = dicom_bytes(
            samples,
            photometric="MONOCHROME2",
            bits_stored=bits,
            syntax=syntax,
            frame=stream(samples, bitspersample=bits),
        )
        assert_colours(data, GREY_COLOURS)


def test_jpeg_ls():
    frame = imagecodecs.jpegls_encode(CHART)
    assert_colours(dicom_bytes(CHART, photometric="RGB", syntax=JPEGLSLossless, frame=frame))
    frame = imagecodecs.jpegls_encode(YCBCR)
    data = dicom_bytes(YCBCR, photometric="YBR_FULL", syntax=JPEGLSLossless, frame=frame)
    assert_colours(data, tolerance=2)
    frame = imagecodecs.jpegls_encode(CHART, level=2)
    data = dicom_bytes(CHART, photometric="RGB", syntax=JPEGLSNearLossless, frame=frame)
    assert_colours(data, tolerance=2)
    frame = imagecodecs.jpegls_encode(DEEP)
    data = dicom_bytes(DEEP, photometric="MONOCHROME2", syntax=JPEGLSLossless, frame=frame)
    assert_colours(data, GREY_COLOURS)


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless])
def test_compressed_by_pydicom(syntax):
    for samples, photometric, expected in (
        (CHART, "RGB", COLOURS),
        (YCBCR, "YBR_FULL", COLOURS),
        (DEEP, "MONOCHROME2", GREY_COLOURS),
    ):
        dataset = with_pixels(dicom_dataset(), samples, photometric=photometric)
        dataset.compress(syntax)
        assert_colours(written(dataset), expected, 2 if photometric == "YBR_FULL" else 0)


@pytest.mark.parametrize(
    ("photometric", "syntax", "options", "tolerance"),
    [
        ("RGB", JPEG2000Lossless, {"mct": False, "reversible": True}, 0),
        ("YBR_RCT", JPEG2000Lossless, {"mct": True, "reversible": True}, 0),
        ("YBR_ICT", JPEG2000, {"mct": True, "reversible": False, "level": 60}, 3),
    ],
)
def test_jpeg_2000_colour_transforms(photometric, syntax, options, tolerance):
    frame = imagecodecs.jpeg2k_encode(CHART, codecformat="j2k", **options)
    data = dicom_bytes(CHART, photometric=photometric, syntax=syntax, frame=frame)
    assert_colours(data, tolerance=tolerance)


@pytest.mark.parametrize("syntax", [HTJ2KLossless, HTJ2K])
def test_high_throughput_jpeg_2000(syntax):
    frame = imagecodecs.htj2k_encode(CHART)
    assert_colours(dicom_bytes(CHART, photometric="YBR_RCT", syntax=syntax, frame=frame))
    frame = imagecodecs.htj2k_encode(DEEP)
    data = dicom_bytes(DEEP, photometric="MONOCHROME2", syntax=syntax, frame=frame)
    assert_colours(data, GREY_COLOURS)


def test_first_of_many_frames():
    dataset = with_pixels(dicom_dataset(), CHART, photometric="RGB")
    dataset.NumberOfFrames = 2
    dataset.PixelData = CHART.tobytes() + (255 - CHART).tobytes()
    assert_colours(written(dataset))
    dataset = with_pixels(
        dicom_dataset(syntax=JPEGBaseline8Bit), CHART, photometric="YBR_FULL_422", frame=b"--"
    )
    dataset.NumberOfFrames = 2
    dataset.PixelData = encapsulate(
        [jpeg_frame(CHART, level=95), jpeg_frame(255 - CHART, level=95)]
    )
    assert_colours(written(dataset), tolerance=4)


def test_monochrome1_is_inverted():
    assert_colours(dicom_bytes(255 - GREY, photometric="MONOCHROME1"), GREY_COLOURS)
    assert_colours(dicom_bytes(65535 - DEEP, photometric="MONOCHROME1"), GREY_COLOURS)


def test_windows():
    def grey(samples, **values):
        return dicom_bytes(samples, photometric="MONOCHROME2", **values)

    raised = GREY.astype(np.uint16) + 1000
    first = grey(raised, WindowCenter=[1128, 5], WindowWidth=[256, 5])
    assert_colours(first, GREY_COLOURS)
    rescaled = grey(
        GREY.astype(np.uint16) * 2,
        RescaleSlope=0.5,
        RescaleIntercept=-100,
        WindowCenter=28,
        WindowWidth=256,
    )
    assert_colours(rescaled, GREY_COLOURS)
    signed = grey(GREY.astype(np.int16) - 200, WindowCenter=-72, WindowWidth=256)
    assert_colours(signed, GREY_COLOURS)
    exact = grey(raised, WindowCenter=1127.5, WindowWidth=255, VOILUTFunction="LINEAR_EXACT")
    assert_colours(exact, GREY_COLOURS)
    sigmoid = grey(raised, WindowCenter=1128, WindowWidth=256, VOILUTFunction="SIGMOID")
    expected = np.rint(255 / (1 + np.exp(-4 * (GREY_COLOURS - 128.0) / 256)))
    assert_colours(sigmoid, expected, 1)


def test_a_window_that_makes_no_sense_is_ignored():
    for center, width in (("", ""), (100, 0), (100, -5)):
        data = dicom_bytes(
            GREY, photometric="MONOCHROME2", WindowCenter=center, WindowWidth=width
        )
        assert_colours(data, GREY_COLOURS)


def test_value_of_interest_table():
    table = Dataset()
    table.LUTDescriptor = [256, 0, 16]
    table.LUTData = [(255 - value) * 257 for value in range(256)]
    table["LUTDescriptor"].VR = table["LUTData"].VR = "US"
    data = dicom_bytes(255 - GREY, photometric="MONOCHROME2", VOILUTSequence=[table])
    assert_colours(data, GREY_COLOURS)


def test_twelve_bits_declared_as_sixteen_are_not_black():
    assert_colours(dicom_bytes(TWELVE, photometric="MONOCHROME2"), GREY_COLOURS)


def test_bits_beside_the_stored_ones_are_ignored():
    data = dicom_bytes(TWELVE | 0x8000, photometric="MONOCHROME2", bits_stored=12)
    assert_colours(data, GREY_COLOURS)


def test_reduced():
    image = decode_bytes(dicom_bytes(CHART, photometric="RGB"), min_side=20)
    assert image.pixels.shape == (22, 32, 3)
    assert (image.width, image.height) == (96, 64)


FACTS = {
    "SpecificCharacterSet": "ISO_IR 192",
    "PatientID": "A-17",
    "PatientName": "Müller^Anna^B",
    "PatientBirthDate": "19620229",
    "PatientSex": "F",
    "Manufacturer": "Acme",
    "ImageLaterality": "L",
    "Laterality": "R",
    "AcquisitionDateTime": "20240130101500.5+0100",
    "StudyDate": "20230101",
}


def facts(**values) -> DicomFacts:
    read = decode_bytes(dicom_bytes(CHART, photometric="RGB", **values)).dicom
    assert read is not None
    return read


def test_facts():
    read = facts(**FACTS | {"PatientBirthDate": "19620228"})
    assert read.patient_id == "A-17"
    assert read.patient_name == "Müller, Anna B"
    assert read.birth_date == date(1962, 2, 28)
    assert read.sex == "F"
    assert read.manufacturer == "Acme"
    assert read.laterality is Laterality.LEFT
    assert read.acquired_on == date(2024, 1, 30)
    assert read.sop_instance_uid.startswith("1.2.826.")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, None),
        ({"Laterality": "R"}, Laterality.RIGHT),
        ({"ImageLaterality": "", "Laterality": "L"}, Laterality.LEFT),
        ({"ImageLaterality": "B", "Laterality": "L"}, None),
        ({"ImageLaterality": "left"}, None),
    ],
)
def test_laterality(values, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom warns of the bad value as it is written
        assert facts(**values).laterality is expected


def test_laterality_of_enhanced_objects():
    frame, shared = Dataset(), Dataset()
    frame.FrameLaterality = "R"
    shared.FrameAnatomySequence = [frame]
    assert facts(SharedFunctionalGroupsSequence=[shared]).laterality is Laterality.RIGHT


def test_malformed_facts_are_left_empty():
    data = dicom_bytes(CHART, photometric="RGB", **FACTS)
    for old, new in (
        (b"19620229", b"unknown "),
        (b"20240130101500.5+0100", b"yesterday afternoon !"),
        (b"ISO_IR 192", b"ISO_IR 999"),
        (b"F ", b"\x00\xff"),
    ):
        assert old in data
        data = data.replace(old, new)
    read = decode_bytes(data).dicom
    assert read is not None
    assert (read.birth_date, read.sex) == (None, "")
    assert read.acquired_on == date(2023, 1, 1)
    assert read.patient_id == "A-17"


def test_a_header_without_any_fact():
    assert facts().patient_id == ""


def test_nothing_of_the_patient_is_said_aloud(capsys, caplog):
    data = dicom_bytes(CHART, photometric="RGB", **FACTS).replace(b"ISO_IR 192", b"ISO_IR 999")
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        decode_bytes(data.replace(b"19620229", b"Anna B. "))
    assert heard == []
    assert caplog.records == []
    assert capsys.readouterr() == ("", "")


def test_threads():
    data = [dicom_bytes(CHART, photometric="RGB", PatientID=str(n)) for n in range(24)]
    with ThreadPoolExecutor(8) as pool:
        images = list(pool.map(decode_bytes, data))
    assert [image.dicom.patient_id for image in images] == [str(n) for n in range(24)]
    assert all(np.array_equal(image.pixels, CHART) for image in images)
