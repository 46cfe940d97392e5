"""Small pictures named on the command line: a logo, a signature."""

from pathlib import Path

from retina_desktop.domain.errors import ImageUnreadableError
from retina_desktop.imaging.marks import MOST_FILE_BYTES


def picture_bytes(path: Path) -> bytes:
    """Return the file's bytes, one more than are accepted at most.

    Raises
    ------
    ImageUnreadableError
        If it is no file that can be read.
    """
    if not path.is_file():
        raise ImageUnreadableError("There is no picture file of this name; check where it is.")
    try:
        with path.open("rb") as file:
            return file.read(MOST_FILE_BYTES + 1)
    except OSError as error:
        raise ImageUnreadableError(
            "The picture file cannot be read; copy it to a folder of your own."
        ) from error
