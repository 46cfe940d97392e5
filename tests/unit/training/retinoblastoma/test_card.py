"""The card says what was measured, and calls it a demonstration before anything else."""

from dataclasses import replace

import pytest

from retina_desktop.domain.findings import LabelStatus
from retina_desktop.domain.manifests import Calibration, Metric
from training.card import BundleText
from training.retinoblastoma.card import build_manifest, write_card
from training.retinoblastoma.features import MATCHED, pipeline
from training.retinoblastoma.results import (
    Audit,
    Experiment,
    HeadFacts,
    OutsideShare,
    PatientsFound,
    PointingFacts,
    Pretraining,
    RangeFacts,
    RetinoblastomaResult,
    SourceCount,
)

TEXT = BundleText("tumour", "1.2.3", "A demonstration of tumours", "2026-01-31", "0.1.0")


def metric(value: float, low: float, source: str = "infants", name: str = "auroc") -> Metric:
    return Metric(name, value, low, 0.99, "RB", source, 49, 90)


@pytest.fixture
def result() -> RetinoblastomaResult:
    return RetinoblastomaResult(
        schema=1,
        seed=1,
        input_size=224,
        pretraining=Pretraining("abc123", "some_network", 29, "pre-trained on other eyes"),
        stored_as="int8",
        steps=pipeline(224),
        sources=(
            SourceCount("TUMOURS", "MIT", "retinoblastoma", 49, 14, patients_known=True),
            SourceCount("PREMATURE", "not stated", "infants", 90, 17, patients_known=False),
        ),
        duplicate_pairs=6,
        without_field=1,
        head=HeadFacts(1.0, (1.0, 10.0), 2, 0.95, 14, Calibration(1.3, -0.4), 0.123),
        metrics=(metric(0.8765, 0.81), metric(0.77, 0.6, name="specificity")),
        patients=PatientsFound(14, 13, 11, 49, 4),
        range=RangeFacts(16, 97.5, 21.5, 139),
        outside=(
            OutsideShare("CLINIC", "negatives of training", 20, 18, 1),
            OutsideShare("TUMOURS", "left out", 49, 2, 45),
        ),
    )


def shortcut(what: str, value: float, low: float) -> Experiment:
    return Experiment(
        what, "some_network", MATCHED, central=True, metrics=(metric(value, low),)
    )


def test_it_is_called_a_demonstration_first_and_holds_the_figures(
    result: RetinoblastomaResult,
) -> None:
    card = write_card(result, None, TEXT)
    first = card.split("\n\n")[1]
    assert first.startswith("**This is a demonstration, not a tool for patients")
    assert "49 photographs of 14 patients" in first
    assert "0.88 [0.81, 0.99]" in card
    assert "Of 14 left-out patients 13 were called" in card
    assert "4 of 49 photographs were missed" in card
    assert "| CLINIC | negatives of training | 20 | 90% | 5% |" in card
    assert "| PREMATURE | infants | not stated | 90 | not known |" in card
    assert "No audit was made: assume that the cameras were told apart." in card


def test_a_shortcut_that_works_is_told(result: RetinoblastomaResult) -> None:
    audit = Audit(1, (shortcut("border-only pictures", 0.93, 0.85),), ())
    card = write_card(result, audit, TEXT)
    assert "can be told apart without looking" in card
    assert "border-only pictures through some_network in the identical part (0.93)" in card
    harmless = Audit(1, (shortcut("border-only pictures", 0.55, 0.4),), ())
    card = write_card(result, harmless, TEXT)
    assert "No shortcut alone is surely better than chance" in card
    assert "can be told apart without looking" not in card


