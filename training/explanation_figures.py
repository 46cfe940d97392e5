"""What `explain` found, as tables of the evaluation's page."""

import json
from pathlib import Path
from typing import Any

from training.tables import Table

EXPLANATION_NAME = "explanation.json"
_ROWS = (
    ("pointing", "Hottest point in or near a lesion"),
    ("pointing_exact", "Hottest point in a lesion"),
    ("iou", "Intersection over union of hot area and lesions"),
    ("dice", "Dice of hot area and lesions"),
    ("heat_inside", "Share of the heat inside lesions"),
)
_CHANCE = {
    "pointing": ("anywhere", "center"),
    "pointing_exact": ("anywhere_exact", "center_exact"),
}


def explanation_tables(path: Path) -> tuple[Table, ...]:
    """Return the tables of an ``explanation.json``; none where there is no such file."""
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return ()
    return (_lesions(found), *_randomised(found))


def _lesions(found: dict[str, Any]) -> Table:
    rows = []
    for name, words in _ROWS:
        chance = [f"{found[key]:.3f}" for key in _CHANCE.get(name, ())] or ["", ""]
        trained, random = (f"{found[key][name]:.3f}" for key in ("trained", "random"))
        rows.append((words, trained, random, *chance))
    photographs = found["trained"]["photographs"]
    title = f"Heatmaps of {found['label']} beside lesions, {photographs} photographs"
    header = ("Figure", "Trained", "Random weights", "A random point", "The field's centre")
    return Table(title, header, tuple(rows))


def _randomised(found: dict[str, Any]) -> tuple[Table, ...]:
    steps = found.get("randomisation", [])
    if not steps:
        return ()
    rows = tuple(
        (step["block"], f"{step['rank_correlation']:.2f}", f"{step['ssim']:.2f}")
        for step in steps
    )
    title = "What is left of the heatmaps when blocks down to this one have random weights"
    return (Table(title, ("Block", "Rank correlation", "Structural similarity"), rows),)
