"""Multi-scale retinex at 1424x2144: the pyramid beside the exact blurs, one thread each.

Run as ``python -m tests.benchmarks.msrcr``; prints one line of JSON a picture and leaves with
status 1 when the pyramid is not 15 times as fast or differs by 0.003 log units or more. Both
are timed in one run and on the same picture: the exact form once, the pyramid nine times.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable

import cv2
import numpy as np
from skimage import data

from retina_desktop.domain.images import FieldOfView, RgbImage
from retina_desktop.imaging.msrcr import multi_scale_retinex, multi_scale_retinex_exact
from tests.helpers.rendered_fundus import render_fundus

SIZE = (1424, 2144)
REPEATS = 9
LEAST_RATIO = 15.0
LARGEST_DIFFERENCE = 0.003


def real_photograph() -> RgbImage:
    """A real photograph in the black frame of a wider sensor."""
    photograph = data.retina()
    framed = np.zeros((*SIZE, 3), np.uint8)
    height, width = photograph.shape[:2]
    top, left = (SIZE[0] - height) // 2, (SIZE[1] - width) // 2
    framed[top : top + height, left : left + width] = photograph
    return framed


PICTURES: dict[str, Callable[[], RgbImage]] = {
    "real": real_photograph,
    "rendered": lambda: render_fundus(size=SIZE),
    "rendered, cut off": lambda: render_fundus(
        size=SIZE, field=FieldOfView(1071.5, 711.5, 900.0)
    ),
}


def seconds(function: Callable[[], object]) -> float:
    """Return how long one call takes."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def main() -> int:
    """Measure each picture; 0 when both targets are met on all."""
    cv2.setNumThreads(1)
    met = True
    for name, make in PICTURES.items():
        image = make()
        ours = multi_scale_retinex(image)  # also the warm-up
        started = time.perf_counter()
        exact = multi_scale_retinex_exact(image)
        exact_s = time.perf_counter() - started
        ours_s = statistics.median(
            seconds(lambda image=image: multi_scale_retinex(image)) for _ in range(REPEATS)
        )
        difference = float(np.abs(ours - exact).max())
        ratio = exact_s / ours_s
        met = met and ratio >= LEAST_RATIO and difference < LARGEST_DIFFERENCE
        figures = {
            "picture": name,
            "exact_s": round(exact_s, 3),
            "pyramid_s": round(ours_s, 4),
            "times_faster": round(ratio, 1),
            "largest_log_difference": round(difference, 5),
        }
        sys.stdout.write(json.dumps(figures) + "\n")
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
