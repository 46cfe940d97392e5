import numpy as np
import pytest

from tests.unit.training.tiny_data import HEADER, Row, image, write_manifest
from training.manifest_data import (
    ManifestUnreadableError,
    build_targets,
    labelled_only,
    read_dr_grade,
    read_manifest,
)

CODES = ("Disease_Risk", "DR", "EDN")


def test_rows_are_read_in_order_with_positives_counted_as_known(tmp_path):
    manifest = write_manifest(
        tmp_path,
        [
            Row("a.jpg", patient="p1", positives="Disease_Risk;DR", known="DR"),
            Row("b.jpg", known=""),
        ],
    )
    first, second = read_manifest(manifest)
    assert first.path == "a.jpg"
    assert first.patient == "p1"
    assert first.positives == {"Disease_Risk", "DR"}
    assert first.states("Disease_Risk")
    assert not second.states("DR")


def test_unknown_is_not_negative():
    images = [image("a", positives="DR", known="DR"), image("b", known="EDN")]
    targets, known = build_targets(images, CODES)
    assert known.tolist() == [[False, True, False], [False, False, True]]
    assert targets.tolist() == [[0, 1, 0], [0, 0, 0]]


def test_a_label_the_source_never_names_is_unknown_in_its_diseased_eyes_only():
    images = [image("ill", positives="Disease_Risk;DR"), image("well")]
    _, known = build_targets(images, CODES)
    assert known.tolist() == [[True, True, False], [True, True, True]]


def test_codes_outside_the_model_are_ignored_and_leave_photographs_unlabelled():
    images = [image("rb", positives="RB", known="RB"), image("ok", known="DR")]
    assert [i.path for i in labelled_only(images, CODES)] == ["ok"]


def test_targets_have_the_order_of_the_codes():
    targets, known = build_targets([image("a", positives="EDN", known="*")], ("EDN", "DR"))
    assert targets.dtype == np.float32
    assert known.dtype == np.bool_
    assert targets.tolist() == [[1, 0]]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("file,source\na.jpg,X\n", "lacks the columns"),
        (
            ",".join(HEADER) + "\n" + 2 * "a.jpg,X,,,,,,,\n",
            "names a photograph twice",
        ),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused_with_a_sentence(tmp_path, text, sentence):
    path = tmp_path / "index.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ManifestUnreadableError, match=sentence):
        read_manifest(path)


def test_a_missing_manifest_is_refused(tmp_path):
    with pytest.raises(ManifestUnreadableError, match="cannot be read"):
        read_manifest(tmp_path / "index.csv")


@pytest.mark.parametrize(
    ("words", "grade"),
    [
        ("DR3|DME2", 3),
        ("DR0|DME0", 0),
        ("DR2|aspect_restored=1.51", 2),
        ("DME1|DR-", None),
        ("normal fundus", 0),
        ("mild nonproliferative retinopathy", 1),
        ("moderate non proliferative retinopathy|laser spot", 2),
        ("severe nonproliferative retinopathy|macular edema", 3),
        ("proliferative diabetic retinopathy|hypertensive retinopathy", 4),
        ("severe proliferative diabetic retinopathy", 4),
        ("diabetic retinopathy", None),
        ("suspected moderate non proliferative retinopathy", None),
        ("cataract", None),
        ("10. Proliferative Diabetic Retinopathy", 4),
        ("", None),
    ],
)
def test_the_grade_of_a_retinopathy_is_read_from_the_sources_words(words, grade):
    assert read_dr_grade(words) == grade
