"""The ways to look at a photograph: filter, palette of the heat, and tone."""

from dataclasses import dataclass
from enum import StrEnum


class ViewFilter(StrEnum):
    """A way to look at the photograph; never touches what the model saw."""

    NONE = "none"
    RED_FREE = "red_free"
    CLAHE = "clahe"
    ILLUMINATION = "illumination"
    ENHANCED = "enhanced"
    INVERT = "invert"


class Palette(StrEnum):
    """Colour scales for heat, readable with every colour vision; names of `imaging`."""

    VIRIDIS = "viridis"
    CIVIDIS = "cividis"
    INFERNO = "inferno"


@dataclass(frozen=True, slots=True)
class Tone:
    """The parameters of `imaging.enhancement.adjust_tone`, neutral by default."""

    brightness: float = 0.0
    contrast: float = 1.0
    gamma: float = 1.0

    @property
    def is_neutral(self) -> bool:
        """Whether the photograph is shown as it is."""
        return self == Tone()
