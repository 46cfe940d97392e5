"""One eye photographed twice under two patients' numbers: found by its vessels.

A second photograph of an eye is no near duplicate: it is turned, shifted and lit otherwise. The
network's own features propose which photographs resemble each other; keypoints that fit one
similarity transform decide.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F  # noqa: N812 - torch's own convention

from retina_desktop.domain.images import RgbImage
from retina_desktop.imaging.preprocessing import IMAGENET_MEAN, IMAGENET_STD
from training.augmentation import normalise
from training.cache import Squares

if TYPE_CHECKING:
    from retina_desktop.ml.torch_network import PooledNetwork

KEYPOINTS = 500
RATIO = 0.8  # Lowe, Distinctive image features from scale-invariant keypoints, IJCV 2004
AGREEMENT_PX = 3.0
LEAST_AGREEING = 10  # four hundred pairs of strangers reached 4
SCALES = (0.6, 1.7)
NEIGHBOURS = 6
FEATURE_SIZE = 160

Features = NDArray[np.float32]  # (N, D), unit length


@dataclass(frozen=True, slots=True, eq=False)
class Keypoints:
    """Where a photograph has distinctive detail, and what it looks like."""

    places: NDArray[np.float32]  # (K, 2), pixels
    descriptors: NDArray[np.float32]  # (K, 128)


def describe(square: RgbImage) -> Keypoints:
    """Return the keypoints of the green channel, contrast evened out.

    Those on the rim of the field are left out: it is round in every photograph.
    """
    green = cv2.createCLAHE(4.0, (8, 8)).apply(np.ascontiguousarray(square[:, :, 1]))
    field = (square.max(axis=2) > 20).astype(np.uint8)
    field[[0, -1]] = 0
    field[:, [0, -1]] = 0
    inner = cv2.erode(field, np.ones((15, 15), np.uint8))
    found, descriptors = cv2.SIFT.create(KEYPOINTS).detectAndCompute(green, inner)
    if not found:
        return Keypoints(np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32))
    places = np.array([point.pt for point in found], np.float32)
    return Keypoints(places, np.asarray(descriptors, np.float32))


def count_agreeing(first: Keypoints, second: Keypoints) -> int:
    """Return how many keypoints fit one shift, turn and scale from `first` to `second`."""
    if min(len(first.places), len(second.places)) < LEAST_AGREEING:
        return 0
    matches = cv2.BFMatcher().knnMatch(first.descriptors, second.descriptors, k=2)
    kept = [best for best, other in matches if best.distance < RATIO * other.distance]
    if len(kept) < LEAST_AGREEING:
        return 0
    source = first.places[[match.queryIdx for match in kept]]
    target = second.places[[match.trainIdx for match in kept]]
    cv2.setRNGSeed(0)
    matrix, agreeing = cv2.estimateAffinePartial2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=AGREEMENT_PX
    )
    if np.shape(matrix) != (2, 3):
        return 0
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    return int(agreeing.sum()) if SCALES[0] < scale < SCALES[1] else 0


@torch.inference_mode()
def compute_features(network: nn.Module, squares: Squares, *, batch: int = 32) -> Features:
    """Return what a timm network pools before its classifier, at unit length.

    `squares` has shape ``(N, side, side, 3)``, uint8, sRGB.
    """
    network.eval()
    pooled = cast("PooledNetwork", network)
    rows: list[Features] = []
    for start in range(0, len(squares), batch):
        pixels = torch.from_numpy(np.array(squares[start : start + batch]))
        share = pixels.permute(0, 3, 1, 2).float().div_(255)
        size = (FEATURE_SIZE, FEATURE_SIZE)
        small = F.interpolate(share, size=size, mode="bilinear", antialias=True)
        maps = pooled.forward_features(normalise(small, IMAGENET_MEAN, IMAGENET_STD))
        rows.append(F.normalize(maps.mean((2, 3))).numpy())
    return np.concatenate(rows)


def propose_pairs(
    features: Features,
    groups: NDArray[np.int64],
    judged: NDArray[np.int64],
    among: NDArray[np.int64],
) -> list[tuple[int, int]]:
    """Return each judged row with the rows of other groups that resemble it most.

    Parameters
    ----------
    features : Features
        Shape ``(N, D)``, unit length.
    groups : NDArray[np.int64]
        Shape ``(N,)``; rows of one group are known to belong together already.
    judged, among : NDArray[np.int64]
        Rows to find partners for, and rows that may be partners.
    """
    pairs: list[tuple[int, int]] = []
    for row in judged.tolist():
        others = among[groups[among] != groups[row]]
        likeness = features[others] @ features[row]
        best = np.argsort(likeness, kind="stable")[::-1][:NEIGHBOURS]
        pairs += [(row, other) for other in others[best].tolist()]
    return pairs


def confirm_pairs(squares: Squares, pairs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return those of the proposed pairs that show one eye."""
    known: dict[int, Keypoints] = {}

    def keypoints(row: int) -> Keypoints:
        if row not in known:
            known[row] = describe(np.ascontiguousarray(squares[row]))
        return known[row]

    return [
        (first, second)
        for first, second in pairs
        if count_agreeing(keypoints(first), keypoints(second)) >= LEAST_AGREEING
    ]
