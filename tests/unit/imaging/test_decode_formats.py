"""Every raster format, depth and colour mode comes out as the same colours, upright."""

from io import BytesIO

import cv2
import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageCms

from retina_desktop.domain.errors import ImageUnreadableError
from retina_desktop.imaging.decode import decode_bytes, decode_photograph
from tests.unit.imaging.pictures import COLOURS, chart, encoded, field_colours

DEEP = chart().astype(np.uint16) * 257
GREY = np.asarray(Image.fromarray(chart()).convert("L"))
GREY_COLOURS = np.repeat(GREY[16::32, 16::32, None], 3, 2)


def tiff(samples, **options):
    file = BytesIO()
    tifffile.imwrite(file, samples, **options)
    return file.getvalue()


def assert_colours(data, expected=COLOURS, tolerance=0):
    image = decode_bytes(data)
    assert image.pixels.dtype == np.uint8
    assert image.pixels.flags.c_contiguous
    assert (image.height, image.width) == image.pixels.shape[:2] == (64, 96)
    difference = np.abs(field_colours(image.pixels) - np.asarray(expected, int))
    assert difference.max() <= tolerance
    return image


@pytest.mark.parametrize(
    ("form", "options", "tolerance"),
    [
        ("JPEG", {"quality": 95}, 3),
        ("JPEG", {"quality": 95, "progressive": True}, 3),
        ("JPEG", {"quality": 95, "keep_rgb": True}, 3),
        ("PNG", {}, 0),
        ("BMP", {}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("WEBP", {"quality": 95}, 8),
        ("TIFF", {}, 0),
        ("TIFF", {"compression": "jpeg", "quality": 95}, 4),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
    ],
)
def test_colours_survive_every_format(form, options, tolerance):
    image = assert_colours(encoded(chart(), form, **options), tolerance=tolerance)
    assert image.source_format == form
    assert image.dicom is None


@pytest.mark.parametrize("mode", ["L", "1", "P"])
@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF"])
def test_grey_palette_and_one_bit(mode, form):
    source = Image.fromarray(chart())
    source = source.quantize(16) if mode == "P" else source.convert(mode, dither=0)
    assert_colours(encoded(source, form), np.asarray(source.convert("RGB"))[16::32, 16::32])


def test_grey_jpeg():
    assert_colours(encoded(GREY, "JPEG", quality=95), GREY_COLOURS, 2)


@pytest.mark.parametrize("form", ["JPEG", "TIFF"])
def test_cmyk_is_not_inverted(form):
    cmyk = Image.fromarray(chart()).convert("CMYK")
    assert_colours(encoded(cmyk, form), tolerance=5 if form == "JPEG" else 0)


def test_ycck_jpeg():
    cmyk = np.asarray(Image.fromarray(chart()).convert("CMYK"))
    adobe_inverted = 255 - cmyk
    stream = imagecodecs.jpeg8_encode(
        adobe_inverted, level=95, colorspace="cmyk", outcolorspace="ycck"
    )
    assert_colours(stream, tolerance=6)


@pytest.mark.parametrize("compression", [None, "lzw", "deflate", "packbits", "zstd", "lzma"])
@pytest.mark.parametrize("planes", ["contig", "separate"])
@pytest.mark.parametrize("tile", [None, (32, 32)])
def test_tiff_layouts(compression, planes, tile):
    for samples in (chart(), DEEP):
        stored = (
            samples if planes == "contig" else np.ascontiguousarray(samples.transpose(2, 0, 1))
        )
        for order in "<>":
            data = tiff(
                stored,
                photometric="rgb",
                planarconfig=planes,
                compression=compression,
                tile=tile,
                byteorder=order,
                predictor=compression in {"lzw", "deflate", "zstd"},
            )
            assert_colours(data)


def test_bigtiff_and_first_page_of_many():
    assert_colours(tiff(chart(), photometric="rgb", bigtiff=True))
    assert_colours(tiff(np.stack([chart(), 255 - chart()]), photometric="rgb"))


@pytest.mark.parametrize("compression", [None, "lzw"])
@pytest.mark.parametrize("order", "<>")
def test_sixteen_bit_grey_tiff(compression, order):
    deep = GREY.astype(np.uint16) * 257
    assert_colours(tiff(deep, compression=compression, byteorder=order), GREY_COLOURS)


def test_sixteen_bit_white_is_zero_tiff():
    deep = 65535 - GREY.astype(np.uint16) * 257
    assert_colours(tiff(deep, photometric="miniswhite", byteorder="<"), GREY_COLOURS)


def test_tiff_of_a_kind_not_read_says_so():
    for strange in (
        tiff(GREY.astype(np.float32)),
        tiff(GREY.astype(np.int16)),
        tiff(GREY.astype(np.uint16), photometric="miniswhite", byteorder=">"),
    ):
        with pytest.raises(ImageUnreadableError, match="export it") as caught:
            decode_bytes(strange)
        assert caught.value.code == "image_unreadable"


def test_white_is_zero_tiff():
    assert_colours(tiff(255 - GREY, photometric="miniswhite"), GREY_COLOURS)


def test_lab_tiff():
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB", 5000), "RGB", "LAB"
    )
    lab = to_lab.apply(Image.fromarray(chart()))
    assert_colours(encoded(lab, "TIFF"), tolerance=4)


