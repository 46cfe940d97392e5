"""The tools that fit the program's small networks read lists as all of training does."""

import pytest
import typer

from tests.unit.training.tiny_data import Row, write_manifest
from training import laterality, quality_gate
from training.laterality import read_eyes
from training.quality_examples import photographs


def test_eyes_are_known_by_annotated_disc_or_file_name(tmp_path):
    rows = [
        Row("a.png", source="IDRiD", patient="p1", seed=1),
        Row("12_left.png", source="ODIR", patient="p2", seed=2),
        Row("12_right.png", source="ODIR", patient="p2", seed=3),
        Row("b.png", source="HRF", patient="p3", seed=4),
    ]
    manifest = write_manifest(tmp_path / "pack", rows, side=96)
    discs = tmp_path / "discs.csv"
    discs.write_text("\ufefffile,od_x,fovea_x\na.png,60,30\n", encoding="utf-8")
    eyes = read_eyes(manifest.parent, discs)
    assert eyes.patients == ["p1", "p2", "p2"]
    assert eyes.is_right.tolist() == [1.0, 0.0, 1.0]


def test_photographs_of_a_list_are_measured_with_their_source_and_patient(tmp_path):
    rows = [Row("a.png", source="HRF", patient="p1"), Row("b.png", source="HRF", seed=1)]
    manifest = write_manifest(tmp_path / "pack", rows, side=96)
    found = photographs(manifest.parent, variants=False)
    assert found.groups.tolist() == ["p1", "b.png"]
    assert set(found.kinds.tolist()) == {"HRF"}


def test_a_list_that_cannot_be_read_is_told_in_a_sentence(tmp_path, capsys):
    discs = tmp_path / "discs.csv"
    discs.write_text("file,fovea_x\n", encoding="utf-8")
    for tool, arguments in (
        (laterality.main, (tmp_path, discs, tmp_path / "out.npz")),
        (quality_gate.main, (tmp_path, tmp_path / "out.npz", tmp_path / "cache")),
    ):
        with pytest.raises(typer.Exit):
            tool(*arguments)
    said = capsys.readouterr().err
    assert "discs.csv lacks the columns od_x." in said
    assert "index.csv" in said.splitlines()[1]
    assert list(tmp_path.glob("out.npz")) == []
