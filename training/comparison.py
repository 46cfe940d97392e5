"""Two runs on the same test photographs: differences with a paired bootstrap by patient."""

from dataclasses import dataclass, replace

import numpy as np

from training.answers import Answers, counted_pairs
from training.metrics import (
    RESAMPLES,
    Interval,
    Truth,
    Values,
    draw_weights,
    interval_of,
    with_resamples,
)
from training.results import ResultsUnreadableError


@dataclass(frozen=True, slots=True)
class Difference:
    """The AUROC of one label within one source in both runs, and the second minus the first.

    Label and source are empty for the mean over all pairs that both runs assess.
    """

    label: str
    source: str
    first: float
    second: float
    change: Interval


def shown(difference: Difference) -> str:
    """Return the change with its interval, where there is one."""
    change = difference.change
    if change.low is None or change.high is None:
        return f"{change.value:+.3f}"
    return f"{change.value:+.3f} [{change.low:+.3f}, {change.high:+.3f}]"


def compare_runs(
    first: Answers,
    second: Answers,
    *,
    files: tuple[tuple[str, ...], tuple[str, ...]],
    one_size: bool = False,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> tuple[Difference, ...]:
    """Return the mean's difference, then that of every pair of source and label.

    Both runs are drawn with the same patients in each resample, so that what makes a
    photograph hard for both does not widen the interval.

    Parameters
    ----------
    first, second : Answers
        Of runs on one split.
    files : tuple[tuple[str, ...], tuple[str, ...]]
        The photographs of each, by row.
    one_size : bool
        Compare among photographs of one original size only (see `training.answers`).

    Raises
    ------
    ResultsUnreadableError
        If the runs answered different photographs.
    """
    if files[0] != files[1] or first.codes != second.codes:
        raise ResultsUnreadableError(
            "The two runs were tested on different photographs; prepare both from one manifest."
        )
    if not first.sizes:  # kept before sizes were
        first = replace(first, sizes=second.sizes)
    weights = draw_weights(first.groups, seed=seed, resamples=resamples)
    pairs: list[Difference] = []
    changes: list[Values] = []
    for pair in counted_pairs(first, one_size=one_size):
        rows, column = pair.rows, pair.column
        if second.thresholds[column] is None:
            continue
        truth: Truth = first.targets[rows, column] > 0.5
        own = weights[:, rows]
        values = [
            with_resamples(pair.figure, truth, run.probabilities[rows, column], own)
            for run in (first, second)
        ]
        change = values[1] - values[0]
        interval = interval_of(float(change[0]), change[1:])
        one, other = float(values[0][0]), float(values[1][0])
        pairs.append(Difference(first.codes[column], pair.source, one, other, interval))
        changes.append(change)
    return (*_mean(pairs, changes), *pairs)


def _mean(pairs: list[Difference], changes: list[Values]) -> tuple[Difference, ...]:
    if not pairs:
        return ()
    drawn = np.stack(changes).mean(axis=0)
    first = float(np.mean([pair.first for pair in pairs]))
    second = float(np.mean([pair.second for pair in pairs]))
    return (Difference("", "", first, second, interval_of(float(drawn[0]), drawn[1:])),)
