"""Why a file is refused, in one place: limits, sentences, foreign errors turned into ours."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import cv2

from retina_desktop.domain.errors import (
    ImageEmptyError,
    ImageTooLargeError,
    ImageTruncatedError,
    ImageUnreadableError,
)

MAX_PIXELS = 120_000_000
MAX_FILE_BYTES = 1 << 30  # more than 120 megapixels of 16-bit RGBA, uncompressed

ACCEPTED_FORMATS = "JPEG, PNG, TIFF, BMP, WebP or DICOM"
TRUNCATED = "The file ends before its picture does; copy or export it again from the camera."
DAMAGED = "The picture's data are damaged; copy or export it again from the camera."
UNKNOWN_CODING = (
    "The picture is coded in a way that is not read here; export it as 8-bit RGB without "
    "special compression."
)
_RAISED_ON_UNKNOWN_CODING = ("unknown pixel mode", "unsupported", "decoder not available")

# What decoders raise on bytes that were made to hurt them, seen by flipping bytes of valid
# files. A list, not Exception, so that KeyboardInterrupt's kin and our own errors pass.
_RAISED_ON_DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,  # RecursionError and NotImplementedError too
    SyntaxError,
    TypeError,
    ValueError,
    Warning,  # where warnings are errors
    struct.error,
    zlib.error,
    cv2.error,
)


def check_dimensions(width: int, height: int) -> None:
    """Refuse a picture by its header, before anything of its size is allocated.

    Raises
    ------
    ImageEmptyError
        If a side is not positive.
    ImageTooLargeError
        If it has more than `MAX_PIXELS` pixels.
    """
    if width <= 0 or height <= 0:
        raise ImageEmptyError("The picture has no pixels; export it again from the camera.")
    if width * height > MAX_PIXELS:
        raise ImageTooLargeError(
            f"The picture has {width * height / 1e6:,.0f} megapixels, more than the "
            f"{MAX_PIXELS // 1_000_000} read here; export it at a smaller size."
        )


@contextmanager
def damage_refused() -> Iterator[None]:
    """Turn whatever a foreign decoder raises into a refusal of the picture.

    Our own errors pass unchanged. The foreign text is dropped from what is shown: decoders
    quote the values, and values can be a patient's.
    """
    try:
        yield
    except ImageUnreadableError:
        raise
    except MemoryError as error:
        raise ImageTooLargeError(
            "The picture needs more memory than there is; export it at a smaller size."
        ) from error
    except _RAISED_ON_DAMAGE as error:
        text = str(error).lower()
        if any(words in text for words in _RAISED_ON_UNKNOWN_CODING):
            raise ImageUnreadableError(UNKNOWN_CODING) from error
        cut_short = isinstance(error, EOFError) or "truncated" in text or "premature" in text
        raise ImageTruncatedError(TRUNCATED if cut_short else DAMAGED) from error
