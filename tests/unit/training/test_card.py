import re
from dataclasses import replace

import pytest

from retina_desktop.domain.findings import LabelStatus
from retina_desktop.domain.manifests import Calibration, DataSource, Metric
from retina_desktop.ml.manifest_json import manifest_to_json, parse_manifest
from training.card import BundleText, build_manifest, write_card
from training.evaluate import preprocessing_steps
from training.results import (
    EvaluationResult,
    LabelResult,
    PairsSummary,
    ResultsUnreadableError,
    RunFacts,
    SourceResult,
    read_results,
    write_results,
)

TEXT = BundleText("tiny", "1.2.3", "A tiny model", "2026-01-31", "0.1.0")


@pytest.fixture
def result():
    return EvaluationResult(
        schema=1,
        run=RunFacts(
            architecture="efficientnet_b0",
            input_size=224,
            initial="lite0",
            epochs_planned=20,
            epochs_run=7.5,
            best_epoch=7,
            best_validation_auroc=0.8761,
            photographs_an_epoch=50,
            early_size=160,
            early_share=0.7,
            batch=16,
            peak_rate=6e-4,
            mixed_precision=False,
            learning="binary cross-entropy with logits; Adam",
            seed=1,
            duplicate_pairs=252,
        ),
        sources=(SourceResult("ODIR", "none stated", 70, 10, 20),),
        labels=(
            LabelResult(
                "DR",
                LabelStatus.EVALUATED,
                30,
                5,
                12,
                Calibration(1.1, -0.2),
                0.31,
                10,
                5,
                True,
            ),
            LabelResult(
                "MHL", LabelStatus.DEMONSTRATION, 6, 1, 2, Calibration(), 0.125, 9, 1, False
            ),
            LabelResult("TV", LabelStatus.NOT_ASSESSED, 0, 0, 0, Calibration(), None),
        ),
        metrics=(
            Metric("mean_auroc", 0.8123, 0.7012, 0.9034),
            Metric("specificity_all_labels", 0.61, 0.5, 0.7, "", "ODIR", 0, 44),
            Metric("auroc", 0.8765, 0.7654, 0.9876, "DR", "ODIR", 12, 44),
            Metric("sensitivity", 0.75, 0.5, 0.93, "DR", "ODIR", 12, 44),
            Metric("auroc", 0.99, None, None, "MHL", "ODIR", 6, 50),
        ),
        summary=PairsSummary(0.8123, 1, 3),
    )


def test_every_figure_of_the_card_comes_from_the_results(result):
    card = write_card(result, TEXT)
    assert "0.81 [0.70, 0.90]" in card
    assert "| DR | 12 | 44 | 0.88 [0.77, 0.99] | - | - | 0.75 [0.50, 0.93] | - | - |" in card
    assert "| MHL\\* | 6 | 50 | 0.99 | - | - | - | - | - |" in card
    assert "0.61 [0.50, 0.70] of 44 photographs" in card
    assert "7.5 epochs of the 20" in card
    assert "0.876" in card
    assert "252 pairs" in card
    other = replace(
        result, metrics=(replace(result.metrics[0], value=0.55, low=0.4, high=0.6),)
    )
    changed = write_card(other, TEXT)
    assert "0.55 [0.40, 0.60]" in changed
    assert "0.88" not in changed


def test_a_model_trained_on_from_a_bundle_names_it_and_its_photographs(result):
    earlier = (
        DataSource("OLD", "CC0", 900, "training"),
        DataSource("ODIR", "of another version", 40, "training"),
    )
    run = replace(
        result.run, initial="file", started_from="eyes 1.0.0", earlier_sources=earlier
    )
    told = replace(result, run=run)
    assert "started from the bundle eyes 1.0.0; binary cross-entropy" in write_card(told, TEXT)
    found = build_manifest(told, TEXT, preprocessing_steps(224)).data_sources
    assert [(s.name, s.photographs) for s in found] == [("ODIR", 100), ("OLD", 900)]


def test_the_card_says_where_size_and_camera_give_the_answer_away(result):
    given_away = (
        Metric("auroc", 1.0, 1.0, 1.0, "MHL", "ODIR", 20, 50),
        Metric("auroc", 1.0, 1.0, 1.0, "DR", "AECD26", 20, 50),
        Metric("auroc", 1.0, 1.0, 1.0, "ARMD", "AECD26", 20, 50),
    )
    at_one_size = (
        Metric("mean_auroc_one_size", 0.7123, 0.6012, 0.8034),
        Metric("auroc_one_size", 0.7123, 0.6012, 0.8034, "DR", "ODIR", 11, 20),
        Metric("auroc_one_size", 0.65, 0.6, 0.9, "MHL", "ODIR", 6, 20),
    )
    metrics = (*result.metrics[:-1], *given_away, *at_one_size)
    told = replace(result, metrics=metrics, summary=replace(result.summary, pairs_one_size=1))
    card = write_card(told, TEXT)
    assert "one original size, 1 pair: mean AUROC **0.71 [0.60, 0.80]**" in card
    assert "enough of both answers for MHL in ODIR; DR, ARMD in AECD26: the size" in card
    assert "| DR | 12 | 44 | 0.88 [0.77, 0.99] | 0.71 [0.60, 0.80] | - |" in card
    assert "| 1.00 [1.00, 1.00] | 0.65 [0.60, 0.90]\\* |" in card


def test_labels_are_listed_by_status(result):
    card = write_card(result, TEXT)
    assert re.search(r"Evaluated \(1\): DR\.", card)
    assert re.search(r"Demonstration.*\(1\): MHL\.", card)
    assert re.search(r"Not assessed.*\(1\): TV\.", card)
    assert "| ODIR | none stated | 70 | 10 | 20 |" in card


def test_notes_speak_of_the_sources_that_were_used_only(result):
    assert "APTOS2019" not in write_card(result, TEXT)
    other = replace(result, sources=(SourceResult("APTOS2019", "rules", 1, 1, 1),))
    assert "sensitivity and no AUROC" in write_card(other, TEXT)


def test_the_manifest_reads_back_equal(result):
    manifest = build_manifest(result, TEXT, preprocessing_steps(224))
    manifest = replace(manifest, graph="model.onnx", weights="weights.safetensors")
    assert parse_manifest(manifest_to_json(manifest).encode()) == manifest
    assert manifest.codes == ("DR", "MHL", "TV")
    assert manifest.labels[2].threshold is None
    assert manifest.metrics == result.metrics


def test_results_read_back_equal(tmp_path, result):
    write_results(tmp_path / "results.json", result)
    assert read_results(tmp_path / "results.json") == result


@pytest.mark.parametrize("content", ["", "{}", "[1]"])
def test_results_that_are_none_are_refused(tmp_path, content):
    (tmp_path / "results.json").write_text(content)
    with pytest.raises(ResultsUnreadableError):
        read_results(tmp_path / "results.json")


def test_results_of_another_version_are_refused(tmp_path, result):
    write_results(tmp_path / "results.json", replace(result, schema=2))
    with pytest.raises(ResultsUnreadableError, match="another version"):
        read_results(tmp_path / "results.json")
