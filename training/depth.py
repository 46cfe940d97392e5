"""Train the first blocks of each stage alone for a while, as a shallower network.

A residual block that begins as the identity (`quieten_branches`) can be stepped over without
changing the network's answer. A deep network of random weights then learns its first lessons at
a fraction of the cost, and goes on in full depth from just there (Gong et al., Efficient
Training of BERT by Progressively Stacking, ICML 2019; Chen et al., Net2Net, ICLR 2016).
"""

import math
from collections.abc import Iterator

from torch import Tensor, nn

from retina_desktop.ml.twofold import halves_of

Depth = int | tuple[int, ...] | None  # blocks of every stage, or of each; None: all


def limit_depth(network: nn.Module, depth: Depth) -> int:
    """Let only the first blocks of each stage work, in place.

    Only residual blocks are stepped over: what changes shape always works. Of a stage that
    `depth` does not name all blocks work.

    Returns
    -------
    int
        How many blocks are stepped over.
    """
    passed = 0
    for stage, place, block in _residual_blocks(network):
        if place >= _limit(depth, stage):
            block.forward = _unchanged
            passed += 1
        else:
            vars(block).pop("forward", None)
    return passed


def _limit(depth: Depth, stage: int) -> float:
    if isinstance(depth, tuple):
        return depth[stage] if stage < len(depth) else math.inf
    return math.inf if depth is None else depth


def _residual_blocks(network: nn.Module) -> Iterator[tuple[int, int, nn.Module]]:
    """Give each residual block of timm's stages, its stage and its place there."""
    for half in halves_of(network):
        for stage, blocks in enumerate(getattr(half, "blocks", ())):
            for place, block in enumerate(blocks):
                if getattr(block, "has_skip", False):
                    yield stage, place, block


def _unchanged(features: Tensor) -> Tensor:
    return features
