"""From a folder of photographs to a bundle that the application loads, at toy size."""

from functools import partial
from itertools import count

import numpy as np
import pytest
import torch

from retina_desktop.domain.findings import LabelStatus
from retina_desktop.ml.bundles import read_bundle
from retina_desktop.ml.export import export_bundle
from retina_desktop.ml.onnx_engine import OnnxClassifier
from tests.unit.training.tiny_data import Row, write_manifest
from training.answers_file import read_answers, write_answers
from training.calibration_fit import apply_platt
from training.card import BundleText, build_manifest, write_card
from training.comparison import compare_runs
from training.evaluate import (
    application_tensor,
    compute_logits,
    evaluate,
    preprocessing_steps,
)
from training.evaluation_page import evaluation_page
from training.fabrics import make_fabric
from training.first_weights import new_network
from training.learning import Learning
from training.manifest_data import ManifestUnreadableError
from training.prepared import (
    SAME_EYES_NAME,
    SPLIT_NAME,
    load_prepared,
    prepare,
    set_aside,
)
from training.recipe import Recipe
from training.results import ResultsUnreadableError, read_results, write_results
from training.run_record import load_best, read_facts, write_record
from training.splits import Part
from training.transfer import create_network

CODES = ("Disease_Risk", "EDN", "TV")
NETWORK = "test_efficientnet"
SIZE = 64
RECIPE = Recipe(
    name="tiny",
    model={"architecture": NETWORK, "size": SIZE, "initial": "none"},
    optimizer={"peak_rate": 3e-3},
    sampling={"common_share": 1.0},
    run={"epochs": 2, "batch": 8, "pair_minimum": 1},
)


def rows():
    for number in range(80):
        ill = number % 2 == 1
        yield Row(
            f"clinic/{number:03}.png",
            patient=f"p{number // 2}" if number < 40 else "",
            positives="Disease_Risk;EDN" if ill else "",
            seed=number,
            exudates=40 if ill else 0,
        )
    yield Row("clinic/copy.png", seed=50)  # the picture of 050.png once more
    yield Row("other/unlabelled.png", source="OTHER", known="", seed=99)


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("training")
    manifest = write_manifest(folder / "pack", list(rows()), side=96)
    return manifest, folder / "work", prepare(manifest, folder / "work", CODES, seed=1)


@pytest.fixture(scope="module")
def trained(pack):
    manifest, work_dir, data = pack
    training = data.part(Part.TRAINING)
    run = Learning(
        new_network(RECIPE, len(CODES)),
        RECIPE,
        training=training,
        validation=data.part(Part.VALIDATION),
        run_dir=work_dir / "run",
        clock=partial(next, count()),
        fabric=make_fabric(RECIPE),
    )
    drawn = run.photographs_an_epoch
    write_record(work_dir / "run", RECIPE, photographs_an_epoch=drawn, mixed_precision=False)
    run.run()
    best = create_network(len(CODES), architecture=NETWORK)
    load_best(work_dir / "run", best)
    facts = read_facts(work_dir / "run", duplicate_pairs=data.duplicate_pairs)
    again = data.rows_of(Part.TEST)[::-1][:3]
    logits, others = compute_logits(
        best,
        data,
        again,
        image_dir=manifest.parent,
        tensor_of=partial(application_tensor, size=SIZE, steps=preprocessing_steps(SIZE)),
        size=SIZE,
    )
    # Not to the bit: where torch answers, its batch matters a little.
    assert np.allclose(others, logits.test[::-1][:3], atol=1e-4)
    result, answers = evaluate(data, logits, facts, resamples=20)
    return best, logits, result, answers


def test_what_was_prepared_is_found_again(pack):
    manifest, work_dir, data = pack
    again = load_prepared(manifest, work_dir, CODES)
    assert again.parts == data.parts
    assert np.array_equal(again.groups, data.groups)
    assert len(data.images) == 81  # the unlabelled one stays out
    paths = [image.path for image in data.images]
    copy, original = paths.index("clinic/copy.png"), paths.index("clinic/050.png")
    assert data.groups[copy] == data.groups[original]


def test_eyes_seen_before_are_set_aside_from_the_test(pack):
    manifest, work_dir, data = pack
    row, other = int(data.rows_of(Part.TEST)[0]), int(data.rows_of(Part.TRAINING)[0])
    set_aside(work_dir, data, [(row, other)])
    try:
        again = load_prepared(manifest, work_dir, CODES)
    finally:
        (work_dir / SAME_EYES_NAME).unlink()
    assert again.rows_of(Part.SET_ASIDE).tolist() == [row]
    assert len(again.part(Part.TEST)) == len(data.part(Part.TEST)) - 1
    assert np.array_equal(again.rows_of(Part.TRAINING), data.rows_of(Part.TRAINING))


