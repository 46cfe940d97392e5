"""What validation says of a network: the mean AUROC over pairs of source and label."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from training.metrics import PairScore, score_pairs
from training.part_data import PartData, predict


@dataclass(frozen=True, slots=True)
class Verdict:
    """The pairs that have enough photographs of both kinds."""

    pairs: Sequence[PairScore]

    @property
    def auroc(self) -> float | None:
        """The pairs' mean; None where there is no pair."""
        return float(np.mean([pair.auroc for pair in self.pairs])) if self.pairs else None

    def by_name(self) -> dict[str, float]:
        """Return each pair's AUROC under ``source/label``."""
        return {f"{pair.source}/{pair.label}": round(pair.auroc, 4) for pair in self.pairs}


def judge(
    network: nn.Module,
    data: PartData,
    *,
    size: int,
    at_least: int,
    device: torch.device | str = "cpu",
) -> Verdict:
    """Ask `network` about all of `data`, at `size` pixels.

    ``at_least`` positives and as many negatives make a pair (see `metrics.score_pairs`).
    """
    pairs = score_pairs(
        predict(network, data, size=size, device=device),
        data.targets,
        data.known,
        sources=data.sources,
        codes=data.codes,
        at_least=at_least,
    )
    return Verdict(pairs)
