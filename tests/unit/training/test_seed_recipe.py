import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from tests.unit.training.tiny_data import noise_part
from training.augmentation import AugmentationRanges
from training.seed_recipe import (
    BEST_NAME,
    LOG_NAME,
    SeedRecipe,
    SeedTraining,
    epoch_order,
    learning_rate,
    masked_loss,
    predict,
    training_size,
)

CODES = ("DR", "EDN")
RECIPE = SeedRecipe(
    epochs=3,
    batch=8,
    size=24,
    early_size=16,
    early_share=0.4,
    peak_rate=3e-3,
    common_share=1.0,
    save_every_s=1e9,
    augmentation=AugmentationRanges(turn_deg=5, brightness=0.02, contrast=0.05),
)


class Ticks:
    """A clock that moves one second at each look."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


def tiny_network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2),
        nn.BatchNorm2d(8),
        nn.SiLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, len(CODES)),
    )


def start(run_dir, *, recipe=RECIPE, budget_s=None):
    return SeedTraining(
        tiny_network(),
        recipe,
        training=noise_part(64, CODES, seed=1),
        validation=noise_part(40, CODES, seed=2),
        run_dir=run_dir,
        clock=Ticks(),
        budget_s=budget_s,
    )


def events(run_dir):
    lines = (run_dir / LOG_NAME).read_text().splitlines()
    return [json.loads(line) for line in lines]


def curve(run_dir):
    return [(e["loss"], e["val_auroc"]) for e in events(run_dir) if e["event"] == "epoch"]


def test_an_interrupted_run_goes_on_as_if_it_had_not_been(tmp_path):
    start(tmp_path / "whole").run()
    start(tmp_path / "parts").run(stop_after_steps=5)
    for stop in (11, None):
        again = start(tmp_path / "parts")
        assert again.resume()
        again.run(stop_after_steps=stop)
    whole, parts = curve(tmp_path / "whole"), curve(tmp_path / "parts")
    assert len(whole) == RECIPE.epochs
    assert np.allclose(whole, parts, atol=1e-5)


def test_it_learns_and_keeps_the_best_epoch(tmp_path):
    run = start(tmp_path)
    run.run()
    values = [e["val_auroc"] for e in events(tmp_path)]
    assert events(tmp_path)[-1]["pairs"]["CLINIC/DR"] > 0.8  # the other label is a coin's
    assert run.progress.best_auroc == max(values)
    network = tiny_network()
    network.load_state_dict(torch.load(tmp_path / BEST_NAME, weights_only=True))
    logits = predict(network, noise_part(40, CODES, seed=2), size=RECIPE.size)
    assert logits.shape == (40, 2)


def test_nothing_to_resume_is_said(tmp_path):
    assert not start(tmp_path).resume()


def test_a_budget_ends_the_run_with_a_validated_epoch(tmp_path):
    run = start(tmp_path, budget_s=12.0)
    run.run()
    assert 0 < run.progress.steps_done < 3 * 8
    assert events(tmp_path)[-1]["event"] == "epoch"
    assert (tmp_path / BEST_NAME).exists()


def test_the_state_is_saved_within_an_epoch(tmp_path):
    start(tmp_path, recipe=replace(RECIPE, save_every_s=3.0)).run()
    assert sum(e["event"] == "step" for e in events(tmp_path)) >= 3


def test_the_rate_rises_then_falls_to_its_end():
    rates = [learning_rate(RECIPE, p) for p in np.linspace(0, 1, 101)]
    peak = int(np.argmax(rates))
    assert rates[peak] == pytest.approx(RECIPE.peak_rate)
    assert peak == round(100 * RECIPE.warm_up)
    assert all(a >= b for a, b in zip(rates[peak:], rates[peak + 1 :], strict=False))
    assert rates[-1] == pytest.approx(RECIPE.peak_rate * RECIPE.final_rate)
    assert rates[0] > 0


def test_the_size_grows_after_the_early_share():
    assert [training_size(RECIPE, p) for p in (0, 0.39, 0.4, 1)] == [16, 16, 24, 24]


def test_an_epoch_holds_every_rare_photograph_and_a_draw_of_the_others():
    data = noise_part(400, CODES)
    data.targets[:, 0] = 1
    data.targets[:, 1] = np.arange(400) < 20
    data.known[:] = True
    recipe = SeedRecipe(rare_below=50, common_share=0.5)
    orders = [epoch_order(data, recipe, epoch) for epoch in (0, 1)]
    for order in orders:
        assert set(range(20)) <= set(order.tolist())
        assert 0.4 < (len(order) - 20) / 380 < 0.6
        assert len(set(order.tolist())) == len(order)
    assert sorted(orders[0].tolist()) != sorted(orders[1].tolist())
    assert np.array_equal(orders[0], epoch_order(data, recipe, 0))


def test_unstated_labels_carry_no_loss():
    logits = torch.tensor([[2.0, -50.0]], requires_grad=True)
    targets, known = torch.tensor([[1.0, 1.0]]), torch.tensor([[True, False]])
    loss = masked_loss(logits, targets, known)
    loss.backward()
    assert loss.item() == pytest.approx(np.log1p(np.exp(-2.0)))
    assert logits.grad[0, 1] == 0


def test_a_batch_without_labels_has_no_loss():
    assert float(masked_loss(torch.ones(2, 2), torch.ones(2, 2), torch.zeros(2, 2))) == 0
