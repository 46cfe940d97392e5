"""Two networks, taught photographs as they are and less their local average, joined into one.

Nothing is trained: the halves keep their weights, and the linear layer over both feature maps
gives the mean of what the two answered apart, each calibrated first, because a network whose
logits are spread twice as wide would count twice (as in `training.ensemble`).
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from retina_desktop.domain.manifests import TWOFOLD_PREFIX, half_of
from retina_desktop.imaging.preprocessing import LOCAL_AVERAGE_SUBTRACTION
from retina_desktop.ml.torch_network import NetworkError, classifier_of
from retina_desktop.ml.twofold import LOCAL, PLAIN, TwofoldNetwork
from training.recipe import Recipe, RecipeError
from training.trained_networks import TrainedNetwork, open_trained

READS = {PLAIN: (), LOCAL: (LOCAL_AVERAGE_SUBTRACTION,)}  # the enhancements of each half


def open_half(half: str, place: str, recipe: Recipe, codes: Sequence[str]) -> TrainedNetwork:
    """Return the trained network that is to be the half `PLAIN` or `LOCAL`.

    Parameters
    ----------
    half : str
        Which.
    place : str
        As in `open_trained`.
    recipe : Recipe
        Of the joined network.
    codes : Sequence[str]
        Its labels.

    Raises
    ------
    RecipeError
        If there is none, or it reads photographs after other steps or at another size, or
        does not know the same labels.
    """
    section = recipe.model
    own = section.model_copy(update={"architecture": half_of(section.architecture)})
    found = open_trained(place, recipe.model_copy(update={"model": own}), codes)
    name = found.bundle or (found.run.parent.name if found.run else Path(place).name)
    if found.enhancements not in (None, READS[half]):
        wanted = ", ".join(READS[half]) or "no enhancement"
        raise RecipeError(
            f"The network {name} cannot be the {half} half: it must have learned photographs "
            f"after {wanted}."
        )
    if found.size != section.size:
        raise RecipeError(
            f"The network {name} reads {found.size} pixels and the joined one {section.size}; "
            f"set model.size={found.size}, or choose another."
        )
    if set(found.codes) != set(codes):
        raise RecipeError(
            f"The network {name} knows other labels than are joined; choose another."
        )
    return found


@torch.no_grad()
def join(
    network: nn.Module, plain: TrainedNetwork, local: TrainedNetwork, codes: Sequence[str]
) -> None:
    """Give `network` the halves' weights and the mean of their calibrated logits, in place.

    Raises
    ------
    RecipeError
        If it has no halves, or they are of another architecture.
    """
    if not isinstance(network, TwofoldNetwork):
        raise RecipeError(
            "A network joined of two needs an architecture such as "
            f"{TWOFOLD_PREFIX}efficientnet_b0; set model.architecture."
        )
    weights, offsets = [], torch.zeros(len(codes))
    for half, trained in ((network.plain, plain), (network.local, local)):
        try:
            layer = classifier_of(trained.network)
            body = _without(layer, trained.network)
            half.load_state_dict(body)
        except (RuntimeError, NetworkError) as error:
            raise RecipeError(
                "The networks to join are of another architecture than the joined one's "
                "halves; set model.architecture."
            ) from error
        rows = [trained.codes.index(code) for code in codes]
        slopes = torch.tensor([trained.calibrations[row].slope for row in rows])
        shifts = torch.tensor([trained.calibrations[row].offset for row in rows])
        weights.append(layer.weight[rows] * slopes[:, None] / 2)
        offsets += (layer.bias[rows] * slopes + shifts) / 2
    network.classifier.weight.copy_(torch.cat(weights, dim=1))
    network.classifier.bias.copy_(offsets)


def _without(layer: nn.Linear, network: nn.Module) -> dict[str, Tensor]:
    """Return the network's state without its last layer's."""
    place = next(name for name, module in network.named_modules() if module is layer)
    return {
        name: value
        for name, value in network.state_dict().items()
        if not name.startswith(f"{place}.")
    }
