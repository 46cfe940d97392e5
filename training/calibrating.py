"""A trained model judged and calibrated on photographs of one's own; nothing is learned.

Where a camera, or the share of disease, is another than in training, a model ranks eyes better
than it calls them: its thresholds belong to the photographs they were chosen on. A recipe of no
epochs (``calibrate-only``) leaves the weights alone. What would have been training then serves
validation, on which calibration and thresholds are chosen, and the test judges both what the
model brought and what was chosen. A label that the photographs show too rarely keeps what the
model brought (`training.operating_points`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from retina_desktop.domain.findings import LabelStatus
from retina_desktop.domain.manifests import DataSource, LabelEntry, Metric
from retina_desktop.imaging.preprocessing import enhancements_of
from retina_desktop.ml.bundle_reading import read_bundle
from retina_desktop.ml.manifest_json import MANIFEST_NAME
from training.answers import Answers, pair_of
from training.calibration_fit import apply_platt
from training.files import write_atomically
from training.metrics import Weights, draw_weights
from training.pair_figures import figures_of
from training.prepared import PreparedData
from training.recipe import Recipe, RecipeError
from training.results import ResultsUnreadableError
from training.splits import Part

STARTED_FROM_NAME = "started_from.json"
TRAINING = "training"  # in what a bundle says that a source was used for
COMPARED = ("sensitivity", "specificity")  # what thresholds decide


@dataclass(frozen=True, slots=True)
class StartingModel:
    """What a bundle that a run started from says of itself."""

    name: str  # id and version
    architecture: str
    input_size: int
    enhancements: tuple[str, ...]  # that it reads photographs after
    labels: tuple[LabelEntry, ...]
    sources: tuple[DataSource, ...]


_ADAPTER = TypeAdapter(StartingModel)


def starting_model(initial: str) -> StartingModel | None:
    """Return what the bundle at `initial` says of itself; None where it is no bundle.

    Raises
    ------
    BundleRefusedError
        If the bundle is damaged.
    """
    folder = Path(initial)
    if not (folder / MANIFEST_NAME).is_file():
        return None
    manifest = read_bundle(folder).manifest
    return StartingModel(
        name=f"{manifest.id} {manifest.version}",
        architecture=manifest.architecture,
        input_size=manifest.input_size,
        enhancements=enhancements_of(manifest.preprocessing),
        labels=manifest.labels,
        sources=manifest.data_sources,
    )


def as_it_came(recipe: Recipe, model: StartingModel | None) -> Recipe:
    """Return the recipe; one of no epochs takes network and size of the model it judges."""
    if recipe.run.epochs or model is None:
        return recipe
    own = {"architecture": model.architecture, "size": model.input_size}
    return recipe.model_copy(update={"model": recipe.model.model_copy(update=own)})


def check_judgeable(recipe: Recipe, model: StartingModel | None, data: PreparedData) -> None:
    """Check that a run of no epochs judges a finished model, on photographs new to it.

    Raises
    ------
    RecipeError
        If it starts from none, or from one that reads photographs otherwise prepared, knows
        other labels, or learned from a source of `data`.
    """
    if recipe.run.epochs:
        return
    if model is None:
        raise RecipeError(
            "A recipe of no epochs judges a finished model and learns nothing: choose an "
            "installed model to start from, or name a bundle's folder as model.initial."
        )
    if {entry.code for entry in model.labels} != set(data.codes):
        raise RecipeError(
            f"The model {model.name} knows other labels than this module measures; choose "
            "another to start from."
        )
    if model.enhancements != data.enhancements:
        wanted = " ".join(f"--enhance {step}" for step in model.enhancements)
        raise RecipeError(
            f"The model {model.name} reads photographs prepared otherwise; prepare these again "
            f"{f'with {wanted}' if wanted else 'without --enhance'}."
        )
    known = {source.name for source in model.sources if TRAINING in source.used_for}
    seen = sorted(known & {image.source for image in data.images})
    if seen:
        raise RecipeError(
            f"The model learned from photographs of {', '.join(seen)}, on which it looks "
            "better than on others; leave them out of the list, or give new photographs "
            "another source."
        )


def note_starting_model(run_dir: Path, model: StartingModel | None) -> None:
    """Write beside the run what it started from, or that it was no bundle."""
    place = run_dir / STARTED_FROM_NAME
    if model is None:
        place.unlink(missing_ok=True)
    else:
        write_atomically(place, _ADAPTER.dump_json(model, indent=2) + b"\n")


def read_starting_model(run_dir: Path) -> StartingModel | None:
    """Return what `note_starting_model` wrote; None where a run started from no bundle.

    Raises
    ------
    ResultsUnreadableError
        If it is damaged.
    """
    try:
        return _ADAPTER.validate_json((run_dir / STARTED_FROM_NAME).read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise ResultsUnreadableError(
            f"{STARTED_FROM_NAME}, which tells what this run started from, is damaged; begin "
            "the run anew."
        ) from error


def all_to_choose_on(data: PreparedData) -> PreparedData:
    """Return `data` with training's photographs in validation: nothing learned from them."""
    parts = tuple(Part.VALIDATION if p is Part.TRAINING else p for p in data.parts)
    return replace(data, parts=parts)


def as_brought(
    answers: Answers,
    logits: NDArray[np.float32],
    model: StartingModel,
    *,
    seed: int,
    resamples: int,
) -> tuple[Metric, ...]:
    """Return sensitivity and specificity of what the model brought, on the same photographs.

    Parameters
    ----------
    answers : Answers
        Of the test, as calibrated anew.
    logits : NDArray[np.float32]
        Of the same photographs, shape ``(N, labels)``.
    model : StartingModel
        Whose calibration and thresholds count.
    """
    brought = {entry.code: entry for entry in model.labels}
    entries = [
        brought.get(code, LabelEntry(code, LabelStatus.NOT_ASSESSED)) for code in answers.codes
    ]
    columns = [
        apply_platt(logits[:, column], entry.calibration)
        for column, entry in enumerate(entries)
    ]
    before = replace(
        answers,
        probabilities=np.stack(columns, axis=1),
        thresholds=tuple(entry.threshold for entry in entries),
    )
    return tuple(
        _decisions(before, draw_weights(answers.groups, seed=seed, resamples=resamples))
    )


def _decisions(answers: Answers, weights: Weights) -> Iterator[Metric]:
    """Yield what thresholds decide, of every label with one within each source."""
    for source in sorted(set(answers.sources)):
        for column, threshold in enumerate(answers.thresholds):
            if threshold is not None:
                figures = figures_of(answers, pair_of(answers, source, column), weights)
                yield from (
                    m
                    for m in figures.as_metrics()
                    if m.name in COMPARED and np.isfinite(m.value)
                )
