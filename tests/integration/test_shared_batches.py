"""Two processes that share each batch learn what one learns."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np


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
