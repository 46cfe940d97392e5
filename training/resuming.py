"""What a run goes on with: the recipe it was begun with, but for what memory and time ask."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training.recipe import Recipe, RecipeError
from training.run_record import read_recipe, told_recipe, with_places

# How much at once, how fast and how long; everything else would make it another experiment.
FREE = (
    "run.batch",
    "run.epochs",
    "run.patience",
    "run.save_every_s",
    "optimizer.accumulate",
    "optimizer.peak_rate",
    "optimizer.clip_norm",
)


def recipe_to_go_on(run_dir: Path, wanted: Recipe) -> Recipe:
    """Return the recipe that the run in `run_dir` goes on by.

    Parameters
    ----------
    wanted : Recipe
        What it is asked to go on by, which may differ in `FREE` values; with or without the
        places of first weights and teachers.

    Raises
    ------
    RecipeError
        If it is another recipe than the one the run was begun with.
    ResultsUnreadableError
        If the folder tells of no run.
    """
    begun = read_recipe(run_dir)
    other = [name for name, *_ in _differences(begun, wanted) if name not in FREE]
    if other:
        raise RecipeError(
            "The run in this folder was begun with another recipe (other: "
            f"{', '.join(other)}); go on with the recipe and the values of then, or begin in "
            "another folder."
        )
    return with_places(run_dir, wanted)


def changes_in_words(run_dir: Path, wanted: Recipe, *, epoch: int) -> list[str]:
    """Say what is other than when the run was begun, from `epoch` on, counted from 1."""
    return [
        f"from epoch {epoch} on with {name} = {now} ({before} before)"
        for name, before, now in _differences(read_recipe(run_dir), wanted)
    ]


def _differences(begun: Recipe, wanted: Recipe) -> Iterator[tuple[str, Any, Any]]:
    before, now = (told_recipe(recipe) for recipe in (begun, wanted))
    for section, values in before.items():
        if isinstance(values, dict):  # the name alone is none
            for name, value in values.items():
                if now[section][name] != value:
                    yield f"{section}.{name}", value, now[section][name]
