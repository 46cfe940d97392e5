"""The real program in its own process, on real files."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import pytest
import skimage.data

from retina_desktop.config.folders import Folders
from retina_desktop.domain.images import Laterality
from tests.helpers.rendered_fundus import render_fundus

TIMEOUT_S = 120


@dataclass(frozen=True)
class Ended:
    """How a process of the program ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def program(own_data_folder, tmp_path):
    """Start ``retina-desktop`` with arguments and wait for its end."""

    def start(*arguments, environment=None, folder=tmp_path) -> Ended:
        ended = subprocess.run(
            [sys.executable, "-m", "retina_desktop", *map(str, arguments)],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            encoding="utf-8",
            timeout=TIMEOUT_S,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    return start


@pytest.fixture(scope="session")
def sample() -> Path:
    return Folders.find({}).sample_photograph


@pytest.fixture(scope="session")
def photographs(tmp_path_factory) -> Path:
    """Two rendered eyes, a cat, and a truncated JPEG, in a folder with a space in its name."""
    folder = tmp_path_factory.mktemp("some photographs")
    for eye in Laterality:
        image = render_fundus(size=(712, 1072), laterality=eye, seed=3, exudates=20)
        cv2.imwrite(str(folder / f"eye {eye.shown}.jpg"), image[..., ::-1])
    cv2.imwrite(str(folder / "cat.png"), skimage.data.chelsea()[..., ::-1])
    whole = (folder / "eye OD.jpg").read_bytes()
    (folder / "damaged.jpg").write_bytes(whole[: len(whole) // 2])
    return folder
