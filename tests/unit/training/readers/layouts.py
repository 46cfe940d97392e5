"""Data sets in the layouts their authors publish, with drawn photographs."""

import csv
from pathlib import Path

import cv2
import numpy as np

from retina_desktop.domain.labels import RFMID_CODES

RIADD_OTHERS = [
    "CWS",
    "CB",
    "ODPM",
    "PRH",
    "MNF",
    "HR",
    "CRAO",
    "TD",
    "CME",
    "PTCR",
    "CF",
    "VH",
    "MCA",
    "VS",
    "BRAO",
    "PLQ",
    "HPED",
    "CL",
]
ALL_45 = (*(code for code in RFMID_CODES if code != "OTHER"), *RIADD_OTHERS)
RFMID_PARTS = (
    ("Training_Set/Training", "RFMiD_Training_Labels.csv"),
    ("Evaluation_Set/Validation", "RFMiD_Validation_Labels.csv"),
    ("Test_Set/Test", "RFMiD_Testing_Labels.csv"),
)
ODIR_HEADER = (
    "ID",
    "Patient Age",
    "Patient Sex",
    "Left-Fundus",
    "Right-Fundus",
    "Left-Diagnostic Keywords",
    "Right-Diagnostic Keywords",
    *"NDGCAHMO",
)


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((8, 8, 3), 90, np.uint8))


def write_rfmid(folder: Path, columns=ALL_45, positives=(("DR",), ("MH", "CWS"), ())) -> Path:
    """Write the three parts, each with one photograph for every entry of `positives`."""
    for images, table in RFMID_PARTS:
        place = folder / images
        for number in range(1, len(positives) + 1):
            picture(place / f"{number}.png")
        with (place.parent / table).open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(("ID", *columns))
            for number, shown in enumerate(positives, start=1):
                marks = [
                    int(c in shown or (c == "Disease_Risk" and shown != ())) for c in columns
                ]
                writer.writerow((number, *marks))
    return folder


def write_odir(folder: Path, patients) -> Path:
    """Write ODIR's table of (left keywords, right keywords); return its path."""
    table = folder / "full_df.csv"
    folder.mkdir(parents=True, exist_ok=True)
    with table.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(ODIR_HEADER)
        for number, (left, right) in enumerate(patients):
            names = f"{number}_left.jpg", f"{number}_right.jpg"
            for name in names:
                picture(folder / "Training Images" / name)
            writer.writerow((number, 60, "Female", *names, left, right, *"00000000"))
    return table
