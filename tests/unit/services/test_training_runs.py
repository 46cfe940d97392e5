"""What a work folder tells of its run: half-written, damaged, or of another day."""

import json
import os
import subprocess
import sys
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from retina_desktop.domain.labels import RFMID_CODES
from retina_desktop.services.training_runs import (
    FolderContent,
    Stage,
    TrainingError,
    TrainingPlan,
    export_arguments,
    look_into,
    note_split,
    read_plan,
    recipe_as_toml,
    set_aside,
    settle,
    side_for,
    stage_arguments,
    stages_to_come,
    write_plan,
)
from retina_desktop.services.training_runs_models import (
    InstalledModel,
    id_of,
    installed_as,
    next_version,
    note_installed,
)
from retina_desktop.services.training_runs_recipes import (
    RecipeChoice,
    missing_packages,
    offered_recipes,
    read_recipe,
    starts_for,
    training_folder,
)
from retina_desktop.services.training_runs_results import read_headline
from training.recipe import load_recipe

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def plan_in(folder, **changes):
    values = {"manifest": folder / "list.csv", "work_dir": folder, "recipe": "rfmid-seed"}
    return TrainingPlan(**values | changes)


def make_run(folder, *, rows=("a",), recipe=None):
    run = folder / "run"
    run.mkdir(parents=True, exist_ok=True)
    recipe = recipe or {"name": "seed", "model": {"size": 320}}
    (run / "run.json").write_text(json.dumps({"recipe": recipe}))
    for name in ("state.pt", "best.pt"):
        (run / name).touch()
    content = {"side": 384, "rows": [{"file": row} for row in rows]}
    (folder / "split.json").write_text(json.dumps(content))


def test_an_empty_folder_holds_nothing(tmp_path):
    assert look_into(tmp_path) == FolderContent()


def test_a_run_is_measured_when_its_figures_are_younger_than_its_weights(tmp_path):
    make_run(tmp_path)
    (tmp_path / "evaluation.html").touch()
    (tmp_path / "results.json").touch()
    os.utime(tmp_path / "run" / "best.pt", (1, 1))
    content = look_into(tmp_path)
    assert (content.is_measured, content.size, content.prepared_side) == (True, 320, 384)
    assert content.evaluation == tmp_path / "evaluation.html"
    os.utime(tmp_path / "results.json", (0, 0))
    assert not look_into(tmp_path).is_measured
    assert look_into(tmp_path).evaluation is None


@pytest.mark.parametrize(
    "damage", [b"", b"[1]", b"{", b"\xff", b'{"side": "wide", "recipe": 3}']
)
def test_damaged_files_count_as_missing(tmp_path, damage):
    make_run(tmp_path)
    write_plan(plan_in(tmp_path))
    for name in ("split.json", "run/run.json", "window/plan.json", "results.json"):
        (tmp_path / name).write_bytes(damage)
    content = look_into(tmp_path)
    assert (content.prepared_side, content.plan, content.recorded) == (None, None, None)
    assert read_headline(tmp_path) is None


def test_a_plan_is_read_as_it_was_written(tmp_path):
    plan = plan_in(tmp_path, epochs=3, size=320, threads=4)
    write_plan(plan)
    assert read_plan(tmp_path) == plan


def test_photographs_are_read_where_they_were_not_or_are_too_small(tmp_path):
    plan = plan_in(tmp_path)
    rest = (Stage.TRAIN, Stage.AUDIT, Stage.EVALUATE)
    whole = (Stage.PREPARE, *rest)
    assert stages_to_come(FolderContent(), plan, size=224) == whole
    assert stages_to_come(FolderContent(prepared_side=256), plan, size=320) == whole
    assert stages_to_come(FolderContent(prepared_side=384, plan=plan), plan, size=320) == rest
    other = plan_in(tmp_path, manifest=tmp_path / "other.csv")
    content = FolderContent(prepared_side=384, plan=other)
    assert stages_to_come(content, plan, size=320) == whole


@pytest.mark.parametrize(("size", "side"), [(64, 256), (224, 256), (320, 384), (448, 544)])
def test_photographs_are_cached_with_room_to_turn(size, side):
    assert side_for(size) == side


