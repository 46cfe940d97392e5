from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from training.figures import Answers, measure

CODES = ("Disease_Risk", "DR", "TV")


@pytest.fixture(scope="module")
def answers():
    rng = np.random.default_rng(0)
    count = 80
    sources = ("A",) * 60 + ("B",) * 20
    targets = np.zeros((count, 3), np.float32)
    targets[:, 1] = rng.random(count) < 0.4
    targets[60:, 1] = 1  # B has diseased eyes only
    targets[:, 0] = targets[:, 1]
    known = np.ones((count, 3), np.bool_)
    probabilities = np.clip(0.3 + 0.4 * targets + rng.normal(0, 0.2, (count, 3)), 0, 1)
    grades = np.where(targets[:, 1] > 0.5, 1 + np.arange(count) % 4, 0)
    grades[60:] = -1
    return Answers(
        probabilities,
        targets,
        known,
        sources,
        np.arange(count) // 2,
        CODES,
        (0.5, 0.5, None),
        grades,
    )


@pytest.fixture(scope="module")
def found(answers):
    return measure(answers, resamples=40)


def pick(found, name, label, source):
    return next(m for m in found if (m.name, m.label, m.source) == (name, label, source))


def test_figures_are_within_a_source_with_counts(answers, found):
    figure = pick(found, "sensitivity", "DR", "A")
    own = answers.targets[:60, 1] > 0.5
    assert figure.value == pytest.approx(
        (answers.probabilities[:60, 1][own] >= 0.5).mean(), abs=1e-4
    )
    assert figure.positives == own.sum()
    assert figure.positives + figure.negatives == 60
    assert figure.low <= figure.value <= figure.high
    assert {m.name for m in found if m.label and not m.source} == {"ece_pooled"}


def test_a_source_of_diseased_eyes_gives_a_sensitivity_only(found):
    assert {m.name for m in found if m.source == "B"} == {"sensitivity"}


def test_referable_and_severe_retinopathy_are_told_apart_from_the_rest(answers, found):
    referable = pick(found, "auroc_referable", "DR", "A")
    severe = pick(found, "auroc_severe", "DR", "A")
    assert referable.positives == (answers.dr_grades >= 2).sum()
    assert severe.positives == (answers.dr_grades >= 3).sum()
    assert severe.positives + severe.negatives == 60
    assert not [m for m in found if m.source == "B" and m.name.startswith("auroc_")]


def test_labels_not_assessed_have_no_figures(found):
    assert not [m for m in found if m.label == "TV"]


def test_the_mean_is_over_the_pairs_with_enough_of_both(found):
    mean = next(m for m in found if m.name == "mean_auroc")
    values = [m.value for m in found if m.name == "auroc" and m.source]
    assert mean.value == pytest.approx(np.mean(values), abs=1e-4)
    assert mean.low < mean.value < mean.high


def test_healthy_eyes_left_alone_are_counted_over_all_labels(answers, found):
    figure = pick(found, "specificity_all_labels", "", "A")
    healthy = answers.targets[:60, 0] < 0.5
    called = (answers.probabilities[:60, :2] >= 0.5).any(axis=1)
    assert figure.value == pytest.approx((~called)[healthy].mean(), abs=1e-4)
    assert figure.negatives == healthy.sum()


def test_calibration_over_all_sources_is_told_beside_that_within_one(answers, found):
    pooled = pick(found, "ece_pooled", "DR", "")
    assert pooled.positives == (answers.targets[:, 1] > 0.5).sum()
    assert 0 <= pooled.low <= pooled.value <= pooled.high <= 1


def test_the_challenges_score_is_its_formula_over_the_labels_that_can_be_judged(answers, found):
    own = slice(0, 60)
    risk, disease = answers.targets[own, 0], answers.targets[own, 1]
    of_risk = roc_auc_score(risk, answers.probabilities[own, 0])
    of_disease = roc_auc_score(disease, answers.probabilities[own, 1])
    precise = average_precision_score(disease, answers.probabilities[own, 1])
    score = pick(found, "riadd_score", "", "A")
    expected = 0.5 * (of_risk + 0.5 * (of_disease + precise))
    assert score.value == pytest.approx(expected, abs=1e-4)
    assert score.low < score.value < score.high
    assert pick(found, "riadd_labels", "", "A").value == 1
    # B has diseased eyes only: over it alone there is no score.
    assert {m.source for m in found if m.name == "riadd_score"} == {"", "A"}


def test_without_a_judged_disease_there_is_no_score(answers):
    none = replace(answers, thresholds=(0.5, None, None))
    assert not [m for m in measure(none, resamples=2) if m.name.startswith("riadd")]


def test_a_size_that_goes_with_the_answer_earns_nothing(answers):
    """Half of A's photographs have sizes that tell the answer, the others one and the same."""
    ill = answers.targets[:, 1] > 0.5
    giving_away = np.where(ill, "10x10", "20x20")
    giving_away[30:60] = "30x30"
    probabilities = answers.probabilities.copy()
    probabilities[:30, 1] = np.where(ill[:30], 0.9, 0.1)
    own = replace(answers, probabilities=probabilities, sizes=tuple(giving_away.tolist()))
    found = measure(own, resamples=40)
    figure = pick(found, "auroc_one_size", "DR", "A")
    expected = roc_auc_score(ill[30:60], probabilities[30:60, 1])
    assert figure.value == pytest.approx(expected, abs=1e-4)
    assert (figure.positives, figure.negatives) == (ill[30:60].sum(), (~ill)[30:60].sum())
    assert figure.value < pick(found, "auroc", "DR", "A").value
    mean = pick(found, "mean_auroc_one_size", "", "")
    both = [m.value for m in found if m.name == "auroc_one_size" and m.source == "A"]
    assert mean.value == pytest.approx(np.mean(both), abs=1e-4)


@pytest.mark.parametrize("sizes", [(), ("",) * 80], ids=["none kept", "none stated"])
def test_without_sizes_there_is_no_figure_at_one_size(answers, sizes):
    found = measure(replace(answers, sizes=sizes), resamples=2)
    assert not [m for m in found if m.name.endswith("one_size")]


def test_where_all_have_one_size_the_figure_is_the_plain_one(answers):
    found = measure(replace(answers, sizes=("8x8",) * 80), resamples=40)
    plain, same = (pick(found, name, "DR", "A") for name in ("auroc", "auroc_one_size"))
    assert (plain.value, plain.low, plain.high) == (same.value, same.low, same.high)


def test_every_figure_has_its_mean_over_labels_of_each_source_and_of_all(found):
    for name in ("auroc", "average_precision", "f1", "brier", "sensitivity_at_90"):
        values = [m.value for m in found if m.name == name and m.source == "A"]
        assert len(values) == 2
        for source in ("A", ""):  # B cannot be judged
            first = name == "auroc" and not source
            mean = pick(found, "mean_auroc" if first else f"macro_{name}", "", source)
            assert mean.value == pytest.approx(np.mean(values), abs=1e-4)
            assert mean.low <= mean.value <= mean.high
    assert not [m for m in found if m.name.startswith("macro_") and m.source == "B"]
