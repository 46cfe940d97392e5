"""A file of any accepted format to an upright sRGB photograph, or a sentence that says why not.

JPEG, PNG, TIFF, BMP, WebP and DICOM are told apart by content, never by name. Refusals are
`ImageUnreadableError`s; nothing else is raised for any content of a file. Every function may
be called from any thread.
"""

import errno
import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path

from retina_desktop.domain.errors import (
    DicomEncryptedError,
    ImageEmptyError,
    ImageForbiddenError,
    ImageIsDirectoryError,
    ImageMissingError,
    ImageTooLargeError,
    ImageUnreadableError,
    NotAnImageError,
)
from retina_desktop.domain.images import DicomFacts, FundusImage, RgbImage
from retina_desktop.imaging.jpeg import decode_jpeg
from retina_desktop.imaging.orientation import reduced
from retina_desktop.imaging.refusals import ACCEPTED_FORMATS, MAX_FILE_BYTES
from retina_desktop.imaging.signatures import (
    HEAD_BYTES,
    FileKind,
    is_encrypted_envelope,
    name_of_other,
    recognise,
)

_MISSING = "There is no such file; check whether it was moved or its drive is disconnected."


@dataclass(frozen=True, slots=True)
class _Picture:
    pixels: RgbImage
    width: int
    height: int
    facts: DicomFacts | None = None


def decode_photograph(path: Path, *, min_side: int | None = None) -> FundusImage:
    """Decode the photograph at `path`; implements `services.ports.PhotographReader`.

    Parameters
    ----------
    path : Path
        A JPEG, PNG, TIFF, BMP, WebP or DICOM file, whatever its name.
    min_side : int or None
        When given, the pixels may come at a reduced scale whose shorter side is still at
        least this; None decodes every pixel.

    Returns
    -------
    FundusImage
        Upright sRGB pixels, shape ``(H, W, 3)``, uint8.

    Raises
    ------
    ImageUnreadableError
        With one sentence that says why; it names neither the path nor a patient.
    """
    return decode_bytes(_read(path), min_side=min_side)


def decode_bytes(data: bytes, *, min_side: int | None = None) -> FundusImage:
    """Decode a photograph held in memory; see `decode_photograph`."""
    if not data:
        raise ImageEmptyError("The file is empty; copy or export it again from the camera.")
    kind = _kind(data[:HEAD_BYTES])
    picture = _decode(data, kind, min_side)
    return FundusImage(
        pixels=picture.pixels,
        width=picture.width,
        height=picture.height,
        sha256=hashlib.sha256(data).hexdigest(),
        source_format=kind.value,
        dicom=picture.facts,
    )


def _decode(data: bytes, kind: FileKind, min_side: int | None) -> _Picture:
    """Decode by format; modules that import much are imported when a file needs them."""
    if kind is FileKind.JPEG:
        jpeg = decode_jpeg(data, min_side=min_side)
        return _Picture(jpeg.pixels, jpeg.width, jpeg.height)
    facts = None
    if kind is FileKind.DICOM:
        from retina_desktop.imaging.dicom import decode_dicom

        whole, facts = decode_dicom(data)
    else:
        from retina_desktop.imaging.raster import decode_raster

        whole = decode_raster(data, kind)
    height, width = whole.shape[:2]
    return _Picture(reduced(whole, min_side), width, height, facts)


def _kind(head: bytes) -> FileKind:
    kind = recognise(head)
    if kind is not None:
        return kind
    if is_encrypted_envelope(head):
        raise DicomEncryptedError("The file is encrypted; export it without encryption.")
    other = name_of_other(head)
    if other is not None:
        raise NotAnImageError(
            f"This is {other} file, which is not read here; export the photograph as "
            f"{ACCEPTED_FORMATS}."
        )
    raise NotAnImageError(
        f"The file is not a photograph in a format read here; choose a {ACCEPTED_FORMATS} file."
    )


def _read(path: Path) -> bytes:
    """Read the whole file, after its kind and size were found acceptable."""
    try:
        facts = path.stat()
        _check_regular(facts.st_mode)
        if facts.st_size > MAX_FILE_BYTES:
            raise ImageTooLargeError(
                "The file is larger than one gigabyte; export the single photograph."
            )
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            if head:
                _kind(head)  # a large file that is no photograph is not read through
            # Not a larger number: room for as many bytes is made before they are read.
            return head + file.read(facts.st_size)
    except OSError as error:
        raise _unreadable(error) from error
    except ValueError as error:  # a path no operating system accepts, as one with a NUL
        raise ImageMissingError(_MISSING) from error


def _check_regular(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise ImageIsDirectoryError("This is a folder; choose the photographs inside it.")
    if not stat.S_ISREG(mode):  # reading a pipe or a device might never end
        raise NotAnImageError(
            f"This is a device or pipe, not a file; choose a {ACCEPTED_FORMATS} file."
        )


def _unreadable(error: OSError) -> ImageUnreadableError:
    """Say what the operating system said, without the path it names."""
    if isinstance(error, FileNotFoundError | NotADirectoryError) or error.errno == errno.ELOOP:
        return ImageMissingError(_MISSING)
    if isinstance(error, IsADirectoryError):
        return ImageIsDirectoryError("This is a folder; choose the photographs inside it.")
    if isinstance(error, PermissionError):
        return ImageForbiddenError(
            "You may not read this file; ask for permission or copy it to your own folder."
        )
    return ImageUnreadableError(
        "The file could not be read from its drive; check the connection and try again."
    )
