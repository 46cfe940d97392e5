"""Whether heatmaps point at the bright mass that most of these tumours are.

No outlines of the tumours exist, so Dice and IoU cannot be measured. But most are the brightest
thing in the photograph: where the hottest place of the heatmap lies no oftener in the brightest
tenth of the field than chance would have it, the heatmap does not show the tumour.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from retina_desktop.domain.images import FieldCrop, Mask
from retina_desktop.domain.manifests import PreprocessingStep
from retina_desktop.imaging.preprocessing import prepare_tensor
from training.retinoblastoma.head import LinearHead
from training.retinoblastoma.pictures import Crops, central_part
from training.retinoblastoma.results import PointingFacts

BRIGHTEST = 0.1  # of the part that every camera shows
_SMOOTHED = 1 / 75  # of the crop's side: single reflexes are no mass


@torch.inference_mode()
def measure_pointing(
    network: nn.Module,
    head: LinearHead,
    crops: Crops,
    rows: NDArray[np.int64],
    steps: Sequence[PreprocessingStep],
) -> PointingFacts:
    """Count how often the hottest place lies in the brightest part of the crops in `rows`."""
    own: Any = network.eval()
    weight = torch.from_numpy(head.weight).float()[:, None, None]
    hits = 0
    for row in rows.tolist():
        crop = crops.crop(row)
        tensor = torch.from_numpy(prepare_tensor(crop, steps))[None]
        heat = (own.forward_features(tensor)[0] * weight).sum(dim=0).numpy()
        hits += points_at(heat, central_part(crop))
    return PointingFacts(len(rows), hits, BRIGHTEST)


def points_at(heat: NDArray[np.float32], crop: FieldCrop) -> bool:
    """Tell whether the hottest place within the field lies in its brightest part.

    Parameters
    ----------
    heat : NDArray[np.float32]
        Shape ``(h, w)``, signed evidence at each place of the last feature map.
    crop : FieldCrop
        What the heat belongs to.
    """
    side = (crop.size, crop.size)
    large = cv2.resize(heat, side, interpolation=cv2.INTER_CUBIC)
    hottest = int(np.where(crop.inside, large, -np.inf).argmax())
    return bool(brightest_part(crop).ravel()[hottest])


def brightest_part(crop: FieldCrop) -> Mask:
    """Return the brightest share `BRIGHTEST` of the field, smoothed: shape ``(S, S)``."""
    level = crop.pixels.astype(np.float32).mean(axis=2)
    smooth = cv2.GaussianBlur(level, (0, 0), _SMOOTHED * crop.size)
    bound = np.quantile(smooth[crop.inside], 1 - BRIGHTEST)
    part: Mask = (smooth >= bound) & crop.inside
    return part
