"""How a paragraph looks."""

from dataclasses import dataclass
from enum import StrEnum

Colour = tuple[float, float, float]  # sRGB, each in [0, 1]


def colour_of(hexadecimal: str) -> Colour:
    """Return the colour of ``#RRGGBB``."""
    red, green, blue = (int(hexadecimal[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


INK = colour_of("#1B2733")
MUTED = colour_of("#55636F")


class Alignment(StrEnum):
    """Where lines shorter than their column stand; start is right in Arabic."""

    START = "start"
    CENTRE = "centre"
    END = "end"


class TextRole(StrEnum):
    """What a paragraph is to a screen reader, as PDF names it (ISO 32000-1, 14.8.4)."""

    PARAGRAPH = "P"
    TITLE = "H1"
    HEADING = "H2"
    SUBHEADING = "H3"


@dataclass(frozen=True, slots=True)
class TypeStyle:
    """A paragraph's look; lengths in points.

    ``free_direction`` is for what people typed: each of its lines runs in the direction of its
    first letter. The program's own sentences run in the document's.
    """

    size: float = 9.0
    leading: float = 12.5
    bold: bool = False
    colour: Colour = INK
    alignment: Alignment = Alignment.START
    role: TextRole = TextRole.PARAGRAPH
    free_direction: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a paragraph with, where given, a look of its own."""

    text: str
    bold: bool | None = None
    colour: Colour | None = None
