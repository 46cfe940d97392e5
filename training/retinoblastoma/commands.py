"""``retina-train retinoblastoma prepare | evaluate | audit | export``."""

import hashlib
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version as package_version
from io import BytesIO
from pathlib import Path
from shutil import rmtree
from typing import Annotated, Any
from zipfile import BadZipFile

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from torch import nn

from retina_desktop.ml.weight_formats import WeightFormat
from training.cache import PhotographsUnreadableError
from training.card import BundleText
from training.data_sources import read_data
from training.files import write_atomically
from training.recipe import RecipeError
from training.retinoblastoma.audit import audit_network, audit_numbers
from training.retinoblastoma.bundle import Measured, export_demonstration
from training.retinoblastoma.collection import (
    LEAST_PATIENTS,
    Collection,
    check_patients,
    collect,
    load_collection,
    save_collection,
)
from training.retinoblastoma.evaluation import Settings, evaluate
from training.retinoblastoma.features import (
    compute_features,
    compute_versions,
    load_network,
    pipeline,
    weights_key,
)
from training.retinoblastoma.measures import ALL_NEGATIVES
from training.retinoblastoma.outside import not_fundus_crops, not_fundus_pictures
from training.retinoblastoma.photographs import Kind, choose_cases, choose_strangers
from training.retinoblastoma.pictures import Crops
from training.retinoblastoma.pointing import measure_pointing
from training.retinoblastoma.pretraining import describe
from training.retinoblastoma.results import (
    RetinoblastomaResult,
    read_audit,
    read_result,
    write_audit,
)
from training.retinoblastoma.shortcuts import Trial
from training.retinoblastoma.stored import read_fitted, write_evaluation
from training.sentences import told

STRANGERS = "strangers"
RENDERED = "rendered pictures, not a fundus"
RENDERED_EACH = 3  # of a kind
ARCHITECTURE = "efficientnetv2_m"
SEED = 20260101
SENSITIVITY = 0.95
_TOLD_EVERY = 50

log = logging.getLogger("training.retinoblastoma")
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Build and judge the demonstration for retinoblastoma.",
)

WorkDir = Annotated[Path, typer.Option(help="Folder for crops, features and results.")]
Weights = Annotated[Path, typer.Option(help="Weights pre-trained on fundus photographs.")]
Architecture = Annotated[str, typer.Option(help="timm's name of the network they belong to.")]
Stored = Annotated[
    WeightFormat, typer.Option(help="How the bundle will store the weights; measured so too.")
]
Threads = Annotated[int, typer.Option(help="Processor threads.", min=1)]
Seed = Annotated[int, typer.Option(help="Of draws, folds, copies and resamples.")]
Sensitivity = Annotated[
    float, typer.Option(help="What the threshold aims at.", min=0.5, max=1.0)
]


@app.command()
@told
def prepare(
    manifest: Annotated[Path, typer.Option(help="A CSV manifest, or a TOML list of sets.")],
    work_dir: WorkDir,
    size: Annotated[int, typer.Option(help="Pixels of the crops.", min=32)] = 224,
    others: Annotated[int, typer.Option(help="Of each source of adults.", min=0)] = 20,
    seed: Seed = SEED,
    *,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at photographs that cannot be read.")
    ] = False,
) -> None:
    """Choose the photographs, crop them once, and group patients and duplicates."""
    images = read_data(manifest)
    read = partial(collect, image_dir=manifest.parent, size=size, strict=strict)
    found = read(choose_cases(images, others_per_source=others, seed=seed))
    _warn_of(found.unreadable)
    check_patients(found)
    save_collection(work_dir, found)
    rmtree(work_dir / STRANGERS, ignore_errors=True)  # of another list, perhaps
    unseen = choose_strangers(images, per_source=others, seed=seed)
    if unseen:
        try:
            strangers = read(unseen)
        except PhotographsUnreadableError as error:  # not one is left of them
            if strict:
                raise
            _warn_of(error.paths)
        else:
            _warn_of(strangers.unreadable)
            save_collection(work_dir / STRANGERS, strangers)
    patients = len(np.unique(found.groups[found.truth]))
    log.info(
        "%d photographs, %d with a tumour (%d patients), %d pairs show one picture",
        len(found.cases), found.truth.sum(), patients, found.duplicate_pairs,
    )  # fmt: skip


