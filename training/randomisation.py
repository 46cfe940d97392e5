"""Sanity check by weight randomisation: whether heatmaps depend on what was learned.

The trained network's blocks are given random weights one after another, from the classifier
down, and each network's map of a label is compared with the trained one's. Maps that stay as
they were show the architecture and the photograph, not the learned evidence (Adebayo et al.,
Sanity checks for saliency maps, NeurIPS 2018, 3.1, cascading randomisation).
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from retina_desktop.domain.manifests import PreprocessingStep
from retina_desktop.imaging.preprocessing import prepare_tensor
from retina_desktop.ml.torch_network import NetworkWithMaps
from retina_desktop.ml.twofold import within_half
from training.explanation import LesionPicture

PHOTOGRAPHS = 20  # at most; every step asks a network about each
MAP_SIDE = 64  # pixels in which maps are compared by structure
_WINDOW_SD = 1.5  # and the two constants: Wang et al., Image quality assessment, IEEE TIP 2004
_C1, _C2 = 0.01**2, 0.03**2

Maps = NDArray[np.float32]  # (photographs, h, w), signed evidence in logits


@dataclass(frozen=True, slots=True)
class RandomisedStep:
    """How much of the trained maps is left when all blocks down to ``block`` are random.

    Means over photographs: ``rank_correlation`` of the maps' cells (Spearman, in [-1, 1]) and
    ``ssim``, the structural similarity of the evidence for the label (at most 1).
    """

    block: str
    rank_correlation: float
    ssim: float


def randomise(
    trained: nn.Module,
    random: nn.Module,
    pictures: Sequence[LesionPicture],
    *,
    label: int,
    steps: Sequence[PreprocessingStep],
) -> tuple[RandomisedStep, ...]:
    """Compare the maps of label number `label` after each step with the trained ones.

    Parameters
    ----------
    trained, random : torch.nn.Module
        Of one architecture; neither is changed.
    pictures : Sequence[LesionPicture]
        The first `PHOTOGRAPHS` of them are shown.
    """
    tensors = [
        torch.from_numpy(prepare_tensor(picture.crop, tuple(steps)))
        for picture in pictures[:PHOTOGRAPHS]
    ]
    network = copy.deepcopy(trained).eval()
    reference = _maps(network, tensors, label)
    weights, fresh = network.state_dict(), random.state_dict()
    found = []
    for block in blocks_from_the_top(network):
        own = [name for name in weights if _block_of(name) == block]
        network.load_state_dict({name: fresh[name] for name in own}, strict=False)
        maps = _maps(network, tensors, label)
        pairs = list(zip(reference, maps, strict=True))
        found.append(
            RandomisedStep(
                block,
                float(np.mean([_rank_correlation(a, b) for a, b in pairs])),
                float(np.mean([_similarity(a, b) for a, b in pairs])),
            )
        )
    return tuple(found)


def blocks_from_the_top(network: nn.Module) -> list[str]:
    """Return the names of the network's blocks, the classifier's first."""
    return list(dict.fromkeys(_block_of(name) for name in network.state_dict()))[::-1]


def _block_of(name: str) -> str:
    """Return ``blocks.3`` of ``blocks.3.0.conv.weight``, and ``bn1`` of ``bn1.bias``.

    Of a network of two halves both blocks of that name are one.
    """
    first, *others = within_half(name).split(".")
    return f"{first}.{others[0]}" if others and others[0].isdigit() else first


@torch.inference_mode()
def _maps(network: nn.Module, tensors: Sequence[torch.Tensor], label: int) -> Maps:
    asked = NetworkWithMaps(network)
    return np.stack([asked(tensor[None])[1][0, label].numpy() for tensor in tensors])


def _rank_correlation(one: Maps, other: Maps) -> float:
    """Return Spearman's coefficient of the cells; 0 where a map is the same everywhere."""
    if min(np.ptp(one), np.ptp(other)) == 0:
        return 0.0
    ranks = [np.argsort(np.argsort(cells.ravel(), kind="stable")) for cells in (one, other)]
    together = np.asarray(np.corrcoef(ranks), np.float64)
    return float(together[0, 1])


def _similarity(one: Maps, other: Maps) -> float:
    """Return the structural similarity of two maps of evidence, each scaled to its peak."""
    first, second = _scaled(one), _scaled(other)

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), _WINDOW_SD), np.float64)

    means = mean(first), mean(second)
    spreads = mean(first**2) - means[0] ** 2, mean(second**2) - means[1] ** 2
    together = mean(first * second) - means[0] * means[1]
    above = (2 * means[0] * means[1] + _C1) * (2 * together + _C2)
    below = (means[0] ** 2 + means[1] ** 2 + _C1) * (spreads[0] + spreads[1] + _C2)
    return float((above / below).mean())


def _scaled(evidence: Maps) -> NDArray[np.float64]:
    positive = np.maximum(evidence, 0).astype(np.float64)
    large = cv2.resize(positive, (MAP_SIDE, MAP_SIDE), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large / max(float(large.max()), 1e-12), np.float64)
