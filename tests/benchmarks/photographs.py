"""The photographs the benchmarks work on: rendered, at a camera's size, as JPEG files."""

from pathlib import Path

import cv2

from tests.helpers.rendered_fundus import render_fundus

CAMERA_SIZE = (1424, 2144)  # (height, width) of the commonest RFMiD photographs
_JPEG_QUALITY = 92
_SENSOR_NOISE = 3.0  # grey levels; without it a rendered JPEG is smaller than a camera's


def write_photograph(path: Path, *, seed: int = 0) -> Path:
    """Write a rendered fundus photograph with exudates and haemorrhages as a JPEG."""
    image = render_fundus(
        size=CAMERA_SIZE, seed=seed, exudates=12, haemorrhages=8, noise=_SENSOR_NOISE
    )
    cv2.imwrite(str(path), image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return path


def write_folder(folder: Path, *, count: int) -> Path:
    """Fill `folder` with `count` different photographs (a handful rendered, then copied)."""
    folder.mkdir(parents=True, exist_ok=True)
    rendered = [write_photograph(folder / f"{i:04d}.jpg", seed=i) for i in range(min(count, 4))]
    for number in range(len(rendered), count):
        (folder / f"{number:04d}.jpg").write_bytes(rendered[number % 4].read_bytes())
    return folder
