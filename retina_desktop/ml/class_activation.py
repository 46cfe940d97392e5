"""Class-activation maps as numbers: what holds for them, and Grad-CAM's scale.

For a network that ends in global average pooling and a linear layer, the gradient of logit k
by the last feature map F is ``W[k] / (h * w)`` at every place, so Grad-CAM's channel weights
are the linear layer's row up to a positive factor, and its map is ``relu(W[k] . F)`` up to
that factor (Selvaraju et al., Grad-CAM, ICCV 2017, section 3.1).
"""

import numpy as np
from numpy.typing import NDArray


def pooled_logits(maps: NDArray[np.float32], bias: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the logits that the maps add up to: their mean over the places plus the bias.

    Parameters
    ----------
    maps : NDArray[np.float32]
        Signed class-activation maps in logits, shape ``(..., K, h, w)``.
    bias : NDArray[np.float32]
        The linear layer's bias, shape ``(K,)``.
    """
    means: NDArray[np.float64] = maps.mean(axis=(-2, -1), dtype=np.float64)
    return means + bias


def to_grad_cam_scale(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the maps as Grad-CAM shows them: no negative evidence, each map in [0, 1].

    Each map is brought to its own minimum and maximum, so that the maps of two labels cannot
    be compared: for what is shown to readers see `retina_desktop.domain.heatmaps`.

    Parameters
    ----------
    maps : NDArray[np.float32]
        Shape ``(..., h, w)``.
    """
    shown = np.maximum(maps, 0.0)
    shown = shown - shown.min(axis=(-2, -1), keepdims=True)
    peak = shown.max(axis=(-2, -1), keepdims=True)
    scaled: NDArray[np.float32] = shown / np.where(peak > 0.0, peak, 1.0).astype(np.float32)
    return scaled
