"""A teacher whose last feature map is learned, place by place, beside the labels.

A label is one bit for a whole photograph; a feature map says at every place what a trained
network sees there. A network that begins with random weights therefore learns from it many
times faster (Romero et al., FitNets, ICLR 2015). The teacher looks at the very pictures that
the pupil is shown, changes included; each channel's distance counts in units of its own spread.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from training.recipe import RecipeError
from training.transfer import create_network
from training.weight_sources import read_source

_CLASSIFIER_BIAS = "classifier.bias"
_LEAST_SPREAD = 0.1  # of the mean spread: silent channels must not shout

Answers = Tensor | tuple[Tensor, Tensor]  # labels' logits, and with a grade's head its own


class Taught(NamedTuple):
    """What a pupil answers, and how far its features are from the teacher's."""

    answers: Answers
    distance: Tensor  # (n,), mean over channels and places of the squared, scaled difference


@dataclass(frozen=True, slots=True, eq=False)
class FeatureTeacher:
    """A trained network that is only looked at; ``spread`` is ``(C, 1, 1)``, by channel."""

    network: nn.Module
    spread: Tensor


def open_feature_teacher(
    place: str, architecture: str, batches: Iterable[Tensor]
) -> FeatureTeacher:
    """Read a teacher's weights and measure how far its channels spread.

    Parameters
    ----------
    place : str
        The folder of a model bundle or a file of weights.
    architecture : str
        timm's name of the network they belong to.
    batches : Iterable[Tensor]
        Normalised photographs; at least one batch.

    Raises
    ------
    RecipeError
        If there are none, or they are another network's.
    """
    state = read_source(Path(place)).state
    refusal = RecipeError(
        f"The weights in {Path(place).name} are not those of {architecture}; name the network "
        "they belong to as distillation.feature_architecture."
    )
    if _CLASSIFIER_BIAS not in state:
        raise refusal
    network = create_network(len(state[_CLASSIFIER_BIAS]), architecture=architecture)
    try:
        missing, unknown = network.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise refusal from error
    if unknown or any(not name.endswith("num_batches_tracked") for name in missing):
        raise refusal
    network.eval().requires_grad_(requires_grad=False)
    return FeatureTeacher(network, _spread(network, batches))


class NetworkWithTeacher(nn.Module):
    """A pupil that also tells how far its last feature map is from its teacher's.

    Parameters
    ----------
    answering : nn.Module
        The network, or the network with further heads; held, not copied.
    plain : nn.Module
        The network itself, timm's, within `answering`.
    teacher : FeatureTeacher
        Its feature map must have as many channels and places; it is no part of this module's
        parameters, so nothing of it is trained or saved.

    Raises
    ------
    RecipeError
        If the numbers of channels differ.
    """

    def __init__(self, answering: nn.Module, plain: nn.Module, teacher: FeatureTeacher) -> None:
        super().__init__()
        here, there = (_channels(network) for network in (plain, teacher.network))
        if here != there:
            raise RecipeError(
                f"The teacher's features have {there} channels and the network's {here}; "
                "choose another distillation.feature_teacher."
            )
        self.answering, self._plain = answering, (plain,)
        self._teacher = (teacher,)  # in a tuple: torch must not count it in

    def forward(self, image: Tensor) -> Taught:
        """Return the answers and each photograph's distance ``(n,)``."""
        read: list[Tensor] = []
        pool = _pool_of(self._plain[0])
        # For this call only: a hook that stays would be copied with the averaged network.
        hook = pool.register_forward_pre_hook(lambda _, inputs: read.append(inputs[0]))
        try:
            answers: Answers = self.answering(image)
        finally:
            hook.remove()
        return Taught(answers, self._distance(image, read[-1]))

    def _distance(self, image: Tensor, features: Tensor) -> Tensor:
        teacher = self._teacher[0]
        with torch.no_grad():
            own: Any = teacher.network.to(image.device)
            wanted: Tensor = own.forward_features(image)
        scaled = (features.float() - wanted.float()) / teacher.spread.to(image.device)
        return scaled.square().mean(dim=(1, 2, 3))


@torch.no_grad()
def _spread(network: nn.Module, batches: Iterable[Tensor]) -> Tensor:
    own: Any = network
    deviations = [own.forward_features(batch).std(dim=(0, 2, 3)) for batch in batches]
    spread = torch.stack(deviations).mean(dim=0)
    return spread.clamp(min=_LEAST_SPREAD * float(spread.mean()))[:, None, None]


def _channels(network: nn.Module) -> int:
    own: Any = network
    return int(own.num_features)


def _pool_of(network: nn.Module) -> nn.Module:
    pool: nn.Module = network.get_submodule("global_pool")
    return pool
