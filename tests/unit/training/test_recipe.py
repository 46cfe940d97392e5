"""Recipes from TOML, overridden on the command line."""

import pytest

from training.recipe import RECIPES, Recipe, RecipeError, load_recipe
from training.recipe_words import learning_in_words


@pytest.mark.parametrize("name", sorted(path.stem for path in RECIPES.glob("*.toml")))
def test_every_recipe_that_comes_along_can_be_read(name):
    assert load_recipe(name).name == name


def test_the_seed_recipe_is_the_seeds():
    seed = load_recipe("rfmid-seed")
    assert (seed.model.architecture, seed.model.size) == ("efficientnet_b0", 224)
    assert (seed.loss.kind, seed.optimizer.kind) == ("bce", "adam")
    assert (seed.run.epochs, seed.run.batch) == (20, 16)


def test_values_are_overridden_by_section_and_name():
    changed = load_recipe(
        "rfmid-seed",
        ["run.epochs=3", "loss.kind=focal", 'sampling.leave_out=["ODIR"]', "run.patience = 4"],
    )
    assert changed.run.epochs == 3
    assert changed.loss.kind == "focal"
    assert changed.sampling.leave_out == ("ODIR",)
    assert changed.run.patience == 4


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("run.epochs=-1", r"run\.epochs: Input should be greater"),
        ("run.epoch=3", r"run\.epoch: Extra inputs"),
        ("epochs=3", "write section.name=value"),
        ("run.epochs", "write section.name=value"),
        ("name.x=3", "no section"),
        ("loss.kind=hinge", r"loss\.kind"),
    ],
)
def test_a_wrong_value_is_refused_in_one_sentence(tmp_path, override, sentence):
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\n')
    with pytest.raises(RecipeError, match=sentence) as refused:
        load_recipe(str(path), [override])
    assert "\n" not in str(refused.value)


def test_a_recipe_that_is_not_there_names_the_others(tmp_path):
    with pytest.raises(RecipeError, match="fundus-320, rfmid-seed"):
        load_recipe("rfmid-sed")
    broken = tmp_path / "broken.toml"
    broken.write_text("[run")
    with pytest.raises(RecipeError, match="cannot be read as TOML"):
        load_recipe(str(broken))


def test_a_recipe_is_told_in_words():
    words = learning_in_words(load_recipe("rfmid-seed"))
    assert words.startswith("binary cross-entropy with logits, masked where")
    rich = Recipe(
        name="rich",
        loss={"kind": "asymmetric", "smoothing": 0.05, "source_prior": True},
        optimizer={"kind": "adamw", "weight_decay": 0.05, "layer_decay": 0.8},
        sampling={"source_power": 0.5, "leave_out": ["ODIR"]},
        schedule={"kind": "one-cycle"},
        run={"ema": 0.999, "early_depth": 2, "early_depth_share": 0.8},
        distillation={"feature_teacher": "models/some", "teacher": ["a", "b"]},
    )
    words = learning_in_words(rich, averaged=(0.25,))
    for part in (
        "AdamW (weight decay 0.05)",
        "0.999",
        "power of 0.5",
        "share in its source",
        "without the sources ODIR",
        "a trained efficientnet_b0",
        "answers of 2 teachers",
        "first 2 blocks of each stage alone for 80%",
        "25% of another",
    ):
        assert part in words
