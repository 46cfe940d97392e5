"""Train, measure and pack a model: ``python -m training COMMAND``."""

import logging
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from torch import Tensor, nn

from retina_desktop.domain.labels import RFMID_CODES
from retina_desktop.ml.export import export_bundle
from training.augmentation import normalise
from training.card import BundleText, build_manifest, write_card
from training.data_report import as_html, as_text, describe_data
from training.evaluate import (
    application_tensor,
    compute_logits,
    evaluate,
    preprocessing_steps,
)
from training.files import write_atomically
from training.first_weights import LITE0, start_from
from training.prepared import (
    SAME_EYES_NAME,
    PreparedData,
    load_prepared,
    prepare,
    set_aside,
)
from training.results import read_results, write_results
from training.run_record import load_best, read_facts, write_record
from training.same_eye import compute_features, confirm_pairs, propose_pairs
from training.seed_recipe import SeedRecipe, SeedTraining, epoch_order, to_batch
from training.splits import Part
from training.transfer import IMAGENET_MEAN, IMAGENET_STD, create_network

RUN_NAME = "run"
RESULTS_NAME = "results.json"
REPORT_NAME = "data.html"

log = logging.getLogger("training")
app = typer.Typer(no_args_is_help=True, add_completion=False)

Manifest = Annotated[
    Path,
    typer.Option(help="CSV file that lists the photographs, or TOML that lists data sets."),
]
WorkDir = Annotated[Path, typer.Option(help="Folder for the cache, the split and the run.")]
InitialWeights = Annotated[
    str, typer.Option(help="timm, lite0, none, or a file with weights of B0 or Lite0.")
]
BATCH_NORM_BATCHES = 30


