"""``retina-train export``, and starts from bundles, by the real command line at toy size."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from typer.testing import CliRunner

from retina_desktop.ml.bundle_reading import read_bundle
from retina_desktop.ml.onnx_engine import OnnxClassifier
from retina_desktop.ml.probe import probe_image
from tests.unit.training.tiny_data import every_second_ill, noise_part, write_manifest
from training.__main__ import app
from training.export_command import telling_rows
from training.results import read_results

TINY = (
    "model.architecture=test_efficientnet",
    "model.size=64",
    "run.epochs=1",
    "run.batch=16",
    "run.pair_minimum=1",
)


class Run(NamedTuple):
    manifest: Path
    folder: Path
    bundle: Path  # of 8-bit weights


def call(*arguments, code=0):
    answer = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert answer.exit_code == code, answer.output
    return answer


def train(manifest, folder, *settings):
    options = [part for setting in (*TINY, *settings) for part in ("--set", setting)]
    where = ("--manifest", manifest, "--work-dir", folder)
    call("prepare", *where, "--side", 64)
    call("train", *where, "--threads", 1, *options)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    manifest = write_manifest(folder / "pack", every_second_ill(60), side=64)
    work = folder / "work"
    work.mkdir()
    train(manifest, work, "model.initial=none")
    call("evaluate", "--manifest", manifest, "--work-dir", work, "--threads", 1)
    bundle = folder / "tiny"
    where = ("--work-dir", work, "--threads", 1)
    call("export", *where, "--manifest", manifest, "--destination", bundle, "--weights", "auto")
    return Run(manifest, work, bundle)


def test_auto_stores_in_8_bits_and_the_card_tells_what_was_measured(run):
    facts = json.loads((run.folder / "export.json").read_text())
    assert facts["weights"] == "int8"
    assert facts["largest_difference"] <= 0.01
    assert facts["onnx_images_per_s"] > 0
    card = read_bundle(run.bundle).card.read_text("utf-8")
    section = card.split("## Stored weights and speed")[1]
    assert "Weights in int8" in section
    assert f"on {facts['photographs']} validation photographs" in section
    answer = OnnxClassifier(read_bundle(run.bundle), threads=1).classify(probe_image(64))
    assert np.isfinite(answer.probabilities).all()


def test_float32_needs_no_photographs(run, tmp_path):
    call("export", "--work-dir", run.folder, "--destination", tmp_path / "b", "--threads", 1)
    section = read_bundle(tmp_path / "b").card.read_text().split("## Stored weights")[1]
    assert "Weights in float32" in section
    assert "Beside float32" not in section


def test_smaller_weights_without_photographs_are_refused(run, tmp_path):
    answer = call(
        *("export", "--work-dir", run.folder, "--destination", tmp_path / "b"),
        *("--weights", "int8"),
        code=3,
    )
    assert "--manifest" in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_not_overwritten(run):
    answer = call("export", "--work-dir", run.folder, "--destination", run.bundle, code=3)
    assert "already something at tiny" in answer.stderr


def test_a_run_starts_from_a_bundle_and_tells_it_layer_by_layer(run, tmp_path):
    train(run.manifest, tmp_path, f"model.initial={run.bundle}")
    text = (tmp_path / "run" / "transfer.txt").read_text()
    assert "carried over from the bundle tiny 1.0.0 (test_efficientnet)" in text
    assert "29 of 29 rows, by their labels" in text
    assert str(run.bundle) not in text
    for name in ("run.json", "started_from.json"):
        assert str(run.bundle) not in (tmp_path / "run" / name).read_text()
    call("evaluate", "--manifest", run.manifest, "--work-dir", tmp_path, "--threads", 1)
    facts = read_results(tmp_path / "results.json").run
    assert (facts.started_from, facts.learned) == ("tiny 1.0.0", True)
    assert [source.name for source in facts.earlier_sources] == ["CLINIC"]


def test_rows_that_prove_show_rare_labels_first():
    data = noise_part(400, ("common", "rare"), seed=1)
    data.targets[:, 1] = 0
    data.targets[[5, 77, 311], 1] = 1
    data.known[:] = True
    rows = telling_rows(data, 20)
    assert len(rows) == 20
    assert {5, 77, 311} <= set(rows.tolist())
    np.testing.assert_array_equal(rows, telling_rows(data, 20))
    assert len(telling_rows(data, 1000)) == 400
