"""Put a trained network into the leading channels of a wider and deeper one of its family.

EfficientNet-B0 and EfficientNetV2-M shrink the picture in the same seven stages, and from the
fourth on their blocks are built alike, only that those of the larger have more channels and are
more. B0's weights fill the first channels there; weights that lead from new channels into these
begin at zero, so that what was learned is computed undisturbed, and further blocks begin as the
identity (Chen et al., Net2Net, ICLR 2016, for networks that grow; here the new channels are
random rather than copied). A 5 x 5 kernel gives its middle to a 3 x 3 one, so the first answers
are near those of the smaller network, not the same. The first three stages are built otherwise
and start new: let them learn from a teacher's stages (`training.feature_teacher`).
"""

from collections import defaultdict
from collections.abc import Mapping

from torch import Tensor, nn

from training.recipe import RecipeError
from training.transfer_report import TransferReport, report_on

_CROPPED = "the middle of a larger kernel"
_LEADING = "the leading channels"
_SPATIAL = 4  # dimensions of a convolution's weight

State = dict[str, Tensor]


def widen_into(network: nn.Module, state: State, *, source: str) -> TransferReport:
    """Fill the leading channels of `network` with `state`, in place, block by block.

    A block is filled where both have the same kinds of layers and each fits into the larger;
    so are the layers outside of blocks, one by one.

    Parameters
    ----------
    network : nn.Module
        timm's, with random weights.
    state : State
        Of a smaller network, under timm's names.
    source : str
        Where from, in words, for the report.

    Raises
    ------
    RecipeError
        If no block fits.
    """
    own = network.state_dict()
    blocks, there = _by_block(own), _by_block(state)
    fitting = [
        block
        for block, names in there.items()
        if names == blocks.get(block)
        and all(_fits(state[n], own[n]) for n in _full(block, names))
    ]
    if not any(block.startswith("blocks.") for block in fitting):
        raise RecipeError(
            f"No block of {source} fits into this network; start from weights of a smaller "
            "network of its family."
        )
    filled: State = {}
    notes: dict[str, str] = {}
    for block in fitting:
        for name in _full(block, there[block]):
            filled[name] = _filled(own[name], state[name])
            notes[name] = _note(own[name], state[name])
    network.load_state_dict(own | filled)
    return report_on(
        network,
        carried=filled,
        source=source,
        state={name: state[name] for name in state if name in own},
        notes={name: note for name, note in notes.items() if note},
    )


def _by_block(state: Mapping[str, Tensor]) -> dict[str, frozenset[str]]:
    """Return the names within each block (``blocks.3.0``) or layer (``conv_head``)."""
    found: dict[str, set[str]] = defaultdict(set)
    for name in state:
        if name.endswith("num_batches_tracked"):
            continue
        parts = name.split(".")
        length = 3 if parts[0] == "blocks" else len(parts) - 1
        found[".".join(parts[:length])].add(".".join(parts[length:]))
    return {block: frozenset(names) for block, names in found.items()}


def _full(block: str, names: frozenset[str]) -> list[str]:
    return sorted(f"{block}.{name}" for name in names)


def _fits(small: Tensor, large: Tensor) -> bool:
    if small.dim() != large.dim():
        return False
    channels = zip(small.shape[:2], large.shape[:2], strict=True)
    kernels = zip(small.shape[2:], large.shape[2:], strict=True)
    return all(s <= b for s, b in channels) and all(
        s >= b and (s - b) % 2 == 0 for s, b in kernels
    )


def _filled(large: Tensor, small: Tensor) -> Tensor:
    value = large.clone()
    if small.dim() == 1:
        value[: len(small)] = small
        return value
    rows, columns = small.shape[:2]
    value[:rows, columns:] = 0.0
    value[:rows, :columns] = _middle(small, large)
    return value


def _middle(small: Tensor, large: Tensor) -> Tensor:
    if small.dim() < _SPATIAL:
        return small
    cut = (small.shape[-1] - large.shape[-1]) // 2
    return small[..., cut : small.shape[-2] - cut, cut : small.shape[-1] - cut]


def _note(large: Tensor, small: Tensor) -> str:
    if small.dim() == _SPATIAL and small.shape[2:] != large.shape[2:]:
        return _CROPPED
    return _LEADING if small.shape != large.shape else ""
