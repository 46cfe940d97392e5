"""A run at toy size: it learns, stops, goes on, and says why it cannot."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from tests.unit.training.tiny_data import noise_part
from training.fabrics import make_fabric
from training.learning import Learning, LearningStoppedError
from training.part_data import predict
from training.progress import LOG_NAME, JsonLines
from training.recipe import Recipe
from training.run_state import BEST_NAME, STATE_NAME, Progress

CODES = ("DR", "EDN")
SIZE = 24


def recipe(**changes):
    run = {"epochs": 3, "batch": 8, "early_size": 16, "early_share": 0.4, "save_every_s": 1e9}
    return Recipe(
        name="toy",
        model={"size": SIZE, "initial": "none"},
        optimizer={"peak_rate": 3e-3} | changes.pop("optimizer", {}),
        sampling={"common_share": 1.0} | changes.pop("sampling", {}),
        augmentation={"turn_deg": 5, "brightness": 0.02, "contrast": 0.05}
        | changes.pop("augmentation", {}),
        run=run | changes.pop("run", {}),
        **changes,
    )


def test_batches_of_another_size_count_the_same_photographs():
    so_far = Progress(epoch=2, step=7, steps_done=47, loss_sum=3.5)
    fewer = so_far.in_batches(16, 8, accumulate=2)
    assert (fewer.epoch, fewer.step, fewer.steps_done, fewer.loss_sum) == (2, 14, 94, 7.0)
    odd = so_far.in_batches(16, 8, accumulate=4)
    assert (odd.step, odd.loss_sum) == (12, 6.0)
    assert so_far.in_batches(16, 16, accumulate=4) == so_far
    assert Progress().in_batches(16, 4, accumulate=1) == Progress()


class Ticks:
    """A clock that moves one second at each look."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


def tiny_network():
    torch.manual_seed(0)
    body = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2), nn.BatchNorm2d(8), nn.SiLU(), nn.AdaptiveAvgPool2d(1)
    )
    network = nn.Sequential(body, nn.Flatten())
    network.add_module("head", nn.Linear(8, len(CODES)))
    return network


def start(run_dir, followed=None, *, budget_s=None, training=None, listeners=()):
    followed = followed or recipe()
    return Learning(
        tiny_network(),
        followed,
        training=training or noise_part(64, CODES, seed=1),
        validation=noise_part(40, CODES, seed=2),
        run_dir=run_dir,
        clock=Ticks(),
        fabric=make_fabric(followed),
        listeners=(JsonLines(run_dir / LOG_NAME), *listeners),
        budget_s=budget_s,
    )


def events(run_dir):
    return [json.loads(line) for line in (run_dir / LOG_NAME).read_text().splitlines()]


def curve(run_dir):
    return [(e["loss"], e["val_auroc"]) for e in events(run_dir) if e["event"] == "epoch"]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"run": {"ema": 0.9}},
        {"optimizer": {"kind": "adamw", "weight_decay": 0.01, "accumulate": 2}},
        {"optimizer": {"kind": "sgd", "clip_norm": 1.0, "head_epochs": 1}},
        {"schedule": {"kind": "plateau", "patience": 1}},
        {"mixing": {"mixup_share": 0.5, "cutmix_share": 0.3}},
        {"augmentation": {"jpeg_share": 0.5, "stretch": 0.1, "saturation": 0.2}},
    ],
)
def test_an_interrupted_run_goes_on_as_if_it_had_not_been(tmp_path, changes):
    followed = recipe(**changes)
    start(tmp_path / "whole", followed).run()
    start(tmp_path / "parts", followed).run(stop_after_steps=5)
    for stop in (11, None):
        again = start(tmp_path / "parts", followed)
        assert again.resume()
        again.run(stop_after_steps=stop)
    whole, parts = curve(tmp_path / "whole"), curve(tmp_path / "parts")
    assert len(whole) == followed.run.epochs
    assert np.allclose(whole, parts, atol=1e-5)


def test_where_validation_says_nothing_the_last_epoch_is_kept_and_that_is_said(
    tmp_path, caplog
):
    run = start(tmp_path, recipe(run={"pair_minimum": 1000, "patience": 1}))
    run.run()
    assert run.progress.best_epoch == 2
    kept = torch.load(tmp_path / BEST_NAME, weights_only=True)
    state = torch.load(tmp_path / STATE_NAME, weights_only=True)
    assert all(torch.equal(kept[name], value) for name, value in state["network"].items())
    assert "1000 photographs each: epochs cannot be compared" in caplog.text
    epochs = [e for e in events(tmp_path) if e["event"] == "epoch"]
    assert len(epochs) == 3
    assert not any("val_auroc" in e for e in epochs)  # no curve of noughts


