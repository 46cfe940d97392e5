"""The audit finds a shortcut that is there, and none where pictures were made alike."""

import numpy as np
import pytest

from retina_desktop.domain.manifests import Metric
from tests.unit.training.retinoblastoma.tiny import whole_crop
from training.retinoblastoma.collection import Collection
from training.retinoblastoma.features import MATCHED
from training.retinoblastoma.photographs import Case, Kind
from training.retinoblastoma.pictures import Crops
from training.retinoblastoma.results import Experiment
from training.retinoblastoma.shortcuts import Trial, experiment, numbers_experiments

TRIAL = Trial(seed=1, sensitivity=0.9, strengths=(10.0,))


@pytest.fixture(scope="module")
def tinted() -> Collection:
    """Two groups of like eyes; one camera tints, and writes larger files."""
    cases, pixels, inside, facts = [], [], [], []
    for number in range(40):
        ill = number % 2 == 0
        crop = whole_crop(seed=number)
        tint = np.array([1.0, 0.5, 0.7] if ill else [0.9, 0.9, 0.9])
        kind = Kind.TUMOUR if ill else Kind.INFANT
        cases.append(Case(f"{number}.png", kind.name, "CC0", f"p{number // 4}{ill}", kind))
        pixels.append(np.rint(crop.pixels * tint).astype(np.uint8))
        inside.append(crop.inside)
        facts.append([640.0 if ill else 1600.0, number % 3])
    groups = np.array([number // 4 + 100 * (number % 2) for number in range(40)])
    crops = Crops(np.stack(pixels), np.stack(inside), np.array(facts))
    return Collection(tuple(cases), crops, groups, 0, 0)


def auroc(found: Experiment, source: str = "infants") -> Metric:
    return next(m for m in found.metrics if m.source == source)


def test_colour_and_file_facts_are_found_and_matching_takes_colour_away(
    tinted: Collection,
) -> None:
    facts, whole, part, enhanced, matched = numbers_experiments(tinted, TRIAL)
    assert auroc(facts).value == 1.0
    assert auroc(whole).value > 0.95
    assert auroc(part).value > 0.95
    assert (enhanced.central, enhanced.steps) == (True, MATCHED[:-1])
    low, high = auroc(matched).low, auroc(matched).high
    assert low is not None
    assert high is not None
    assert auroc(matched).value < 0.85
    assert low < 0.6


def test_noise_is_no_shortcut(tinted: Collection) -> None:
    noise = np.random.default_rng(5).normal(size=(40, 6)).astype(np.float32)
    found = auroc(experiment("noise", noise, tinted, TRIAL), "")
    assert 0.2 < found.value < 0.8
    assert (found.positives, found.negatives) == (20, 20)
