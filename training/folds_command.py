"""``retina-train folds`` and ``folds-summary``: cross-validation with the ordinary commands."""

import json
import logging
import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from retina_desktop.domain.labels import RFMID_CODES
from training.evaluate_command import RESULTS_NAME
from training.files import write_atomically
from training.folds import FoldFigure, FoldsError, summarise, write_folds
from training.prepared import load_prepared
from training.results import read_results
from training.sentences import told
from training.tables import Table, as_text

SUMMARY_NAME = "folds.json"
_SHOWN = ("mean_auroc", "riadd_score", "auroc", "auroc_referable", "ece")

log = logging.getLogger("training")


@told
def make_folds(
    manifest: Annotated[Path, typer.Option(help="What was prepared.")],
    work_dir: Annotated[Path, typer.Option(help="Folder that was prepared.")],
    folds: Annotated[int, typer.Option(help="How many.", min=2)] = 5,
    seed: int = 20260101,
) -> None:
    """Deal training and validation into folds: a work folder each, with one cache.

    Then train and evaluate each of WORK/fold_1, WORK/fold_2 and so on.
    """
    data = load_prepared(manifest, work_dir, RFMID_CODES)
    for folder in write_folds(work_dir, data, folds, seed=seed):
        log.info("%s is ready", folder.name)


@told
def summarise_folds(
    work_dir: Annotated[Path, typer.Option(help="Folder that holds the folds.")],
) -> None:
    """Say the mean and the spread of every figure over the evaluated folds."""
    folders = sorted(work_dir.glob("fold_*"), key=_number)
    done = [folder for folder in folders if (folder / RESULTS_NAME).exists()]
    if len(done) < 2:
        raise FoldsError(
            f"{len(done)} of {len(folders)} folds are evaluated: evaluate two or more."
        )
    found = summarise([read_results(folder / RESULTS_NAME) for folder in done])
    content = {
        "folds": [folder.name for folder in done],
        "of": len(folders),
        "figures": [asdict(figure) for figure in found],
    }
    write_atomically(work_dir / SUMMARY_NAME, json.dumps(content, indent=2).encode())
    header = ("Figure", "Label", "Source", "Mean", "Standard deviation", "Folds")
    rows = tuple(_row(figure) for figure in found if figure.name in _SHOWN)
    title = f"{len(done)} of {len(folders)} folds, each on the same test"
    sys.stdout.write(as_text([Table(title, header, rows)]))


def _row(figure: FoldFigure) -> tuple[str, ...]:
    numbers = (f"{figure.mean:.3f}", f"{figure.spread:.3f}", str(len(figure.values)))
    return (figure.name, figure.label or "all", figure.source or "all", *numbers)


def _number(folder: Path) -> int:
    found = re.search(r"\d+$", folder.name)
    return int(found.group()) if found else 0
