"""What was prepared is found again, or told to have changed."""

import json
from dataclasses import replace

import pytest

from tests.unit.training.readers.layouts import write_rfmid
from tests.unit.training.tiny_data import Row, write_manifest
from training.data_report import describe_data
from training.manifest_data import ManifestUnreadableError
from training.prepared import (
    SAME_EYES_NAME,
    SPLIT_NAME,
    load_prepared,
    prepare,
    same_eyes,
    set_aside,
)
from training.splits import Part

CODES = ("Disease_Risk", "DR", "EDN")


def rows():
    return [
        Row(
            f"{number:02}.png",
            patient=f"p{number // 2}",
            positives="DR" if number % 2 else "",
            seed=number,
        )
        for number in range(24)
    ]


@pytest.fixture
def pack(tmp_path):
    """A list, its work folder, and the photographs prepared there."""
    manifest = write_manifest(tmp_path / "pack", rows(), side=64)
    work = tmp_path / "work"
    return manifest, work, prepare(manifest, work, CODES, seed=1, side=32)


def rewrite(manifest, number, **change):
    """Change one photograph's row of the list, and nothing of its file."""
    changed = rows()
    changed[number] = replace(changed[number], **change)
    write_manifest(manifest.parent, changed, side=64)


@pytest.mark.parametrize(
    "change", [{"patient": "p9"}, {"positives": "DR;EDN"}, {"known": "DR"}, {"source": "OTHER"}]
)
def test_other_patients_or_labels_ask_for_preparing_anew(pack, change):
    manifest, work, _ = pack
    rewrite(manifest, 1, **change)
    with pytest.raises(ManifestUnreadableError, match="patients or labels have changed: run"):
        load_prepared(manifest, work, CODES)
    prepare(manifest, work, CODES, seed=1, side=32)
    load_prepared(manifest, work, CODES)


def test_a_split_from_before_labels_were_noted_is_taken(pack):
    manifest, work, data = pack
    content = json.loads((work / SPLIT_NAME).read_bytes())
    del content["labels"]
    (work / SPLIT_NAME).write_text(json.dumps(content))
    rewrite(manifest, 1, positives="DR;EDN")
    assert load_prepared(manifest, work, CODES).parts == data.parts


def test_another_list_is_refused_before_its_photographs_are_decoded(pack):
    manifest, work, _ = pack
    cached = {file: file.stat().st_mtime_ns for file in (work / "cache").iterdir()}
    write_manifest(manifest.parent, rows()[:-2], side=64)
    with pytest.raises(ManifestUnreadableError, match="The manifest has changed"):
        load_prepared(manifest, work, CODES)
    assert {file: file.stat().st_mtime_ns for file in (work / "cache").iterdir()} == cached


def noted(work, data):
    pair = int(data.rows_of(Part.TEST)[0]), int(data.rows_of(Part.TRAINING)[0])
    set_aside(work, data, [pair])
    return same_eyes(work)


def test_eyes_that_were_found_stay_noted_while_nobody_is_dealt_anew(pack):
    manifest, work, data = pack
    found = noted(work, data)
    prepare(manifest, work, CODES, seed=1, side=48)
    assert same_eyes(work) == found


def test_eyes_that_were_found_are_forgotten_with_the_division(pack):
    manifest, work, data = pack
    noted(work, data)
    again = prepare(manifest, work, CODES, seed=2, side=32)
    assert again.parts != data.parts
    assert not (work / SAME_EYES_NAME).exists()
    noted(work, again)
    write_manifest(manifest.parent, rows()[:-2], side=64)
    prepare(manifest, work, CODES, seed=2, side=32)
    assert not (work / SAME_EYES_NAME).exists()


def test_a_damaged_split_is_said(pack):
    manifest, work, _ = pack
    (work / SPLIT_NAME).write_text("{")
    with pytest.raises(ManifestUnreadableError, match="run prepare first"):
        load_prepared(manifest, work, CODES)


def test_a_size_that_the_source_does_not_state_is_the_files(tmp_path):
    write_rfmid(tmp_path / "RFMiD", columns=CODES, positives=(("DR",), ("EDN",), ()))
    listing = tmp_path / "data.toml"
    listing.write_text(
        '[[source]]\nname = "RFMiD"\nkind = "columns"\npath = "RFMiD"\nlabels = "rfmid"\n'
    )
    work = tmp_path / "work"
    # All pictures of this layout are alike, so each part is prepared as if it were another's.
    for number, picture in enumerate(sorted((tmp_path / "RFMiD").rglob("*.png"))):
        write_manifest(picture.parent, [Row(picture.name, seed=number)], side=48)
    data = prepare(listing, work, CODES, seed=1, side=32)
    assert {image.original_size for image in data.images} == {"48x48"}
    again = load_prepared(listing, work, CODES)
    assert again.images == data.images


def test_a_size_that_the_source_states_is_kept_and_quality_is_reported(pack):
    manifest, work, _ = pack
    manifest.write_text(manifest.read_text().replace("64x64", "3072x2048"))
    data = prepare(manifest, work, CODES, seed=1, side=32)
    assert {image.original_size for image in data.images} == {"3072x2048"}
    tables = {t.title.split(",")[0]: t for t in describe_data(data.images, CODES, data.parts)}
    ((source, judged, no_fundus, gradable, score, _),) = tables["Image quality"].rows
    qualities = [image.quality for image in data.images]
    assert (source, judged) == ("CLINIC", "24")
    assert int(no_fundus) == sum(not quality.is_fundus for quality in qualities)
    assert gradable == f"{sum(quality.gradable for quality in qualities) / 24:.0%}"
    assert 0.0 <= float(score) <= 1.0
