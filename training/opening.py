"""A run of a recipe in its folder: opened where it was left, or begun."""

import logging
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from retina_desktop.imaging.preprocessing import IMAGENET_MEAN, IMAGENET_STD
from training.augmentation import normalise
from training.calibrating import (
    as_it_came,
    check_judgeable,
    note_starting_model,
    starting_model,
)
from training.distillation import Progress, with_teachers
from training.fabrics import uses_half_precision
from training.feature_teacher import FeatureTeacher, open_feature_teacher
from training.first_weights import check_end, new_network, start_from
from training.learning import Learning
from training.left_out import check_left_out
from training.part_data import PartData, to_batch
from training.prepared import PreparedData
from training.progress import LOG_NAME, JsonLines, Listener, TensorBoard, tell_all
from training.recipe import AS_INITIAL, Recipe, RecipeError
from training.resuming import changes_in_words, recipe_to_go_on
from training.run_record import check_split, is_joined, note_changes, split_key, write_record
from training.run_state import has_state
from training.splits import Part
from training.stopping import StopAskedError
from training.transfer_report import TransferReport, note_transfer

CURVES_NAME = "curves"  # the folder of TensorBoard's files
BATCH_NORM_BATCHES = 30
SPREAD_BATCHES = 4

log = logging.getLogger("training")


def open_run(
    data: PreparedData,
    recipe: Recipe,
    run_dir: Path,
    *,
    fabric: Fabric,
    budget_s: float | None,
    listener: Listener,
    stop: Callable[[], bool] | None = None,
) -> Learning:
    """Return the run in `run_dir`, ready to learn, its teachers asked.

    Raises
    ------
    RecipeError
        If the recipe cannot be followed here, or is another than the run was begun with.
    ResultsUnreadableError
        If photographs were dealt anew since.
    LearningStoppedError
        If there is nothing to learn from.
    StopAskedError
        If `stop` said so while teachers were asked.
    """
    goes_on = _goes_on(run_dir, fabric)
    unread = goes_on and recipe.run.epochs  # its bundle may be gone since
    model = None if unread else starting_model(recipe.model.initial)
    recipe = as_it_came(recipe, model)
    if not goes_on:
        check_judgeable(recipe, model, data)
    _check(data, recipe, run_dir)
    if goes_on:
        check_split(run_dir, data)
        recipe = recipe_to_go_on(run_dir, recipe)
    training = data.part(Part.TRAINING).without(recipe.sampling.leave_out)
    with fabric.rank_zero_first():  # who comes later finds the answers there
        training = with_teachers(
            training,
            recipe,
            run_dir=run_dir,
            enhancements=data.enhancements,
            # Several processes must stop at one step of their own, none while others wait.
            progress=_told(run_dir, listener, stop if fabric.world_size == 1 else None),
        )
    network = new_network(recipe, len(data.codes))
    check_end(network, recipe.model.architecture)
    # Before the network is copied, wrapped and moved to a device.
    report = None if goes_on else _start(network, recipe, training, data)
    run = Learning(
        network,
        recipe,
        training=training,
        validation=data.part(Part.VALIDATION),
        run_dir=run_dir,
        clock=time.monotonic,
        fabric=fabric,
        listeners=(JsonLines(run_dir / LOG_NAME), TensorBoard(run_dir / CURVES_NAME), listener),
        budget_s=budget_s,
        teacher=_feature_teacher(training, recipe),
    )
    if run.resume():
        _go_on(run, recipe, run_dir, fabric)
    elif fabric.is_global_zero:
        note_transfer(run_dir, network, report)
        note_starting_model(run_dir, model)
        write_record(
            run_dir,
            recipe,
            photographs_an_epoch=run.photographs_an_epoch,
            mixed_precision=uses_half_precision(fabric),
            split=split_key(data),
        )
    return run


def _told(run_dir: Path, listener: Listener, stop: Callable[[], bool] | None) -> Progress:
    """Tell every whole per cent, and end the asking when that is wished."""
    told: set[int] = set()

    def progress(share: float) -> None:
        if stop is not None and stop():
            raise StopAskedError
        if int(100 * share) not in told:
            told.add(int(100 * share))
            run_dir.mkdir(parents=True, exist_ok=True)
            facts = {"event": "teachers", "share": round(share, 4)}
            tell_all((JsonLines(run_dir / LOG_NAME), listener), facts)

    return progress


def _check(data: PreparedData, recipe: Recipe, run_dir: Path) -> None:
    if is_joined(run_dir):
        raise RecipeError(
            "This folder holds a joined network, which training would replace; prepare another "
            "folder and name this one's run/best.pt as model.initial."
        )
    check_left_out(data, recipe.sampling.leave_out)
    side, size = data.squares.shape[1], recipe.model.size
    if side < size:
        raise RecipeError(
            f"The photographs were prepared at {side} pixels and the recipe learns from "
            f"{size}; prepare them again with --side {size} or more."
        )


def _goes_on(run_dir: Path, fabric: Fabric) -> bool:
    """Tell whether there is a run to go on with: all processes the same."""
    first: bool = fabric.broadcast(has_state(run_dir))
    if first != has_state(run_dir):
        raise RecipeError(
            "The machines see different runs in their work folders; let all of them use one "
            "folder that they share."
        )
    return first


def _go_on(run: Learning, recipe: Recipe, run_dir: Path, fabric: Fabric) -> None:
    epoch = run.progress.epoch + 1
    log.info("going on with epoch %d", epoch)
    changes = changes_in_words(run_dir, recipe, epoch=epoch)
    fabric.barrier()  # all have read the record before it is written anew
    if changes and fabric.is_global_zero:
        note_changes(run_dir, recipe, changes)


def _start(
    network: torch.nn.Module, recipe: Recipe, training: PartData, data: PreparedData
) -> TransferReport | None:
    section = recipe.model
    return start_from(
        section.initial,
        network,
        _plain_batches(training, recipe),
        codes=data.codes,
        widened=section.widened,
        enhancements=data.enhancements,
    )


def _feature_teacher(training: PartData, recipe: Recipe) -> FeatureTeacher | None:
    section = recipe.distillation
    if not section.feature_teacher:
        return None
    batches = islice(_plain_batches(training, recipe), SPREAD_BATCHES)
    is_initial = section.feature_teacher == AS_INITIAL
    return open_feature_teacher(
        recipe.model.initial if is_initial else section.feature_teacher,
        section.feature_architecture,
        batches,
        stages=section.feature_stages,
    )


def _plain_batches(training: PartData, recipe: Recipe) -> Iterator[Tensor]:
    batch, size = 2 * recipe.run.batch, recipe.model.size
    rows = np.random.default_rng(recipe.run.seed).permutation(len(training))
    for start in range(0, min(len(rows), BATCH_NORM_BATCHES * batch), batch):
        pixels = to_batch(training, rows[start : start + batch], "cpu")
        resized = torch.nn.functional.interpolate(pixels, size=(size, size))
        yield normalise(resized, IMAGENET_MEAN, IMAGENET_STD)
