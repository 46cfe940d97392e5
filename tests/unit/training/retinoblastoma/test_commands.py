"""From photographs to a bundle by the real commands; and the sentences when something lacks."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner, Result

from retina_desktop.domain.findings import LabelStatus
from retina_desktop.ml.bundle_reading import read_bundle
from retina_desktop.ml.validated_range import read_range
from tests.unit.training.retinoblastoma.tiny import (
    ARCHITECTURE,
    SIDE,
    tiny_network,
    write_photographs,
)
from training.retinoblastoma.commands import app
from training.retinoblastoma.results import read_audit, read_result

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
    assert len([e for e in audit.shortcuts if e.network]) == 6
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


def test_a_missing_photograph_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    manifest = write_photographs(tmp_path / "data", patients=2, infants=1)
    (tmp_path / "data" / "rb0_0.png").unlink()
    found = ask("prepare", "--manifest", manifest, "--work-dir", tmp_path / "w", "--size", SIDE)
    assert found.exit_code == 3
    assert "rb0_0.png" in found.output
    assert not (tmp_path / "w").exists()


def test_one_patient_cannot_be_left_out_of_one(tmp_path: Path) -> None:
    manifest = write_photographs(tmp_path / "data", patients=2, infants=1)
    found = ask("prepare", "--manifest", manifest, "--work-dir", tmp_path / "w", "--size", SIDE)
    assert found.exit_code == 3
    assert "there are 2" in found.output
    assert not (tmp_path / "w").exists()


def test_results_are_plain_json(work: Path) -> None:
    content = json.loads((work / "retinoblastoma.json").read_text())
    assert np.isfinite(content["range"]["threshold"])