def test_arguments_hold_only_what_was_wished(tmp_path):
    plan = plan_in(tmp_path, epochs=3)
    where = ("--manifest", str(plan.manifest), "--work-dir", str(tmp_path))
    train = stage_arguments(Stage.TRAIN, plan, size=224)
    assert train == (
        *("train", *where, "--threads", "2", "--recipe", "rfmid-seed", "--set", "run.epochs=3"),
    )
    prepare = stage_arguments(Stage.PREPARE, plan, size=320)
    assert prepare == ("prepare", *where, "--side", "384")
    with pytest.raises(ValueError, match="of its own"):
        stage_arguments(Stage.EXPORT, plan, size=224)
    words, bundle = export_arguments(tmp_path, model_id="ours", version="1.1.0", name="Ours")
    assert words[-4:] == ("--name", "Ours", "--version", "1.1.0")
    assert (bundle.name, bundle.parent.name) == ("ours", "1.1.0")


def test_the_weights_to_start_from_reach_the_recipe_whatever_their_path(tmp_path):
    weights = tmp_path / 'Donn\u00e9es "de = 2026" \\ #1' / "ours"
    plan = plan_in(tmp_path, start_from=weights)
    words = stage_arguments(Stage.TRAIN, plan, size=224)
    assert words[-2] == "--set"
    assert load_recipe("rfmid-seed", [words[-1]]).model.initial == str(weights)
    write_plan(plan)
    assert read_plan(tmp_path) == plan


def test_photographs_are_prepared_as_the_model_to_start_from_reads_them(tmp_path):
    steps = ("clahe", "local_average_subtraction")
    plan = plan_in(tmp_path, start_from=tmp_path / "ours", enhancements=steps)
    words = stage_arguments(Stage.PREPARE, plan, size=320)
    assert words[-4:] == ("--enhance", "clahe", "--enhance", "local_average_subtraction")
    write_plan(plan)
    assert read_plan(tmp_path) == plan
    plain = FolderContent(prepared_side=384, plan=plan)
    assert stages_to_come(plain, plan, size=320)[0] is Stage.PREPARE
    same = replace(plain, prepared_with=steps)
    assert stages_to_come(same, plan, size=320)[0] is Stage.TRAIN


def test_a_run_that_was_begun_keeps_the_photographs_it_was_begun_with(tmp_path):
    make_run(tmp_path)
    split = json.loads((tmp_path / "split.json").read_text())
    (tmp_path / "split.json").write_text(json.dumps(split | {"enhancements": ["clahe"]}))
    plan, content = plan_in(tmp_path), look_into(tmp_path)
    assert stages_to_come(content, plan, size=320)[0] is Stage.TRAIN
    assert stage_arguments(Stage.PREPARE, plan, size=320)[-2:] == ("--enhance", "clahe")


def test_a_recipe_begins_with_models_of_its_own_kind():
    models = [
        InstalledModel("b0", "1.0.0", "B0", architecture="efficientnet_b0", folder=Path("b0")),
        InstalledModel("v2", "1.0.0", "V2", architecture="efficientnetv2_m", folder=Path("v2")),
        InstalledModel("far", "1.0.0", "Far", architecture="efficientnet_b0"),
        InstalledModel(
            "two", "1.0.0", "Two", architecture="twofold_efficientnet_b0", folder=Path("two")
        ),
    ]
    recipes = {recipe.name: recipe for recipe in offered_recipes(training_folder())}
    assert [m.id for m in starts_for(recipes["fundus-320"], models)] == ["b0", "two"]
    assert [m.id for m in starts_for(recipes["v2m-pretraining"], models)] == ["b0", "two"]
    assert [m.id for m in starts_for(recipes["twofold-320"], models)] == ["two"]
    assert recipes["calibrate-only"].epochs == 0
    assert starts_for(recipes["calibrate-only"], models) == ()
    knowing = [replace(model, codes=RFMID_CODES) for model in models]
    measured = starts_for(recipes["calibrate-only"], knowing)
    assert [m.id for m in measured] == ["b0", "v2", "two"]
    own = RecipeChoice("own", "", architecture="efficientnetv2_m")
    assert [m.id for m in starts_for(own, models)] == ["v2"]


def test_a_run_goes_on_by_the_recipe_that_was_written_down(tmp_path):
    recorded = {
        "name": "sm\u00e5 \u201cøyne\u201d",
        "model": {"size": 64, "initial": "none"},
        "optimizer": {"peak_rate": 1e-05, "clip_norm": None},
        "augmentation": {"zoom": [0.9, 1.15]},
        "sampling": {"leave_out": []},
        "run": {"half_precision": True},
    }
    make_run(tmp_path, recipe=recorded)
    words = stage_arguments(Stage.TRAIN, plan_in(tmp_path, epochs=9), size=64)
    path = Path(words[-1])
    assert words[-2] == "--recipe"
    del recorded["optimizer"]["clip_norm"]
    assert tomllib.loads(path.read_text(encoding="utf-8")) == recorded


