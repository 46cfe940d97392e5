"""The answer to one photograph: an immutable value that windows, files and reports show."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.findings import Finding
from retina_desktop.domain.images import FieldOfView, LateralityAssessment
from retina_desktop.domain.quality import ImageQuality
from retina_desktop.domain.range_checks import RangeCheck
from retina_desktop.domain.referral import Referral


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model answered, and what it ran on."""

    id: str
    version: str
    engine: str  # "onnx" or "torch"
    device: str  # "CPUExecutionProvider", "cuda:0", ...


@dataclass(frozen=True, slots=True, eq=False)
class ModelAnswer:
    """What an engine gives back for one preprocessed crop.

    ``probabilities`` are calibrated, float32, shape ``(K,)``; ``activations`` are the signed
    class-activation maps in logits, float32, shape ``(K, h, w)``: their mean over places plus
    the label's bias is the label's logit. ``distance`` is how far the crop's features lie from
    those of the model's validated range, None for a model without one.
    """

    probabilities: NDArray[np.float32]
    activations: NDArray[np.float32] = field(repr=False)
    distance: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ActivationMaps:
    """All labels' maps of one photograph, with their place in it.

    ``left``, ``top`` and ``side`` (original pixels) are the square that the maps cover; what
    lies outside ``field_of_view`` (original pixels) carries no evidence.
    """

    codes: tuple[str, ...]
    values: NDArray[np.float32] = field(repr=False)  # (K, h, w), signed, in logits
    left: float = 0.0
    top: float = 0.0
    side: float = 0.0
    field_of_view: FieldOfView | None = None

    def of(self, code: str) -> NDArray[np.float32]:
        """Return the map ``(h, w)`` of label `code`; a KeyError if the model lacks it."""
        if code not in self.codes:
            raise KeyError(code)
        activation: NDArray[np.float32] = self.values[self.codes.index(code)]
        return activation


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """Everything the program concluded about one photograph.

    ``findings`` holds every label of the model in its order. The model is not asked about a
    picture that is no fundus photograph: every label is *not assessed* then and ``maps`` is
    None. The same holds outside the model's validated range (``range_check``).
    """

    sha256: str
    width: int
    height: int
    quality: ImageQuality
    laterality: LateralityAssessment
    referral: Referral
    findings: tuple[Finding, ...]
    model: ModelIdentity
    maps: ActivationMaps | None = None
    field_of_view: FieldOfView | None = None  # original pixels
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    range_check: RangeCheck | None = None  # None: no range, or the model was not asked

    @property
    def in_range(self) -> bool | None:
        """Whether the photograph lies in the model's validated range; None where unknown."""
        return None if self.range_check is None else self.range_check.in_range

    def finding(self, code: str) -> Finding | None:
        """Return the finding of label `code`, None if the model lacks it."""
        return next((f for f in self.findings if f.label == code), None)
