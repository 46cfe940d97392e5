"""From photographs to a bundle by the real commands; and the sentences when something lacks."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner, Result

from retina_desktop.domain.findings import LabelStatus
from retina_desktop.ml.bundle_reading import read_bundle
from retina_desktop.ml.validated_range import RANGE_NAME, read_range
from tests.unit.training.retinoblastoma.tiny import (
    ARCHITECTURE,
    SIDE,
    tiny_network,
    write_photographs,
)
from training.results import ResultsUnreadableError
from training.retinoblastoma.collection import load_collection
from training.retinoblastoma.commands import app
from training.retinoblastoma.results import RESULTS_NAME, read_audit, read_result
from training.retinoblastoma.stored import HEAD_NAME, read_fitted, write_evaluation

NETWORK = ("--architecture", ARCHITECTURE)


def ask(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work folder in which everything up to the export was done."""
    folder = tmp_path_factory.mktemp("retinoblastoma")
    tiny_network(folder / "weights.pt")
    manifest = write_photographs(folder / "data")
    threads = torch.get_num_threads()
    for words in (
        ("prepare", "--manifest", manifest, "--size", SIDE, "--others", 4),
        ("evaluate", "--weights", folder / "weights.pt", "--copies", 1, *NETWORK),
        ("audit", "--weights", folder / "weights.pt", *NETWORK),
    ):
        result = ask(words[0], "--work-dir", folder, *words[1:])
        assert result.exit_code == 0, result.output
    torch.set_num_threads(threads)
    return folder


def test_every_photograph_is_judged_and_counted(work: Path) -> None:
    result = read_result(work)
    assert {(s.name, s.photographs, s.patients) for s in result.sources} == {
        ("RB-SET", 8, 4),
        ("ROP-SET", 8, 4),
        ("CHASE_DB1", 2, 2),
        ("CLINIC", 4, 4),
    }
    assert result.patients.patients == result.head.folds == 4
    assert {m.source for m in result.metrics} == {
        "infants", "children", "adults and others", "",
    }  # fmt: skip
    seen = {o.source: o.seen for o in result.outside}
    assert seen["RB-SET"] == "left out"
    assert seen["CLINIC"] == "negatives of training"
    assert seen["QUALITY, fundus"] == "never seen"


def test_the_audit_holds_every_shortcut_and_step(work: Path) -> None:
    audit = read_audit(work)
    assert audit is not None
    assert [e.what for e in audit.shortcuts].count("colour histogram") == 4
    through = [e for e in audit.shortcuts if e.network]
    assert [e.asked for e in through] == [False, False, False, True, True] * 2
    assert [len(e.steps) for e in audit.steps] == [0, 1, 2, 3, 4]


def test_the_bundle_answers_as_the_fitted_layer(work: Path) -> None:
    exported = ask(
        "export", "--work-dir", work, "--weights", work / "weights.pt", *NETWORK,
        "--destination", work / "tumour", "--created-on", "2026-01-31",
    )  # fmt: skip
    assert exported.exit_code == 0, exported.output
    bundle = read_bundle(work / "tumour")
    (label,) = bundle.manifest.labels
    assert (label.code, label.status) == ("RB", LabelStatus.DEMONSTRATION)
    found = read_range(bundle)
    assert found is not None
    assert found.channels == 1280
    result = read_result(work)
    assert label.threshold == result.head.threshold
    card = (work / "tumour" / "MODEL_CARD.md").read_text()
    first = card.split("\n\n")[1].split(".")[0]
    assert "demonstration" in first
    assert "8 photographs of 4 patients" in first
    assert "not measured" in card
    assert str(work) not in card


def test_features_are_computed_once(work: Path) -> None:
    path = work / f"features-{ARCHITECTURE}.npz"
    before = path.stat().st_mtime_ns
    again = ask(
        "evaluate",
        "--work-dir",
        work,
        "--weights",
        work / "weights.pt",
        "--copies",
        1,
        *NETWORK,
    )
    assert again.exit_code == 0
    assert path.stat().st_mtime_ns == before


def test_other_weights_than_the_evaluated_are_not_exported(work: Path, tmp_path: Path) -> None:
    tiny_network(tmp_path / "other.pt", outputs=3)
    refused = ask(
        "export", "--work-dir", work, "--weights", tmp_path / "other.pt", *NETWORK,
        "--destination", tmp_path / "bundle",
    )  # fmt: skip
    assert refused.exit_code == 3
    assert "not the weights that were evaluated" in refused.output
    assert not (tmp_path / "bundle").exists()


def test_commands_out_of_order_say_what_to_do(tmp_path: Path) -> None:
    tiny_network(tmp_path / "w.pt")
    for command, extra in (
        ("evaluate", ()),
        ("audit", ()),
        ("export", ("--destination", tmp_path / "bundle")),
    ):
        found = ask(
            command, "--work-dir", tmp_path, "--weights", tmp_path / "w.pt", *NETWORK, *extra
        )
        assert found.exit_code == 3
        assert "first" in found.output
        assert len(found.output.strip().splitlines()) == 1


def test_an_unreadable_photograph_is_left_out_and_named_or_with_strict_ends_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    manifest = write_photographs(tmp_path / "data", patients=3, infants=3)
    (tmp_path / "data" / "rb0_0.png").unlink()
    (tmp_path / "data" / "stranger.png").write_bytes(b"\x89PNG and then nothing")
    words = ("prepare", "--manifest", manifest, "--work-dir", tmp_path / "w", "--size", SIDE)
    refused = ask(*words, "--strict")
    assert refused.exit_code == 3
    assert "(1, first rb0_0.png)" in refused.output
    assert not (tmp_path / "w").exists()
    (tmp_path / "w" / "strangers").mkdir(parents=True)  # of an earlier list
    assert ask(*words).exit_code == 0
    assert not (tmp_path / "w" / "strangers").exists()
    left_out = [r.getMessage() for r in caplog.records if "cannot be read" in r.getMessage()]
    assert left_out == [
        f"left out, it cannot be read: {name}.png" for name in ("rb0_0", "stranger")
    ]
    found = load_collection(tmp_path / "w")
    assert found.unreadable == ("rb0_0.png",)
    assert found.truth.sum() == 5
    assert found.without_field == 0


