"""Everything that cannot be read is refused with one sentence that harms nobody."""

import os
import struct
import subprocess
import sys
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retina_desktop.domain.errors import (
    DicomEncryptedError,
    ImageEmptyError,
    ImageForbiddenError,
    ImageIsDirectoryError,
    ImageMissingError,
    ImageTooLargeError,
    ImageTruncatedError,
    ImageUnreadableError,
    NotAnImageError,
)
from retina_desktop.imaging import decode as decode_module
from retina_desktop.imaging.decode import decode_bytes, decode_photograph
from tests.helpers.dicom_files import dicom_bytes
from tests.unit.imaging.pictures import chart, encoded


def refusal(expected, read, *arguments):
    with pytest.raises(ImageUnreadableError) as caught:
        read(*arguments)
    assert type(caught.value) is expected
    sentence = str(caught.value)
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert ". " not in sentence
    return sentence


def test_missing_file(tmp_path):
    sentence = refusal(ImageMissingError, decode_photograph, tmp_path / "Doe_Jane.jpg")
    assert "Doe" not in sentence
    refusal(ImageMissingError, decode_photograph, Path("nul\0byte"))
    refusal(ImageMissingError, decode_photograph, tmp_path / ("x" * 100) / "y")


def test_folder(tmp_path):
    refusal(ImageIsDirectoryError, decode_photograph, tmp_path)