@app.callback()
def main() -> None:
    """Train, measure and pack a model of the 29 RFMiD labels."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")


@app.command(name="prepare")
def prepare_data(manifest: Manifest, work_dir: WorkDir, seed: int = 20260101) -> None:
    """Decode the photographs once, find near duplicates and split by patient."""
    data = prepare(manifest, work_dir, RFMID_CODES, seed=seed)
    for part in Part:
        log.info("%s: %d photographs", part, len(data.rows_of(part)))
    log.info("%d near-duplicate pairs", data.duplicate_pairs)
    tables = describe_data(data.images, data.codes, data.parts)
    write_atomically(work_dir / REPORT_NAME, as_html(tables, title="Training data").encode())
    sys.stdout.write(as_text(tables))


@app.command()
def train(
    manifest: Manifest,
    work_dir: WorkDir,
    initial: InitialWeights = LITE0,
    epochs: int = SeedRecipe().epochs,
    budget_minutes: Annotated[
        float | None, typer.Option(help="End the run, rate and all, within this time.")
    ] = None,
    early_size: Annotated[
        int, typer.Option(help="Side in pixels during the early share of the run.")
    ] = SeedRecipe().early_size,
    early_share: Annotated[
        float, typer.Option(help="Share of the run, from its start, at the early size.")
    ] = SeedRecipe().early_share,
    threads: int = 2,
) -> None:
    """Train with the seed recipe; started again, it goes on where it was."""
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    data = load_prepared(manifest, work_dir, RFMID_CODES)
    recipe = SeedRecipe(epochs=epochs, early_size=early_size, early_share=early_share)
    network = create_network(len(RFMID_CODES), seed=recipe.seed)
    budget_s = None if budget_minutes is None else budget_minutes * 60
    run = _open_run(data, recipe, network, work_dir / RUN_NAME, initial, budget_s)
    if run.resume():
        log.info("going on with epoch %d", run.progress.epoch + 1)
    else:
        report = start_from(initial, network, _plain_batches(data, recipe))
        log.info("weights carried over: %d tensors", len(report.carried) if report else 0)
    run.run()
    log.info("best validation AUROC %.4f", run.progress.best_auroc)


@app.command()
def audit(manifest: Manifest, work_dir: WorkDir, threads: int = 2) -> None:
    """Set test photographs aside that show an eye which training or validation shows."""
    torch.set_num_threads(threads)
    (work_dir / SAME_EYES_NAME).unlink(missing_ok=True)
    data = load_prepared(manifest, work_dir, RFMID_CODES)
    network = create_network(len(RFMID_CODES))
    load_best(work_dir / RUN_NAME, network)
    features = compute_features(network, data.squares)
    test = data.rows_of(Part.TEST)
    others = np.setdiff1d(np.arange(len(data.images)), test)
    proposed = propose_pairs(features, data.groups, judged=test, among=others)
    pairs = confirm_pairs(data.squares, proposed)
    set_aside(work_dir, data, pairs)
    log.info("%d pairs of photographs show one eye", len(pairs))


@app.command(name="evaluate")
def evaluate_run(manifest: Manifest, work_dir: WorkDir, threads: int = 2) -> None:
    """Calibrate on validation, measure on test, and write the results as JSON."""
    torch.set_num_threads(threads)
    data = load_prepared(manifest, work_dir, RFMID_CODES)
    facts = read_facts(work_dir / RUN_NAME, duplicate_pairs=data.duplicate_pairs)
    network = create_network(len(RFMID_CODES))
    load_best(work_dir / RUN_NAME, network)
    size = facts.input_size
    logits = compute_logits(
        network,
        data,
        image_dir=manifest.parent,
        tensor_of=partial(application_tensor, size=size, steps=preprocessing_steps(size)),
        size=size,
    )
    looked_for = (work_dir / SAME_EYES_NAME).exists()
    aside = len(data.rows_of(Part.SET_ASIDE)) if looked_for else None
    result = evaluate(data, logits, facts, set_aside=aside)
    write_results(work_dir / RESULTS_NAME, result)
    log.info("mean AUROC on test, %d pairs: %s", result.views.pairs, result.views.application)


@app.command()
def export(
    work_dir: WorkDir,
    destination: Annotated[Path, typer.Option(help="The bundle's folder, not yet there.")],
    name: str = "RFMiD labels, EfficientNet-B0 (seed recipe)",
    version: str = "1.0.0",
    created_on: Annotated[str, typer.Option(help="ISO date; today when not given.")] = "",
    note: Annotated[
        list[str] | None, typer.Option(help="A further sentence for the card's limits.")
    ] = None,
) -> None:
    """Pack the best weights with what was measured of them; the folder's name is the id."""
    result = read_results(work_dir / RESULTS_NAME)
    network = create_network(len(result.labels), architecture=result.run.architecture)
    load_best(work_dir / RUN_NAME, network)
    text = BundleText(
        id=destination.name,
        version=version,
        name=name,
        created_on=created_on or datetime.now(UTC).date().isoformat(),
        software_version=package_version("retina-desktop"),
        notes=tuple(note or ()),
    )
    draft = build_manifest(result, text, preprocessing_steps(result.run.input_size))
    export_bundle(network, draft, destination, card=write_card(result, text))
    log.info("%s is written", destination.name)


def _open_run(
    data: PreparedData,
    recipe: SeedRecipe,
    network: nn.Module,
    run_dir: Path,
    initial: str,
    budget_s: float | None,
) -> SeedTraining:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    training = data.part(Part.TRAINING)
    drawn = len(epoch_order(training, recipe, 0))
    write_record(run_dir, recipe, initial=initial, photographs_an_epoch=drawn, device=device)
    return SeedTraining(
        network,
        recipe,
        training=training,
        validation=data.part(Part.VALIDATION),
        run_dir=run_dir,
        clock=time.monotonic,
        budget_s=budget_s,
        device=device,
    )


def _plain_batches(data: PreparedData, recipe: SeedRecipe) -> Iterator[Tensor]:
    training = data.part(Part.TRAINING)
    order = epoch_order(training, recipe, 0)[: BATCH_NORM_BATCHES * 2 * recipe.batch]
    for start in range(0, len(order), 2 * recipe.batch):
        pixels = to_batch(training, order[start : start + 2 * recipe.batch], "cpu")
        resized = torch.nn.functional.interpolate(pixels, size=(recipe.size, recipe.size))
        yield normalise(resized, IMAGENET_MEAN, IMAGENET_STD)


if __name__ == "__main__":
    app()
