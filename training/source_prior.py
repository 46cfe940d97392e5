"""What a photograph's source alone says of a label, so that the network need not learn it.

Where one source shows retinopathy in nine of ten eyes and another in one of ten, telling the
two cameras apart lowers the loss, and fails in the next clinic. The logit of a label's share in
its source is therefore added to the network's logit while it learns: what is left for the
network is how one photograph differs from others of its source. A source in which all eyes have
a label then teaches next to nothing of it. (Logit adjustment: Menon et al., Long-tail learning
via logit adjustment, ICLR 2021, with the prior of each source in place of the whole set's.)
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Offsets = NDArray[np.float32]  # (N, answers), added to logits

_HALF = 0.5  # of a photograph, added to either side: a share is never 0 or 1


def source_offsets(
    targets: NDArray[np.float32], known: NDArray[np.bool_], sources: Sequence[str]
) -> Offsets:
    """Return the logit of each answer's share within each photograph's source.

    Parameters
    ----------
    targets : NDArray[np.float32]
        Shape ``(N, answers)``, 0 or 1.
    known : NDArray[np.bool_]
        Shape ``(N, answers)``: where the source states the answer.
    sources : Sequence[str]
        Of each of the N photographs.

    Returns
    -------
    Offsets
        Shape ``(N, answers)``; 0 where a source never states an answer.
    """
    names = np.array(sources)
    offsets = np.zeros(targets.shape, np.float32)
    for name in np.unique(names):
        rows = names == name
        stated = known[rows].sum(axis=0)
        present = (targets[rows] * known[rows]).sum(axis=0)
        odds = np.log(present + _HALF) - np.log(stated - present + _HALF)
        offsets[rows] = np.where(stated > 0, odds, 0.0)
    return offsets
