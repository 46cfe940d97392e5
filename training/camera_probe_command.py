"""``retina-train probe``: what one source teaches about another, before hours of training."""

import sys
from pathlib import Path
from typing import Annotated

import torch
import typer

from retina_desktop.domain.labels import RFMID_CODES
from training.camera_probe import (
    AT_LEAST,
    LITE0,
    MOST,
    SIZE,
    Asked,
    ask_across,
    askable_sources,
    draw_rows,
    imagenet_network,
    pooled_features,
)
from training.prepared import load_prepared
from training.recipe import RecipeError
from training.results import ResultsUnreadableError
from training.sentences import told
from training.tables import Table, as_text


@told
def probe_sources(
    manifest: Annotated[Path, typer.Option(help="What was prepared.")],
    work_dir: Annotated[Path, typer.Option(help="Folder of the cache and the split.")],
    label: Annotated[str, typer.Option(help="The label's code.")] = "DR",
    most: Annotated[int, typer.Option(min=1, help="Photographs of one source.")] = MOST,
    threads: int = 2,
) -> None:
    """Say how well ImageNet features of one source tell a label on another.

    Nothing is trained but a logistic regression; prepare with a step more (--enhance) and
    compare.
    """
    torch.set_num_threads(threads)
    if label not in RFMID_CODES:
        raise RecipeError(f"There is no label {label}; choose an RFMiD code such as DR.")
    data = load_prepared(manifest, work_dir, RFMID_CODES)
    rows = draw_rows(data, label, most=most)
    asked: tuple[Asked, ...] = ()
    if len(askable_sources(data, rows, label)) > 1:
        features = pooled_features(imagenet_network(), data.squares, rows)
        asked = tuple(ask_across(data, rows, features, label))
    if not asked:
        raise ResultsUnreadableError(
            f"No two sources state {label} for {AT_LEAST} photographs with it and {AT_LEAST} "
            "without; choose another label, or add photographs."
        )
    sys.stdout.write(as_text([_table(asked, label)]))


def _table(asked: tuple[Asked, ...], label: str) -> Table:
    judges = sorted({each.judge for each in asked})
    found = {(each.learned_from, each.judge): f"{each.auroc:.3f}" for each in asked}
    rows = tuple(
        (name or "all others", *(found.get((name, judge), "-") for judge in judges))
        for name in dict.fromkeys(each.learned_from for each in asked)
    )
    title = f"AUROC of {label}, frozen {LITE0} at {SIZE} pixels"
    return Table(title, ("Learned from", *judges), rows)
