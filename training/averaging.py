"""The mean of several networks' weights, where a step towards another one's helps validation.

Networks that were trained on from one start lie in one valley of the loss, and a network
between them is often better than each, most of all on pictures unlike those of training
(Wortsman et al., "Model soups", ICML 2022; "Robust fine-tuning of zero-shot models", CVPR
2022, for two networks at an unequal share).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

SHARES = (0.25, 0.5, 0.75)  # of the network that is added

State = dict[str, Tensor]
Score = Callable[[Mapping[str, Tensor]], float]


@dataclass(frozen=True, slots=True, eq=False)
class Averaged:
    """The weights found, the share of each network that was added, and their validation."""

    state: State
    shares: tuple[float, ...]  # 0: it did not help
    score: float


def blend(first: Mapping[str, Tensor], second: Mapping[str, Tensor], share: float) -> State:
    """Return ``(1 - share) * first + share * second``; counters are the first's.

    Raises
    ------
    ValueError
        If the two do not hold the same tensors.
    """
    if first.keys() != second.keys() or any(
        first[name].shape != second[name].shape for name in first
    ):
        raise ValueError("the networks differ in their tensors")
    return {
        name: value.lerp(second[name].to(value.dtype), share)
        if value.is_floating_point()
        else value.clone()
        for name, value in first.items()
    }


def average(first: Mapping[str, Tensor], others: Sequence[State], *, score: Score) -> Averaged:
    """Add one network after the other, each at the share with the best score, if any helps.

    Parameters
    ----------
    first : Mapping[str, Tensor]
        The network to improve.
    others : Sequence[State]
        Of the same tensors.
    score : Score
        Higher is better; asked once for `first` and once for each share of each other.
    """
    state, best = dict(first), score(first)
    shares: list[float] = []
    for other in others:
        taken = 0.0
        origin = state
        for share in SHARES:
            candidate = blend(origin, other, share)
            found = score(candidate)
            if found > best:
                state, best, taken = candidate, found, share
        shares.append(taken)
    return Averaged(state, tuple(shares), best)
