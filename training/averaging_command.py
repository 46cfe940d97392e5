"""``retina-train average``: a run's best weights, averaged with others where that helps."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import torch
import typer
from torch import Tensor

from retina_desktop.domain.labels import RFMID_CODES
from training.averaging import average
from training.evaluate_command import RUN_NAME
from training.first_weights import new_network
from training.judging import judge
from training.prepared import load_prepared
from training.recipe import RecipeError
from training.run_record import check_split, keep_average, load_best, read_recipe
from training.sentences import told
from training.splits import Part
from training.weight_sources import read_source

log = logging.getLogger(__name__)


@told
def average_weights(
    manifest: Annotated[Path, typer.Option(help="What was prepared.")],
    work_dir: Annotated[Path, typer.Option(help="Folder of a finished run.")],
    with_: Annotated[
        list[Path], typer.Option("--with", help="Bundle or file of weights; may be repeated.")
    ],
    threads: int = 2,
) -> None:
    """Average a run's best weights with others, each at the share that validation likes."""
    torch.set_num_threads(threads)
    recipe = read_recipe(work_dir / RUN_NAME)
    network = new_network(recipe, len(RFMID_CODES))
    load_best(work_dir / RUN_NAME, network)
    data = load_prepared(manifest, work_dir, RFMID_CODES)
    check_split(work_dir / RUN_NAME, data)
    validation = data.part(Part.VALIDATION).without(recipe.sampling.leave_out)
    first = {name: value.clone() for name, value in network.state_dict().items()}
    others = [_completed(read_source(path).state, first) for path in with_]

    def score(state: Mapping[str, Tensor]) -> float:
        network.load_state_dict(dict(state))
        size, at_least = recipe.model.size, recipe.run.pair_minimum
        found = judge(network, validation, size=size, at_least=at_least).auroc or 0.0
        log.info("validation AUROC %.4f", found)
        return found

    try:
        averaged = average(first, others, score=score)
    except ValueError as error:
        raise RecipeError(
            "The weights to average with are of another network; name those of the same "
            "architecture and labels."
        ) from error
    keep_average(work_dir / RUN_NAME, averaged.state, averaged.shares, averaged.score)
    for path, share in zip(with_, averaged.shares, strict=True):
        log.info("%s: %d %%", path.name, round(100 * share))


def _completed(state: dict[str, Tensor], like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return `state` with the counters that files of weights leave out."""
    counters = {name: value for name, value in like.items() if not value.is_floating_point()}
    return counters | state
