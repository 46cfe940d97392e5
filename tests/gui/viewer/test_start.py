"""What needs an interpreter of its own: scale factors of the screen, and a light import."""

import json
import os
import subprocess
import sys

import pytest


def run(*arguments, **environment):
    result = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("factor", [1.0, 1.5, 2.0])
def test_at_1_to_1_each_device_pixel_is_a_pixel_of_the_photograph(factor):
    seen = json.loads(
        run("-m", "tests.gui.viewer.exactness_probe", QT_SCALE_FACTOR=str(factor))
    )

    assert (seen["ratio"], seen["scale"]) == (factor, 1.0)
    assert min(seen["shape"]) > 90
    assert seen["wrong_alone"] == 0
    assert seen["wrong_in_window"] == 0
    assert seen["colour_under_pointer"] == seen["colour_shown"]


def test_the_window_is_not_kept_waiting_for_heavy_imports():
    heavy = {"numpy", "cv2", "onnxruntime", "torch", "pydantic", "pydicom", "PIL"}

    loaded = run("-c", "import retina_desktop.gui.viewer.view, sys; print(*sys.modules)")

    assert not heavy & set(loaded.split())
