"""``retina-train join``: two trained networks made one, which a bundle can hold."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import torch
import typer

from retina_desktop.domain.labels import RFMID_CODES
from retina_desktop.ml.twofold import LOCAL, PLAIN
from training.evaluate_command import RUN_NAME
from training.first_weights import new_network
from training.joining import join, open_half
from training.judging import judge
from training.prepared import load_prepared
from training.recipe import Recipe, RecipeError, load_recipe
from training.results import RunFacts
from training.run_record import (
    check_split,
    keep_joined,
    read_facts,
    read_recipe,
    split_key,
)
from training.sentences import told
from training.splits import Part
from training.trained_networks import TrainedNetwork

log = logging.getLogger("training")


@told
def join_networks(
    plain: Annotated[
        str, typer.Option(help="Bundle or work folder: the network of plain photographs.")
    ],
    local: Annotated[
        str, typer.Option(help="The network of photographs less their local average.")
    ],
    manifest: Annotated[Path, typer.Option(help="What was prepared.")],
    work_dir: Annotated[Path, typer.Option(help="Prepared folder for the joined network.")],
    recipe: Annotated[
        str, typer.Option(help="Names the architecture and the size.")
    ] = "twofold-320",
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Override a value: model.size=256.")
    ] = None,
    threads: int = 2,
) -> None:
    """Make one network of two, whose answer is the mean of theirs; nothing is trained."""
    torch.set_num_threads(threads)
    run_dir = work_dir / RUN_NAME
    if run_dir.exists():
        raise RecipeError(
            f"The folder {work_dir.name} holds a run already; prepare another folder."
        )
    followed = load_recipe(recipe, set_ or ())
    data = load_prepared(manifest, work_dir, RFMID_CODES)
    if data.enhancements:
        raise RecipeError(
            "A joined network reads photographs as they are; prepare a folder without "
            "--enhance."
        )
    halves = [
        open_half(half, place, followed, data.codes)
        for half, place in ((PLAIN, plain), (LOCAL, local))
    ]
    for trained in halves:
        if trained.run is not None:
            check_split(trained.run, data)
    followed = _without_sources(followed, halves)
    network = new_network(followed, len(data.codes))
    join(network, halves[0], halves[1], data.codes)
    validation = data.part(Part.VALIDATION).without(followed.sampling.leave_out)
    size, at_least = followed.model.size, followed.run.pair_minimum
    score = judge(network, validation, size=size, at_least=at_least).auroc or 0.0
    facts = _facts(followed, halves, score, data.duplicate_pairs)
    keep_joined(run_dir, followed, network.state_dict(), facts, split=split_key(data))
    log.info("validation AUROC %.4f", score)


def _without_sources(recipe: Recipe, halves: list[TrainedNetwork]) -> Recipe:
    """Return the recipe, which leaves out what its halves' runs left out."""
    found = {
        tuple(sorted(read_recipe(half.run).sampling.leave_out)) if half.run else ()
        for half in halves
    }
    if len(found) > 1:
        raise RecipeError(
            "One of the networks saw sources that the other left out; join two that left out "
            "the same."
        )
    sampling = recipe.sampling.model_copy(update={"leave_out": found.pop()})
    return recipe.model_copy(update={"sampling": sampling})


def _facts(
    recipe: Recipe, halves: list[TrainedNetwork], score: float, duplicate_pairs: int
) -> RunFacts:
    """Return the facts of the joined network; of its training, those of the last half's run."""
    runs = [
        read_facts(half.run, duplicate_pairs=duplicate_pairs) for half in halves if half.run
    ]
    base = runs[-1] if runs else _untold(recipe, duplicate_pairs)
    return replace(
        base,
        architecture=recipe.model.architecture,
        best_validation_auroc=score,
        halves=tuple(_words(half, duplicate_pairs) for half in halves),
    )


def _untold(recipe: Recipe, duplicate_pairs: int) -> RunFacts:
    return RunFacts(
        architecture=recipe.model.architecture,
        input_size=recipe.model.size,
        initial="bundles",
        epochs_planned=0,
        epochs_run=0.0,
        best_epoch=0,
        best_validation_auroc=0.0,
        photographs_an_epoch=0,
        early_size=recipe.model.size,
        early_share=0.0,
        batch=recipe.run.batch,
        peak_rate=recipe.optimizer.peak_rate,
        mixed_precision=False,
        learning="two networks joined",
        seed=recipe.run.seed,
        duplicate_pairs=duplicate_pairs,
    )


def _words(half: TrainedNetwork, duplicate_pairs: int) -> str:
    if half.bundle:
        return f"the network of the bundle {half.bundle}"
    if not half.run:
        return "weights of a local file"
    facts = read_facts(half.run, duplicate_pairs=duplicate_pairs)
    return (
        f"{facts.epochs_run:g} epochs of {facts.photographs_an_epoch:,} photographs, "
        f"{facts.learning}; {facts.kept} were kept "
        f"(validation AUROC {facts.best_validation_auroc:.3f})"
    )