def test_a_run_goes_on_with_fewer_photographs_at_once(tmp_path):
    make_run(tmp_path, recipe={"run": {"batch": 16}, "optimizer": {"accumulate": 1}})
    same = stage_arguments(Stage.TRAIN, plan_in(tmp_path, batch=16), size=64)
    assert "--set" not in same
    words = stage_arguments(Stage.TRAIN, plan_in(tmp_path, batch=6), size=64)
    assert words[-4:] == ("--set", "run.batch=6", "--set", "optimizer.accumulate=3")


def test_every_recipe_that_comes_along_can_be_written_down_and_read(tmp_path):
    for path in (training_folder() / "recipes").glob("*.toml"):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        assert tomllib.loads(recipe_as_toml(content)) == content


def test_a_run_is_set_aside_whole(tmp_path):
    assert set_aside(tmp_path) is None
    for number in (1, 2):
        make_run(tmp_path)
        (tmp_path / "results.json").touch()
        assert set_aside(tmp_path).name == f"earlier-{number}"
        assert not (tmp_path / "run").exists()
        assert (tmp_path / f"earlier-{number}" / "results.json").exists()
    assert (tmp_path / "split.json").exists()


def test_weights_that_saw_other_patients_are_set_aside(tmp_path):
    make_run(tmp_path)
    assert settle(tmp_path) is None
    note_split(tmp_path)
    assert settle(tmp_path) is None  # dealt as before
    note_split(tmp_path)
    make_run(tmp_path, rows=("a", "b"))
    assert settle(tmp_path).name == "earlier-1"
    assert settle(tmp_path) is None


# -- recipes, models, figures --------------------------------------------------------------


def test_recipes_are_found_with_a_line_each_and_without_torch():
    script = (
        "import sys\n"
        "from retina_desktop.services.training_runs_recipes import *\n"
        "found = offered_recipes(training_folder())\n"
        "missing_packages()\n"
        "print([m for m in ('torch', 'training', 'timm') if m in sys.modules])\n"
        "print(all(r.about for r in found), 'rfmid-seed' in [r.name for r in found])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.split("\n")[:2] == ["[]", "True True"], done.stderr


def test_what_is_not_installed_is_named():
    assert "no_such_package" in missing_packages(["json", "no_such_package"])
    assert list(offered_recipes(None)) == []


@pytest.mark.parametrize("content", [b"\xff", b"a = ", b"x" * (2 << 20)])
def test_what_is_no_recipe_is_said(tmp_path, content):
    path = tmp_path / "ours.toml"
    path.write_bytes(content)
    with pytest.raises(TrainingError, match="must be a TOML file"):
        read_recipe(path)


def test_a_recipe_tells_its_values_and_first_sentence(tmp_path):
    path = tmp_path / "ours.toml"
    path.write_text("# Small eyes, and\n# few. More.\n\n[run]\nepochs = 3\nbatch = true\n")
    recipe = read_recipe(path)
    assert (recipe.about, recipe.epochs, recipe.batch) == ("Small eyes, and few.", 3, 16)
    assert recipe.shown == "ours"


@pytest.mark.parametrize(
    ("name", "model_id"),
    [
        ("Clinic & eyes", "clinic-eyes"),
        ("\u00d8yne 2", "yne-2"),
        ("\u773c\u5e95", "model"),
        ("x" * 90, "x" * 64),
        ("", "model"),
    ],
)
def test_names_become_ids(name, model_id):
    assert id_of(name) == model_id


def test_versions_count_up_for_each_id():
    models = [InstalledModel("a", v, "A") for v in ("1.2.0", "1.10.0", "1")]
    assert next_version("a", models) == "1.11.0"
    assert next_version("b", models) == "1.0.0"


def test_what_was_installed_is_known_until_the_figures_change(tmp_path):
    (tmp_path / "results.json").write_text("{}")
    assert installed_as(tmp_path) is None
    note_installed(tmp_path, InstalledModel("a", "1.0.0", "A"))
    assert installed_as(tmp_path) == ("a", "1.0.0")
    (tmp_path / "results.json").write_text("{} ")
    assert installed_as(tmp_path) is None


# -- processes -----------------------------------------------------------------------------
