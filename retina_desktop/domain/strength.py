"""How marked a finding is: its odds beside those of its operating point, as one number.

Free of NumPy, which the first paint of the window does without.
"""

import math

_SMALLEST = 1e-6  # probabilities are clipped to [_SMALLEST, 1 - _SMALLEST] before their odds


def heat_strength(probability: float, threshold: float) -> float:
    """Return how marked a finding is, which is the value of its map's hottest point.

    ``sigmoid(logit(probability) - logit(threshold))``: 0.5 at the threshold, 0.9 where the
    odds are nine times those of the threshold.

    Parameters
    ----------
    probability, threshold : float
        In [0, 1].
    """
    return 1.0 / (1.0 + math.exp(_logit(threshold) - _logit(probability)))


def _logit(probability: float) -> float:
    clipped = min(max(probability, _SMALLEST), 1.0 - _SMALLEST)
    return math.log(clipped / (1.0 - clipped))
