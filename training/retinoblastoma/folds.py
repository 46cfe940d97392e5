"""Folds for leave-patient-out: a patient with a tumour judges once, and does not teach then."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MOST_FOLDS = 20  # with more patients several share a fold

Groups = NDArray[np.int64]  # (N,), equal numbers are one patient


def deal_folds(
    groups: Groups,
    truth: NDArray[np.bool_],
    kinds: Sequence[str],
    *,
    seed: int,
    most: int = MOST_FOLDS,
) -> NDArray[np.int64]:
    """Deal whole groups to folds: each group with a tumour its own, the others evenly by kind.

    Parameters
    ----------
    groups : Groups
        Shape ``(N,)``; a group is never divided.
    truth : NDArray[np.bool_]
        Shape ``(N,)``; a group with any True counts as one with a tumour.
    kinds : Sequence[str]
        Length N; each kind is spread evenly.
    seed : int
        Same seed, same folds.
    most : int
        At most so many folds, at least 2.

    Returns
    -------
    NDArray[np.int64]
        Shape ``(N,)``, 0 to the number of folds - 1.

    Raises
    ------
    ValueError
        If fewer than two groups have a tumour.
    """
    names, member = np.unique(groups, return_inverse=True)
    ill = np.bincount(member, weights=truth, minlength=len(names)) > 0
    if ill.sum() < 2:
        raise ValueError("leaving a patient out needs two patients with a tumour")
    count = min(int(ill.sum()), most)
    sizes = np.bincount(member)
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(names))
    kind_of = {group: kinds[row] for row, group in reversed(list(enumerate(member.tolist())))}
    fold_of = np.zeros(len(names), np.int64)
    for stratum in ("", *sorted(set(kinds))):
        load = np.zeros(count, np.int64)
        own = [g for g in order.tolist() if ("" if ill[g] else kind_of[g]) == stratum]
        for group in sorted(own, key=lambda g: -int(sizes[g])):
            fold = int(np.argmin(load))
            fold_of[group] = fold
            load[fold] += sizes[group]
    return fold_of[member]
