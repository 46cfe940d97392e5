"""What cannot be used is said in a sentence, and nothing half-written stays."""

import codecs
import errno

import numpy as np
import pytest
import torch
import typer

from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.labels import RFMID_CODES
from tests.unit.training.tiny_data import Row, image, write_manifest
from training.cache import INDEX_NAME
from training.files import write_atomically
from training.manifest_data import ManifestUnreadableError, read_manifest, unlearned_codes
from training.prepared import SPLIT_NAME, prepare
from training.sentences import NOTHING_DONE, told

CODES = ("DR", "EDN")
HEADER = "file,source,patient,split,positives,known,orig_label,orig_size,licence\n"


def listing(folder, text):
    (folder / "index.csv").write_text(HEADER + text)
    return folder / "index.csv"


def refused(manifest, work, **more):
    with pytest.raises(ManifestUnreadableError) as caught:
        prepare(manifest, work, CODES, seed=1, side=32, **more)
    assert not (work / SPLIT_NAME).exists()
    return str(caught.value)


def test_a_row_without_its_values_is_named_by_its_line(tmp_path):
    manifest = listing(tmp_path, "a.png,CLINIC,,,DR,*,,,CC0\nb.png,CLINIC\n")
    with pytest.raises(ManifestUnreadableError, match=r"line 3 has fewer values"):
        read_manifest(manifest)


def test_a_list_of_nothing_ends_before_anything_is_written(tmp_path):
    assert "no readable photograph" in refused(listing(tmp_path, ""), tmp_path / "work")
    unlabelled = listing(tmp_path, "a.png,CLINIC,,,,,,,CC0\n")
    assert "no readable photograph" in refused(unlabelled, tmp_path / "work")


def test_rows_without_their_files_are_left_out_or_with_strict_fatal(tmp_path):
    manifest = write_manifest(tmp_path, [Row("a.png", positives="DR")], side=64)
    with manifest.open("a") as stream:
        stream.write("gone.png,CLINIC,,,DR,*,,,CC0\n")
    assert "gone.png" in refused(manifest, tmp_path / "work", strict=True)
    assert not (tmp_path / "work" / "cache" / INDEX_NAME).exists()
    data = prepare(manifest, tmp_path / "work", CODES, seed=1, side=32)
    assert data.unreadable == ("gone.png",)
    (tmp_path / "a.png").unlink()
    assert "no readable photograph" in refused(manifest, tmp_path / "other")


def test_labels_that_the_model_does_not_know_are_counted():
    images = [image("a", positives="DR;RB"), image("b", positives="RB"), image("c")]
    assert unlearned_codes(images, CODES) == {"RB": 2}


@pytest.mark.parametrize(
    ("positives", "known", "word"),
    [("DRX", "*", "DRX"), ("DR", "DR;EDM", "EDM"), ("dr", "*", "dr"), ("*", "", r"\*")],
)
def test_a_label_that_does_not_exist_is_refused_with_its_line(tmp_path, positives, known, word):
    first = "a.png,CLINIC,,,DR;CWS,*,,,CC0\n"
    manifest = listing(tmp_path, f"{first}b.png,CLINIC,,,{positives},{known},,,CC0\n")
    with pytest.raises(
        ManifestUnreadableError, match=rf"^index\.csv, line 3 names the unknown label {word};"
    ):
        read_manifest(manifest)


@pytest.mark.parametrize("code", [*RFMID_CODES, "RB", "ROP", "PEDNORMAL", "NOT_FUNDUS", "CWS"])
def test_every_label_of_the_format_may_be_listed(tmp_path, code):
    (found,) = read_manifest(listing(tmp_path, f"a.png,CLINIC,,,{code},{code},,,CC0\n"))
    assert found.positives == found.known == {code}


def test_a_list_as_excel_saves_it_is_read(tmp_path):
    manifest = listing(tmp_path, "a.png,CLINIC,,,DR,*,,,CC0\n")
    manifest.write_bytes(codecs.BOM_UTF8 + manifest.read_bytes())
    assert [found.path for found in read_manifest(manifest)] == ["a.png"]


def test_more_values_than_columns_are_refused_with_their_line(tmp_path):
    manifest = listing(tmp_path, "a.png,CLINIC,,,DR,*,,,CC0\nb.png,CLINIC,,,DR,*,,,CC0,X\n")
    with pytest.raises(ManifestUnreadableError, match="line 3 has more values than columns"):
        read_manifest(manifest)


@pytest.mark.parametrize("rows", [3, 9000])  # short of, and beyond csv's longest value
def test_a_quotation_mark_that_is_not_closed_is_said(tmp_path, rows):
    good = "a.png,CLINIC,,,DR,*,,,CC0\n"
    manifest = listing(tmp_path, f'{good}"b.png,CLINIC,,,DR,*,,,CC0\n' + good * rows)
    with pytest.raises(ManifestUnreadableError, match="no whole CSV after line 2;"):
        read_manifest(manifest)


def test_what_cannot_be_written_leaves_no_draft(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(tmp_path / "state.pt", b"content")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_a_sentence_and_other_faults_are_faults(capsys):
    def failing(error):
        raise error

    with pytest.raises(typer.Exit) as ended:
        told(failing)(OSError(errno.ENOSPC, "No space left on device", "/secret/patient.png"))
    assert ended.value.exit_code == NOTHING_DONE
    assert (
        capsys.readouterr().err == "The disk is full; make room and start the command again.\n"
    )
    with pytest.raises(typer.Exit):
        told(failing)(torch.OutOfMemoryError("CUDA out of memory"))
    assert capsys.readouterr().err.startswith("The device's memory is full;")
    with pytest.raises(typer.Exit):
        told(failing)(RetinaError("One sentence."))
    with pytest.raises(PermissionError):
        told(failing)(PermissionError(errno.EACCES, "denied"))


def test_cores_change_nothing_of_the_cache(tmp_path):
    rows = [Row(f"{k}.png", positives="DR" if k % 2 else "", seed=k) for k in range(7)]
    manifest = write_manifest(tmp_path, rows, side=64)
    one, other = (prepare(manifest, tmp_path / n, CODES, seed=1, side=32) for n in "ab")
    assert np.array_equal(one.squares, other.squares)
    assert len({square.tobytes() for square in one.squares}) == 7
