"""The fitted models which turn a photograph's measures into probabilities, in NumPy.

Kernel machines say whether it is a fundus photograph and whether it can be graded: with a
Gaussian kernel, what resembles nothing learned is not taken for a photograph by extrapolation.
One logistic model a reason says what is wrong. The coefficients lie in ``data/quality.npz`` and
come from ``training/quality_gate.py``.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.quality import QualityReason
from retina_desktop.imaging.quality_features import FEATURE_NAMES, Features

FloatArray = NDArray[np.float64]

WEIGHTS_FILE: Final = "quality.npz"
GAMMA: Final = 0.01  # of the kernel exp(-GAMMA * squared distance), about 1 / (2 * measures)
MOST_SPREADS: Final = 6.0  # a measure further out counts as no further
VECTOR_STEP: Final = MOST_SPREADS / 127  # vectors are stored as whole multiples, int8
# What can be seen in the photograph itself, in the order of the fitted columns.
MEASURED_REASONS: Final = (
    QualityReason.OUT_OF_FOCUS,
    QualityReason.TOO_DARK,
    QualityReason.OVEREXPOSED,
    QualityReason.UNEVEN_ILLUMINATION,
    QualityReason.LOW_CONTRAST,
)


@dataclass(frozen=True, slots=True, eq=False)
class KernelMachine:
    """A support vector machine whose margin is turned into log odds by a line (Platt).

    ``vectors`` have shape ``(V, F)``, ``strengths`` ``(V,)``.
    """

    vectors: FloatArray
    strengths: FloatArray
    offset: float
    slope: float = 1.0
    shift: float = 0.0

    def log_odds(self, scaled: FloatArray) -> FloatArray:
        """Return log odds ``(N,)`` of scaled measures ``(N, F)``."""
        lengths = np.square(scaled).sum(axis=1)[:, None] + np.square(self.vectors).sum(axis=1)
        distances = lengths - 2 * scaled @ self.vectors.T
        margins = np.exp(-GAMMA * distances) @ self.strengths + self.offset
        return np.asarray(self.slope * margins + self.shift)


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """Probabilities in [0, 1]: a fundus photograph, gradable, and each measured reason."""

    fundus: float
    gradable: float
    reasons: dict[QualityReason, float]


@dataclass(frozen=True, slots=True, eq=False)
class QualityModel:
    """Two kernel machines, and ``reasons`` of shape ``(R, F + 1)`` with the offsets last.

    Measures are scaled by ``center`` and ``spread``, both of shape ``(F,)``.
    """

    center: FloatArray
    spread: FloatArray
    fundus: KernelMachine
    gradable: KernelMachine
    reasons: FloatArray

    def judge(self, features: Features) -> Judgement:
        """Judge one photograph by its measures."""
        scaled = scale(features, self.center, self.spread)[None]
        found = _probability(self.reasons @ np.append(scaled[0], 1.0))
        return Judgement(
            fundus=float(_probability(self.fundus.log_odds(scaled))[0]),
            gradable=float(_probability(self.gradable.log_odds(scaled))[0]),
            reasons=dict(zip(MEASURED_REASONS, found.tolist(), strict=True)),
        )


@cache
def fitted_model() -> QualityModel:
    """Return the model which comes with the application, read at the first photograph."""
    place = resources.files("retina_desktop.imaging") / "data" / WEIGHTS_FILE
    with place.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        arrays = {name: stored[name].astype(np.float64) for name in stored.files}
    if arrays["center"].shape != (len(FEATURE_NAMES),):
        raise ValueError("the quality model was fitted to other measures")
    return QualityModel(
        center=arrays["center"],
        spread=arrays["spread"],
        fundus=_machine(arrays, "fundus"),
        gradable=_machine(arrays, "gradable"),
        reasons=arrays["reasons"],
    )


def scale(features: FloatArray, center: FloatArray, spread: FloatArray) -> FloatArray:
    """Return measures in spreads from the middle of all photographs, within bounds."""
    return np.asarray(np.clip((features - center) / spread, -MOST_SPREADS, MOST_SPREADS))


def _machine(arrays: dict[str, FloatArray], name: str) -> KernelMachine:
    offset, slope, shift = arrays[f"{name}_line"].tolist()
    return KernelMachine(
        VECTOR_STEP * arrays[f"{name}_vectors"],
        arrays[f"{name}_strengths"],
        offset,
        slope,
        shift,
    )


def _probability(log_odds: FloatArray) -> FloatArray:
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -30, 30))))
