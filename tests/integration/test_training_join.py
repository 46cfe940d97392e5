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


@pytest.fixture(scope="module")
def bundle(place):
    """Return the bundle of the two networks joined."""
    where = ("--manifest", place / "pack" / "index.csv", "--work-dir", place / "both")
    joined(place)
    call("evaluate", *where, "--threads", 1)
    call("export", "--work-dir", place / "both", "--destination", place / "b", "--threads", 1)
    return place / "b"


def prepare(place, folder, *more):
    folder.mkdir(parents=True, exist_ok=True)
    where = ("--manifest", place / "pack" / "index.csv", "--work-dir", folder)
    call("prepare", *where, "--side", 64, *more)
    return where


def test_two_networks_become_one_bundle(place, bundle):
    result = read_results(place / "both" / "results.json")
    assert result.run.architecture == "twofold_test_efficientnet"
    assert len(result.run.halves) == 2
    card = read_bundle(bundle).card.read_text("utf-8")
    assert "joined without further training" in card
    assert "- Photographs less their local average: 1 epochs of" in card
    answer = OnnxClassifier(read_bundle(bundle), threads=1).classify(probe_image(64))
    assert np.isfinite(answer.probabilities).all()
    alone = torch.load(place / "plain" / "run" / "best.pt", weights_only=True)
    both = torch.load(place / "both" / "run" / "best.pt", weights_only=True)
    assert torch.equal(both["plain.conv_stem.weight"], alone["conv_stem.weight"])


def test_a_joined_network_is_not_written_over(place, bundle):
    assert bundle.exists()
    before = (place / "both" / "run" / "best.pt").read_bytes()
    assert "holds a run already" in joined(place, code=3).stderr
    where = ("--manifest", place / "pack" / "index.csv", "--work-dir", place / "both")
    assert "holds a joined network" in call("train", *where, code=3).stderr
    assert (place / "both" / "run" / "best.pt").read_bytes() == before


def test_halves_the_wrong_way_round_leave_nothing(place):
    prepare(place, place / "turned")
    refused = joined(place, plain="local", local="plain", work="turned", code=3)
    assert "cannot be the plain half" in refused.stderr
    assert not (place / "turned" / "run").exists()


def test_a_bundle_of_two_halves_is_trained_on(place, bundle, tmp_path):
    where = prepare(place, tmp_path)
    settings = (
        *(s for s in TINY if "architecture" not in s),
        "model.architecture=twofold_test_efficientnet",
        f"model.initial={bundle}",
    )
    options = [part for setting in settings for part in ("--set", setting)]
    call("train", *where, "--threads", 1, *options)
    told = (tmp_path / "run" / "transfer.txt").read_text()
    assert "local.conv_stem.weight" in told
    events = (tmp_path / "run" / "events.jsonl").read_text().splitlines()
    assert json.loads(events[-1])["event"] == "end"


def test_photographs_after_a_step_are_refused(place):
    prepare(place, place / "enhanced", "--enhance", STEP)
    refused = joined(place, work="enhanced", code=3)
    assert "prepare a folder without --enhance" in refused.stderr
    assert not (place / "enhanced" / "run").exists()