def test_a_manifest_that_changed_asks_for_preparing_anew(pack, tmp_path):
    manifest, work_dir, _ = pack
    shorter = manifest.with_name("shorter.csv")
    lines = manifest.read_text().splitlines()
    shorter.write_text("\n".join(lines[:-3]) + "\n")
    (tmp_path / SPLIT_NAME).write_bytes((work_dir / SPLIT_NAME).read_bytes())
    with pytest.raises(ManifestUnreadableError, match="has changed"):
        load_prepared(shorter, tmp_path, CODES)
    with pytest.raises(ManifestUnreadableError, match="run prepare first"):
        load_prepared(shorter, tmp_path / "empty", CODES)


def test_a_run_that_is_not_there_is_said(tmp_path):
    with pytest.raises(ResultsUnreadableError, match="run train first"):
        read_facts(tmp_path, duplicate_pairs=0)
    with pytest.raises(ResultsUnreadableError, match="No epoch"):
        load_best(tmp_path, create_network(1, architecture=NETWORK))


def test_statuses_follow_the_numbers(trained):
    _, _, result, _ = trained
    risk, edn, tv = result.labels
    assert tv.status is LabelStatus.NOT_ASSESSED
    assert tv.threshold is None
    assert risk.status is edn.status is LabelStatus.DEMONSTRATION  # fewer than ten in the test
    assert risk.natural
    assert risk.training_positives + risk.validation_positives + risk.test_positives == 40
    assert result.summary.without_field == 0
    assert result.run.epochs_run == 2


def test_the_bundle_answers_as_the_evaluation_did(pack, trained, tmp_path):
    manifest, _, data = pack
    network, logits, result, _ = trained
    write_results(tmp_path / "results.json", result)
    read = read_results(tmp_path / "results.json")
    text = BundleText("tiny", "1.0.0", "Tiny", "2026-01-31", "0.1.0")
    draft = build_manifest(read, text, preprocessing_steps(SIZE))
    folder = export_bundle(network, draft, tmp_path / "tiny", card=write_card(read, text))
    bundle = read_bundle(folder)
    bundle.verify()
    classifier = OnnxClassifier(bundle, threads=1)
    for place, row in enumerate(data.rows_of(Part.TEST).tolist()):
        path = manifest.parent / data.images[row].path
        tensor = application_tensor(path, size=SIZE, steps=bundle.manifest.preprocessing)
        answer = classifier.classify(tensor)
        for column, label in enumerate(read.labels):
            expected = apply_platt(logits.test[place, column], label.calibration)
            assert answer.probabilities[column] == pytest.approx(expected, abs=1e-3)


def test_training_leaves_torchs_own_chance_alone(pack):
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    create_network(3, architecture=NETWORK)
    assert torch.equal(torch.rand(1), expected)


def test_answers_are_kept_shown_and_compared(pack, trained, tmp_path):
    _, _, data = pack
    _, _, result, answers = trained
    files = tuple(data.images[row].path for row in data.rows_of(Part.TEST).tolist())
    write_answers(tmp_path / "answers.npz", answers, files)
    again, same = read_answers(tmp_path / "answers.npz")
    assert same == files
    assert again.thresholds == answers.thresholds
    page = evaluation_page(result, again, same)
    assert "Evaluation on patients kept back" in page
    assert "http" not in page.replace("http://www.w3.org", "")
    with pytest.raises(ResultsUnreadableError, match="different photographs"):
        compare_runs(answers, again, files=(files, files[::-1]))
    with pytest.raises(ResultsUnreadableError, match="run evaluate first"):
        read_answers(tmp_path / "nothing.npz")


def test_what_cannot_be_read_is_left_out_and_noted_or_ends_it(tmp_path):
    manifest = write_manifest(tmp_path / "pack", list(rows())[:12], side=96)
    (tmp_path / "pack" / "clinic" / "003.png").write_bytes(b"\x89PNG and then nothing")
    with pytest.raises(ManifestUnreadableError, match=r"\(1, first clinic/003\.png\)"):
        prepare(manifest, tmp_path / "work", CODES, seed=1, strict=True)
    data = prepare(manifest, tmp_path / "work", CODES, seed=1)
    assert data.unreadable == ("clinic/003.png",)
    assert len(data.images) == len(data.squares) == 11
    again = load_prepared(manifest, tmp_path / "work", CODES)
    assert again.parts == data.parts
