"""Two runs on the same photographs."""

import re
from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.unit.training.test_card import result  # noqa: F401 - a fixture
from tests.unit.training.tiny_data import noise_part
from training.comparison import compare_runs, shown
from training.evaluation_curves import draw
from training.evaluation_page import evaluation_page
from training.figures import Answers
from training.mistakes import PICTURE_SIDE, Mistake, draw_mistakes, worst_mistakes
from training.transfer import create_network

FILES = tuple(map(str, range(200)))


def answers(noise, *, seed=0):
    rng = np.random.default_rng(0)
    targets = (rng.random((200, 2)) < 0.3).astype(np.float32)
    common = rng.normal(0, 0.5, (200, 2))  # what is hard is hard for both
    own = np.random.default_rng(seed).normal(0, noise, (200, 2))
    scores = 1 / (1 + np.exp(-(2 * targets - 1 + common + own)))
    return Answers(
        scores,
        targets,
        np.ones((200, 2), np.bool_),
        ("A",) * 100 + ("B",) * 100,
        np.arange(200) // 2,
        ("DR", "EDN"),
        (0.5, 0.5),
    )


def test_a_better_run_is_found_better():
    mean, *pairs = compare_runs(
        answers(3.0, seed=1), answers(0.1, seed=2), files=(FILES, FILES)
    )
    assert len(pairs) == 4
    assert mean.second - mean.first == pytest.approx(mean.change.value)
    assert mean.change.low > 0
    assert shown(mean).startswith("+0.")


def test_a_run_is_no_better_than_itself():
    same = answers(1.0)
    mean, *_ = compare_runs(same, same, files=(FILES, FILES))
    assert (mean.change.value, mean.change.low, mean.change.high) == (0, 0, 0)


def test_at_one_original_size_only_what_can_be_compared_counts():
    one, other = answers(3.0, seed=1), answers(0.1, seed=2)
    sizes = np.where(one.targets[:, 0] > 0.5, "1x1", "2x2")
    sizes[:100] = "3x3"
    first, second = (replace(run, sizes=tuple(sizes.tolist())) for run in (one, other))
    found = compare_runs(first, second, files=(FILES, FILES), one_size=True)
    kept_before = compare_runs(one, second, files=(FILES, FILES), one_size=True)
    assert [d.second for d in kept_before] == [d.second for d in found]
    plain = {(d.label, d.source): d for d in compare_runs(one, other, files=(FILES, FILES))}
    pairs = {(d.label, d.source): d for d in found}
    assert ("DR", "B") not in pairs  # every size of B shows one answer only
    assert pairs["DR", "A"].second == pytest.approx(plain["DR", "A"].second)
    values = [d.second for d in found if d.label]
    assert found[0].second == pytest.approx(np.mean(values))


def test_labels_that_one_run_does_not_assess_are_left_out():
    without = replace(answers(1.0), thresholds=(0.5, None))
    found = compare_runs(answers(1.0), without, files=(FILES, FILES))
    assert {d.label for d in found} == {"", "DR"}


def test_the_curves_are_drawn_alike_each_time():
    run = answers(1.0)
    truth, scores = run.targets[:, 0] > 0.5, run.probabilities[:, 0]
    assert draw(truth, scores, 0.5, "DR in A") == draw(truth, scores, 0.5, "DR in A")


def test_the_page_shows_counts_at_the_threshold_and_the_worst_mistakes(result):  # noqa: F811
    run = answers(1.0)
    found = worst_mistakes(run)
    assert found
    assert all(m.present != (m.probability >= m.threshold) for m in found)
    truth = run.targets[:100, 0] > 0.5
    missed = int((truth & (run.probabilities[:100, 0] < 0.5)).sum())
    page = evaluation_page(result, run, FILES, pictures=[b"JPEG"] * len(found))
    row = re.search(r"<td>DR</td><td>A</td>.*?</tr>", page).group()
    assert f"<td>{missed}</td>" in row
    assert page.count("data:image/jpeg;base64,SlBFRw==") == len(found)
    assert page.count("<figure") == len(found)
    bare = evaluation_page(result, run, FILES).partition('<section id="worst-mistakes">')[2]
    assert bare.count("<figure") == len(found)
    assert "<img" not in bare


def test_mistakes_are_drawn_as_small_photographs_with_their_heat():
    network = create_network(2, architecture="test_efficientnet")
    part = noise_part(4, ("DR", "EDN"))
    mistakes = [Mistake("A", 1, 0, True, 0.2, 0.5), Mistake("A", 3, 1, False, 0.99, 0.5)]
    drawn = draw_mistakes(network, part, mistakes, size=32)
    for jpeg in drawn:
        picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert picture.shape == (PICTURE_SIDE, 2 * PICTURE_SIDE, 3)
