"""Which photographs an epoch shows, and in which order; the same for the same seed."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.manifest_data import Known, Targets
from training.recipe import SamplingSection


def epoch_order(
    targets: Targets,
    known: Known,
    sources: Sequence[str],
    *,
    section: SamplingSection,
    seed: int,
    epoch: int,
) -> NDArray[np.int64]:
    """Return rows in the order in which one epoch shows them.

    All photographs with a rare label, and a draw of the others; with `source_power` above 0
    as many again are drawn with replacement, each source's share being its size to the power
    of ``1 - source_power``.

    Parameters
    ----------
    targets, known : Targets, Known
        Shape ``(N, labels)``.
    sources : Sequence[str]
        Of each of the N photographs.
    section : SamplingSection
        The recipe's.
    seed, epoch : int
        Decide the draw.
    """
    positives = (targets * known).sum(axis=0)
    rare = targets[:, positives < section.rare_below].any(axis=1)
    generator = np.random.default_rng((seed, epoch))
    drawn = rare | (generator.random(len(targets)) < section.common_share)
    rows = np.flatnonzero(drawn)
    if section.source_power > 0 and len(rows):
        weights = source_weights([sources[row] for row in rows.tolist()], section.source_power)
        rows = generator.choice(rows, size=len(rows), p=weights)
    return generator.permutation(rows)


def source_weights(sources: Sequence[str], power: float) -> NDArray[np.float64]:
    """Return each photograph's chance to be drawn: sum 1, ``size ** -power`` of its source."""
    sizes = Counter(sources)
    weights = np.array([sizes[source] ** -power for source in sources], np.float64)
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares
