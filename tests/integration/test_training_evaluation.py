"""What the commands that judge runs write, through the real command line, at toy size."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.unit.training.test_explanation import folders  # noqa: F401 - a fixture
from tests.unit.training.tiny_data import Row, write_manifest
from training.__main__ import app
from training.left_out import read_left_out
from training.results import read_results

TINY = (
    "model.architecture=test_efficientnet",
    "model.size=64",
    "model.initial=none",
    "run.epochs=1",
    "run.batch=16",
    "run.pair_minimum=1",
)


@dataclass(frozen=True)
class Pack:
    manifest: Path
    folder: Path


def rows():
    for source, count in (("CLINIC", 100), ("OTHER", 40)):
        for number in range(count):
            ill = number % 2 == 1
            yield Row(
                f"{source}/{number:03}.png",
                source=source,
                positives="Disease_Risk;DR" if ill else "",
                seed=number + (1000 if source == "OTHER" else 0),
                exudates=40 if ill else 0,
            )
    # A picture of the one source that the other shows too.
    yield Row("OTHER/copy.png", source="OTHER", seed=4)


def call(*arguments):
    answer = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert answer.exit_code == 0, answer.output
    return answer


def train(pack, work_dir, *settings):
    options = [part for setting in (*TINY, *settings) for part in ("--set", setting)]
    call("train", "--manifest", pack.manifest, "--work-dir", work_dir, *options)


def prepared(pack, name, *settings):
    work_dir = pack.folder / name
    work_dir.mkdir()
    call("prepare", "--manifest", pack.manifest, "--work-dir", work_dir, "--side", 64)
    train(pack, work_dir, *settings)
    return work_dir


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluation")
    return Pack(write_manifest(folder / "pack", list(rows()), side=64), folder)


@pytest.fixture(scope="module")
def main_run(pack):
    work_dir = prepared(pack, "main")
    call("evaluate", "--manifest", pack.manifest, "--work-dir", work_dir, "--threads", 1)
    return work_dir


@pytest.fixture(scope="module")
def without_other(pack):
    work_dir = prepared(pack, "without", 'sampling.leave_out=["OTHER"]')
    call("evaluate", "--manifest", pack.manifest, "--work-dir", work_dir, "--threads", 1)
    return work_dir


def test_a_source_left_out_judges_with_all_its_photographs(without_other):
    found = read_left_out(without_other / "left_out.json")
    assert found.photographs == {"OTHER": 40}
    assert found.set_aside == 1  # the picture that the run met under another source
    auroc = next(m for m in found.metrics if m.name == "auroc" and m.label == "DR")
    assert (auroc.source, auroc.positives, auroc.negatives) == ("OTHER", 20, 20)
    result = read_results(without_other / "results.json")
    assert [source.name for source in result.sources] == ["CLINIC"]
    assert {m.source for m in result.metrics if m.source} == {"CLINIC"}
    assert result.left_out == (found,)


def test_figures_on_sources_never_seen_reach_the_card_of_the_run_that_ships(
    pack, main_run, without_other, tmp_path
):
    told = without_other / "left_out.json"
    call(
        *("evaluate", "--manifest", pack.manifest, "--work-dir", main_run),
        *("--threads", 1, "--left-out", told),
    )
    assert read_results(main_run / "results.json").left_out == (read_left_out(told),)
    call("export", "--work-dir", main_run, "--destination", tmp_path / "tiny")
    card = (tmp_path / "tiny" / "MODEL_CARD.md").read_text()
    section = card.split("## On cameras never seen")[1].split("\n## ")[0]
    assert "Trained without OTHER" in section
    assert "| OTHER | 40 |" in section


@pytest.mark.parametrize("content", [None, "{}", "not JSON"])
def test_figures_that_are_none_are_refused(pack, main_run, tmp_path, content):
    path = tmp_path / "left_out.json"
    if content is not None:
        path.write_text(content)
    before = json.loads((main_run / "results.json").read_text())
    answer = CliRunner().invoke(
        app,
        [
            *("evaluate", "--manifest", str(pack.manifest), "--work-dir", str(main_run)),
            *("--left-out", str(path)),
        ],
    )
    assert answer.exit_code == 3
    assert "cannot be read: evaluate a run that left sources out" in answer.output
    assert json.loads((main_run / "results.json").read_text()) == before


def test_averaged_views_are_told_beside_the_plain_figures_and_change_none(pack, main_run):
    plain = read_results(main_run / "results.json")
    call(
        *("evaluate", "--manifest", pack.manifest, "--work-dir", main_run),
        *("--threads", 1, "--tta"),
    )
    result = read_results(main_run / "results.json")
    assert result.metrics == plain.metrics
    assert {m.name for m in result.averaged_views} >= {"mean_auroc", "mean_auroc_change"}
    page = (main_run / "evaluation.html").read_text()
    assert "Mean of several views" in page
    assert "Change of the mean AUROC" in page
    assert page.count("data:image/jpeg") == page.count("<figure") > 0


def test_an_ensemble_is_measured_like_a_run_and_not_exported(pack, main_run, tmp_path):
    joined = tmp_path / "joined"
    call("ensemble", main_run, main_run, "--manifest", pack.manifest, "--work-dir", joined)
    one, both = (read_results(folder / "results.json") for folder in (main_run, joined))
    assert both.run.members == 2
    assert both.summary.mean_auroc == pytest.approx(one.summary.mean_auroc, abs=1e-3)
    call("compare", main_run, joined)
    answer = CliRunner().invoke(
        app, ["export", "--work-dir", str(joined), "--destination", str(tmp_path / "b")]
    )
    assert answer.exit_code == 3
    assert "An ensemble cannot be exported" in answer.output


def test_runs_that_answer_other_photographs_are_not_joined(pack, without_other, tmp_path):
    answer = CliRunner().invoke(
        app,
        [
            *("ensemble", str(without_other), str(without_other)),
            *("--manifest", str(pack.manifest), "--work-dir", str(tmp_path / "joined")),
        ],
    )
    assert answer.exit_code == 3
    assert "left no source out" in answer.output
    assert not (tmp_path / "joined").exists()


def test_folds_are_trained_evaluated_and_summarised(pack, main_run):
    call("folds", "--manifest", pack.manifest, "--work-dir", main_run, "--folds", 2)
    answer = CliRunner().invoke(app, ["folds-summary", "--work-dir", str(main_run)])
    assert answer.exit_code == 3
    assert "0 of 2 folds are evaluated" in answer.output
    for fold in (main_run / "fold_1", main_run / "fold_2"):
        train(pack, fold)
        call("evaluate", "--manifest", pack.manifest, "--work-dir", fold, "--threads", 1)
    answer = call("folds-summary", "--work-dir", main_run)
    assert "2 of 2 folds" in answer.output
    told = json.loads((main_run / "folds.json").read_text())
    assert told["folds"] == ["fold_1", "fold_2"]
    assert any(figure["name"] == "mean_auroc" for figure in told["figures"])


def test_heatmaps_are_explained_in_a_file_and_on_the_page(main_run, folders):  # noqa: F811 - that fixture
    images, masks = folders
    call(
        *("explain", "--work-dir", main_run, "--images", images, "--masks", masks),
        *("--label", "DR", "--kinds", "EX"),
    )
    found = json.loads((main_run / "explanation.json").read_text())
    assert found["trained"]["photographs"] == 3
    assert found["randomisation"][0]["block"] == "classifier"
    page = (main_run / "evaluation.html").read_text()
    assert "Heatmaps of DR beside lesions, 3 photographs" in page
    answer = CliRunner().invoke(
        app,
        [
            *("explain", "--work-dir", str(main_run), "--label", "XYZ"),
            *("--images", str(images), "--masks", str(masks)),
        ],
    )
    assert answer.exit_code == 3
    assert "There is no label XYZ" in answer.output
