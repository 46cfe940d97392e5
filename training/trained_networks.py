"""A trained network and what it says of its own answers, from a bundle, a run or a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError

from safetensors import SafetensorError
from torch import nn

from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.findings import LabelStatus
from retina_desktop.domain.manifests import Calibration, LabelEntry
from retina_desktop.imaging.preprocessing import enhancements_of
from retina_desktop.ml.bundle_reading import read_bundle
from retina_desktop.ml.manifest_json import MANIFEST_NAME
from training.first_weights import new_network
from training.prepared import SPLIT_NAME, read_enhancements
from training.recipe import Recipe, RecipeError
from training.results import LabelResult, read_results
from training.run_record import RECORD_NAME, load_best, read_recipe
from training.transfer import create_network
from training.weight_sources import read_source

RESULTS_NAME = "results.json"  # beside the run's folder, where it was evaluated
_UNREADABLE = (
    RetinaError,
    OSError,
    RuntimeError,
    ValueError,
    KeyError,
    UnpicklingError,
    SafetensorError,
)


@dataclass(frozen=True, slots=True, eq=False)
class TrainedNetwork:
    """A network that answers, and what it says of its own answers; one entry a label."""

    network: nn.Module
    size: int  # pixels, square
    codes: tuple[str, ...]
    calibrations: tuple[Calibration, ...]
    assessed: tuple[bool, ...]
    enhancements: tuple[str, ...] | None = None  # of its photographs; None: nobody says
    run: Path | None = None  # the folder of the run that trained it
    bundle: str = ""  # its name and version


def open_trained(place: str, recipe: Recipe, codes: Sequence[str]) -> TrainedNetwork:
    """Return the network at `place`.

    Parameters
    ----------
    place : str
        The folder of a model bundle or of a run (its work folder, or ``run`` inside), or a
        file of weights, which are those of the recipe's own network for `codes`.
    recipe : Recipe
        Whose network a file of weights is.
    codes : Sequence[str]
        The labels of runs and files, in output order.

    Raises
    ------
    RecipeError
        If there is none, or it cannot be read.
    """
    path = Path(place)
    try:
        if (path / MANIFEST_NAME).exists():
            return _of_bundle(path)
        for run in (path / "run", path):
            if (run / RECORD_NAME).exists():
                return _of_run(run, codes)
        if path.is_file():
            return _of_weights(path, recipe, codes)
    except _UNREADABLE as error:
        raise RecipeError(
            f"The trained network {path.name} cannot be used: its weights do not fit a network "
            f"of {len(codes)} labels, or it is damaged."
        ) from error
    raise RecipeError(
        f"There is no trained network at {path.name}; name a model's folder, a run's folder or "
        "a file of weights."
    )


def _of_bundle(folder: Path) -> TrainedNetwork:
    manifest = read_bundle(folder).manifest
    network = create_network(len(manifest.labels), architecture=manifest.architecture)
    _load(network, folder)
    return _judged(
        network,
        manifest.input_size,
        manifest.labels,
        enhancements=enhancements_of(manifest.preprocessing),
        bundle=f"{manifest.id} {manifest.version}",
    )


def _of_run(run: Path, codes: Sequence[str]) -> TrainedNetwork:
    recipe = read_recipe(run)
    network = new_network(recipe, len(codes))
    load_best(run, network)
    work_dir, size = run.parent, recipe.model.size
    enhancements = read_enhancements(work_dir) if (work_dir / SPLIT_NAME).exists() else None
    if (work_dir / RESULTS_NAME).exists():
        labels = read_results(work_dir / RESULTS_NAME).labels
        return _judged(network, size, labels, enhancements=enhancements, run=run)
    return _plain(network, size, codes, enhancements=enhancements, run=run)


def _of_weights(path: Path, recipe: Recipe, codes: Sequence[str]) -> TrainedNetwork:
    network = new_network(recipe, len(codes))
    _load(network, path)
    return _plain(network, recipe.model.size, codes)


def _load(network: nn.Module, place: Path) -> None:
    missing, unknown = network.load_state_dict(read_source(place).state, strict=False)
    if unknown or any(not name.endswith("num_batches_tracked") for name in missing):
        raise ValueError("other layers")


def _plain(
    network: nn.Module,
    size: int,
    codes: Sequence[str],
    *,
    enhancements: tuple[str, ...] | None = None,
    run: Path | None = None,
) -> TrainedNetwork:
    count = len(codes)
    return TrainedNetwork(
        network,
        size,
        tuple(codes),
        (Calibration(),) * count,
        (True,) * count,
        enhancements,
        run,
    )


def _judged(
    network: nn.Module,
    size: int,
    labels: Sequence[LabelEntry] | Sequence[LabelResult],
    *,
    enhancements: tuple[str, ...] | None,
    run: Path | None = None,
    bundle: str = "",
) -> TrainedNetwork:
    return TrainedNetwork(
        network,
        size,
        tuple(label.code for label in labels),
        tuple(label.calibration for label in labels),
        tuple(label.status is not LabelStatus.NOT_ASSESSED for label in labels),
        enhancements,
        run,
        bundle,
    )
