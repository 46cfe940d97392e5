"""From a network's logits to calibrated probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.errors import BundleRefusedError
from retina_desktop.domain.manifests import LabelEntry


@dataclass(frozen=True, slots=True, eq=False)
class PlattScaling:
    """``sigmoid(slope * logit + offset)``, label by label.

    Platt, Probabilistic Outputs for Support Vector Machines, 1999; slope and offset are fitted
    on the validation set. ``slopes`` and ``offsets`` are float64 of shape ``(K,)``.
    """

    slopes: NDArray[np.float64]
    offsets: NDArray[np.float64]

    @classmethod
    def of(cls, labels: Sequence[LabelEntry]) -> Self:
        """Return the scaling that a manifest's labels hold."""
        return cls(
            np.array([entry.calibration.slope for entry in labels], np.float64),
            np.array([entry.calibration.offset for entry in labels], np.float64),
        )

    def __call__(self, logits: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return probabilities, float32, of the logits' shape ``(..., K)``.

        Raises
        ------
        BundleRefusedError
            If a logit is not finite: no threshold may turn that into "absent".
        """
        if not np.isfinite(logits).all():
            raise BundleRefusedError(
                "The model's answer is not a number; please install the model again."
            )
        return sigmoid(self.slopes * logits + self.offsets).astype(np.float32)


def sigmoid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``1 / (1 + exp(-values))`` without overflow, exact in both tails."""
    return np.exp(-np.logaddexp(0.0, -values))
