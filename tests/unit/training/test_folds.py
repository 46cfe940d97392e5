import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.training.test_card import result  # noqa: F401 - a fixture
from tests.unit.training.tiny_data import image
from training.folds import FoldsError, deal_folds, fold_folder, summarise, write_folds
from training.prepared import SPLIT_NAME, PreparedData
from training.splits import Part

CODES = ("Disease_Risk", "DR")


def data(count=60, *, seed=0, per_group=2):
    rng = np.random.default_rng(seed)
    images = tuple(
        image(f"{n}.png", source="AB"[n % 2], positives="DR" if n % 6 < 2 else "")
        for n in range(count)
    )
    groups = (np.arange(count) // per_group) * per_group
    by_group = rng.choice([Part.TRAINING, Part.VALIDATION, Part.TEST], size=count)
    parts = tuple(Part(by_group[group]) for group in groups.tolist())
    return PreparedData(images, np.zeros((count, 1, 1, 3), np.uint8), groups, parts, CODES, 0)


@settings(max_examples=25)
@given(seed=st.integers(0, 30), folds=st.integers(2, 6))
def test_every_group_validates_once_and_the_test_never(seed, folds):
    given_data = data(seed=seed)
    dealt = deal_folds(given_data, folds, seed=1)
    test = np.array(given_data.parts) == Part.TEST
    assert (dealt[test] == -1).all()
    assert set(dealt[~test].tolist()) == set(range(folds))
    for group in set(given_data.groups.tolist()):
        assert len(set(dealt[given_data.groups == group].tolist())) == 1
    assert np.array_equal(dealt, deal_folds(given_data, folds, seed=1))


def test_folds_hold_their_share_of_the_rare_label():
    given_data = data(600)
    dealt = deal_folds(given_data, 5, seed=1)
    ill = np.array([bool(i.positives) for i in given_data.images])
    counts = np.bincount(dealt[ill & (dealt >= 0)], minlength=5)
    assert counts.max() - counts.min() <= 4
    sizes = np.bincount(dealt[dealt >= 0], minlength=5)
    assert sizes.max() - sizes.min() <= 8


def test_too_few_folds_or_groups_are_said():
    with pytest.raises(FoldsError, match="two folds or more"):
        deal_folds(data(), 1, seed=1)
    with pytest.raises(FoldsError, match="use fewer folds"):
        deal_folds(data(8), 5, seed=1)


@pytest.fixture
def work_dir(tmp_path):
    given_data = data()
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "squares.npy").write_bytes(b"pixels")
    (tmp_path / "same_eyes.json").write_text("[]")
    rows = [
        {"file": i.path, "group": int(g), "part": str(p)}
        for i, g, p in zip(given_data.images, given_data.groups, given_data.parts, strict=True)
    ]
    (tmp_path / SPLIT_NAME).write_text(json.dumps({"schema": 1, "side": 1, "rows": rows}))
    return tmp_path


def test_each_fold_is_a_work_folder_that_shares_the_cache(work_dir):
    made = write_folds(work_dir, data(), 3, seed=1)
    assert made == [fold_folder(work_dir, number) for number in (1, 2, 3)]
    validated = []
    for folder in made:
        assert (folder / "cache" / "squares.npy").read_bytes() == b"pixels"
        assert (folder / "same_eyes.json").exists()
        rows = json.loads((folder / SPLIT_NAME).read_bytes())["rows"]
        validated += [row["file"] for row in rows if row["part"] == Part.VALIDATION]
        assert [r["part"] == Part.TEST for r in rows] == [p == Part.TEST for p in data().parts]
    assert len(validated) == len(set(validated)) == sum(p != Part.TEST for p in data().parts)
    (work_dir / "cache" / "squares.npy").write_bytes(b"newer")
    assert (made[0] / "cache" / "squares.npy").read_bytes() == b"newer"


def test_other_folds_are_not_overwritten(work_dir):
    write_folds(work_dir, data(), 3, seed=1)
    write_folds(work_dir, data(), 3, seed=1)
    with pytest.raises(FoldsError, match="another division"):
        write_folds(work_dir, data(), 3, seed=2)


def test_the_summary_is_mean_and_spread(result):  # noqa: F811
    figure = result.metrics[0]
    others = [
        replace(result, metrics=(replace(figure, value=value, low=None, high=None),))
        for value in (0.7, 0.9)
    ]
    (found,) = summarise(others)
    assert found.name == "mean_auroc"
    assert found.mean == pytest.approx(0.8)
    assert found.spread == pytest.approx(0.2 / 2**0.5)
    assert summarise(others[:1]) == ()
