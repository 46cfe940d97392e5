"""A teacher's feature map is learned beside the labels, and only looked at."""

import copy

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.unit.training.test_learning import curve, events, recipe
from tests.unit.training.tiny_data import noise_part
from training.fabrics import make_fabric
from training.feature_teacher import (
    FeatureTeacher,
    NetworkWithTeacher,
    Taught,
    open_feature_teacher,
)
from training.learning import Learning
from training.progress import LOG_NAME, JsonLines
from training.recipe import ModelSection, RecipeError
from training.run_state import BEST_NAME
from training.transfer import create_network

CODES = ("DR", "EDN", "MH")
B0, TINY = "efficientnet_b0", "test_efficientnet"  # timm's smallest of the family


@pytest.fixture(scope="module")
def batches():
    generator = torch.Generator().manual_seed(3)
    return [torch.randn(4, 3, 64, 64, generator=generator) for _ in range(2)]


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("teacher") / "teacher.safetensors"
    save_file(create_network(5, architecture=TINY, seed=7).state_dict(), path)
    return path


@pytest.fixture(scope="module")
def teacher(weights, batches):
    return open_feature_teacher(str(weights), TINY, batches)


@pytest.fixture(scope="module")
def teacher_of_stages(weights, batches):
    return open_feature_teacher(str(weights), TINY, batches, stages=(1, 2))


def test_the_distance_by_hand(teacher, batches):
    pupil = create_network(3, architecture=TINY, seed=1).eval()
    with torch.inference_mode():
        told = NetworkWithTeacher(pupil, pupil, teacher).eval()(batches[0])
        own, wanted = (n.forward_features(batches[0]) for n in (pupil, teacher.network))
        by_hand = ((own - wanted) / teacher.spreads[0]).square().mean(dim=(1, 2, 3))
        assert torch.allclose(told.answers, pupil(batches[0]), atol=1e-6)
    assert isinstance(told, Taught)
    assert torch.allclose(told.distance, by_hand, rtol=1e-5)
    assert (told.distance > 0).all()
    assert not any(m._forward_pre_hooks for m in pupil.modules())


def test_a_copy_of_the_teacher_is_at_no_distance(teacher_of_stages, batches):
    pupil = copy.deepcopy(teacher_of_stages.network)
    told = NetworkWithTeacher(pupil, pupil, teacher_of_stages).eval()(batches[0])
    assert torch.equal(told.distance, torch.zeros(4))


@torch.inference_mode()
def test_maps_after_stages_count_as_much_as_the_last(teacher_of_stages, batches):
    """Only the last stage of the pupil is its own: the maps before are at no distance."""
    pupil = copy.deepcopy(teacher_of_stages.network)
    for parameter in pupil.conv_head.parameters():
        parameter.mul_(1.5)
    told = NetworkWithTeacher(pupil, pupil, teacher_of_stages).eval()(batches[0])
    own, wanted = (n.forward_features(batches[0]) for n in (pupil, teacher_of_stages.network))
    last = ((own - wanted) / teacher_of_stages.spreads[-1]).square().mean(dim=(1, 2, 3))
    assert torch.allclose(told.distance, last / 3, rtol=1e-5)
    assert (last > 0).all()


def test_stages_that_are_not_there_are_said(weights, batches):
    with pytest.raises(RecipeError, match="feature_stages"):
        open_feature_teacher(str(weights), TINY, batches, stages=(2, 9))


def test_a_narrower_pupil_is_said(batches):
    wide = create_network(3, architecture="efficientnetv2_s").eval()
    teacher = FeatureTeacher(wide, (3,), (torch.ones(128, 1, 1), torch.ones(1280, 1, 1)))
    pupil = create_network(3, architecture=B0)
    with pytest.raises(RecipeError, match="does not fit"):
        NetworkWithTeacher(pupil, pupil, teacher)(batches[0])


def test_nothing_of_the_teacher_is_trained_or_saved(teacher):
    pupil = create_network(3, architecture=TINY)
    taught = NetworkWithTeacher(pupil, pupil, teacher)
    assert len(list(taught.parameters())) == len(list(pupil.parameters()))
    assert not any(p.requires_grad for p in teacher.network.parameters())


def test_weights_of_another_network_are_said(weights, batches):
    with pytest.raises(RecipeError, match="feature_architecture"):
        open_feature_teacher(str(weights), B0, batches)


def test_other_channels_are_said(teacher):
    pupil = create_network(3, architecture=B0)
    with pytest.raises(RecipeError, match="1280"):
        NetworkWithTeacher(pupil, pupil, teacher)


def test_missing_weights_are_said(batches, tmp_path):
    with pytest.raises(RecipeError, match=r"gone\.pt"):
        open_feature_teacher(str(tmp_path / "gone.pt"), TINY, batches)


def run_of(folder, teacher, **changes):
    followed = recipe(
        loss={"grade_weight": 0.2},
        distillation={"feature_weight": 0.5},
        run={"epochs": 2, "early_share": 0.0, "ema": 0.9},
        **changes,
    )
    followed = followed.model_copy(update={"model": ModelSection(size=32, initial="none")})
    part = noise_part(32, CODES, seed=1)
    object.__setattr__(part, "grades", np.where(part.targets[:, 0] > 0.5, 3, 0))
    return Learning(
        create_network(3, architecture=TINY, seed=2),
        followed,
        training=part,
        validation=noise_part(16, CODES, seed=2),
        run_dir=folder,
        clock=lambda: 0.0,
        fabric=make_fabric(followed),
        listeners=(JsonLines(folder / LOG_NAME),),
        teacher=teacher,
    )


def test_a_taught_run_goes_on_as_if_never_stopped(tmp_path, teacher):
    run_of(tmp_path / "whole", teacher).run()
    assert not run_of(tmp_path / "parts", teacher).run(stop_after_steps=3)
    again = run_of(tmp_path / "parts", teacher)
    assert again.resume()
    again.run()
    assert np.allclose(curve(tmp_path / "whole"), curve(tmp_path / "parts"), atol=1e-5)
    run_of(tmp_path / "alone", None).run()
    alone, whole = (events(tmp_path / name)[0]["loss"] for name in ("alone", "whole"))
    assert whole > alone + 0.05  # the distance is in the loss
    best = torch.load(tmp_path / "whole" / BEST_NAME, weights_only=True)
    assert set(best) == set(create_network(3, architecture=TINY).state_dict())
