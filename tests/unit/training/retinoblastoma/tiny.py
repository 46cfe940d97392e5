"""A few rendered photographs, and a tiny network of timm's kind."""

from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

from retina_desktop.domain.images import FieldCrop
from tests.helpers.rendered_fundus import render_fundus
from tests.unit.training.tiny_data import Row, write_manifest

ARCHITECTURE = "tf_efficientnet_lite0"
SIDE = 96


def draw_tumour(path: Path, seed: int) -> None:
    """Paint a bright mass and bright seeds into a photograph, each time in other places."""
    picture = cv2.imread(str(path))
    side = picture.shape[0]
    rng = np.random.default_rng(seed)
    for radius in (side // 7, *[side // 24] * 12):
        x, y = rng.uniform(0.22, 0.78, 2) * side
        cv2.circle(picture, (int(x), int(y)), radius, (190, 240, 255), -1)
    assert cv2.imwrite(str(path), picture)


def write_photographs(folder: Path, *, patients: int = 4, infants: int = 4) -> Path:
    """Write photographs of eyes with tumours, of infants, children and adults."""
    rows = [
        Row(f"rb{p}_{n}.png", "RB-SET", f"p{p}", "RB", "RB", seed=10 * p + n)
        for p in range(patients)
        for n in range(2)
    ]
    rows += [
        Row(
            f"rop{p}_{n}.png",
            "ROP-SET",
            f"i{p}",
            "PEDNORMAL",
            "PEDNORMAL",
            seed=200 + 2 * p + n,
        )
        for p in range(infants)
        for n in range(2)
    ]
    rows += [Row(f"child{n}.png", "CHASE_DB1", f"c{n}", seed=300 + n) for n in range(2)]
    rows += [
        Row(f"adult{n}.png", "CLINIC", f"a{n}", "DR" if n % 2 else "", "DR", seed=400 + n)
        for n in range(6)
    ]
    rows += [Row("stranger.png", "QUALITY", known="", seed=500)]
    manifest = write_manifest(folder, rows, side=SIDE)
    for row in rows:
        if row.positives == "RB":
            draw_tumour(folder / row.file, row.seed)
    return manifest


def tiny_network(path: Path, *, outputs: int = 5) -> nn.Module:
    """Save the weights of a small network with random weights."""
    import timm

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network: nn.Module = timm.create_model(ARCHITECTURE, num_classes=outputs)
    torch.save(network.state_dict(), path)
    return network.eval()


def whole_crop(seed: int = 0, side: int = SIDE) -> FieldCrop:
    pixels = render_fundus(size=(side, side), seed=seed, framed=False)
    return FieldCrop(pixels, np.ones((side, side), np.bool_), 0.0, 0.0, 1.0)
