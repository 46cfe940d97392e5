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
from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.services import training_runs_process
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
from retina_desktop.services.training_runs_events import (
    Course,
    EventReader,
    followed,
    parse_event,
)
from retina_desktop.services.training_runs_models import (
    InstalledModel,
    id_of,
    installed_as,
    next_version,
    note_installed,
)
from retina_desktop.services.training_runs_process import (
    find_running,
    last_words,
    log_tail,
    start,
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


def line(**facts):
    return json.dumps(facts).encode() + b"\n"


def step(epoch, number, loss, **more):
    return line(event="step", epoch=epoch, step=number, of_steps=10, loss=loss, **more)


def epoch(number, auroc, **more):
    facts = {"loss": 0.5, "val_auroc": auroc, "of": 3, **more}
    return line(event="epoch", epoch=number, step=10, **facts)


RUN = [
    step(1, 5, 0.9, share=0.17, elapsed_s=10.0),
    epoch(1, 0.7, share=0.33, elapsed_s=20.0),
    step(2, 5, 0.4, share=0.5, elapsed_s=30.0),
    epoch(2, 0.8, share=0.67, elapsed_s=40.0),
]


@pytest.fixture
def reader(tmp_path):
    return EventReader(tmp_path / "events.jsonl")


def test_a_run_is_read_as_points_over_epochs(reader):
    reader.path.write_bytes(b"".join(RUN))
    course = reader.read()
    assert [(p.epochs, p.value) for p in course.loss] == [
        *((0.5, 0.9), (1.0, 0.5), (1.5, 0.4), (2.0, 0.5))
    ]
    assert [(p.epochs, p.value) for p in course.auroc] == [(1.0, 0.7), (2.0, 0.8)]
    assert (course.epoch, course.of_epochs, course.best.epochs) == (2, 3, 2.0)
    assert course.remaining_s == pytest.approx((1 - 0.67) * 30 / 0.5)
    assert not course.ended


def test_a_half_written_line_waits_for_its_rest(reader):
    whole = b"".join(RUN)
    with reader.path.open("wb") as stream:
        for byte in whole:
            stream.write(bytes([byte]))
            stream.flush()
            course = reader.read()
    assert course == EventReader(reader.path).read()
    assert len(course.loss) == 4


def test_steps_told_once_more_after_a_kill_take_the_place_of_the_first(reader):
    reader.path.write_bytes(b"".join(RUN[:3]) + step(2, 3, 0.41) + step(2, 5, 0.39))
    assert [p.epochs for p in reader.read().loss] == [0.5, 1.0, 1.3, 1.5]


def test_another_run_in_the_same_place_is_read_from_its_beginning(reader):
    reader.path.write_bytes(b"".join(RUN))
    reader.read()
    reader.path.write_bytes(step(1, 1, 0.9))
    assert [p.epochs for p in reader.read().loss] == [0.1]


def test_end_and_stop_are_told_apart(reader):
    reader.path.write_bytes(b"".join(RUN) + line(event="stopped", epoch=3, share=0.7))
    course = reader.read()
    assert (course.stopped, course.ended) == (True, False)
    with reader.path.open("ab") as stream:
        stream.write(line(event="end", epoch=4))
    course = reader.read()
    assert (course.stopped, course.ended, course.share) == (False, True, 1.0)
    assert course.remaining_s is None


def test_no_file_is_no_course(reader):
    assert reader.read() == Course()


def test_what_is_no_number_is_no_point():
    events = [
        *(
            parse_event(
                b'{"event": "step", "epoch": 1, "step": 1, "of_steps": 2, "loss": NaN}'
            ),
        ),
        {"event": "epoch", "epoch": "one", "val_auroc": 0.9},
        {"event": "epoch", "epoch": True, "val_auroc": 0.9},
        {"event": "epoch", "epoch": 1, "val_auroc": None, "loss": 10**400},
        {"event": "tea", "epoch": 1, "val_auroc": 0.9},
    ]
    course = followed(Course(), events)
    assert (course.loss, course.auroc) == ((), ())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
NAMES = ("event", "epoch", "step", "of_steps", "loss", "val_auroc", "of", "share", "elapsed_s")
KINDS = st.sampled_from(["step", "epoch", "end", "stopped"])
EVENTS = st.fixed_dictionaries({"event": KINDS}, optional=dict.fromkeys(NAMES[1:], JSON))


@given(st.lists(EVENTS, max_size=8))
def test_whatever_events_say_the_course_stays_one(events):
    course = followed(Course(), events)
    for points in (course.loss, course.auroc):
        places = [p.epochs for p in points]
        assert places == sorted(set(places))
    assert 0.0 <= course.share <= 1.0
    assert course.elapsed_s >= 0.0
    assert course.remaining_s is None or course.remaining_s >= 0.0


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_none(content):
    event = parse_event(content)
    assert event is None or isinstance(event["event"], str)


@given(st.lists(st.integers(1, 300), max_size=10))
def test_it_does_not_matter_where_the_file_is_cut(tmp_path_factory, sizes):
    path = tmp_path_factory.mktemp("cut") / "events.jsonl"
    content, reader = b"".join(RUN), EventReader(path)
    with path.open("wb") as stream:
        for size in [*sizes, len(content)]:
            stream.write(content[:size])
            content = content[size:]
            stream.flush()
            reader.read()
    assert reader.course == EventReader(path).read()


# -- the folder ----------------------------------------------------------------------------


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
    ]
    recipes = {recipe.name: recipe for recipe in offered_recipes(training_folder())}
    assert [m.id for m in starts_for(recipes["fundus-320"], models)] == ["b0"]
    assert [m.id for m in starts_for(recipes["v2m-pretraining"], models)] == ["b0"]
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


