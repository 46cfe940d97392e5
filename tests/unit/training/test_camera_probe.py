"""What tells cameras apart must not look like knowledge of the eye."""

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.unit.training.tiny_data import Row, image, write_manifest
from training.__main__ import app
from training.camera_probe import ask_across, draw_rows, imagenet_network, pooled_features
from training.prepared import PreparedData
from training.splits import Part

PER_SOURCE = 120
SOURCES = ("NORTH", "SOUTH", "EAST")
ILL_SHARE = {"NORTH": 0.8, "SOUTH": 0.2, "EAST": 0.5}


def data_of(*, ill_share=ILL_SHARE, known="DR"):
    images = tuple(
        image(
            f"{source}{number}.png",
            source=source,
            positives="DR" if number < ill_share[source] * PER_SOURCE else "",
            known=known,
        )
        for source in SOURCES
        for number in range(PER_SOURCE)
    )
    parts = tuple(Part.TEST if n % 2 else Part.TRAINING for n in range(len(images)))
    squares = np.zeros((len(images), 8, 8, 3), np.uint8)
    return PreparedData(images, squares, np.arange(len(images)), parts, ("EDN", "DR"), 0)


def features_of(data, *, lesion, camera):
    generator = np.random.default_rng(1)
    ill = np.array(["DR" in each.positives for each in data.images])
    place = np.array([SOURCES.index(each.source) for each in data.images])
    columns = [lesion * ill, camera * (place == 0), camera * (place == 1)]
    noise = generator.normal(0, 0.3, (len(ill), len(columns)))
    return (np.stack(columns, axis=1) + noise).astype(np.float32)


def table(data, features):
    rows = draw_rows(data, "DR")
    return {(a.learned_from, a.judge): a for a in ask_across(data, rows, features[rows], "DR")}


def test_what_is_of_the_eye_carries_over_and_what_is_of_the_camera_does_not():
    data = data_of()
    eye = table(data, features_of(data, lesion=1.0, camera=0.0))
    assert len(eye) == 3 * 3 + 3
    assert min(each.auroc for each in eye.values()) > 0.95
    camera = table(data, features_of(data, lesion=0.0, camera=1.0))
    assert max(abs(each.auroc - 0.5) for each in camera.values()) < 0.25


def test_a_source_judges_itself_by_its_test_alone_and_others_by_all():
    data = data_of()
    found = table(data, features_of(data, lesion=1.0, camera=0.0))
    assert (found["EAST", "EAST"].positives, found["EAST", "EAST"].negatives) == (30, 30)
    assert (found["", "EAST"].positives, found["", "EAST"].negatives) == (60, 60)


def test_a_source_with_one_answer_only_helps_the_others():
    data = data_of(ill_share=ILL_SHARE | {"NORTH": 1.0})
    found = table(data, features_of(data, lesion=1.0, camera=0.0))
    assert {judge for _, judge in found} == {"SOUTH", "EAST"}
    assert {learned for learned, _ in found} == {"SOUTH", "EAST", ""}


def test_rows_are_drawn_where_the_label_is_stated():
    data = data_of()
    assert len(draw_rows(data, "DR", most=30)) == 90
    assert len(draw_rows(data, "EDN")) == 0


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("probe")
    rows = [
        Row(
            f"{source}/{number}.png",
            source=source,
            positives="Disease_Risk;EDN" if number % 2 else "",
            seed=number + 100 * (source == "SOUTH"),
            exudates=40 * (number % 2),
        )
        for source in ("NORTH", "SOUTH")
        for number in range(30)
    ]
    manifest = write_manifest(folder, rows, side=64)
    where = ["--manifest", str(manifest), "--work-dir", str(folder / "work")]
    assert CliRunner().invoke(app, ["prepare", *where, "--side", "64"]).exit_code == 0
    return where


def test_the_command_gives_a_row_for_each_source_and_one_for_all_others(prepared):
    told = CliRunner().invoke(app, ["probe", *prepared, "--label", "EDN"])
    assert told.exit_code == 0, told.output
    lines = [line.split() for line in told.stdout.splitlines()]
    assert ["Learned", "from", "NORTH", "SOUTH"] in lines
    north = next(line for line in lines if line[:1] == ["NORTH"])
    assert north[1] == "-"  # too few of its own to judge by
    assert float(north[2]) > 0.9  # drawn exudates look alike in both
    assert any(line[:2] == ["all", "others"] for line in lines)


@pytest.mark.parametrize(
    ("label", "said"), [("LS", "choose another label"), ("XYZ", "There is no label XYZ")]
)
def test_what_cannot_be_asked_is_said_in_a_sentence(prepared, label, said):
    ended = CliRunner().invoke(app, ["probe", *prepared, "--label", label])
    assert ended.exit_code != 0
    assert said in " ".join(ended.output.split())
    assert "Traceback" not in ended.output


def test_features_are_those_of_imagenet():
    network = imagenet_network()
    pictures = np.random.default_rng(0).integers(0, 255, (3, 64, 64, 3), np.uint8)
    features = pooled_features(network, pictures, np.array([2, 0]))
    assert features.shape == (2, 2 * 1280)
    assert np.isfinite(features).all()
    again = pooled_features(network, pictures, np.array([0, 1, 2]))
    np.testing.assert_allclose(features, again[[2, 0]], atol=1e-4)
