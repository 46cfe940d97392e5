"""The campaigns' short versions: they run, compare like with like, and no time is judged."""

import numpy as np
import pytest

from retina_desktop.bootstrap import load_analysis, model_library
from retina_desktop.config.folders import Folders
from retina_desktop.services.tasks import TaskContext
from tests.benchmarks import (
    analysis,
    augmentation,
    evaluation_feed,
    screening,
    training_feed,
    window_start,
)
from tests.benchmarks.alternative import Alternative
from tests.benchmarks.measure import medians
from tests.benchmarks.photographs import write_folder, write_photograph


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("benchmark") / "photographs", count=2)


def test_both_sides_answer_the_same_photograph_with_the_same_weights(tmp_path):
    photograph = write_photograph(tmp_path / "photograph.jpg")
    folders = Folders.find()
    analyse = load_analysis(folders)
    manifest = analyse.classifier.manifest
    alternative = Alternative(model_library(folders).find(manifest.id).folder, manifest)
    ours = analyse(TaskContext(), photograph).analysis
    theirs = alternative.probabilities(photograph)
    assert theirs.shape == (len(ours.findings),)
    assert np.isfinite(theirs).all()
    assert alternative.explain(photograph, [1])[0].shape == (manifest.input_size,) * 2


def test_the_analysis_campaign_runs(folder):
    rows = analysis.rows(min(folder.iterdir()), repeat=1)
    assert [row.target for row in rows] == [">= 20x", ">= 100x", "<= 8x"]


def test_the_screening_campaign_runs(folder):
    assert "images/s" in screening.speed_row(folder, count=2).what
    assert "MB" in screening.memory_row(folder, analyses=52).measured


def test_the_start_campaign_runs():
    (row,) = window_start.rows(repeat=1)
    assert "import torch" in row.target


def test_the_feeding_campaign_runs(folder):
    found = training_feed.rows(folder, steps=1, size=32, side=40, batch=2)
    assert ["images/s" in row.measured for row in found] == [True, True]


def test_the_evaluation_campaign_runs(folder):
    found = evaluation_feed.rows(folder, size=64, repeat=1)
    assert ["ONNX Runtime alone" in row.what for row in found] == [True, True]


def test_the_augmentation_campaign_runs():
    (row,) = augmentation.rows(batch=2, side=40, size=32, repeat=1)
    assert "torchvision v2" in row.what


def test_runs_take_turns():
    order = []
    medians(lambda: order.append("a"), lambda: order.append("b"), repeat=2)
    assert order == ["a", "b", "a", "b", "a", "b"]
