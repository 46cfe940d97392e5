"""``retina-train export``: the best weights of a run as a bundle, as small as they hold."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray

from retina_desktop.domain.errors import OutputUnwritableError
from retina_desktop.domain.labels import RFMID_CODES
from retina_desktop.ml.export import FROM_SMALLEST, Exported, Smaller, export_bundle
from retina_desktop.ml.export_parity import ExportError, Photographs
from retina_desktop.ml.weight_formats import WeightFormat
from training.card import BundleText, build_manifest, write_card
from training.evaluate import preprocessing_steps
from training.export_facts import facts_of, facts_section, write_facts
from training.part_data import PartData, network_input, to_batch
from training.prepared import load_prepared, read_enhancements
from training.results import ResultsUnreadableError, RunFacts, read_results
from training.run_record import load_best
from training.sentences import told
from training.splits import Part
from training.transfer import create_network

RUN_NAME = "run"
RESULTS_NAME = "results.json"
FACTS_NAME = "export.json"
PROOF_PHOTOGRAPHS = 300  # of validation: smaller weights are compared with float32 on them
ROUNDING_PHOTOGRAPHS = 128  # of training: weights are rounded by them
POSITIVES_OF_EACH = 12  # of each label, before the others are filled up by chance
BATCH = 16

log = logging.getLogger("training")


class WantedWeights(StrEnum):
    """What ``--weights`` takes; auto is the smallest that holds."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    INT16 = "int16"
    INT8 = "int8"
    AUTO = "auto"

    @property
    def formats(self) -> tuple[WeightFormat, ...]:
        """What is tried in turn."""
        return FROM_SMALLEST if self is WantedWeights.AUTO else (WeightFormat(self),)


@told
def export_run(
    work_dir: Annotated[Path, typer.Option(help="Folder of the cache, the split and the run.")],
    destination: Annotated[Path, typer.Option(help="The bundle's folder, not yet there.")],
    name: Annotated[
        str, typer.Option(help="Name to show; labels, architecture and size when not given.")
    ] = "",
    version: str = "1.0.0",
    created_on: Annotated[str, typer.Option(help="ISO date; today when not given.")] = "",
    note: Annotated[
        list[str] | None, typer.Option(help="A further sentence for the card's limits.")
    ] = None,
    weights: Annotated[
        WantedWeights,
        typer.Option(help="How weights are stored; auto takes the smallest that holds."),
    ] = WantedWeights.FLOAT32,
    manifest: Annotated[
        Path | None,
        typer.Option(help="What was prepared; proves weights that are smaller than float32."),
    ] = None,
    threads: int = 2,
) -> None:
    """Pack the best weights with what was measured of them; the folder's name is the id."""
    torch.set_num_threads(threads)
    _check_destination(destination)
    result = read_results(work_dir / RESULTS_NAME)
    if result.run.members > 1:
        raise ResultsUnreadableError(
            "An ensemble cannot be exported, a bundle holds one network: export one of its "
            "runs, or train one network on the ensemble's answers."
        )
    network = create_network(len(result.labels), architecture=result.run.architecture)
    load_best(work_dir / RUN_NAME, network)
    text = BundleText(
        id=destination.name,
        version=version,
        name=name or _usual_name(result.run),
        created_on=created_on or datetime.now(UTC).date().isoformat(),
        software_version=package_version("retina-desktop"),
        notes=tuple(note or ()),
    )
    size = result.run.input_size
    draft = build_manifest(result, text, preprocessing_steps(size, read_enhancements(work_dir)))

    def card(exported: Exported) -> str:
        facts = facts_of(exported)
        write_facts(work_dir / FACTS_NAME, facts)
        return f"{write_card(result, text)}\n{facts_section(facts)}\n"

    smaller = _smaller(weights, manifest, work_dir, size=size)
    export_bundle(network, draft, destination, card=card, smaller=smaller)
    log.info("%s is written", destination.name)


def _usual_name(run: RunFacts) -> str:
    return f"RFMiD labels, {run.architecture} at {run.input_size} pixels"


def wish_for(
    formats: tuple[WeightFormat, ...], *, validation: PartData, training: PartData, size: int
) -> Smaller:
    """Return the wish for smaller weights, proven on validation, rounded by training.

    Parameters
    ----------
    formats : tuple[WeightFormat, ...]
        Tried in turn.
    validation, training : PartData
        At most `PROOF_PHOTOGRAPHS` and `ROUNDING_PHOTOGRAPHS` of them are used.
    size : int
        Side of the network's input in pixels.
    """
    rows = telling_rows(validation, PROOF_PHOTOGRAPHS)
    shown = np.random.default_rng(0).permutation(len(training))[:ROUNDING_PHOTOGRAPHS]
    proof = Photographs(
        batches=lambda: _batches(validation, rows, size),
        present=validation.targets[rows] > 0.5,
        known=validation.known[rows],
    )
    return Smaller(formats, proof, rounding=lambda: _batches(training, shown, size))


def telling_rows(data: PartData, count: int) -> NDArray[np.int64]:
    """Return at most `count` rows that show as many labels as can be, rare ones first.

    Of each label `POSITIVES_OF_EACH`, as far as they go; the others by chance, always alike.
    """
    order = np.random.default_rng(0).permutation(len(data))
    present = (data.targets > 0.5) & data.known
    chosen: dict[int, None] = {}
    for column in np.argsort(present.sum(axis=0), kind="stable").tolist():
        showing = order[present[order, column]]
        chosen |= dict.fromkeys(showing[:POSITIVES_OF_EACH].tolist())
    chosen |= dict.fromkeys(order.tolist())
    return np.sort(np.array(list(chosen)[:count], np.int64))


def _smaller(
    weights: WantedWeights, manifest: Path | None, work_dir: Path, *, size: int
) -> Smaller | None:
    if weights is WantedWeights.FLOAT32:
        return None
    if manifest is None:
        raise ExportError(
            f"Weights in {weights} are proven on photographs: name the list that was prepared "
            "with --manifest, or choose float32."
        )
    data = load_prepared(manifest, work_dir, RFMID_CODES)
    return wish_for(
        weights.formats,
        validation=data.part(Part.VALIDATION),
        training=data.part(Part.TRAINING),
        size=size,
    )


def _check_destination(destination: Path) -> None:
    if destination.exists():
        raise OutputUnwritableError(
            f"There is already something at {destination.name}; choose another folder."
        )
    if not destination.parent.is_dir():
        raise OutputUnwritableError(
            f"There is no folder to put {destination.name} into; make it first."
        )


def _batches(
    data: PartData, rows: NDArray[np.int64], size: int
) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(rows), BATCH):
        pixels = to_batch(data, rows[start : start + BATCH], "cpu")
        resized = torch.nn.functional.interpolate(
            pixels, size=(size, size), mode="bilinear", antialias=True
        )
        yield network_input(resized).contiguous().numpy()