def test_it_learns_and_keeps_the_best_epoch(tmp_path):
    run = start(tmp_path)
    run.run()
    epochs = [e for e in events(tmp_path) if e["event"] == "epoch"]
    assert epochs[-1]["pairs"]["CLINIC/DR"] > 0.8  # the other label is a coin's
    assert run.progress.best_auroc == max(e["val_auroc"] for e in epochs)
    network = tiny_network()
    network.load_state_dict(torch.load(tmp_path / BEST_NAME, weights_only=True))
    logits = predict(network, noise_part(40, CODES, seed=2), size=SIZE)
    assert logits.shape == (40, 2)
    assert events(tmp_path)[-1]["event"] == "end"


def test_nothing_to_resume_is_said(tmp_path):
    assert not start(tmp_path).resume()


def test_a_budget_ends_the_run_with_a_validated_epoch(tmp_path):
    run = start(tmp_path, budget_s=12.0)
    run.run()
    assert 0 < run.progress.steps_done < 3 * 8
    assert events(tmp_path)[-2]["event"] == "epoch"
    assert (tmp_path / BEST_NAME).exists()


def test_patience_ends_a_run_that_does_not_get_better(tmp_path):
    still = recipe(optimizer={"peak_rate": 1e-12}, run={"epochs": 9, "patience": 2})
    run = start(tmp_path, still)
    run.run()
    assert run.progress.epoch == 3


def test_the_state_is_saved_within_an_epoch(tmp_path):
    start(tmp_path, recipe(run={"save_every_s": 3.0})).run()
    assert sum(e["event"] == "step" for e in events(tmp_path)) >= 3


def test_the_head_alone_learns_first(tmp_path):
    run = start(tmp_path, recipe(optimizer={"head_epochs": 1}))
    before = {k: v.clone() for k, v in run._plain.state_dict().items()}
    run.run(stop_after_steps=3)
    after = run._plain.state_dict()
    assert torch.equal(before["0.0.weight"], after["0.0.weight"])
    assert not torch.equal(before["head.weight"], after["head.weight"])


def test_sources_left_out_are_neither_learned_nor_validated(tmp_path):
    followed = recipe(sampling={"leave_out": ["CLINIC"]})
    with pytest.raises(LearningStoppedError, match="no photograph to train on"):
        start(tmp_path, followed)


def test_one_kind_of_photograph_teaches_nothing(tmp_path):
    data = noise_part(16, CODES)
    data.targets[:] = 1
    with pytest.raises(LearningStoppedError, match="No label is both present and absent"):
        start(tmp_path, training=data)


def test_a_loss_that_is_no_number_ends_the_run_in_one_sentence(tmp_path):
    run = start(tmp_path, recipe(optimizer={"kind": "sgd", "peak_rate": 1e30}))
    with pytest.raises(LearningStoppedError, match=r"optimizer\.peak_rate"):
        run.run()
    assert not (tmp_path / STATE_NAME).exists()


@pytest.mark.parametrize("place", ["backward", "validation"])
def test_memory_that_does_not_suffice_suggests_a_batch(tmp_path, monkeypatch, place):
    def full(*arguments, **more):
        raise torch.OutOfMemoryError("CUDA out of memory")

    run = start(tmp_path)
    if place == "backward":
        monkeypatch.setattr(run._fabric, "backward", full)
    else:
        monkeypatch.setattr("training.judging.predict", full)
    with pytest.raises(
        LearningStoppedError, match=r"run\.batch=4 --set optimizer\.accumulate=2"
    ):
        run.run()


def test_curves_that_cannot_be_written_are_said(tmp_path):
    def full(facts):
        raise OSError(28, "No space left on device")

    with pytest.raises(LearningStoppedError, match="make room on the disk"):
        start(tmp_path, listeners=(full,)).run()


def test_a_state_that_cannot_be_written_is_said(tmp_path):
    run = start(tmp_path)
    (tmp_path / (STATE_NAME + ".part")).mkdir()
    with pytest.raises(LearningStoppedError, match="make room on the disk"):
        run.run(stop_after_steps=1)
