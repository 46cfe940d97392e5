"""``calibrate-only``: a finished model judged on another camera's photographs."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
import torch

from retina_desktop.domain.findings import LabelStatus
from retina_desktop.gui.training.result_view import summary
from retina_desktop.ml.bundle_reading import read_bundle
from retina_desktop.ml.manifest_json import MANIFEST_NAME
from retina_desktop.services.training_runs_results import read_headline
from tests.integration.test_training_export import TINY, call, train
from tests.unit.training.tiny_data import Row, every_second_ill, write_manifest
from training.results import read_results

SHOWN = "Disease_Risk;DR"  # by the new camera's photographs
EVERY_LABEL = f"{SHOWN};MH;ODC"  # that the model was taught of ill eyes


class Model(NamedTuple):
    bundle: Path
    manifest: Path  # of the photographs it learned from


class Calibrated(NamedTuple):
    model: Model
    manifest: Path  # of the new photographs
    folder: Path


def photographs(count: int, *, source: str, positives: str, known: str, seed: int) -> list[Row]:
    return [
        replace(
            row,
            file=f"{source}/{row.seed}.png",
            source=source,
            positives=positives if row.positives else "",
            known=known,
            seed=row.seed + seed,
        )
        for row in every_second_ill(count)
    ]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    rows = photographs(120, source="OLD", positives=EVERY_LABEL, known="*", seed=0)
    manifest = write_manifest(folder / "pack", rows, side=64)
    work = folder / "work"
    work.mkdir()
    train(manifest, work, "model.initial=none", "run.epochs=4", "optimizer.peak_rate=3e-3")
    call("evaluate", "--manifest", manifest, "--work-dir", work, "--threads", 1)
    call("export", "--work-dir", work, "--destination", folder / "model", "--threads", 1)
    return Model(folder / "model", manifest)


def prepare(manifest, folder, *more):
    folder.mkdir(parents=True, exist_ok=True)
    where = ("--manifest", manifest, "--work-dir", folder)
    call("prepare", *where, "--side", 64, *more)
    return where


def judge(where, initial, *, code=0):
    start = ("--recipe", "calibrate-only", "--set", f"model.initial={initial}")
    return call("train", *where, *start, "--threads", 1, code=code)


@pytest.fixture(scope="module")
def calibrated(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("new")
    rows = photographs(60, source="NEW", positives=SHOWN, known=f"{SHOWN};MH", seed=900)
    manifest = write_manifest(folder / "pack", rows, side=64)
    where = prepare(manifest, folder / "work")
    judge(where, model.bundle)
    call("evaluate", *where, "--threads", 1)
    return Calibrated(model, manifest, folder / "work")


def entries(bundle):
    return {entry.code: entry for entry in read_bundle(bundle).manifest.labels}


def test_the_weights_stay_and_all_but_the_test_choose(calibrated, tmp_path):
    best = torch.load(calibrated.folder / "run" / "best.pt", weights_only=True)
    call("export", "--work-dir", calibrated.folder, "--destination", tmp_path / "b")
    for name in ("conv_stem.weight", "classifier.weight"):
        assert torch.isfinite(best[name]).all()
    own = (tmp_path / "b" / "weights.safetensors").read_bytes()
    assert own == (calibrated.model.bundle / "weights.safetensors").read_bytes()
    (source,) = read_results(calibrated.folder / "results.json").sources
    assert (source.training, source.validation + source.test) == (0, 60)
    assert source.validation > 40


def test_labels_that_the_photographs_show_are_chosen_anew_others_kept(calibrated):
    labels = {x.code: x for x in read_results(calibrated.folder / "results.json").labels}
    came = entries(calibrated.model.bundle)
    assert came["ODC"].threshold is not None
    assert came["MH"].threshold is not None
    dr, odc, mh, other = (labels[code] for code in ("DR", "ODC", "MH", "ARMD"))
    assert not dr.kept
    assert dr.fitted_on == 48
    assert (odc.kept, odc.threshold, odc.status) == (
        True,
        came["ODC"].threshold,
        came["ODC"].status,
    )
    assert odc.calibration == came["ODC"].calibration
    # No photograph is stated to have it, and the model calls half of them: it must call fewer.
    assert mh.kept
    assert mh.threshold is not None
    assert mh.threshold > came["MH"].threshold
    assert (other.kept, other.status) == (False, LabelStatus.NOT_ASSESSED)


def test_the_window_says_that_nothing_was_learned(calibrated):
    headline = read_headline(calibrated.folder)
    assert headline is not None
    assert headline.learned is False
    assert "nothing learned; the report says which thresholds are new" in summary(headline)
    assert "the best after epoch 3" in summary(replace(headline, learned=True, best_epoch=3))


def test_card_and_manifest_say_whose_weights_and_what_changed(calibrated, tmp_path):
    call("export", "--work-dir", calibrated.folder, "--destination", tmp_path / "b")
    bundle = read_bundle(tmp_path / "b")
    card = bundle.card.read_text("utf-8")
    assert "weights of the bundle model 1.0.0, unchanged" in card
    assert "on too few photographs here to be measured (2): MH, ODC." in card
    assert "it was calibrated on; its figures on" in card
    section = card.split("## By the thresholds it came with")[1].split("\n## ")[0]
    result = read_results(calibrated.folder / "results.json")
    before = {(m.label, m.name): m for m in result.before}
    assert f"{before['DR', 'specificity'].value:.2f}" in section
    names = [(s.name, s.used_for) for s in bundle.manifest.data_sources]
    assert names == [("NEW", "validation, test"), ("OLD", "training, validation, test")]
    page = (calibrated.folder / "evaluation.html").read_text("utf-8")
    assert "By the thresholds it came with" in page


def test_before_is_what_the_bundle_itself_calls(calibrated):
    """Count by hand what the thresholds that came call of the healthy eyes in the test."""
    from retina_desktop.ml.onnx_engine import OnnxClassifier
    from training.evaluate import application_tensor

    bundle = read_bundle(calibrated.model.bundle)
    engine = OnnxClassifier(bundle, threads=1)
    split = json.loads((calibrated.folder / "split.json").read_text())["rows"]
    healthy = [r["file"] for r in split if r["part"] == "test" and _number(r["file"]) % 2 == 0]
    column = bundle.manifest.codes.index("DR")
    threshold = entries(calibrated.model.bundle)["DR"].threshold
    steps = bundle.manifest.preprocessing
    tensors = [
        application_tensor(calibrated.manifest.parent / file, size=64, steps=steps)
        for file in healthy
    ]
    quiet = [engine.classify(tensor).probabilities[column] < threshold for tensor in tensors]
    result = read_results(calibrated.folder / "results.json")
    (found,) = [m for m in result.before if (m.label, m.name) == ("DR", "specificity")]
    assert found.value == pytest.approx(sum(quiet) / len(quiet))


def _number(file):
    return int(Path(file).stem)


def _with_fewer_labels(bundle, copy):
    shutil.copytree(bundle, copy)
    content = json.loads((copy / MANIFEST_NAME).read_text("utf-8"))
    del content["labels"][-1]
    (copy / MANIFEST_NAME).write_text(json.dumps(content), "utf-8")


def test_photographs_that_the_model_learned_from_are_refused(model, tmp_path):
    refused = judge(prepare(model.manifest, tmp_path), model.bundle, code=3)
    assert "learned from photographs of OLD" in refused.stderr
    assert not (tmp_path / "run" / "best.pt").exists()


def test_a_calibrated_model_may_be_calibrated_again_on_the_same_camera(calibrated, tmp_path):
    call("export", "--work-dir", calibrated.folder, "--destination", tmp_path / "once")
    where = prepare(calibrated.manifest, tmp_path / "again")
    judge(where, tmp_path / "once")
    assert (tmp_path / "again" / "run" / "best.pt").exists()


def test_a_damaged_note_of_the_start_is_told(calibrated, tmp_path):
    where = prepare(calibrated.manifest, tmp_path)
    judge(where, calibrated.model.bundle)
    (tmp_path / "run" / "started_from.json").write_text("{}")
    assert "begin the run anew" in call("evaluate", *where, code=3).stderr


def test_no_model_other_labels_and_other_steps_are_refused(calibrated, tmp_path):
    where = prepare(calibrated.manifest, tmp_path / "plain")
    assert "choose an installed model" in judge(where, "none", code=3).stderr
    fewer = tmp_path / "fewer"
    _with_fewer_labels(calibrated.model.bundle, fewer)
    assert "knows other labels" in judge(where, fewer, code=3).stderr
    enhanced = prepare(calibrated.manifest, tmp_path / "enhanced", "--enhance", "clahe")
    refused = judge(enhanced, calibrated.model.bundle, code=3)
    assert "prepare these again without --enhance" in refused.stderr


def test_training_on_from_there_is_told_as_training(calibrated, tmp_path):
    where = prepare(calibrated.manifest, tmp_path)
    judge(where, calibrated.model.bundle)
    before = (tmp_path / "run" / "best.pt").read_bytes()
    judge(where, calibrated.model.bundle)  # there is nothing to go on with
    assert (tmp_path / "run" / "best.pt").read_bytes() == before
    settings = (*TINY[:2], f"model.initial={calibrated.model.bundle}", "run.epochs=2")
    more = [part for setting in settings for part in ("--set", setting)]
    call("train", *where, "--recipe", "calibrate-only", *more, "--threads", 1)
    call("evaluate", *where, "--threads", 1)
    result = read_results(tmp_path / "results.json")
    assert (result.run.learned, result.before) == (True, ())
    assert result.sources[0].training > 0