def test_empty_file(tmp_path):
    (tmp_path / "empty").touch()
    refusal(ImageEmptyError, decode_photograph, tmp_path / "empty")
    refusal(ImageEmptyError, decode_bytes, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_file_that_may_not_be_read(tmp_path, monkeypatch):
    path = tmp_path / "private.png"
    path.write_bytes(encoded(chart(), "PNG"))
    if os.geteuid() == 0:  # root reads everything: let the system call refuse

        def refuse(*_, **__):
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(Path, "open", refuse)
    else:
        path.chmod(0)
    assert str(path) not in refusal(ImageForbiddenError, decode_photograph, path)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX pipes")
def test_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    refusal(NotAnImageError, decode_photograph, tmp_path / "pipe")


def test_huge_file_is_not_read(tmp_path):
    path = tmp_path / "huge.tif"
    with path.open("wb") as file:
        file.write(b"II*\0")
        file.truncate(3 << 30)  # sparse: takes no room
    refusal(ImageTooLargeError, decode_photograph, path)


@pytest.mark.parametrize("form", ["GIF", "AVIF", "JPEG2000", "PDF"])
def test_other_formats_are_named(form):
    sentence = refusal(NotAnImageError, decode_bytes, encoded(chart(), form))
    assert "JPEG, PNG, TIFF, BMP, WebP or DICOM" in sentence
    assert form.replace("2000", " 2000") in sentence


@pytest.mark.parametrize(
    "data", [b"x", b"plain text " * 50, b"BM and more text than a bitmap " * 9, bytes(2000)]
)
def test_not_an_image(data):
    refusal(NotAnImageError, decode_bytes, data)


def test_encrypted_envelope():
    envelope = bytes.fromhex("3080 0609 2a864886f70d010703 a080 3080 020100") + bytes(500)
    refusal(DicomEncryptedError, decode_bytes, envelope)


def png_of(width, height):
    def piece(name, body):
        return (
            struct.pack(">I", len(body))
            + name
            + body
            + zlib.crc32(name + body).to_bytes(4, "big")
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + piece(b"IHDR", head) + piece(b"IDAT", body) + piece(b"IEND", b"")
    )


def jpeg_of(width, height):
    data = bytearray(encoded(chart(), "JPEG"))
    position = data.index(b"\xff\xc0") + 5
    data[position : position + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def bitmap_of(width, height):
    data = bytearray(encoded(chart(), "BMP"))
    data[18:26] = struct.pack("<ii", width, height)
    return bytes(data)


def webp_of(width, height):
    data = bytearray(encoded(chart(), "WEBP", quality=80))
    data[26:30] = struct.pack("<HH", width, height)
    return bytes(data)


def tiff_of(width, height):
    data = bytearray(encoded(chart(), "TIFF"))
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    for entry in range(start + 2, start + 2 + 12 * count, 12):
        (tag,) = struct.unpack_from("<H", data, entry)
        if tag in (256, 257):
            struct.pack_into("<HII", data, entry + 2, 4, 1, width if tag == 256 else height)
    return bytes(data)


MAKERS = [png_of, jpeg_of, bitmap_of, webp_of, tiff_of]


@pytest.mark.parametrize("make", MAKERS)
def test_too_many_pixels_are_refused_by_the_header(make):
    refusal(ImageTooLargeError, decode_bytes, make(16000, 16000))


@pytest.mark.parametrize("make", [png_of, jpeg_of, bitmap_of, webp_of, tiff_of])
def test_pictures_without_pixels(make):
    with pytest.raises(ImageUnreadableError) as caught:
        decode_bytes(make(0, 20))
    assert caught.value.code in {"image_empty", "image_truncated"}


def test_pixels_without_data():
    refusal(ImageTruncatedError, decode_bytes, png_of(9000, 9000))


def test_tile_far_larger_than_its_picture():
    file = BytesIO()
    tifffile.imwrite(file, chart(), photometric="rgb", tile=(32, 32), compression="deflate")
    data = bytearray(file.getvalue())
    with tifffile.TiffFile(BytesIO(bytes(data))) as page:
        for name in ("TileWidth", "TileLength"):
            offset = page.pages[0].tags[name].valueoffset
            data[offset : offset + 2] = (65520).to_bytes(2, "little")
    refusal(ImageTruncatedError, decode_bytes, bytes(data))


VALID = {
    "JPEG": encoded(chart(), "JPEG", quality=80),
    "progressive": encoded(chart(), "JPEG", quality=80, progressive=True),
    "PNG": encoded(chart(), "PNG"),
    "TIFF": encoded(chart(), "TIFF", compression="tiff_lzw"),
    "BMP": encoded(chart(), "BMP"),
    "WEBP": encoded(chart(), "WEBP"),
    "DICOM": dicom_bytes(chart()[:20, :20], photometric="RGB", PatientName="Doe^Jane"),
    "DICOM16": dicom_bytes(
        np.arange(400, dtype=np.uint16).reshape(20, 20),
        photometric="MONOCHROME2",
        WindowCenter=200,
        WindowWidth=400,
    ),
}
fuzzed = settings(max_examples=250, deadline=5000, suppress_health_check=[HealthCheck.too_slow])


def survives(data):
    """Decode, or refuse in words that hold nothing of the patient."""
    try:
        image = decode_bytes(data, min_side=16)
    except ImageUnreadableError as error:
        said = str(error)
    else:
        said = ""
        assert image.pixels.shape[2] == 3
    assert "Doe" not in said


@given(st.sampled_from(sorted(VALID)), st.floats(0, 1, exclude_max=True))
@fuzzed
def test_truncation_never_does_worse_than_refuse(name, share):
    survives(VALID[name][: int(len(VALID[name]) * share)])


@given(
    st.sampled_from(sorted(VALID)),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8),
    st.booleans(),
)
@fuzzed
def test_flipped_bytes_never_do_worse_than_refuse(name, changes, in_header):
    data = bytearray(VALID[name])
    reach = min(len(data), 700) if in_header else len(data)
    for place, value in changes:
        data[int(place * reach)] = value
    survives(bytes(data))


@given(st.binary(max_size=300), st.sampled_from(sorted(VALID)))
@fuzzed
def test_junk_after_a_signature_never_does_worse_than_refuse(junk, name):
    survives(VALID[name][:140] + junk)


@pytest.mark.parametrize("name", ["JPEG", "progressive", "PNG", "TIFF", "WEBP", "DICOM"])
def test_every_truncation_of_the_picture_is_noticed(name):
    data = VALID[name]
    for length in range(len(data) // 3, len(data) - 1, 97):
        with pytest.raises(ImageUnreadableError):
            decode_bytes(data[:length])


def test_a_damaged_png_is_noticed_wherever_it_is_damaged():
    data = VALID["PNG"]
    for place in range(20, len(data) - 12, 7):
        with pytest.raises(ImageUnreadableError):
            decode_bytes(data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :])


def test_importing_the_decoder_is_light():
    code = (
        f"import sys, {decode_module.__name__}; "
        "print([m for m in ('pydicom', 'PIL', 'imagecodecs', 'torch') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("compression", ["webp", "jpeg2000"])
def test_a_tiff_packed_in_another_format_is_not_called_damaged(compression, capfd):
    file = BytesIO()
    tifffile.imwrite(file, chart(), photometric="rgb", compression=compression)
    with pytest.raises(ImageUnreadableError, match="without special compression"):
        decode_bytes(file.getvalue())
    assert capfd.readouterr().err == ""
