"""Whether a photograph can be judged, and what a technician can do when it cannot."""

from dataclasses import dataclass
from enum import StrEnum


class QualityReason(StrEnum):
    """Why a photograph is not, or only just, good enough."""

    NOT_FUNDUS = "not_fundus"
    OUT_OF_FOCUS = "out_of_focus"
    TOO_DARK = "too_dark"
    OVEREXPOSED = "overexposed"
    UNEVEN_ILLUMINATION = "uneven_illumination"
    LOW_CONTRAST = "low_contrast"
    FIELD_CUT_OFF = "field_cut_off"

    @property
    def advice(self) -> str:
        """One sentence: what is wrong and what to do at the camera."""
        return _ADVICE[self]


_ADVICE = {
    QualityReason.NOT_FUNDUS: (
        "This is not a colour fundus photograph; choose the photograph of the retina."
    ),
    QualityReason.OUT_OF_FOCUS: (
        "Out of focus: refocus on the vessels, have the patient blink, and repeat."
    ),
    QualityReason.TOO_DARK: (
        "Too dark: raise the flash, wait for the pupil or dilate it, and repeat."
    ),
    QualityReason.OVEREXPOSED: "Overexposed: lower the flash or the gain, and repeat.",
    QualityReason.UNEVEN_ILLUMINATION: (
        "Unevenly lit: centre the pupil, correct the working distance, and repeat."
    ),
    QualityReason.LOW_CONTRAST: (
        "Low contrast: clean the lens, check for media haze or cataract, and repeat."
    ),
    QualityReason.FIELD_CUT_OFF: (
        "The field is cut off: centre the eye, lift the lid or lashes, and repeat."
    ),
}


@dataclass(frozen=True, slots=True)
class ImageQuality:
    """Is it a fundus photograph, can it be graded, how good is it, and why not better.

    ``score`` in [0, 1] rises with quality; a photograph that is no fundus photograph is never
    gradable. ``reasons`` may also name a weakness of a gradable photograph.
    """

    is_fundus: bool
    gradable: bool
    score: float
    reasons: tuple[QualityReason, ...] = ()

    def __post_init__(self) -> None:
        if not 0.0 <= self.score <= 1.0:
            raise ValueError(f"score must be in [0, 1], got {self.score!r}")
        if self.gradable and not self.is_fundus:
            raise ValueError("a photograph that is no fundus photograph cannot be gradable")
