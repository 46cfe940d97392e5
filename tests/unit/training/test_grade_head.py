"""The grade beside the labels: four thresholds on pooled features, gone afterwards."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.unit.training.test_learning import CODES, curve, recipe, start, tiny_network
from tests.unit.training.tiny_data import noise_part
from training.grade_head import NetworkWithGrade, grade_targets
from training.recipe import RecipeError
from training.run_state import BEST_NAME
from training.transfer import create_network


def graded_part(count=64, seed=1):
    part = noise_part(count, CODES, seed=seed)
    grades = np.where(part.targets[:, 0] > 0.5, 3, 0)
    grades[::4] = -1
    object.__setattr__(part, "grades", grades.astype(np.int64))
    return part


def test_cumulative_targets_by_hand():
    assert grade_targets(np.array([0, 2, 4, -1])).tolist() == [
        [0, 0, 0, 0],
        [1, 1, 0, 0],
        [1, 1, 1, 1],
        [0, 0, 0, 0],
    ]


def test_the_grade_reads_what_the_classifier_reads():
    network = create_network(3).eval()
    graded = NetworkWithGrade(network, seed=1).eval()
    image = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        logits, grade = graded(image)
        pooled = network.forward_head(network.forward_features(image), pre_logits=True)
        assert torch.allclose(logits, network.get_classifier()(pooled), atol=1e-6)
        assert torch.allclose(grade, graded.grade(pooled), atol=1e-6)
    assert not any(m._forward_pre_hooks for m in network.modules())


def test_without_a_linear_layer_it_is_said():
    with pytest.raises(RecipeError, match=r"loss\.grade_weight=0"):
        NetworkWithGrade(nn.Conv2d(3, 3, 1), seed=0)


def test_the_grade_is_learned_resumed_and_not_kept(tmp_path):
    followed = recipe(loss={"grade_weight": 0.5}, run={"ema": 0.9})
    data = graded_part()
    start(tmp_path / "whole", followed, training=data).run()
    start(tmp_path / "parts", followed, training=data).run(stop_after_steps=5)
    again = start(tmp_path / "parts", followed, training=data)
    assert again.resume()
    again.run()
    assert np.allclose(curve(tmp_path / "whole"), curve(tmp_path / "parts"), atol=1e-5)
    start(tmp_path / "plain", recipe(run={"ema": 0.9}), training=data).run()
    assert not np.allclose(curve(tmp_path / "whole"), curve(tmp_path / "plain"), atol=1e-5)
    best = torch.load(tmp_path / "whole" / BEST_NAME, weights_only=True)
    assert set(best) == set(tiny_network().state_dict())


def test_photographs_without_any_grade_need_no_head(tmp_path):
    followed = recipe(loss={"grade_weight": 0.5})
    start(tmp_path / "a", followed).run(stop_after_steps=2)
    start(tmp_path / "b").run(stop_after_steps=2)
    states = [torch.load(tmp_path / n / "state.pt", weights_only=True) for n in "ab"]
    assert torch.equal(states[0]["network"]["head.weight"], states[1]["network"]["head.weight"])
