"""A few rendered photographs in the layout of a training manifest."""

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tests.helpers.rendered_fundus import render_fundus
from training.manifest_data import LabelledImage
from training.part_data import PartData

HEADER = (
    "file",
    "source",
    "patient",
    "split",
    "positives",
    "known",
    "orig_label",
    "orig_size",
    "licence",
)


@dataclass(frozen=True)
class Row:
    file: str
    source: str = "CLINIC"
    patient: str = ""
    positives: str = ""
    known: str = "*"
    seed: int = 0
    exudates: int = 0


def write_manifest(folder: Path, rows: list[Row], *, side: int = 96) -> Path:
    """Render every row's photograph and list them; return the manifest's path."""
    for row in rows:
        path = folder / row.file
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = render_fundus(size=(side, side), seed=row.seed, exudates=row.exudates)
        assert cv2.imwrite(str(path), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    manifest = folder / "index.csv"
    with manifest.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        for row in rows:
            facts = (row.source, row.patient, "train", row.positives, row.known)
            writer.writerow((row.file, *facts, "as written", f"{side}x{side}", "CC0"))
    return manifest


def every_second_ill(count: int) -> list[Row]:
    """Return photographs of which every second shows exudates and is labelled so."""
    return [
        Row(
            f"clinic/{number:03}.png",
            positives="Disease_Risk;DR" if number % 2 else "",
            seed=number,
            exudates=40 * (number % 2),
        )
        for number in range(count)
    ]


def image(
    path: str,
    *,
    source: str = "CLINIC",
    patient: str = "",
    positives: str = "",
    known: str = "*",
) -> LabelledImage:
    shown = frozenset(filter(None, positives.split(";")))
    stated = frozenset(filter(None, known.split(";"))) | shown
    return LabelledImage(path, source, patient, shown, stated, "", "CC0")


def noise_part(
    count: int, codes: tuple[str, ...], *, seed: int = 0, side: int = 40
) -> PartData:
    """Return photographs of noise, reddish where the first label is present."""
    rng = np.random.default_rng(seed)
    squares = rng.integers(60, 160, size=(count, side, side, 3), dtype=np.uint8)
    targets = (rng.random((count, len(codes))) < 0.5).astype(np.float32)
    squares[targets[:, 0] > 0.5, :, :, 0] += 80
    return PartData(
        squares=squares,
        rows=np.arange(count),
        targets=targets,
        known=rng.random((count, len(codes))) < 0.9,
        sources=("CLINIC",) * count,
        codes=codes,
    )
