"""Every tumour, infant and child takes part; of the adults a seeded draw."""

from collections import Counter
from pathlib import Path

import pytest

from tests.unit.training.tiny_data import image
from training.data_sources import read_data
from training.manifest_data import LabelledImage, ManifestUnreadableError
from training.retinoblastoma.photographs import Kind, choose_cases, choose_strangers


def tumour(name: str, patient: str = "p") -> LabelledImage:
    return image(name, source="RB", patient=patient, positives="RB", known="RB")


def adults(count: int) -> list[LabelledImage]:
    return [
        image(f"a{n}", source="ODIR", patient=f"a{n // 2}", positives="DR" if n % 4 else "")
        for n in range(count)
    ]


def test_kinds_are_told_apart() -> None:
    images = (
        tumour("t"),
        image("i", source="ROP", positives="PEDNORMAL", known="PEDNORMAL"),
        image("c", source="CHASE_DB1", patient="c1"),
        image("a", source="ODIR", patient="a1"),
        image("n", source="FOLDERS", known="RB"),
        image("x", source="DRIMDB", known="", positives=""),
        image("o", source="DRIMDB", known="NOT_FUNDUS", positives="NOT_FUNDUS"),
    )
    cases = choose_cases(images, others_per_source=5, seed=1)
    assert [(c.path, c.kind) for c in cases] == [
        ("t", Kind.TUMOUR),
        ("i", Kind.INFANT),
        ("c", Kind.CHILD),
        ("a", Kind.OTHER),
        ("n", Kind.OTHER),
    ]
    strangers = choose_strangers(images, per_source=5, seed=1)
    assert [(c.path, c.source) for c in strangers] == [
        ("x", "DRIMDB, fundus"),
        ("o", "DRIMDB, not a fundus"),
    ]


def test_infants_without_names_count_as_one_patient_and_tumours_as_many() -> None:
    images = (
        tumour("t1", ""),
        tumour("t2", ""),
        image("i1", source="ROP", positives="ROP", known="ROP"),
        image("i2", source="ROP", positives="ROP", known="ROP"),
    )
    assert [c.patient for c in choose_cases(images, others_per_source=0, seed=1)] == [
        "", "", "ROP", "ROP",
    ]  # fmt: skip


def test_the_draw_is_seeded_of_different_patients_and_half_diseased() -> None:
    images = (tumour("t"), *adults(80))
    cases = choose_cases(images, others_per_source=10, seed=1)
    assert cases == choose_cases(images, others_per_source=10, seed=1)
    assert cases != choose_cases(images, others_per_source=10, seed=2)
    drawn = [c for c in cases if c.kind is Kind.OTHER]
    assert len({c.patient for c in drawn}) == len(drawn) == 10
    ill = {i.path for i in images if "DR" in i.positives}
    assert sum(c.path in ill for c in drawn) == 5


def test_one_class_alone_is_refused() -> None:
    with pytest.raises(ManifestUnreadableError, match="needed"):
        choose_cases((tumour("t"),), others_per_source=5, seed=1)
    with pytest.raises(ManifestUnreadableError, match="has 0 and 8"):
        choose_cases(adults(16), others_per_source=8, seed=1)


def test_the_seeds_folders_are_read(tmp_path: Path) -> None:
    for name, count in (("Retinoblastoma", 2), ("Normal", 3)):
        folder = tmp_path / "Final" / name
        folder.mkdir(parents=True)
        for n in range(count):
            (folder / f"{n}.jpg").write_bytes(b"")
    (tmp_path / "data.toml").write_text(
        '[[source]]\nname = "Final"\nkind = "class-folders"\npath = "Final"\n'
        'labels = "retinoblastoma"\n'
    )
    cases = choose_cases(read_data(tmp_path / "data.toml"), others_per_source=1, seed=1)
    assert Counter(c.kind for c in cases) == {Kind.TUMOUR: 2, Kind.OTHER: 3}
