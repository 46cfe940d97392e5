"""What a model says of one label of one photograph."""

from dataclasses import dataclass
from enum import StrEnum


class LabelStatus(StrEnum):
    """How far a model's word on a label may be trusted."""

    EVALUATED = "evaluated"
    """Trained, and measured on enough patients kept back (see the model card)."""

    DEMONSTRATION = "demonstration"
    """Trained, but on too few patients for a figure that means much."""

    NOT_ASSESSED = "not_assessed"
    """Not trained, or on too few patients: the output is never shown, nor read as negative."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A label with the calibrated probability a model gave it.

    ``threshold`` is the operating point fixed on the validation set, kept beside the
    probability so that a stored finding can be re-read after the model was replaced.
    Both are None exactly when the label is not assessed.
    """

    label: str
    probability: float | None
    threshold: float | None
    status: LabelStatus

    def __post_init__(self) -> None:
        assessed = self.status is not LabelStatus.NOT_ASSESSED
        for name in ("probability", "threshold"):
            value: float | None = getattr(self, name)
            if (value is not None) != assessed:
                raise ValueError(f"{name} of a label that is {self.status} is {value!r}")
            if value is not None and not 0.0 <= value <= 1.0:
                raise ValueError(f"{name} must be in [0, 1], got {value!r}")

    @property
    def is_assessed(self) -> bool:
        """Whether the model knows this label at all."""
        return self.status is not LabelStatus.NOT_ASSESSED

    @property
    def is_positive(self) -> bool | None:
        """Whether the probability reaches the operating point; None when not assessed."""
        if self.probability is None or self.threshold is None:
            return None
        return self.probability >= self.threshold