def class_folders(folder: Path, *, healthy: int) -> Path:
    """Lay the photographs out as a folder a class, without anything said of age or patient."""
    write_photographs(folder)
    for name, files in (
        ("Retinoblastoma", [f"rb{number}_0.png" for number in range(4)]),
        ("Normal", [f"adult{number}.png" for number in range(healthy)]),
    ):
        (folder / "Final" / name).mkdir(parents=True)
        for file in files:
            (folder / file).rename(folder / "Final" / name / file)
    listing = folder / "data.toml"
    listing.write_text(
        '[[source]]\nname = "RB"\nkind = "class-folders"\npath = "Final"\n'
        'labels = "retinoblastoma"\n'
    )
    return listing


def test_the_audit_judges_everybody_where_there_are_no_infants(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    manifest = class_folders(tmp_path / "data", healthy=6)
    place = ("--work-dir", tmp_path)
    assert ask("prepare", "--manifest", manifest, *place, "--size", SIDE).exit_code == 0
    tiny_network(tmp_path / "w.pt")
    told = ask("audit", *place, "--weights", tmp_path / "w.pt", *NETWORK, "--alike")
    assert told.exit_code == 0, told.output
    assert "0 infants are without a tumour, too few" in caplog.text
    audit = read_audit(tmp_path)
    assert audit is not None
    assert {m.negatives for e in audit.shortcuts for m in e.metrics} == {6}


@pytest.mark.parametrize("healthy", [1, 2])
def test_too_few_without_a_tumour_are_said(tmp_path: Path, healthy: int) -> None:
    manifest = class_folders(tmp_path / "data", healthy=healthy)
    found = ask("prepare", "--manifest", manifest, "--work-dir", tmp_path / "w", "--size", SIDE)
    assert found.exit_code == 3
    assert "3 infants, children or adults without retinoblastoma" in found.output
    assert f"there are {healthy}." in found.output


def test_weights_that_are_not_there_are_said_by_every_command(work: Path) -> None:
    for command, extra in (
        ("evaluate", ()),
        ("audit", ()),
        ("export", ("--destination", work / "bundle")),
    ):
        found = ask(
            command, "--work-dir", work, "--weights", work / "gone.pt", *NETWORK, *extra
        )
        assert found.exit_code == 3
        assert "gone.pt" in found.output
        assert len(found.output.strip().splitlines()) == 1


def copied(work: Path, folder: Path) -> Path:
    for name in (HEAD_NAME, RANGE_NAME, RESULTS_NAME, "cases.json", "crops.npz"):
        (folder / name).write_bytes((work / name).read_bytes())
    return folder


@pytest.mark.parametrize("name", [HEAD_NAME, "crops.npz"])
@pytest.mark.parametrize("kept", [0, 200])
def test_a_file_that_was_cut_off_is_said(
    work: Path, tmp_path: Path, name: str, kept: int
) -> None:
    file = copied(work, tmp_path) / name
    file.write_bytes(file.read_bytes()[:kept])
    found = ask(
        "export", "--work-dir", tmp_path, "--weights", work / "weights.pt", *NETWORK,
        "--destination", tmp_path / "bundle",
    )  # fmt: skip
    assert found.exit_code == 3
    assert "first." in found.output


def test_a_new_head_is_never_exported_with_old_results(work: Path, tmp_path: Path) -> None:
    fitted, result = read_fitted(work), read_result(work)
    old = (work / RESULTS_NAME).read_bytes()
    write_evaluation(tmp_path, replace(result, seed=result.seed + 1), fitted)
    assert read_fitted(tmp_path).point == fitted.point
    (tmp_path / RESULTS_NAME).write_bytes(old)  # what an interruption would have left
    with pytest.raises(ResultsUnreadableError, match="of different evaluations: run"):
        read_fitted(tmp_path)


def test_a_head_of_an_earlier_version_is_taken(work: Path, tmp_path: Path) -> None:
    head = copied(work, tmp_path) / HEAD_NAME
    with np.load(head) as stored:
        named = {name: stored[name] for name in ("weight", "bias", "point")}
    np.savez(head, **named)
    assert read_fitted(tmp_path).point == read_fitted(work).point


def test_features_that_were_cut_off_are_computed_anew(work: Path, tmp_path: Path) -> None:
    features = copied(work, tmp_path) / f"features-{ARCHITECTURE}.npz"
    whole = (work / features.name).read_bytes()
    features.write_bytes(whole[: len(whole) // 2])
    again = ask(
        "evaluate", "--work-dir", tmp_path, "--weights", work / "weights.pt", "--copies", 1,
        *NETWORK,
    )  # fmt: skip
    assert again.exit_code == 0, again.output
    assert features.stat().st_size > len(whole) // 2


def test_one_patient_cannot_be_left_out_of_one(tmp_path: Path) -> None:
    manifest = write_photographs(tmp_path / "data", patients=2, infants=1)
    found = ask("prepare", "--manifest", manifest, "--work-dir", tmp_path / "w", "--size", SIDE)
    assert found.exit_code == 3
    assert "there are 2" in found.output
    assert not (tmp_path / "w").exists()


def test_results_are_plain_json(work: Path) -> None:
    content = json.loads((work / "retinoblastoma.json").read_text())
    assert np.isfinite(content["range"]["threshold"])