def test_sixteen_bit_png():
    assert_colours(cv2.imencode(".png", DEEP[..., ::-1])[1].tobytes())
    assert_colours(
        cv2.imencode(".png", GREY.astype(np.uint16) * 257)[1].tobytes(), GREY_COLOURS
    )


@given(arrays(np.uint16, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
@settings(max_examples=40, deadline=None)
def test_sixteen_bits_are_rounded_to_eight(samples):
    expected = np.rint(samples / 257.0).astype(int)
    for data in (imagecodecs.png_encode(samples), tiff(samples, photometric="rgb")):
        assert np.abs(decode_bytes(data).pixels - expected).max() == 0


@given(
    arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20), st.just(3))),
    st.sampled_from([("PNG", {}), ("BMP", {}), ("TIFF", {}), ("WEBP", {"lossless": True})]),
)
@settings(max_examples=60, deadline=None)
def test_lossless_formats_come_back_exactly(pixels, form):
    name, options = form
    assert np.array_equal(decode_bytes(encoded(pixels, name, **options)).pixels, pixels)


def with_alpha(colour, alpha):
    return np.dstack([colour, np.full(colour.shape[:2], alpha, colour.dtype)])


@pytest.mark.parametrize(
    "data",
    [
        encoded(with_alpha(chart(), 128), "PNG"),
        encoded(with_alpha(chart(), 128), "WEBP", lossless=True, exact=True),
        imagecodecs.png_encode(with_alpha(DEEP, 32896)),
        tiff(with_alpha(chart(), 128), photometric="rgb", extrasamples=["unassalpha"]),
        tiff(with_alpha(DEEP, 32896), photometric="rgb", extrasamples=["unassalpha"]),
        tiff(with_alpha(DEEP // 2, 32896), photometric="rgb", extrasamples=["assocalpha"]),
    ],
)
def test_transparency_lies_over_black(data):
    assert_colours(data, COLOURS * (128 / 255), 1)


def test_grey_with_alpha():
    assert_colours(encoded(with_alpha(GREY, 128), "PNG"), GREY_COLOURS * (128 / 255), 1)
    deep = imagecodecs.png_encode(with_alpha(GREY.astype(np.uint16) * 257, 32896))
    assert_colours(deep, GREY_COLOURS * (128 / 255), 1)


def test_transparent_colour_of_a_palette_is_black():
    picture = Image.fromarray(chart()).quantize(16)
    gone = picture.getpixel((16, 16))
    pixels = decode_bytes(encoded(picture, "PNG", transparency=gone)).pixels
    assert pixels[16, 16].tolist() == [0, 0, 0]
    assert pixels[16, 48].tolist() != [0, 0, 0]


def test_a_picture_transparent_everywhere_is_shown():
    assert_colours(encoded(with_alpha(chart(), 0), "PNG"))


# How a picture must have been stored for its orientation to bring it upright.
STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP", "TIFF16"])
def test_orientation(orientation, form):
    stored = Image.fromarray(chart())
    if orientation in STORED:
        stored = stored.transpose(STORED[orientation])
    if form == "TIFF16":
        deep = np.asarray(stored).astype(np.uint16) * 257
        tag = [(274, "H", 1, orientation, True)]
        assert_colours(tiff(deep, photometric="rgb", extratags=tag))
        return
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"JPEG": {"quality": 95}, "WEBP": {"lossless": True}}.get(form, {})
    assert_colours(encoded(stored, form, exif=exif, **options), tolerance=4)


@pytest.mark.parametrize("exif", [b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"junk"])
def test_broken_exif_is_ignored(exif):
    assert_colours(encoded(chart(), "JPEG", quality=95, exif=exif), tolerance=4)


def wide_gamut_profile() -> bytes:
    """Return a matrix profile whose red and green primaries are sRGB's, exchanged."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = bytearray(srgb)
    count = int.from_bytes(srgb[128:132], "big")
    entries = {srgb[132 + 12 * n : 136 + 12 * n]: 132 + 12 * n for n in range(count)}
    red, green = entries[b"rXYZ"], entries[b"gXYZ"]
    swapped[red : red + 4], swapped[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(swapped).replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("JPEG", {"quality": 98, "subsampling": 0}),
        ("PNG", {}),
        ("TIFF", {}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_embedded_profile_is_converted_to_srgb(form, options):
    data = encoded(chart()[..., (1, 0, 2)], form, icc_profile=wide_gamut_profile(), **options)
    assert_colours(data, tolerance=6)


def test_srgb_and_broken_profiles_leave_the_pixels_alone():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (srgb, b"no profile at all", srgb[:200]):
        assert_colours(encoded(chart(), "PNG", icc_profile=profile))


def test_the_name_means_nothing(tmp_path):
    for name in ("scan", "scan.dcm", "scan.png"):
        path = tmp_path / name
        path.write_bytes(encoded(chart(), "BMP"))
        assert decode_photograph(path).source_format == "BMP"


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "WEBP"])
@pytest.mark.parametrize(
    ("min_side", "shape"), [(16, (16, 24)), (17, (22, 32)), (64, (64, 96))]
)
def test_reduced_scale_keeps_the_shorter_side(form, min_side, shape):
    image = decode_bytes(encoded(chart(), form), min_side=min_side)
    assert image.pixels.shape[:2] == shape
    assert (image.width, image.height) == (96, 64)
    assert np.abs(field_colours(image.pixels) - COLOURS).max() <= 8
