"""Train the same on pictures without a tumour's signs, and without one step after the other.

If a blurred picture, colours without places, the rim alone or the file's facts do as well, the
figures say nothing of tumours.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.images import FieldCrop
from retina_desktop.imaging.enhancement import ENHANCEMENTS as STEPS
from training.retinoblastoma.collection import Collection
from training.retinoblastoma.crossed import STRENGTHS, Examples, cross_validate
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

WHOLE = "whole pictures"
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
    """Try whole, blurred and border-only pictures, as they come and made alike."""
    for central, names in ((False, ENHANCEMENTS), (True, MATCHED)):
        if not (central or trial.as_taken):
            continue
        for what, spoil in (
            (WHOLE, None),
            ("blurred pictures", blurred),
            ("border-only pictures", border_only),
        ):
            change = _after_part(spoil) if central else spoil
            yield _through(
                reader,
                collection,
                trial,
                what=what,
                names=names,
                central=central,
                change=change,
            )


def step_experiments(
    reader: FrozenNetwork, collection: Collection, trial: Trial
) -> Iterator[Experiment]:
    """Try the enhancements one after the other, in their order, but not yet all of them.

    All of them are the whole pictures of `shortcut_experiments`.
    """
    for count in range(len(MATCHED)):
        yield _through(
            reader, collection, trial, what=WHOLE, names=MATCHED[:count], central=True
        )


def _through(
    reader: FrozenNetwork,
    collection: Collection,
    trial: Trial,
    *,
    what: str,
    names: tuple[str, ...],
    central: bool,
    change: Change | None = None,
) -> Experiment:
    size = int(collection.crops.pixels.shape[1])
    steps = pipeline(size, enhancements=names, central=central)
    features = compute_features(reader.network, collection.crops, steps, change=change)
    found = experiment(
        what, features, collection, trial,
        network=reader.architecture, steps=names, central=central,
    )  # fmt: skip
    _LOGGER.info("%s, %d steps, %s", what, len(names), reader.architecture)
    return found


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
    examples = Examples(
        features[:, np.newaxis].astype(np.float32),
        collection.truth,
        collection.groups,
        collection.kinds,
    )
    crossed = cross_validate(
        examples, seed=trial.seed, sensitivity=trial.sensitivity, strengths=trial.strengths
    )
    metrics = measure_auroc(
        crossed.probabilities, collection.kinds, collection.groups, seed=trial.seed
    )
    return Experiment(what, network, steps, central, metrics)


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
