"""The worst mistakes of a run: which they are, and the photograph with the label's heatmap."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import nn

from retina_desktop.domain.heatmaps import scale_activation
from retina_desktop.domain.strength import heat_strength
from retina_desktop.imaging.encode import encode_jpeg
from retina_desktop.imaging.overlay import blend_heatmap, enlarge_activation
from retina_desktop.ml.torch_network import NetworkWithMaps
from training.answers import Answers, counted_pairs
from training.part_data import PartData, shown

WORST = 6  # photographs a label and source
PICTURE_SIDE = 192  # pixels, each of photograph and overlay
_OPACITY, _QUALITY = 0.7, 80  # a page of all of them stays below some megabytes


@dataclass(frozen=True, slots=True)
class Mistake:
    """A photograph that was called wrongly for one label.

    ``place`` is its row in the answers, ``column`` the label's.
    """

    source: str
    place: int
    column: int
    present: bool
    probability: float
    threshold: float


def worst_mistakes(answers: Answers) -> list[Mistake]:
    """Return, of each counted pair, the wrong calls furthest from what is stated."""
    found: list[Mistake] = []
    for pair in counted_pairs(answers):
        source, column, rows = pair.source, pair.column, pair.rows
        threshold = answers.thresholds[column] or 0.0
        truth = answers.targets[rows, column] > 0.5
        scores = answers.probabilities[rows, column]
        gap = np.abs(scores - truth) * (truth != (scores >= threshold))
        for place in np.argsort(-gap, kind="stable")[:WORST].tolist():
            if gap[place] > 0:
                facts = bool(truth[place]), float(scores[place]), threshold
                found.append(Mistake(source, int(rows[place]), column, *facts))
    return found


def draw_mistakes(
    network: nn.Module, test: PartData, mistakes: Sequence[Mistake], *, size: int
) -> list[bytes]:
    """Return a JPEG for each mistake: the photograph, and beside it with the heatmap over it.

    The pictures are of the prepared squares; heat has the application's fixed scale, so that
    a missed disease shows less than half of it.

    Parameters
    ----------
    network : torch.nn.Module
        One with pooling and a linear layer.
    test : PartData
        Whose rows are the answers' rows.
    mistakes : Sequence[Mistake]
        Of `worst_mistakes`.
    size : int
        Pixels of the network's input.
    """
    asked = NetworkWithMaps(network.eval())
    return [_drawn(asked, test, mistake, size) for mistake in mistakes]


@torch.inference_mode()
def _drawn(asked: NetworkWithMaps, test: PartData, mistake: Mistake, size: int) -> bytes:
    _, maps = asked(shown(test, [mistake.place], size=size))
    strength = heat_strength(mistake.probability, mistake.threshold)
    heat = scale_activation(maps[0, mistake.column].numpy(), strength=strength)
    square = np.asarray(test.squares[test.rows[mistake.place]], np.uint8)
    method = cv2.INTER_AREA if len(square) > PICTURE_SIDE else cv2.INTER_LINEAR
    resized = cv2.resize(square, (PICTURE_SIDE, PICTURE_SIDE), interpolation=method)
    small = np.asarray(resized, np.uint8)
    placed = enlarge_activation(
        heat, left=0, top=0, side=PICTURE_SIDE, width=PICTURE_SIDE, height=PICTURE_SIDE
    )
    over = blend_heatmap(small, placed, opacity=_OPACITY)
    return encode_jpeg(np.hstack([small, over]), quality=_QUALITY)
