"""JPEG: strictness, reduced scale, and what encoders of cameras do."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import cv2
import imagecodecs
import numpy as np
import pytest
from skimage import data

from retina_desktop.domain.errors import ImageTruncatedError, ImageUnreadableError
from retina_desktop.imaging.decode import decode_bytes, decode_photograph
from tests.unit.imaging.pictures import COLOURS, chart, encoded, field_colours


@pytest.fixture(scope="module")
def fundus() -> bytes:
    frame = np.zeros((711, 1071, 3), np.uint8)  # odd sides: blocks at the edges are partial
    frame[:, 180:891] = cv2.resize(data.retina(), (711, 711), interpolation=cv2.INTER_AREA)
    return encoded(frame, "JPEG", quality=92)


@pytest.mark.parametrize(
    ("min_side", "scale"), [(1, 8), (89, 8), (90, 4), (178, 4), (179, 2), (356, 2), (357, 1)]
)
def test_smallest_scale_that_suffices(fundus, min_side, scale):
    image = decode_bytes(fundus, min_side=min_side)
    assert image.pixels.shape[:2] == (-(-711 // scale), -(-1071 // scale))
    assert (image.width, image.height) == (1071, 711)
    assert image.scale == pytest.approx(1 / scale, rel=0.005)


@pytest.mark.parametrize("min_side", [300, 150, 80])
def test_reduced_decode_is_the_full_decode_averaged(fundus, min_side):
    small = decode_bytes(fundus, min_side=min_side).pixels
    full = decode_bytes(fundus).pixels
    factor = round(full.shape[1] / small.shape[1])
    rows, columns = full.shape[0] // factor, full.shape[1] // factor
    averaged = cv2.resize(
        full[: rows * factor, : columns * factor], (columns, rows), interpolation=cv2.INTER_AREA
    )
    difference = small[:rows, :columns].astype(float) - averaged
    assert np.abs(difference).mean() < 1.0
    assert np.abs(difference.mean(axis=(0, 1))).max() < 0.5  # no cast of colour
    assert np.hypot(*shift_between(small[:rows, :columns, 1], averaged[..., 1])) < 0.05


def shift_between(moved, still):
    """Return the displacement in pixels, (x, y), that best explains the difference."""
    still = still.astype(float)
    slopes = np.stack([g.ravel() for g in np.gradient(still)[::-1]], axis=1)
    difference = (still - moved.astype(float)).ravel()
    return np.linalg.lstsq(slopes, difference, rcond=None)[0]


@pytest.mark.parametrize(
    ("sampling", "progressive"),
    [(sampling, False) for sampling in ("444", "422", "420", "411", "440")]
    + [(sampling, True) for sampling in ("444", "422", "420")],
)
def test_chroma_samplings(sampling, progressive):
    picture = (
        encoded(chart(), "JPEG", quality=95, subsampling=":".join(sampling), progressive=True)
        if progressive
        else imagecodecs.jpeg8_encode(chart(), level=95, subsampling=sampling)
    )
    for min_side in (None, 30):
        pixels = decode_bytes(picture, min_side=min_side).pixels
        assert np.abs(field_colours(pixels) - COLOURS).max() <= 5


def test_cut_anywhere_is_refused(fundus):
    for share in (0.02, 0.2, 0.5, 0.9, 0.999):
        kept = fundus[: int(len(fundus) * share)]
        missing = len(fundus) - len(kept)
        for tail in (b"", b"\xff\xd9", bytes(missing), b"\xff" * missing):
            for min_side in (None, 100):
                with pytest.raises(ImageTruncatedError):
                    decode_bytes(kept + tail, min_side=min_side)


def test_bytes_after_the_picture_do_no_harm(fundus):
    plain = decode_bytes(fundus)
    longer = decode_bytes(fundus + b"maker's notes" * 50)
    assert np.array_equal(plain.pixels, longer.pixels)
    assert plain.sha256 == hashlib.sha256(fundus).hexdigest() != longer.sha256


def test_padding_before_the_end_does_no_harm(fundus):
    padded = fundus[:-2] + bytes(100) + b"\xff\xd9"
    assert np.array_equal(decode_bytes(padded).pixels, decode_bytes(fundus).pixels)


def test_thumbnail_in_exif_is_not_the_picture():
    thumbnail = encoded(255 - chart()[:16, :16], "JPEG")
    exif = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0" + thumbnail
    whole = encoded(chart(), "JPEG", quality=95, exif=exif)
    assert np.abs(field_colours(decode_bytes(whole).pixels) - COLOURS).max() <= 4
    with pytest.raises(ImageTruncatedError):
        decode_bytes(whole[:-40])


def test_thousands_of_scans_are_refused():
    picture = encoded(chart(), "JPEG", progressive=True)
    last_scan = picture[picture.rindex(b"\xff\xda") : -2]
    with pytest.raises(ImageUnreadableError):
        decode_bytes(picture[:-2] + last_scan * 5000 + b"\xff\xd9")


def test_threads_get_the_same_pixels(fundus, tmp_path):
    path = tmp_path / "photograph"
    path.write_bytes(fundus)
    alone = decode_photograph(path, min_side=300).pixels
    with ThreadPoolExecutor(8) as pool:
        images = list(pool.map(lambda _: decode_photograph(path, min_side=300), range(32)))
    assert all(np.array_equal(image.pixels, alone) for image in images)
