"""Train the first blocks of each stage alone for a while, as a shallower network.

A residual block that begins as the identity (`quieten_branches`) can be stepped over without
changing the network's answer. A deep network of random weights then learns its first lessons at
a fraction of the cost, and goes on in full depth from just there (Gong et al., Efficient
Training of BERT by Progressively Stacking, ICML 2019; Chen et al., Net2Net, ICLR 2016).
"""

from collections.abc import Iterator

from torch import Tensor, nn


def limit_depth(network: nn.Module, blocks: int | None) -> int:
    """Let only the first `blocks` of each stage work, in place; all of them with None.

    Only residual blocks are stepped over: what changes shape always works.

    Returns
    -------
    int
        How many blocks are stepped over.
    """
    passed = 0
    for place, block in _residual_blocks(network):
        if blocks is not None and place >= blocks:
            block.forward = _unchanged
            passed += 1
        else:
            vars(block).pop("forward", None)
    return passed


def _residual_blocks(network: nn.Module) -> Iterator[tuple[int, nn.Module]]:
    """Give each residual block of timm's stages, and its place in the stage."""
    stages = getattr(network, "blocks", ())
    for stage in stages:
        for place, block in enumerate(stage):
            if getattr(block, "has_skip", False):
                yield place, block


def _unchanged(features: Tensor) -> Tensor:
    return features
