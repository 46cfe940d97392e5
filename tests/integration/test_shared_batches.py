"""Two processes that share each batch learn what one learns."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.unit.training.tiny_data import Row, write_manifest
from training.fabrics import with_shared_norms
from training.transfer import create_network


def losses(run_dir, processes):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.integration.shared_batches_probe",
            run_dir,
            str(processes),
        ],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("["))
    return json.loads(line)


def test_two_processes_learn_what_one_learns(tmp_path):
    one = losses(tmp_path / "one", 1)
    two = losses(tmp_path / "two", 2)
    assert len(one) == 4
    assert np.allclose(one, two, atol=1e-4)


@pytest.fixture
def prepared(tmp_path):
    rows = [
        Row(f"{k}.png", positives="DR" if k % 2 else "", seed=k, exudates=30 * (k % 2))
        for k in range(40)
    ]
    manifest = write_manifest(tmp_path / "pack", rows, side=48)
    where = ["--manifest", str(manifest), "--work-dir", str(tmp_path / "work")]
    subprocess.run(
        [sys.executable, "-m", "training", "prepare", *where, "--side", "32"],
        check=True,
        capture_output=True,
        timeout=240,
    )
    return where


def follow(where, *options, **environment):
    settings = (
        "model.architecture=test_efficientnet",
        "model.size=32",
        "model.initial=none",
        "optimizer.frozen_blocks=1",
        "run.epochs=2",
        "run.batch=8",
        "run.save_every_s=0.01",
        "run.pair_minimum=1",
    )
    given = [part for setting in settings for part in ("--set", setting)]
    return subprocess.Popen(
        [sys.executable, "-m", "training", "train", *where, *given, *options],
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def test_the_command_shares_batches_between_processes_with_frozen_stages(prepared):
    run = follow(prepared, "--processes", "2", "--budget-minutes", "30", "--threads", "1")
    _, said = run.communicate(timeout=240)
    assert run.returncode == 0, said[-2000:]
    work = Path(prepared[-1])
    lines = (work / "run" / "events.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["event"] == "end"
    assert json.loads((work / "run" / "run.json").read_bytes())["split"]


def test_two_machines_share_batches(prepared):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    options = ("--machines", "2", "--threads", "1")
    both = [follow(prepared, *options, NODE_RANK=str(rank), **meeting) for rank in (0, 1)]
    for one in both:
        _, said = one.communicate(timeout=240)
        assert one.returncode == 0, said[-2000:]
    work = Path(prepared[-1])
    lines = (work / "run" / "events.jsonl").read_text().splitlines()
    ends = [line for line in lines if json.loads(line)["event"] == "end"]
    assert len(ends) == 1


def test_shared_norms_answer_as_before():
    torch.manual_seed(0)
    network = create_network(3, architecture="test_efficientnet").eval()
    photographs = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        before = network(photographs)
        assert torch.allclose(with_shared_norms(network).eval()(photographs), before, atol=1e-5)
