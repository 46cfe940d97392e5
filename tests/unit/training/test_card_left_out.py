from dataclasses import replace

import pytest

from retina_desktop.domain.manifests import Metric
from tests.unit.training.test_card import result  # noqa: F401 - a fixture
from training.card import BundleText, limits_of
from training.card_left_out import left_out_section
from training.results import LeftOutRun

RUN = LeftOutRun(
    photographs={"IDRiD": 413, "PALM": 464},
    architecture="efficientnet_b0",
    input_size=320,
    initial="lite0",
    epochs_run=6.0,
    set_aside=7,
    metrics=(
        Metric("auroc", 0.781, 0.74, 0.82, "DR", "IDRiD", 280, 133),
        Metric("auroc_referable", 0.834, 0.8, 0.87, "DR", "IDRiD", 260, 153),
        Metric("sensitivity", 0.7, None, None, "DR", "IDRiD", 280, 133),
        Metric("auroc", 0.95, 0.93, 0.97, "EDN", "IDRiD", 235, 178),
        Metric("auroc", 0.6, 0.4, 0.8, "LS", "IDRiD", 6, 400),
    ),
)


def test_without_such_a_run_the_card_says_so(result):  # noqa: F811
    assert "Not measured" in left_out_section(result)


def test_sources_never_seen_have_a_row_each_and_few_are_not_shown(result):  # noqa: F811
    section = left_out_section(replace(result, left_out=(RUN,)))
    assert "### Trained without IDRiD, PALM" in section
    row = "| IDRiD | 413 | 0.78 [0.74, 0.82] | - | 0.83 [0.80, 0.87] | - | 0.70 | - |"
    assert row in section
    assert "| PALM | 464 | - | - | - | - | - |" in section
    assert "EDN 0.95 [0.93, 0.97] (235)" in section
    assert "LS" not in section
    assert "7 photographs" in section


@pytest.mark.parametrize(("initial", "told"), [("lite0", False), ("file", True), ("x-1", True)])
def test_weights_that_may_have_seen_the_sources_are_named(result, initial, told):  # noqa: F811
    run = replace(RUN, initial=initial)
    section = left_out_section(replace(result, left_out=(run,)))
    assert ("would flatter" in section) is told


def test_what_was_measured_elsewhere_is_not_called_unknown(result):  # noqa: F811
    text = BundleText("a", "1.0.0", "A", "2026-01-31", "0.1.0", notes=("Of one kind.",))
    for left_out, words in (((), "are not known"), ((RUN,), "section on cameras never seen")):
        limits = limits_of(replace(result, left_out=left_out), text)
        assert words in limits[0]
        assert limits[-1] == "Of one kind."