def test_what_the_rim_gives_is_a_limit(result: RetinoblastomaResult) -> None:
    own = replace(result, pretraining=replace(result.pretraining, architecture="some_network"))
    whole, rim = (
        shortcut("whole pictures", 0.96, 0.9),
        shortcut("border-only pictures", 0.78, 0.6),
    )
    asked = replace(shortcut("border-only pictures", 0.61, 0.4), asked=True)
    limits = build_manifest(own, Audit(1, (whole, rim, asked), ()), TEXT).limits
    assert limits[-1] == (
        "Learned from the rim of the field alone, the same network reaches 0.78 against other "
        "infants (0.96 from whole pictures, no varied copies; the model itself, shown only the "
        "rim, 0.61): part of what it knows may be the camera, not the tumour."
    )
    as_well = shortcut("border-only pictures", 0.93, 0.6)
    assert (
        "most of what" in build_manifest(own, Audit(1, (whole, as_well), ()), TEXT).limits[-1]
    )
    chance = shortcut("border-only pictures", 0.6, 0.45)
    limits = build_manifest(own, Audit(1, (whole, chance), ()), TEXT).limits
    assert "rim" not in limits[-1]


def test_what_the_model_itself_makes_of_spoiled_pictures_stands_apart(
    result: RetinoblastomaResult,
) -> None:
    learned = shortcut("border-only pictures", 0.55, 0.4)
    asked = replace(shortcut("border-only pictures", 0.71, 0.6), asked=True)
    learned_from, itself = write_card(result, Audit(1, (learned, asked), ()), TEXT).split(
        "### What the model itself makes"
    )
    assert "0.55 [0.40, 0.99]" in learned_from
    assert "0.71 [0.60, 0.99]" not in learned_from
    assert "0.71 [0.60, 0.99]" in itself
    assert "No shortcut alone is surely better than chance" in learned_from
    assert "model itself" not in write_card(result, Audit(1, (learned,), ()), TEXT)


def test_a_heatmap_that_does_not_point_is_a_limit(result: RetinoblastomaResult) -> None:
    blind = replace(result, pointing=PointingFacts(49, 9, 0.1))
    sentence = (
        "Its heatmaps do not show the tumour: the hottest place lies in the brightest 10%"
    )
    assert sentence in build_manifest(blind, None, TEXT).limits[-1]
    assert "in 9 of 49 photographs with a tumour" in write_card(blind, None, TEXT)
    assert "by chance it would in 5." in write_card(blind, None, TEXT)
    pointing = replace(result, pointing=PointingFacts(49, 40, 0.1))
    assert "Its heatmaps" not in write_card(pointing, None, TEXT)


def test_whether_copies_taught_is_told(result: RetinoblastomaResult) -> None:
    assert "photograph and 2 varied copies (turned," in write_card(result, None, TEXT)
    head = replace(result.head, fold_copies=(2,) * 9 + (0,) * 5)
    card = write_card(replace(result, head=head), None, TEXT)
    assert "compressed), which the other patients chose in 9 of 14 folds, tumours" in card
    alone = replace(head, copies=0, fold_copies=(2,) + (0,) * 13)
    card = write_card(replace(result, head=alone), None, TEXT)
    assert "photograph as it is (2 varied copies beside, turned" in card
    assert "were chosen in 1 of 14 folds), tumours" in card


def test_steps_are_listed_where_they_were_tried(result: RetinoblastomaResult) -> None:
    assert "each preprocessing step" not in write_card(result, Audit(1, (), ()), TEXT)
    tried = Audit(1, (), (replace(shortcut("whole pictures", 0.9, 0.8), steps=("msrcr",)),))
    assert "| some_network | msrcr | 0.90 [0.80, 0.99] |" in write_card(result, tried, TEXT)


def test_patients_without_names_are_not_counted_as_sure(result: RetinoblastomaResult) -> None:
    unnamed = replace(result.sources[0], patients_known=False)
    card = write_card(replace(result, sources=(unnamed, result.sources[1])), None, TEXT)
    assert "about 14 patients (not all are named)" in card


def test_the_manifest_marks_the_label_and_carries_the_range(
    result: RetinoblastomaResult,
) -> None:
    manifest = build_manifest(result, None, TEXT)
    (entry,) = manifest.labels
    assert (entry.code, entry.status) == ("RB", LabelStatus.DEMONSTRATION)
    assert (entry.threshold, entry.calibration) == (0.123, Calibration(1.3, -0.4))
    assert manifest.validated_range is not None
    assert manifest.validated_range.threshold == 21.5
    assert [step.name for step in manifest.preprocessing] == [
        "field_crop", "central_field", *MATCHED, "normalize",
    ]  # fmt: skip
    assert "neither find nor exclude" in manifest.intended_use