def begin(folder, script, stage=Stage.TRAIN):
    command = (sys.executable, "-c", script)
    environment = dict(os.environ)
    return start(command, stage=stage, work_dir=folder, environment=environment, now=NOW)


WAITS = "import time\nprint('here', flush=True)\nwhile True: time.sleep(0.05)"


def ended(process):
    process._process.wait(timeout=20)
    return process


def test_a_process_is_found_again_and_ended_by_another_window(tmp_path):
    process = begin(tmp_path, WAITS)
    found = find_running(tmp_path)
    assert found.stage is Stage.TRAIN
    assert found.is_alive
    assert found.exit_code is None
    with pytest.raises(TrainingError, match="already runs"):
        begin(tmp_path, WAITS)
    found.kill()
    assert ended(process).exit_code != 0
    assert not found.is_alive
    assert find_running(tmp_path) is None


def test_another_process_with_its_number_is_not_touched(tmp_path):
    process = begin(tmp_path, WAITS)
    note = tmp_path / "window" / training_runs_process.NOTE_NAME
    content = json.loads(note.read_text())
    note.write_text(json.dumps({**content, "created": content["created"] - 100.0}))
    assert find_running(tmp_path) is None
    process.kill()


def test_a_stage_that_saves_nothing_is_just_ended(tmp_path):
    process = begin(tmp_path, WAITS, Stage.EVALUATE)
    process.ask_to_stop()
    assert not process.is_alive


def test_its_last_words_are_those_of_the_newest_stage(tmp_path):
    ended(begin(tmp_path, "print('first')"))
    ended(begin(tmp_path, "import sys; sys.exit('No room;\\n make some. \\n\\n')"))
    log = log_tail(tmp_path)
    assert log.split("\n")[0] == "=== train, 2026-03-02 09:00"
    assert last_words(log) == "make some."
    ended(begin(tmp_path, ""))
    assert last_words(log_tail(tmp_path)) == ""
    assert last_words("") == ""


def test_a_log_is_shown_without_colours_and_overwritten_bars(tmp_path):
    (tmp_path / "window").mkdir()
    text = b"\x1b[31mred\x1b[0m\n10 %\r20 %\r100 %\nnot \xff text\r\n"
    (tmp_path / "window" / "log.txt").write_bytes(text)
    assert log_tail(tmp_path) == "red\n100 %\nnot \ufffd text"


def test_a_long_log_shows_its_end(tmp_path):
    (tmp_path / "window").mkdir()
    lines = [f"line {number}" for number in range(50_000)]
    (tmp_path / "window" / "log.txt").write_text("\n".join(lines))
    shown = log_tail(tmp_path).split("\n")
    assert shown[-1] == "line 49999"
    assert shown[0] in lines


def test_what_cannot_be_started_is_said(tmp_path):
    (tmp_path / "window").write_text("a file where the folder should be")
    with pytest.raises(TrainingError, match="cannot be started"):
        begin(tmp_path, "")
