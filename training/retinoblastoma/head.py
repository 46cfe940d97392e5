"""A linear head on pooled features, and how it becomes the network's own last layer."""

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from retina_desktop.ml.torch_network import classifier_of

LEAST_DEVIATION = 1e-3  # of a feature, in shares of the mean deviation: silent ones stay silent
MOST_ITERATIONS = 400

Features = NDArray[np.float32]  # (N, C)


@dataclass(frozen=True, slots=True, eq=False)
class LinearHead:
    """``logit = weight . features + bias``, on the network's own features."""

    weight: NDArray[np.float64]  # (C,)
    bias: float

    def logits(self, features: Features) -> NDArray[np.float64]:
        """Return ``(N,)``."""
        return features.astype(np.float64) @ self.weight + self.bias


def fit_head(
    features: Features,
    truth: NDArray[np.bool_],
    weights: NDArray[np.float64],
    *,
    strength: float,
) -> LinearHead:
    """Fit a logistic regression with an L2 penalty on standardised features.

    Parameters
    ----------
    features : Features
        Shape ``(N, C)``.
    truth : NDArray[np.bool_]
        Shape ``(N,)``, both classes.
    weights : NDArray[np.float64]
        Shape ``(N,)``: how much each row counts; scaled here to a mean of 1.
    strength : float
        Of the fit against the penalty (scikit-learn's C).
    """
    from sklearn.linear_model import LogisticRegression  # seconds, only where it is fitted

    mean = np.average(features, axis=0, weights=weights)
    spread = np.sqrt(np.average(np.square(features - mean), axis=0, weights=weights))
    spread = np.maximum(spread, max(LEAST_DEVIATION * float(spread.mean()), 1e-12))
    scaled = (features - mean) / (spread * np.sqrt(features.shape[1]))
    fitted = LogisticRegression(C=strength, max_iter=MOST_ITERATIONS, tol=1e-3)
    fitted.fit(scaled, truth, sample_weight=weights / weights.mean())
    weight = fitted.coef_[0] / (spread * np.sqrt(features.shape[1]))
    return LinearHead(weight.astype(np.float64), float(fitted.intercept_[0] - weight @ mean))


def fold_into(network: nn.Module, head: LinearHead) -> nn.Module:
    """Return a copy of a timm network whose last layer is `head`: one output, the logit."""
    folded: Any = copy.deepcopy(network).eval()
    folded.reset_classifier(1)
    layer = classifier_of(folded)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(head.weight)[None])
        layer.bias.fill_(head.bias)
    result: nn.Module = folded
    return result.eval()
