"""A large network begins as a small trained one, through the real command line, at toy size."""

import json
import shutil

import pytest
import torch
from typer.testing import CliRunner

from retina_desktop.domain.labels import RFMID_CODES
from tests.unit.training.tiny_data import every_second_ill, write_manifest
from training.__main__ import app
from training.transfer import create_network

LARGE = "efficientnetv2_s"
SHOWN = (
    f"model.architecture={LARGE}",
    "model.size=32",
    "model.widened=true",
    "model.quiet_branches=true",
    "distillation.feature_stages=[2, 4]",
    "run.epochs=1",
    "run.batch=16",
    "run.pair_minimum=1",
    "run.early_depth=[1, 1, 1, 3, 3, 4]",
    "run.early_depth_share=0.5",
    "sampling.common_share=1.0",
)


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("widened")
    manifest = write_manifest(folder / "pack", every_second_ill(60), side=64)
    prepared = call(manifest, folder / "work", "prepare", "--side", "32")
    assert prepared.exit_code == 0, prepared.output
    weights = folder / "small.pt"
    torch.save(create_network(len(RFMID_CODES), seed=3).state_dict(), weights)
    return manifest, folder / "work", weights


def call(manifest, work_dir, command, *options):
    words = [command, "--manifest", str(manifest), "--work-dir", str(work_dir), *options]
    return CliRunner().invoke(app, words)


def train(pack, *settings):
    manifest, work_dir, weights = pack
    words = [
        word for s in (*SHOWN, f"model.initial={weights}", *settings) for word in ("--set", s)
    ]
    return call(manifest, work_dir, "train", "--recipe", "v2m-pretraining", *words)


def test_another_network_s_weights_are_refused_in_a_sentence(pack, tmp_path):
    manifest, work_dir, weights = pack
    own = shutil.copytree(work_dir, tmp_path / "work", ignore=shutil.ignore_patterns("run"))
    settings = "distillation.feature_architecture=efficientnet_b1"
    ended = train((manifest, own, weights), settings)
    assert ended.exit_code != 0
    assert "distillation.feature_architecture" in ended.output
    assert "Traceback" not in ended.output
    assert not (own / "run" / "best.pt").exists()


def test_it_learns_from_its_teacher_and_keeps_a_whole_network(pack):
    ended = train(pack)
    assert ended.exit_code == 0, ended.output
    run = pack[1] / "run"
    assert "the leading channels" in (run / "transfer.txt").read_text()
    best = torch.load(run / "best.pt", weights_only=True)
    create_network(len(RFMID_CODES), architecture=LARGE).load_state_dict(best)
    told = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    assert [event["event"] for event in told if event["event"] != "step"] == ["epoch", "end"]
