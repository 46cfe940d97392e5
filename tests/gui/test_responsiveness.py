"""While 20 photographs are analysed and looked through, the window never stops answering."""

import json
import math
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
import skimage.data

from retina_desktop.config.folders import Folders
from tests.helpers.bundles import SMALL, make_bundle

PHOTOGRAPHS = 20
LONGEST_PAUSE_MS = 50.0
ATTEMPTS = 6  # where the machine has other work, and its host other machines


@pytest.fixture
def photographs(tmp_path):
    """Twenty JPEGs of 2144 x 1424, each different."""
    retina = cv2.cvtColor(np.ascontiguousarray(skimage.data.retina()), cv2.COLOR_RGB2BGR)
    frame = np.zeros((1424, 2144, 3), np.uint8)
    frame[:, 360:1784] = cv2.resize(retina, (1424, 1424))
    folder = tmp_path / "photographs"
    folder.mkdir()
    for number in range(PHOTOGRAPHS):
        shade = cv2.convertScaleAbs(frame, alpha=0.8 + 0.01 * number)
        cv2.imwrite(str(folder / f"{number:02}.jpg"), shade)
    return folder


@pytest.fixture
def data_folder(tmp_path):
    """Where the probe finds a model: the program's own, or else a small random one."""
    folder = tmp_path / "data"
    own = Folders.find().program / "models"
    if not any(own.glob("*/manifest.json")):
        make_bundle(folder / "models" / "random", seed=1, architecture=SMALL)
    return folder


def test_no_pause_is_felt_while_twenty_photographs_are_analysed(photographs, data_folder):
    """Best of some attempts, each without the turns of other processes."""
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "RETINA_DATA_DIR": str(data_folder),
    }
    command = [sys.executable, "-m", "tests.gui.heartbeat_probe", str(photographs)]
    longest = []  # of each attempt
    while len(longest) < ATTEMPTS and min(longest, default=math.inf) > LONGEST_PAUSE_MS:
        done = subprocess.run(
            [*command, str(PHOTOGRAPHS)], capture_output=True, text=True, env=environment
        )
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        assert answer["errors"] == []
        assert answer["done"] == PHOTOGRAPHS
        assert not answer["masked_arrays"]
        pauses = answer["pauses_ms"]["analysing"]
        longest.append(max(ours for ours, _, _ in pauses))
    assert min(longest) <= LONGEST_PAUSE_MS, pauses
