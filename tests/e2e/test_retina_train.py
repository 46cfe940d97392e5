"""A run as a user makes it: prepared, killed, gone on with, evaluated, exported, used."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import cv2
import pytest
from typer.main import get_command

from tests.helpers.rendered_fundus import render_fundus
from tests.unit.training.tiny_data import Row, write_manifest
from training.__main__ import app

RECIPE = """
name = "tiny"
[model]
architecture = "test_efficientnet"
initial = "none"
size = 32
[loss]
grade_weight = 0.2
[sampling]
common_share = 1.0
[augmentation]
jpeg_share = 0.2
[mixing]
mixup_share = 0.2
[optimizer]
peak_rate = 2e-3
[run]
epochs = 2
batch = 4
pair_minimum = 1
save_every_s = 0.001
"""
TIMEOUT_S = 240


class Training:
    """``retina-train``: in this process, or in its own where it is killed."""

    def __init__(self, folder: Path):
        rows = [
            Row(
                f"photographs/{k}.png",
                source="CLINIC" if k % 3 else "OTHER",
                patient=f"p{k // 2}" if k < 20 else "",
                positives="Disease_Risk;EDN" if k % 2 else "",
                seed=k,
                exudates=30 if k % 2 else 0,
            )
            for k in range(40)
        ]
        self.manifest = write_manifest(folder, rows, side=64)
        self.recipe = folder / "tiny.toml"
        self.recipe.write_text(RECIPE)

    def prepared(self, work):
        return ["--manifest", str(self.manifest), "--work-dir", str(work)]

    def follow(self, work):
        recipe = ["--recipe", str(self.recipe), "--threads", "1"]
        return ["train", *self.prepared(work), *recipe]

    def start(self, work):
        return subprocess.Popen(
            [sys.executable, "-m", "training", *self.follow(work)],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )


def run(*arguments):
    """Run a command as the program does, without another process; return its exit code."""
    return get_command(app).main([*map(str, arguments)], standalone_mode=False) or 0


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    return Training(tmp_path_factory.mktemp("retina-train"))


def events(work, kind):
    path = work / "run" / "events.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    whole = [json.loads(line) for line in lines if line.endswith("}")]
    return [event for event in whole if event["event"] == kind]


def kill_in_the_middle(process, work):
    """Kill the run once it saved its state in an epoch's middle."""
    for _ in range(10 * TIMEOUT_S):
        if len(events(work, "step")) >= 2:
            break
        with suppress(subprocess.TimeoutExpired):
            _, said = process.communicate(timeout=0.1)
            pytest.fail(f"it ended before it could be killed: {said}")
    process.kill()  # SIGKILL, where there are signals
    process.communicate()


def test_killed_and_gone_on_with_it_ends_in_a_bundle_that_analyses(
    training, program, tmp_path, own_data_folder
):
    work, whole = tmp_path / "work", tmp_path / "whole"
    assert run("prepare", *training.prepared(work), "--side", 48) == 0
    whole.mkdir()
    for name in ("cache", "split.json"):
        (whole / name).symlink_to(work / name)

    kill_in_the_middle(training.start(work), work)
    assert (work / "run" / "state.pt").exists()
    assert not events(work, "end")
    again = training.start(work)
    _, said = again.communicate(timeout=TIMEOUT_S)
    assert again.returncode == 0, said
    assert run(*training.follow(whole)) == 0
    for mine, unkilled in zip(events(work, "epoch"), events(whole, "epoch"), strict=True):
        assert mine["loss"] == pytest.approx(unkilled["loss"], abs=1e-5)
        assert mine["val_auroc"] == pytest.approx(unkilled["val_auroc"], abs=1e-5)

    bundle = tmp_path / "tiny-model"
    assert run("evaluate", *training.prepared(work), "--threads", 1) == 0
    assert run("export", "--work-dir", work, "--destination", bundle) == 0
    assert program("models", "import", bundle).code == 0
    photograph = tmp_path / "eye.png"
    cv2.imwrite(str(photograph), render_fundus(size=(300, 400), seed=77)[..., ::-1])
    ended = program("analyze", photograph, "--model", "tiny-model", "--json", "-")
    assert ended.code == 0, ended.err
    (result,) = ended.json["results"]
    assert result["model"]["id"] == "tiny-model"


def test_what_cannot_be_trained_on_ends_with_a_sentence(training, tmp_path, capsys):
    assert run(*training.follow(tmp_path / "nothing")) == 3
    assert capsys.readouterr().err.strip().endswith("run prepare first.")
    assert not (tmp_path / "nothing").exists()