@app.command(name="evaluate")
@told
def evaluate_network(
    work_dir: WorkDir,
    weights: Weights,
    architecture: Architecture = ARCHITECTURE,
    stored_as: Stored = WeightFormat.INT8,
    copies: Annotated[int, typer.Option(help="Varied copies of each.", min=0)] = 2,
    sensitivity: Sensitivity = SENSITIVITY,
    seed: Seed = SEED,
    threads: Threads = 1,
) -> None:
    """Fit the last layer, leaving each patient out in turn, and measure everything."""
    _start(threads)
    collection = load_collection(work_dir)
    check_patients(collection)
    frozen = load_network(architecture, weights, stored_as=stored_as)
    steps = pipeline(collection.crops.pixels.shape[1])
    shown = {"": collection.crops, **_strangers(work_dir, collection)}
    features = _cached(
        work_dir / f"features-{architecture}.npz",
        key=f"{weights_key(weights)} {stored_as} {steps} {copies} {seed} {_names(collection)}",
        make=lambda: _features(frozen.network, shown, copies=copies, seed=seed),
    )
    result, fitted = evaluate(
        collection,
        features.pop(""),
        strangers={name: own[:, 0] for name, own in features.items()},
        pretraining=describe(weights, frozen),
        steps=steps,
        settings=Settings(seed, sensitivity, stored_as=str(stored_as)),
    )
    crops, ill = collection.crops, np.flatnonzero(collection.truth)
    pointing = measure_pointing(frozen.network, fitted.head, crops, ill, steps)
    result = replace(result, pointing=pointing)
    write_evaluation(work_dir, result, fitted)
    _tell(result)


@app.command()
@told
def audit(
    work_dir: WorkDir,
    weights: Weights,
    architecture: Architecture = ARCHITECTURE,
    whole: Annotated[
        bool, typer.Option("--all/--infants", help="Also children and adults, or infants only.")
    ] = False,
    as_taken: Annotated[
        bool,
        typer.Option("--as-taken/--alike", help="Also pictures not yet made alike."),
    ] = True,
    sensitivity: Sensitivity = SENSITIVITY,
    seed: Seed = SEED,
    threads: Threads = 1,
) -> None:
    """Train on pictures without a tumour's signs, and without one step after the other.

    What an earlier audit found of other networks is kept. Where infants are fewer than three,
    everybody is judged.
    """
    _start(threads)
    collection = load_collection(work_dir)
    judged = collection if whole else _infants(collection)
    check_patients(judged)
    reader = load_network(architecture, weights)
    trial = Trial(seed, sensitivity, as_taken=as_taken)
    found = read_audit(work_dir)
    if found is None:
        found = audit_numbers(collection, trial)
        write_audit(work_dir, found)
    found = audit_network(found, reader, judged, trial)
    write_audit(work_dir, found)
    for experiment in (*found.shortcuts, *found.steps):
        values = {m.source: m.value for m in experiment.metrics if m.source != ALL_NEGATIVES}
        sys.stdout.write(
            f"{experiment.what:34} {experiment.network:20} {experiment.steps} "
            f"{'identical part' if experiment.central else 'whole field'} {values}\n"
        )


@app.command()
@told
def export(
    work_dir: WorkDir,
    weights: Weights,
    destination: Annotated[Path, typer.Option(help="The bundle's folder, not yet there.")],
    architecture: Architecture = ARCHITECTURE,
    name: str = "Retinoblastoma, demonstration (EfficientNetV2-M)",
    version: str = "1.0.0",
    created_on: Annotated[str, typer.Option(help="ISO date; today when not given.")] = "",
    note: Annotated[
        list[str] | None, typer.Option(help="A further sentence for the card's limits.")
    ] = None,
    threads: Threads = 1,
) -> None:
    """Pack the network with its fitted last layer, its range and its card."""
    _start(threads)
    result, fitted = read_result(work_dir), read_fitted(work_dir)
    if result.pretraining.weights != weights_key(weights):
        raise RecipeError(
            "These are not the weights that were evaluated: run retinoblastoma evaluate anew, "
            "or name the file it was run with."
        )
    text = BundleText(
        id=destination.name,
        version=version,
        name=name,
        created_on=created_on or datetime.now(UTC).date().isoformat(),
        software_version=package_version("retina-desktop"),
        notes=tuple(note or ()),
    )
    frozen = load_network(architecture, weights, stored_as=WeightFormat(result.stored_as))
    measured = Measured(load_collection(work_dir), result, read_audit(work_dir))
    export_demonstration(frozen, measured, fitted, text, destination)
    log.info("%s is written", destination.name)


