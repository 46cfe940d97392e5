"""What the frozen network learned from, as far as its folder tells."""

from pathlib import Path

from training.recipe import Recipe
from training.recipe_words import learning_in_words
from training.results import ResultsUnreadableError, RunFacts
from training.retinoblastoma.features import FrozenNetwork, weights_key
from training.retinoblastoma.results import Pretraining
from training.run_record import read_facts, read_recipe


def describe(weights: Path, frozen: FrozenNetwork) -> Pretraining:
    """Return the facts of the run beside `weights`, or that there is none."""
    try:
        recipe = read_recipe(weights.parent)
        facts = read_facts(weights.parent, duplicate_pairs=0)
    except ResultsUnreadableError:
        words = f"pre-trained elsewhere, with {frozen.outputs} outputs"
    else:
        words = (
            f"pre-trained on {frozen.outputs} labels of other fundus photographs at "
            f"{facts.input_size} x {facts.input_size} pixels{_earlier(facts)} from "
            f"{_start(facts, recipe)} for "
            f"{facts.epochs_run:g} epochs of {facts.photographs_an_epoch:,} photographs: "
            f"{learning_in_words(recipe)}; best AUROC on validation patients "
            f"{facts.best_validation_auroc:.3f}, mean over pairs of source and label"
        )
    return Pretraining(weights_key(weights), frozen.architecture, frozen.outputs, words)


def _earlier(facts: RunFacts) -> str:
    if not facts.early_share or facts.early_size == facts.input_size:
        return ""
    return f" (the first {facts.early_share:.0%} of the run at {facts.early_size})"


def _start(facts: RunFacts, recipe: Recipe) -> str:
    if recipe.model.widened:
        return "a smaller trained network in its leading channels"
    if facts.started_from:
        return f"the bundle {facts.started_from}"
    return "random weights" if facts.initial == "none" else "other weights"
