"""Whether a photograph is one its model was validated on, and what follows where it is not."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from retina_desktop.domain.labels import label_of

OUTSIDE_RANGE = "Outside this model's validated range"


@dataclass(frozen=True, slots=True)
class RangeCheck:
    """How far a photograph lies from those its model was validated on.

    Outside the range nothing of the answer is relied on: every label is *not assessed*.
    ``not_relied_on`` names the labels whose answer reached its threshold there, most urgent
    first: a suspicion is no finding, but it is told, so that a person looks.
    """

    distance: float  # see `retina_desktop.ml.validated_range`
    threshold: float  # the range's end, from the manifest
    not_relied_on: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (math.isfinite(self.distance) and self.distance >= 0.0):
            raise ValueError(f"a distance is finite and not negative, got {self.distance!r}")
        if not (math.isfinite(self.threshold) and self.threshold > 0.0):
            raise ValueError(f"a range's threshold must be positive, got {self.threshold!r}")
        if self.in_range and self.not_relied_on:
            raise ValueError("inside the range every answer is relied on")

    @property
    def in_range(self) -> bool:
        """Whether the model's answer may be relied on."""
        return self.distance <= self.threshold


def suspicion_of(codes: Sequence[str]) -> str:
    """Return what is said of answers that are not relied on, empty where there are none."""
    if not codes:
        return ""
    names = [label_of(code).name.lower() for code in codes]
    listed = names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
    return (
        f"The model's answer on {listed} reached its threshold but is not relied on: look at "
        "the photograph yourself."
    )