def _infants(collection: Collection) -> Collection:
    """Return the comparison with infants, or with everybody where they are too few."""
    infants = collection.patients_without()[Kind.INFANT.value]
    if infants >= LEAST_PATIENTS:
        return collection.infants()
    log.info(
        "%d infants are without a tumour, too few to be left out in turn: judged against all "
        "others, as with --all",
        infants,
    )
    return collection


def _warn_of(unreadable: Sequence[str]) -> None:
    for path in unreadable:
        log.warning("left out, it cannot be read: %s", path)


def _tell(result: RetinoblastomaResult) -> None:
    lines = [
        f"{m.name:12} against {m.source or 'all of them':18} {m.value:.3f} [{m.low}, {m.high}]"
        for m in result.metrics
        if m.name in ("auroc", "sensitivity", "specificity")
    ]
    found = result.patients
    lines.append(
        f"{found.any_photograph} of {found.patients} patients with a tumour found, "
        f"{found.missed} of {found.photographs} photographs missed"
    )
    if result.pointing is not None:
        pointing = result.pointing
        lines.append(
            f"the heatmap is hottest in the brightest {pointing.share:.0%} of the field in "
            f"{pointing.hits} of {pointing.photographs} photographs with a tumour"
        )
    lines += [
        f"{o.source:32} {o.seen:22} outside {o.outside:3} and called {o.called:3} "
        f"of {o.photographs:3}"
        for o in result.outside
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def _start(threads: int) -> None:
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)


def _names(collection: Collection) -> str:
    names = "\n".join(case.path for case in collection.cases)
    return hashlib.sha256(names.encode()).hexdigest()[:16]


def _strangers(work_dir: Path, collection: Collection) -> dict[str, Crops]:
    """Return the crops of what never teaches, by source."""
    crops: dict[str, Crops] = {}
    if (work_dir / STRANGERS).exists():
        unseen = load_collection(work_dir / STRANGERS)
        sources = np.array(unseen.sources)
        for source in np.unique(sources).tolist():
            crops[source] = unseen.crops.take(np.flatnonzero(sources == source))
    size = int(collection.crops.pixels.shape[1])
    rendered = list(not_fundus_crops(not_fundus_pictures(each=RENDERED_EACH, seed=0), size))
    crops[RENDERED] = Crops(
        np.stack([crop.pixels for crop in rendered]),
        np.stack([crop.inside for crop in rendered]),
        np.zeros((len(rendered), 1)),
    )
    return crops


def _features(
    network: nn.Module, crops: dict[str, Crops], *, copies: int, seed: int
) -> dict[str, NDArray[np.float32]]:
    total = len(crops[""]) * (1 + copies) + sum(len(c) for n, c in crops.items() if n)
    done = 0

    def count(_row: int) -> None:
        nonlocal done
        done += 1
        if done % _TOLD_EVERY == 0:
            log.info("%d of %d pictures", done, total)

    steps = pipeline(crops[""].pixels.shape[1])
    found = {
        name: compute_features(network, own, steps, on_row=count)[:, np.newaxis]
        for name, own in crops.items()
        if name
    }
    found[""] = compute_versions(
        network, crops[""], steps, copies=copies, seed=seed, on_row=count
    )
    return found


def _cached(
    path: Path, *, key: str, make: Callable[[], dict[str, NDArray[np.float32]]]
) -> dict[str, NDArray[np.float32]]:
    """Return what was made under the same key, else make it anew."""
    kept = _kept(path, key)
    if kept is not None:
        return kept
    made = make()
    named: dict[str, Any] = {f"={name}": values for name, values in made.items()}
    buffer = BytesIO()
    np.savez(buffer, key=np.array(key), **named)
    write_atomically(path, buffer.getvalue())
    return made


def _kept(path: Path, key: str) -> dict[str, NDArray[np.float32]] | None:
    """Return what was stored under `key`; what is cut off or damaged counts as missing."""
    try:
        with np.load(BytesIO(path.read_bytes()), allow_pickle=False) as stored:
            if str(stored["key"]) != key:
                return None
            return {name[1:]: stored[name] for name in stored.files if name.startswith("=")}
    except (OSError, EOFError, KeyError, ValueError, BadZipFile):
        return None
