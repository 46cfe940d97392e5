"""``retina-train join``, by the real command line at toy size: two runs, one bundle."""

import json

import numpy as np
import pytest
import torch

from retina_desktop.ml.bundle_reading import read_bundle
from retina_desktop.ml.onnx_engine import OnnxClassifier
from retina_desktop.ml.probe import probe_image
from tests.integration.test_training_export import TINY, call
from tests.unit.training.tiny_data import every_second_ill, write_manifest
from training.results import read_results

STEP = "local_average_subtraction"
JOINED = ("--set", "model.architecture=twofold_test_efficientnet", "--set", "model.size=64")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Return a folder with two trained and evaluated runs, and a prepared one."""
    folder = tmp_path_factory.mktemp("join")
    manifest = write_manifest(folder / "pack", every_second_ill(60), side=64)
    for name, enhancements in (("plain", ()), ("local", ("--enhance", STEP)), ("both", ())):
        where = ("--manifest", manifest, "--work-dir", folder / name)
        (folder / name).mkdir()
        call("prepare", *where, "--side", 64, *enhancements)
        if name == "both":
            continue
        settings = [part for s in (*TINY, "model.initial=none") for part in ("--set", s)]
        call("train", *where, "--threads", 1, *settings)
        call("evaluate", *where, "--threads", 1)
    return folder


def joined(place, *more, plain="plain", local="local", work="both", code=0):
    return call(
        *("join", "--plain", place / plain, "--local", place / local, "--threads", 1),
        *("--manifest", place / "pack" / "index.csv", "--work-dir", place / work, *JOINED),
        *more,
        code=code,
    )


def test_two_networks_become_one_bundle(place):
    where = ("--manifest", place / "pack" / "index.csv", "--work-dir", place / "both")
    refused = joined(place, plain="local", local="plain", code=3)
    assert "cannot be the plain half" in refused.stderr
    assert not (place / "both" / "run").exists()

    joined(place)
    call("evaluate", *where, "--threads", 1)
    result = read_results(place / "both" / "results.json")
    assert result.run.architecture == "twofold_test_efficientnet"
    assert len(result.run.halves) == 2
    call("export", "--work-dir", place / "both", "--destination", place / "b", "--threads", 1)
    card = read_bundle(place / "b").card.read_text("utf-8")
    assert "joined without further training" in card
    assert "- Photographs less their local average: 1 epochs of" in card
    answer = OnnxClassifier(read_bundle(place / "b"), threads=1).classify(probe_image(64))
    assert np.isfinite(answer.probabilities).all()
    alone = torch.load(place / "plain" / "run" / "best.pt", weights_only=True)
    both = torch.load(place / "both" / "run" / "best.pt", weights_only=True)
    assert torch.equal(both["plain.conv_stem.weight"], alone["conv_stem.weight"])

    again = joined(place, code=3)
    assert "holds a run already" in again.stderr
    over = call("train", *where, code=3)
    assert "holds a joined network" in over.stderr


def test_a_bundle_of_two_halves_is_trained_on(place, tmp_path):
    for folder in ("both", "b"):
        if not (place / folder).exists():
            pytest.skip("the test above made no bundle")
    manifest = place / "pack" / "index.csv"
    where = ("--manifest", manifest, "--work-dir", tmp_path)
    call("prepare", *where, "--side", 64)
    settings = (
        *(s for s in TINY if "architecture" not in s),
        "model.architecture=twofold_test_efficientnet",
        f"model.initial={place / 'b'}",
    )
    options = [part for setting in settings for part in ("--set", setting)]
    call("train", *where, "--threads", 1, *options)
    told = (tmp_path / "run" / "transfer.txt").read_text()
    assert "local.conv_stem.weight" in told
    events = (tmp_path / "run" / "events.jsonl").read_text().splitlines()
    assert json.loads(events[-1])["event"] == "end"


def test_photographs_after_a_step_are_refused(place):
    refused = joined(place, work="local", code=3)
    assert "holds a run already" in refused.stderr
