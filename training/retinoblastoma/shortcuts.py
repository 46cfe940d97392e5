"""Train the same on pictures without a tumour's signs, and without one step after the other.

If a blurred picture, colours without places, the rim alone or the file's facts do as well, the
figures say nothing of tumours.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.images import FieldCrop
from retina_desktop.imaging.enhancement import ENHANCEMENTS as STEPS
from training.retinoblastoma.collection import Collection
from training.retinoblastoma.crossed import STRENGTHS, Crossed, Examples, cross_validate
from training.retinoblastoma.features import (
    ENHANCEMENTS,
    MATCHED,
    Change,
    FrozenNetwork,
    compute_features,
    pipeline,
)
from training.retinoblastoma.measures import measure_auroc
from training.retinoblastoma.pictures import (
    blurred,
    border_only,
    central_part,
    colour_histogram,
)
from training.retinoblastoma.results import Experiment

Features = NDArray[np.float32]

WHOLE, BLURRED, RIM = "whole pictures", "blurred pictures", "border-only pictures"
_SPOILED: tuple[tuple[str, Change], ...] = ((BLURRED, blurred), (RIM, border_only))
_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trial:
    """How the audit cross-validates: always the same way."""

    seed: int
    sensitivity: float
    strengths: tuple[float, ...] = STRENGTHS
    as_taken: bool = True  # also the pictures as the cameras took them, before made alike


def numbers_experiments(collection: Collection, trial: Trial) -> Iterator[Experiment]:
    """Try what no network has to look at: the file's facts, and colours without places."""
    facts = collection.crops.facts.astype(np.float32)
    yield experiment("facts of the file and its outline", facts, collection, trial)
    for central, names in ((False, ()), (True, ()), (True, ENHANCEMENTS), (True, MATCHED)):
        colours = np.stack(
            [
                _histogram(collection.crops.crop(row), central=central, names=names)
                for row in range(len(collection.crops))
            ]
        ).astype(np.float32)
        yield experiment(
            "colour histogram", colours, collection, trial, steps=names, central=central
        )


def shortcut_experiments(
    reader: FrozenNetwork, collection: Collection, trial: Trial
) -> Iterator[Experiment]:
    """Try whole, blurred and border-only pictures, as they come and made alike.

    The last two twice: what learned from such pictures, and what learned from whole ones and
    is shown such pictures of the patients left out.
    """
    for central, names in ((False, ENHANCEMENTS), (True, MATCHED)):
        if not (central or trial.as_taken):
            continue
        look = partial(_features, reader, collection, names=names, central=central)
        told = partial(_told, collection, trial, reader.architecture, names, central=central)
        spoiled = {what: look(spoil) for what, spoil in _SPOILED}
        crossed = _crossed(look(None), collection, trial, others=tuple(spoiled.values()))
        yield told(WHOLE, crossed.probabilities)
        for what, features in spoiled.items():
            yield told(what, _crossed(features, collection, trial).probabilities)
        for what, answers in zip(spoiled, crossed.of_others, strict=True):
            yield told(what, answers, asked=True)


def step_experiments(
    reader: FrozenNetwork, collection: Collection, trial: Trial
) -> Iterator[Experiment]:
    """Try the enhancements one after the other, in their order, but not yet all of them.

    All of them are the whole pictures of `shortcut_experiments`.
    """
    for count in range(len(MATCHED)):
        names = MATCHED[:count]
        features = _features(reader, collection, None, names=names, central=True)
        yield experiment(
            WHOLE, features, collection, trial,
            network=reader.architecture, steps=names, central=True,
        )  # fmt: skip


def experiment(
    what: str,
    features: Features,
    collection: Collection,
    trial: Trial,
    *,
    network: str = "",
    steps: tuple[str, ...] = (),
    central: bool = False,
) -> Experiment:
    """Cross-validate on `features` ``(N, C)`` and keep the AUROC of the left-out answers."""
    answers = _crossed(features, collection, trial).probabilities
    return _told(collection, trial, network, steps, what, answers, central=central)


def _features(
    reader: FrozenNetwork,
    collection: Collection,
    spoil: Change | None,
    *,
    names: tuple[str, ...],
    central: bool,
) -> Features:
    steps = pipeline(int(collection.crops.pixels.shape[1]), enhancements=names, central=central)
    change = _after_part(spoil) if central else spoil
    features = compute_features(reader.network, collection.crops, steps, change=change)
    _LOGGER.info("%d pictures, %d steps, %s", len(features), len(names), reader.architecture)
    return features


def _crossed(
    features: Features,
    collection: Collection,
    trial: Trial,
    *,
    others: Sequence[Features] = (),
) -> Crossed:
    examples = Examples(
        features[:, np.newaxis].astype(np.float32),
        collection.truth,
        collection.groups,
        collection.kinds,
    )
    return cross_validate(
        examples,
        seed=trial.seed,
        sensitivity=trial.sensitivity,
        strengths=trial.strengths,
        others=others,
    )


def _told(
    collection: Collection,
    trial: Trial,
    network: str,
    steps: tuple[str, ...],
    what: str,
    answers: NDArray[np.float64],
    *,
    central: bool,
    asked: bool = False,
) -> Experiment:
    metrics = measure_auroc(answers, collection.kinds, collection.groups, seed=trial.seed)
    return Experiment(what, network, steps, central, metrics, asked=asked)


def _after_part(spoil: Change | None) -> Change:
    def change(crop: FieldCrop) -> FieldCrop:
        part = central_part(crop)
        return part if spoil is None else spoil(part)

    return change


def _histogram(
    crop: FieldCrop, *, central: bool, names: tuple[str, ...]
) -> NDArray[np.float64]:
    shown = central_part(crop) if central else crop
    pixels = shown.pixels
    for name in names:
        pixels = STEPS[name](pixels, shown.inside)
    return colour_histogram(pixels, shown.inside)
