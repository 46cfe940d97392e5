"""Train, measure and pack a model: ``python -m training COMMAND``."""

import logging
import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console

from retina_desktop.domain.labels import RFMID_CODES
from training.answers_file import ANSWERS_NAME, read_answers
from training.averaging_command import average_weights
from training.camera_probe_command import probe_sources
from training.comparison import compare_runs, shown
from training.data_report import describe_data
from training.ensemble_command import join_runs
from training.evaluate_command import RUN_NAME, evaluate_run
from training.explain_command import explain_run
from training.export_command import export_run
from training.fabrics import make_fabric
from training.files import write_atomically
from training.first_weights import new_network
from training.folds_command import make_folds, summarise_folds
from training.join_command import join_networks
from training.manifest_data import unlearned_codes
from training.opening import open_run
from training.prepared import (
    SAME_EYES_NAME,
    load_prepared,
    prepare,
    set_aside,
)
from training.progress import TerminalBar
from training.recipe import load_recipe
from training.retinoblastoma.commands import app as retinoblastoma
from training.run_record import check_split, load_best, read_recipe
from training.same_eye import compute_features, confirm_pairs, propose_pairs
from training.sentences import told
from training.splits import Part
from training.stopping import STOPPED, StopAskedError, StopRequest
from training.tables import Table, as_html, as_text

REPORT_NAME = "data.html"

log = logging.getLogger("training")
app = typer.Typer(no_args_is_help=True, add_completion=False)

Manifest = Annotated[
    Path,
    typer.Option(help="CSV file that lists the photographs, or TOML that lists data sets."),
]
WorkDir = Annotated[Path, typer.Option(help="Folder for the cache, the split and the run.")]


@app.callback()
def main() -> None:
    """Train, measure and pack a model of the 29 RFMiD labels."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")


@app.command(name="prepare")
@told
def prepare_data(
    manifest: Manifest,
    work_dir: WorkDir,
    seed: int = 20260101,
    side: Annotated[int, typer.Option(help="Pixels of the cached photographs.", min=32)] = 256,
    enhance: Annotated[
        list[str] | None, typer.Option(help="A named step before the network sees it: msrcr.")
    ] = None,
    *,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at photographs that cannot be read.")
    ] = False,
) -> None:
    """Decode the photographs once, find near duplicates and split by patient."""
    data = prepare(
        manifest,
        work_dir,
        RFMID_CODES,
        seed=seed,
        side=side,
        enhancements=enhance or (),
        strict=strict,
    )
    for path in data.unreadable:
        log.warning("left out, it cannot be read: %s", path)
    for code, count in unlearned_codes(data.images, data.codes).items():
        log.warning("not learned, the model has no label %s (%d photographs)", code, count)
    for part in Part:
        log.info("%s: %d photographs", part, len(data.rows_of(part)))
    log.info("%d near-duplicate pairs", data.duplicate_pairs)
    tables = describe_data(data.images, data.codes, data.parts)
    write_atomically(work_dir / REPORT_NAME, as_html(tables, title="Training data").encode())
    sys.stdout.write(as_text(tables))


@app.command()
@told
def train(
    manifest: Manifest,
    work_dir: WorkDir,
    recipe: Annotated[
        str, typer.Option(help="A recipe that comes along, or a TOML file.")
    ] = "rfmid-seed",
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Override a value: run.epochs=5.")
    ] = None,
    budget_minutes: Annotated[
        float | None, typer.Option(help="End the run, rate and all, within this time.")
    ] = None,
    processes: Annotated[
        int, typer.Option(help="GPUs, or processes on the CPU, that share each batch.", min=1)
    ] = 1,
    machines: Annotated[
        int,
        typer.Option(
            help="Machines that share each batch; each starts this command, with MASTER_ADDR, "
            "MASTER_PORT and NODE_RANK in its environment.",
            min=1,
        ),
    ] = 1,
    threads: int = 2,
) -> None:
    """Train by a recipe; started again, it goes on where it was."""
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    followed = load_recipe(recipe, set_ or ())
    data = load_prepared(manifest, work_dir, RFMID_CODES)
    run_dir = work_dir / RUN_NAME
    with TerminalBar(Console(stderr=True)) as bar, StopRequest(run_dir) as stop:
        fabric = make_fabric(followed, processes, machines=machines)
        try:
            run = open_run(
                data,
                followed,
                run_dir,
                fabric=fabric,
                budget_s=None if budget_minutes is None else budget_minutes * 60,
                listener=bar,
                stop=stop,
            )
        except StopAskedError:
            log.info("stopped while its teachers were asked: start again to begin anew")
            raise typer.Exit(STOPPED) from None
        over = run.run(stop=stop)
    if run.progress.best_auroc > 0:  # a validation was finished, and could compare epochs
        log.info("best validation AUROC %.4f", run.progress.best_auroc)
    if not over:
        log.info("stopped, the state is saved: start again to go on")
        raise typer.Exit(STOPPED)


@app.command()
@told
def audit(manifest: Manifest, work_dir: WorkDir, threads: int = 2) -> None:
    """Set test photographs aside that show an eye which training or validation shows."""
    torch.set_num_threads(threads)
    (work_dir / SAME_EYES_NAME).unlink(missing_ok=True)
    data = load_prepared(manifest, work_dir, RFMID_CODES)
    check_split(work_dir / RUN_NAME, data)
    network = new_network(read_recipe(work_dir / RUN_NAME), len(RFMID_CODES))
    load_best(work_dir / RUN_NAME, network)
    features = compute_features(network, data.squares)
    test = data.rows_of(Part.TEST)
    others = np.setdiff1d(np.arange(len(data.images)), test)
    proposed = propose_pairs(features, data.groups, judged=test, among=others)
    pairs = confirm_pairs(data.squares, proposed)
    set_aside(work_dir, data, pairs)
    log.info("%d pairs of photographs show one eye", len(pairs))


app.add_typer(retinoblastoma, name="retinoblastoma")
app.command(name="evaluate")(evaluate_run)
app.command(name="export")(export_run)
app.command(name="ensemble")(join_runs)
app.command(name="average")(average_weights)
app.command(name="join")(join_networks)
app.command(name="folds")(make_folds)
app.command(name="folds-summary")(summarise_folds)
app.command(name="explain")(explain_run)
app.command(name="probe")(probe_sources)


@app.command()
@told
def compare(
    first: Annotated[Path, typer.Argument(help="The work folder of one evaluated run.")],
    second: Annotated[Path, typer.Argument(help="The work folder of another.")],
) -> None:
    """Say how far the second run is better, with intervals by patient."""
    (one, files), (other, others) = (read_answers(f / ANSWERS_NAME) for f in (first, second))
    header = ("Label", "Source", "First", "Second", "Second - first")
    tables = []
    for title, one_size in (("AUROC", False), ("AUROC at one original size", True)):
        found = compare_runs(one, other, files=(files, others), one_size=one_size)
        rows = tuple(
            (
                d.label or "mean",
                d.source or "all",
                f"{d.first:.3f}",
                f"{d.second:.3f}",
                shown(d),
            )
            for d in found
        )
        tables.append(Table(title, header, rows))
    sys.stdout.write(as_text(tables))


if __name__ == "__main__":
    app()
