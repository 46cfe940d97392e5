"""The fitted models which turn a photograph's measures into probabilities, in NumPy.

Their coefficients lie in ``data/quality.npz`` and come from ``training/quality_gate.py``.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.quality import QualityReason
from retina_desktop.imaging.quality_features import FEATURE_NAMES, Features

_Array = NDArray[np.float32]

WEIGHTS_FILE: Final = "quality.npz"
# What a technician can see in a photograph itself, in the order of the fitted columns.
MEASURED_REASONS: Final = (
    QualityReason.OUT_OF_FOCUS,
    QualityReason.TOO_DARK,
    QualityReason.OVEREXPOSED,
    QualityReason.UNEVEN_ILLUMINATION,
    QualityReason.LOW_CONTRAST,
)
_MOST_SPREADS: Final = 6.0  # a measure further out counts as no further


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """Probabilities in [0, 1]: a fundus photograph, gradable, and each measured reason."""

    fundus: float
    gradable: float
    reasons: dict[QualityReason, float]


@dataclass(frozen=True, slots=True, eq=False)
class QualityModel:
    """Two small networks with one hidden layer each, and one logistic model a reason.

    ``center`` and ``spread`` have shape ``(F,)``, every ``*_hidden`` has ``(H, F + 1)`` with the
    offset last, every ``*_readout`` ``(H + 1,)``, ``reasons`` ``(R, F + 1)``.
    """

    center: _Array
    spread: _Array
    fundus_hidden: _Array
    fundus_readout: _Array
    gradable_hidden: _Array
    gradable_readout: _Array
    reasons: _Array

    def judge(self, features: Features) -> Judgement:
        """Judge one photograph by its measures."""
        scaled = np.clip((features - self.center) / self.spread, -_MOST_SPREADS, _MOST_SPREADS)
        measures = np.append(scaled, 1.0)
        found = _sigmoid(self.reasons @ measures)
        return Judgement(
            fundus=_network(measures, self.fundus_hidden, self.fundus_readout),
            gradable=_network(measures, self.gradable_hidden, self.gradable_readout),
            reasons=dict(zip(MEASURED_REASONS, found.tolist(), strict=True)),
        )


@cache
def fitted_model() -> QualityModel:
    """Return the model which comes with the application, read at the first photograph."""
    place = resources.files("retina_desktop.imaging") / "data" / WEIGHTS_FILE
    with place.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        arrays = {name: stored[name].astype(np.float32) for name in stored.files}
    model = QualityModel(**arrays)
    if model.center.shape != (len(FEATURE_NAMES),):
        raise ValueError("the quality model was fitted to other measures")
    return model


def _network(measures: NDArray[np.floating], hidden: _Array, readout: _Array) -> float:
    layer = np.tanh(hidden @ measures)
    return float(_sigmoid(readout[:-1] @ layer + readout[-1]))


def _sigmoid(log_odds: NDArray[np.floating] | float) -> NDArray[np.floating]:
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -30, 30))))
