"""What a run goes on with, and what it refuses, through the real command line at toy size."""

import json

import pytest
import torch
from typer.testing import CliRunner

from retina_desktop.services.training_runs import recipe_as_toml
from tests.unit.training.tiny_data import Row, write_manifest
from training.__main__ import app
from training.run_record import read_facts, read_recipe

TINY = {
    "model.architecture": "test_efficientnet",
    "model.size": 32,
    "model.initial": "none",
    "run.epochs": 1,
    "run.batch": 16,
    "run.pair_minimum": 1,
}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    rows = [
        Row(
            f"{k}.png",
            source="CLINIC" if k % 3 else "OTHER",
            positives="Disease_Risk;DR" if k % 2 else "",
            seed=k,
            exudates=30 if k % 2 else 0,
        )
        for k in range(60)
    ]
    return write_manifest(tmp_path_factory.mktemp("resumed"), rows, side=48)


@pytest.fixture
def work(manifest, tmp_path):
    work_dir = tmp_path / "work"
    assert call("prepare", manifest, work_dir, "--side", "32").exit_code == 0
    return work_dir


def call(command, manifest, work_dir, *options):
    where = ["--manifest", str(manifest), "--work-dir", str(work_dir)]
    return CliRunner().invoke(app, [command, *where, *map(str, options)])


def train(manifest, work_dir, **changes):
    values = TINY | {name.replace("__", "."): value for name, value in changes.items()}
    settings = [part for n, v in values.items() for part in ("--set", f"{n}={v}")]
    return call("train", manifest, work_dir, *settings)


def test_a_run_goes_on_with_a_smaller_batch_and_its_card_will_say_so(manifest, work):
    assert train(manifest, work).exit_code == 0
    assert list((work / "run" / "curves").glob("events.out*"))  # TensorBoard's
    again = train(manifest, work, run__epochs=2, run__batch=8)
    assert again.exit_code == 0, again.output
    facts = read_facts(work / "run", duplicate_pairs=0)
    assert "from epoch 2 on with run.batch = 8 (16 before)" in facts.learning
    assert facts.epochs_run == pytest.approx(2.0, abs=0.4)  # the last, short batch is dropped
    assert read_recipe(work / "run").run.batch == 8


def test_a_run_is_not_gone_on_with_by_another_recipe(manifest, work):
    assert train(manifest, work).exit_code == 0
    before = (work / "run" / "run.json").read_bytes()
    refused = train(manifest, work, loss__kind="focal", model__size=24)
    assert refused.exit_code == 3
    assert "model.size, loss.kind" in refused.output
    assert (work / "run" / "run.json").read_bytes() == before


def test_teachers_and_first_weights_are_found_again(manifest, work, tmp_path):
    """The window goes on by the recipe that was written down, which names no places."""
    taught = tmp_path / "taught"
    taught.mkdir()
    for name in ("cache", "split.json"):
        (taught / name).symlink_to(work / name)
    assert train(manifest, work).exit_code == 0
    teachers = {
        "model__initial": work / "run" / "best.pt",
        "distillation__teacher": work,
        "distillation__feature_teacher": "initial",
        "distillation__feature_architecture": "test_efficientnet",
    }
    first = train(manifest, taught, **teachers)
    assert first.exit_code == 0, first.output
    recorded = json.loads((taught / "run" / "run.json").read_bytes())["recipe"]
    assert str(tmp_path) not in json.dumps(recorded)
    own = tmp_path / "written_down.toml"
    own.write_text(recipe_as_toml(recorded), encoding="utf-8")
    again = call("train", manifest, taught, "--recipe", own, "--set", "run.epochs=2")
    assert again.exit_code == 0, again.output
    assert read_facts(taught / "run", duplicate_pairs=0).epochs_run == 2.0


def test_a_run_stopped_while_its_teacher_is_asked_begins_anew(manifest, work, tmp_path):
    assert train(manifest, work).exit_code == 0
    taught = tmp_path / "taught"
    (taught / "run").mkdir(parents=True)
    for name in ("cache", "split.json"):
        (taught / name).symlink_to(work / name)
    stop = taught / "run" / "stop"
    stop.touch()
    stopped = train(manifest, taught, distillation__teacher=work)
    assert stopped.exit_code == 4, stopped.output
    assert not stop.exists()
    assert not (taught / "run" / "state.pt").exists()
    assert train(manifest, taught, distillation__teacher=work).exit_code == 0
    told = (taught / "run" / "events.jsonl").read_text().splitlines()
    shares = [e["share"] for e in map(json.loads, told) if e["event"] == "teachers"]
    assert shares == sorted(shares)
    assert shares[-1] > 0.9


@pytest.mark.parametrize("command", ["train", "audit", "evaluate", "average"])
def test_patients_dealt_anew_are_not_judged_by_a_run_that_saw_them(manifest, work, command):
    assert train(manifest, work).exit_code == 0
    assert call("prepare", manifest, work, "--side", "32", "--seed", "5").exit_code == 0
    if command == "train":
        refused = train(manifest, work)
    else:
        options = ["--with", work / "run" / "best.pt"] if command == "average" else []
        refused = call(command, manifest, work, *options)
    assert refused.exit_code == 3, refused.output
    assert "dealt anew" in refused.output
    assert not (work / "results.json").exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sampling__leave_out": '["OTHRE"]'}, "no photograph of OTHRE"),
        ({"model__size": 64}, "prepare them again with --side 64"),
    ],
)
def test_what_would_be_noticed_hours_later_is_said_at_once(manifest, work, changes, said):
    refused = train(manifest, work, **changes)
    assert refused.exit_code == 3
    assert said in " ".join(refused.output.split())
    assert not (work / "run" / "state.pt").exists()


@pytest.mark.parametrize(
    ("part", "said"), [("test", "to measure on"), ("validation", "to calibrate on")]
)
def test_an_empty_part_is_said_in_a_sentence(manifest, work, part, said):
    assert train(manifest, work).exit_code == 0
    split = json.loads((work / "split.json").read_bytes())
    for row in split["rows"]:
        if row["part"] == part:
            row["part"] = "set aside"
    (work / "split.json").write_text(json.dumps(split))
    record = json.loads((work / "run" / "run.json").read_bytes())
    (work / "run" / "run.json").write_text(json.dumps(record | {"split": ""}))
    refused = call("evaluate", manifest, work)
    assert refused.exit_code == 3, refused.output
    assert said in " ".join(refused.output.split())


def test_half_precision_on_a_cpu_is_a_wish_that_the_record_tells(manifest, work):
    done = train(manifest, work, run__half_precision_on_cpu=True)
    assert done.exit_code == 0, done.output
    assert read_facts(work / "run", duplicate_pairs=0).mixed_precision
    weights = torch.load(work / "run" / "best.pt", weights_only=True)
    assert all(value.dtype != torch.bfloat16 for value in weights.values())
