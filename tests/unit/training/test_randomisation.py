import json

import numpy as np
import pytest
import torch

from tests.unit.training.test_explanation import SIZE, folders, read  # noqa: F401 - a fixture
from training.evaluate import preprocessing_steps
from training.evaluation_page import with_explanation
from training.explanation_figures import explanation_tables
from training.randomisation import (
    _rank_correlation,
    _similarity,
    blocks_from_the_top,
    randomise,
)
from training.tables import Table, as_html
from training.transfer import create_network


@pytest.fixture(scope="module")
def networks():
    return [create_network(2, architecture="test_efficientnet") for _ in range(2)]


def test_blocks_are_counted_from_the_classifier_down(networks):
    blocks = blocks_from_the_top(networks[0])
    assert blocks[0] == "classifier"
    assert blocks[-1] in {"conv_stem", "bn1"}
    assert blocks.index("blocks.3") < blocks.index("blocks.0")


def test_maps_fall_apart_as_weights_become_random(folders, networks):  # noqa: F811
    trained, random = networks
    with torch.no_grad():  # another network
        for number, weights in enumerate(random.parameters()):
            torch.manual_seed(number)
            weights.copy_(torch.randn_like(weights) * 0.3)
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    steps = preprocessing_steps(SIZE)
    found = randomise(trained, random, read(folders), label=0, steps=steps)
    assert [step.block for step in found] == blocks_from_the_top(trained)
    assert found[-1].rank_correlation < 0.9
    assert all(-1 <= step.rank_correlation <= 1 and step.ssim <= 1 for step in found)
    assert all(torch.equal(value, before[n]) for n, value in trained.state_dict().items())
    same = randomise(trained, trained, read(folders), label=0, steps=steps)
    assert all(step.rank_correlation == pytest.approx(1) for step in same)
    assert all(step.ssim == pytest.approx(1) for step in same)


def test_maps_are_compared_by_order_and_by_structure():
    rng = np.random.default_rng(0)
    one = rng.normal(size=(8, 8)).astype(np.float32)
    assert _rank_correlation(one, 3 * one + 1) == pytest.approx(1)
    assert _rank_correlation(one, -one) == pytest.approx(-1)
    assert _rank_correlation(one, np.zeros_like(one)) == 0
    assert _similarity(one, 5 * one) == pytest.approx(1)
    assert _similarity(one, rng.normal(size=(8, 8)).astype(np.float32)) < 0.6


def test_the_page_shows_what_explain_found_and_then_what_it_finds_anew(tmp_path):
    measured = dict.fromkeys(("pointing", "pointing_exact", "iou", "dice", "heat_inside"), 0.5)
    found = {
        "label": "DR",
        "trained": {"photographs": 3, **measured},
        "random": {"photographs": 3, **measured},
        "anywhere": 0.1,
        "anywhere_exact": 0.02,
        "center": 0.3,
        "center_exact": 0.04,
        "randomisation": [{"block": "classifier", "rank_correlation": 0.25, "ssim": 0.5}],
    }
    path = tmp_path / "explanation.json"
    assert explanation_tables(path) == ()
    path.write_text(json.dumps(found))
    lesions, randomised = explanation_tables(path)
    assert lesions.rows[0][1:] == ("0.500", "0.500", "0.100", "0.300")
    assert randomised.rows == (("classifier", "0.25", "0.50"),)
    empty = as_html((), title="x").replace(
        "</body>", '<section id="heatmaps"></section></body>'
    )
    page = with_explanation(empty, (lesions, randomised))
    assert "Structural similarity" in page
    assert with_explanation(page, (Table("Other", ("a",), ()),)).count("<section") == 1
    assert "Structural" not in with_explanation(page, ())
