"""Teachers: a bundle, a run, a file of weights; asked once, and learned from."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from retina_desktop.domain.manifests import Calibration
from retina_desktop.ml.calibration import sigmoid
from tests.unit.training.test_learning import CODES, curve, recipe, start
from tests.unit.training.tiny_data import noise_part
from training.distillation import ANSWERS_NAME, ask_teachers, with_teachers
from training.forward import TRACED_FROM
from training.part_data import predict
from training.recipe import Recipe, RecipeError
from training.run_record import write_record
from training.run_state import BEST_NAME
from training.stopping import StopAskedError
from training.trained_networks import TrainedNetwork, open_trained
from training.transfer import create_network

NETWORK, SIZE = "mobilenetv3_small_050", 32
PART = noise_part(12, CODES, seed=3)


def followed(**distillation):
    model = {"architecture": NETWORK, "initial": "none", "size": SIZE}
    return Recipe(name="pupil", model=model, distillation=distillation)


def network(seed=1):
    return create_network(len(CODES), architecture=NETWORK, seed=seed).eval()


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "teacher.safetensors"
    save_file(network().state_dict(), path)
    return path


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "work" / "run"
    write_record(folder, followed(), photographs_an_epoch=1, mixed_precision=False)
    torch.save(network(2).state_dict(), folder / BEST_NAME)
    return folder


def probabilities(*seeds):
    asked = [sigmoid(predict(network(s), PART, size=SIZE).astype(float)) for s in seeds]
    return np.mean(asked, axis=0)


def test_weights_and_runs_teach_their_sigmoids_averaged(tmp_path, weights, run):
    for places, seeds in (
        ((str(weights),), (1,)),
        ((str(run),), (2,)),
        ((str(run.parent), str(weights)), (1, 2)),
    ):
        section = followed(teacher=places)
        taught = with_teachers(PART, section, run_dir=tmp_path / "-".join(map(str, seeds)))
        assert np.allclose(taught.soft, probabilities(*seeds), atol=1e-5)


def test_teachers_are_asked_once(tmp_path, weights):
    section = followed(teacher=str(weights))
    first = with_teachers(PART, section, run_dir=tmp_path / "run")
    kept = tmp_path / "run" / ANSWERS_NAME
    np.save(kept, np.full_like(first.soft, 0.25))
    assert np.allclose(with_teachers(PART, section, run_dir=tmp_path / "run").soft, 0.25)
    save_file(network(5).state_dict(), weights)  # another teacher
    assert np.allclose(
        with_teachers(PART, section, run_dir=tmp_path / "run").soft, probabilities(5), atol=1e-5
    )


def test_it_is_told_how_far_teachers_are_and_they_can_be_stopped(tmp_path, weights, run):
    section, told = followed(teacher=(str(run), str(weights))), []
    with_teachers(PART, section, run_dir=tmp_path / "run", progress=told.append)
    assert told == [number / 24 for number in range(25)]

    def stop(share):
        if share > 0.5:
            raise StopAskedError

    with pytest.raises(StopAskedError):
        with_teachers(PART, section, run_dir=tmp_path / "other", progress=stop)
    assert not (tmp_path / "other" / ANSWERS_NAME).exists()


def test_many_photographs_are_answered_by_several_threads_alike():
    part = noise_part(TRACED_FROM, CODES, seed=4)
    assessed = (True, True)
    teacher = TrainedNetwork(network(), SIZE, CODES, (Calibration(),) * 2, assessed)
    expected = sigmoid(predict(network(), part, size=SIZE).astype(float))
    assert np.allclose(ask_teachers([teacher], part), expected, atol=1e-4)


def test_the_weights_a_run_starts_from_can_teach_it(tmp_path, weights):
    model = {"architecture": NETWORK, "initial": str(weights), "size": SIZE}
    section = Recipe(name="pupil", model=model, distillation={"teacher": "initial"})
    assert section.teachers == (str(weights),)
    taught = with_teachers(PART, section, run_dir=tmp_path / "run")
    assert np.allclose(taught.soft, probabilities(1), atol=1e-5)


def test_what_teachers_said_serves_a_run_on_photographs_prepared_otherwise(tmp_path, weights):
    with_teachers(PART, followed(teacher=str(weights)), run_dir=tmp_path / "first")
    otherwise = replace(PART, squares=255 - PART.squares)
    section = followed(answers=str(tmp_path / "first"))
    taught = with_teachers(
        otherwise, section, run_dir=tmp_path / "second", enhancements=("clahe",)
    )
    assert np.allclose(taught.soft, probabilities(1), atol=1e-5)
    fewer = replace(PART, rows=PART.rows[::-1])
    with pytest.raises(RecipeError, match="are to other photographs"):
        with_teachers(fewer, section, run_dir=tmp_path / "third")
    nobody = followed(answers=str(tmp_path / "nothing"))
    with pytest.raises(RecipeError, match="no teachers' answers in nothing"):
        with_teachers(PART, nobody, run_dir=tmp_path / "fourth")


def test_temperature_softens(tmp_path, weights):
    section = followed(teacher=str(weights), temperature=4.0)
    soft = with_teachers(PART, section, run_dir=tmp_path / "run").soft
    logits = np.log(probabilities(1)) - np.log1p(-probabilities(1))
    assert np.allclose(soft, sigmoid(logits / 4), atol=1e-4)


def test_only_assessed_labels_of_the_pupil_are_asked_calibrated():
    teacher = TrainedNetwork(
        network(),
        SIZE,
        ("XY", "DR"),
        (Calibration(), Calibration(2.0, 1.0)),
        (True, True),
    )
    found = ask_teachers([teacher], PART)
    logits = predict(network(), PART, size=SIZE)[:, 1].astype(float)
    assert np.allclose(found[:, 0], sigmoid(2 * logits + 1), atol=1e-5)
    assert np.isnan(found[:, 1]).all()
    silent = replace(teacher, assessed=(True, False))
    assert np.isnan(ask_teachers([silent], PART)).all()


def test_the_shipped_bundle_can_teach():
    from retina_desktop.config.folders import Folders

    folder = Folders.find({}).program / "models" / "rfmid-efficientnet_b0"
    teacher = open_trained(str(folder), followed(), CODES)
    assert len(teacher.codes) == 29
    assert "DR" in teacher.codes
    assert teacher.enhancements == ()
    assert any(scale != Calibration() for scale in teacher.calibrations)


def test_what_cannot_teach_is_said_in_a_sentence(tmp_path, weights, run):
    def refused(place, **more):
        with pytest.raises(RecipeError) as caught:
            with_teachers(PART, followed(teacher=str(place)), run_dir=tmp_path / "r", **more)
        assert str(tmp_path) not in str(caught.value)
        return str(caught.value)

    assert "There is no trained network at nowhere" in refused(tmp_path / "nowhere")
    (tmp_path / "broken.pt").write_bytes(b"no weights")
    assert "cannot be used" in refused(tmp_path / "broken.pt")
    save_file({"other.weight": torch.zeros(2)}, tmp_path / "other.safetensors")
    assert "cannot be used" in refused(tmp_path / "other.safetensors")
    (run / BEST_NAME).unlink()
    assert "cannot be used" in refused(run)


def test_a_teacher_of_other_labels_or_other_photographs_is_refused(tmp_path):
    from retina_desktop.config.folders import Folders

    bundle = str(Folders.find({}).program / "models" / "rfmid-efficientnet_b0")
    with pytest.raises(RecipeError, match="enhanced otherwise"):
        with_teachers(PART, followed(teacher=bundle), run_dir=tmp_path, enhancements=("msrcr",))
    with pytest.raises(RecipeError, match="none of the labels"):
        with_teachers(
            replace(PART, codes=("XX", "YY")), followed(teacher=bundle), run_dir=tmp_path
        )


def test_a_pupil_learns_labels_that_its_source_does_not_state(tmp_path):
    data = noise_part(64, CODES, seed=1)
    data.known[:, 1] = False
    soft = np.full((64, 2), np.nan, np.float32)
    soft[:, 1] = data.targets[:, 0]  # the teacher sees the first label's red in the second
    taught = replace(data, soft=soft)
    section = recipe(distillation={"teacher": "x", "weight": 1.0, "temperature": 2.0})
    run = start(tmp_path / "taught", section, training=taught)
    run.run()
    logits = predict(run._plain, noise_part(40, CODES, seed=2), size=24)
    shown = noise_part(40, CODES, seed=2).targets[:, 0] > 0.5
    assert logits[shown, 1].mean() > logits[~shown, 1].mean() + 0.1
    start(tmp_path / "parts", section, training=taught).run(stop_after_steps=5)
    again = start(tmp_path / "parts", section, training=taught)
    assert again.resume()
    again.run()
    assert np.allclose(curve(tmp_path / "taught"), curve(tmp_path / "parts"), atol=1e-5)


def test_no_teacher_leaves_the_photographs_alone(tmp_path):
    assert with_teachers(PART, followed(), run_dir=tmp_path) is PART
