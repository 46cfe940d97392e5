"""MixUp and CutMix for photographs whose labels are partly unknown.

torchvision's `MixUp` and `CutMix` mix a batch with itself by one number drawn from torch's
global generator and know no masks; here each photograph has its own partner and share, drawn
from the step's generator, and a mixed label is known only where both photographs' are.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.recipe import MixingSection


@dataclass(frozen=True, slots=True, eq=False)
class Mixing:
    """What each photograph of a batch gets from another; entry i is of photograph i."""

    partner: NDArray[np.int64]  # (N,), rows of the batch
    share: NDArray[np.float32]  # (N,), of the photograph itself; 1: it stays alone
    box: NDArray[np.float32]  # (N, 4), left, top, right, bottom of the side; empty: blended


def draw_mixing(count: int, section: MixingSection, *, seed: int) -> Mixing | None:
    """Return how `count` photographs are mixed; None where the recipe mixes none.

    MixUp: Zhang et al., ICLR 2018; CutMix: Yun et al., ICCV 2019, whose rectangle keeps the
    picture's proportions and may reach over its edge, the share being what is left of it.
    """
    if not (section.mixup_share or section.cutmix_share):
        return None
    chance = np.random.default_rng((seed, 1))
    partner = chance.permutation(count)
    blend = chance.beta(section.mixup_alpha, section.mixup_alpha, count)
    cut = chance.beta(section.cutmix_alpha, section.cutmix_alpha, count)
    centre = chance.random((count, 2))
    kind = chance.random(count)
    blended = kind < section.mixup_share
    pasted = ~blended & (kind < section.mixup_share + section.cutmix_share)
    half = np.where(pasted, np.sqrt(1 - cut), 0.0)[:, None] / 2
    box = np.concatenate((centre - half, centre + half), axis=1).clip(0, 1)
    kept = 1 - (box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1])
    share = np.where(blended, blend, kept)
    return Mixing(partner, share.astype(np.float32), box.astype(np.float32))


def mix_labels(
    mixing: Mixing, values: NDArray[np.float32], known: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return mixed targets and what is known of them, both ``(N, labels)``."""
    share = mixing.share[:, None]
    mixed = share * values + (1 - share) * values[mixing.partner]
    return mixed.astype(np.float32), known & (known[mixing.partner] | (share >= 1))


def mix_pictures(own: Tensor, partners: Tensor, mixing: Mixing, rows: list[int]) -> Tensor:
    """Return photographs mixed with their partners.

    Parameters
    ----------
    own, partners : Tensor
        Shape ``(n, 3, S, S)``: photographs and, for each, its partner.
    mixing : Mixing
        Of the whole batch.
    rows : list[int]
        Which rows of the batch `own` holds.
    """
    side = own.shape[-1]
    mixed = own.clone()
    for place, row in enumerate(rows):
        share = float(mixing.share[row])
        left, top, right, bottom = (round(float(edge) * side) for edge in mixing.box[row])
        if right > left and bottom > top:
            there = (place, slice(None), slice(top, bottom), slice(left, right))
            mixed[there] = partners[there]
        elif share < 1:
            mixed[place] = torch.lerp(partners[place], own[place], share)
    return mixed
