"""A teacher whose feature maps are learned, place by place, beside the labels.

A label is one bit for a whole photograph; a feature map says at every place what a trained
network sees there. A network that begins with random weights therefore learns from it many
times faster (Romero et al., FitNets, ICLR 2015). The teacher looks at the very pictures that
the pupil is shown, changes included; each channel's distance counts in units of its own spread.
Beside the last map those after some stages may be learned: the pupil's first channels there are
to be the teacher's.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from training.recipe import RecipeError
from training.transfer import create_network
from training.weight_sources import fitting, read_source

_CLASSIFIER_BIAS = "classifier.bias"
_LEAST_SPREAD = 0.1  # of the mean spread: silent channels must not shout

Answers = Tensor | tuple[Tensor, Tensor]  # labels' logits, and with a grade's head its own


class Taught(NamedTuple):
    """What a pupil answers, and how far its features are from the teacher's."""

    answers: Answers
    distance: (
        Tensor  # (n,), mean over maps, channels and places of the squared, scaled difference
    )


@dataclass(frozen=True, slots=True, eq=False)
class FeatureTeacher:
    """A trained network that is only looked at.

    ``spreads`` are ``(C, 1, 1)`` by channel: of the map after each of the ``stages``, counted
    from 0, and of the last map.
    """

    network: nn.Module
    stages: tuple[int, ...]
    spreads: tuple[Tensor, ...]


def open_feature_teacher(
    place: str, architecture: str, batches: Iterable[Tensor], *, stages: Sequence[int] = ()
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
    stages : Sequence[int]
        After which the maps are learned too, from 0.

    Raises
    ------
    RecipeError
        If there are none, or they are another network's.
    """
    source = read_source(Path(place))
    refusal = RecipeError(
        f"The weights in {Path(place).name} are not those of {architecture}; name the network "
        "they belong to as distillation.feature_architecture."
    )
    if _CLASSIFIER_BIAS not in source.state:
        raise refusal
    outputs = len(source.state[_CLASSIFIER_BIAS])
    network = create_network(outputs, architecture=architecture)
    state = fitting(source, network).state
    try:
        missing, unknown = network.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise refusal from error
    if unknown or any(not name.endswith("num_batches_tracked") for name in missing):
        raise refusal
    _check_stages(network, stages)
    network.eval().requires_grad_(requires_grad=False)
    return FeatureTeacher(network, tuple(stages), _spreads(network, batches, stages))


class NetworkWithTeacher(nn.Module):
    """A pupil that also tells how far its last feature map is from its teacher's.

    Parameters
    ----------
    answering : nn.Module
        The network, or the network with further heads; held, not copied.
    plain : nn.Module
        The network itself, timm's, within `answering`.
    teacher : FeatureTeacher
        Its last map must have as many channels and places, those after stages at most as many
        channels and as many places; it is no part of this module's parameters, so nothing of
        it is trained or saved.

    Raises
    ------
    RecipeError
        If channels or stages do not fit.
    """

    def __init__(self, answering: nn.Module, plain: nn.Module, teacher: FeatureTeacher) -> None:
        super().__init__()
        here, there = (_channels(network) for network in (plain, teacher.network))
        if here != there:
            raise RecipeError(
                f"The teacher's features have {there} channels and the network's {here}; "
                "choose another distillation.feature_teacher."
            )
        _check_stages(plain, teacher.stages)
        self.answering, self._plain = answering, (plain,)
        self._teacher = (teacher,)  # in a tuple: torch must not count it in

    def forward(self, image: Tensor) -> Taught:
        """Return the answers and each photograph's distance ``(n,)``."""
        teacher = self._teacher[0]
        with _maps_of(self._plain[0], teacher.stages) as maps:
            answers: Answers = self.answering(image)
        with torch.no_grad(), _maps_of(teacher.network.to(image.device), teacher.stages) as own:
            teacher.network(image)
        distances = [
            _distance(here, wanted, spread)
            for here, wanted, spread in zip(maps, own, teacher.spreads, strict=True)
        ]
        return Taught(answers, torch.stack(distances).mean(dim=0))


@contextmanager
def _maps_of(network: nn.Module, stages: Sequence[int]) -> Iterator[list[Tensor]]:
    """Collect, while the network answers, its maps after the stages and the last one."""
    read: dict[int, Tensor] = {}
    maps: list[Tensor] = []

    def keep(place: int, features: Tensor) -> None:
        read[place] = features

    # For this while only: hooks that stay would be copied with the averaged network.
    blocks: Any = network.get_submodule("blocks") if stages else ()
    hooks = [
        blocks[stage].register_forward_hook(lambda *told, place=place: keep(place, told[2]))
        for place, stage in enumerate(stages)
    ]
    pool = network.get_submodule("global_pool")
    hooks.append(pool.register_forward_pre_hook(lambda _, inputs: keep(len(stages), inputs[0])))
    try:
        yield maps
    finally:
        for hook in hooks:
            hook.remove()
    maps += [read[place] for place in sorted(read)]


def _distance(here: Tensor, wanted: Tensor, spread: Tensor) -> Tensor:
    if here.shape[2:] != wanted.shape[2:] or here.shape[1] < wanted.shape[1]:
        raise RecipeError(
            f"The teacher's map of {tuple(wanted.shape[1:])} does not fit the network's of "
            f"{tuple(here.shape[1:])}; choose other distillation.feature_stages."
        )
    leading = here[:, : wanted.shape[1]].float()
    scaled = (leading - wanted.float()) / spread.to(here.device)
    return scaled.square().mean(dim=(1, 2, 3))


@torch.no_grad()
def _spreads(
    network: nn.Module, batches: Iterable[Tensor], stages: Sequence[int]
) -> tuple[Tensor, ...]:
    found: list[list[Tensor]] = []
    for batch in batches:
        with _maps_of(network, stages) as maps:
            network(batch)
        found.append([each.std(dim=(0, 2, 3)) for each in maps])
    means = (torch.stack(deviations).mean(dim=0) for deviations in zip(*found, strict=True))
    return tuple(
        mean.clamp(min=_LEAST_SPREAD * float(mean.mean()))[:, None, None] for mean in means
    )


def _check_stages(network: nn.Module, stages: Sequence[int]) -> None:
    there = len(getattr(network, "blocks", ()))
    if any(not 0 <= stage < there for stage in stages):
        raise RecipeError(
            f"A network has {there} stages, counted from 0; choose other "
            "distillation.feature_stages."
        )


def _channels(network: nn.Module) -> int:
    own: Any = network
    return int(own.num_features)
