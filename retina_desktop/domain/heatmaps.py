"""The fixed scale on which every heatmap of every label and photograph is shown.

Grad-CAM gives a shape: where in the picture the evidence for a label lies, up to a positive
factor. Rescaling each shape to its own maximum would make a label of 0.1 % look as hot as one
of 99 %. Here the hottest point of a map is the label's *strength*: the odds of its probability
relative to its operating point, as a number in [0, 1]. So on every photograph and for every
label 0.5 is a finding exactly at its threshold, more than 0.5 appears only on findings that are
present, and 0 is no evidence.
"""

import numpy as np
from numpy.typing import NDArray

Heatmap = NDArray[np.float32]  # (H, W) in [0, 1], 0 = no evidence


def scale_activation(activation: NDArray[np.float32], *, strength: float) -> Heatmap:
    """Bring a class-activation map to the fixed scale.

    Parameters
    ----------
    activation : NDArray[np.float32]
        Shape ``(h, w)``; evidence per place, in logits, of any sign. Evidence against the
        label (negative) is not shown, as in Grad-CAM.
    strength : float
        See `domain.strength.heat_strength`.

    Returns
    -------
    Heatmap
        A new array of the same shape, in [0, strength]; all 0 where no place speaks for
        the label.
    """
    positive = np.maximum(activation, 0.0, dtype=np.float32)
    peak = float(positive.max(initial=0.0))
    if peak <= 0.0:
        return positive
    return positive * np.float32(strength / peak)
