"""The real program with a children's model: what it prints, and what it writes."""

import csv

import pytest

from tests.helpers.ranged_bundles import INSIDE, OUTSIDE, make_children_bundle


@pytest.fixture
def installed(own_data_folder):
    """Return what puts a children's bundle beside the shipped ones."""

    def install(range_ends_at: float) -> None:
        folder = own_data_folder / "models" / "children"
        make_children_bundle(folder, range_ends_at=range_ends_at)

    return install


def test_a_photograph_outside_the_range_is_told_in_words(program, installed, sample):
    installed(OUTSIDE)
    ended = program("analyze", sample, "--model", "children")

    assert ended.code == 0, ended.err
    assert "OUTSIDE THIS MODEL'S VALIDATED RANGE" in ended.out
    assert "retinoblastoma reached its threshold but is not relied on" in ended.out
    assert "Present:" not in ended.out


def test_and_in_json(program, installed, sample):
    installed(OUTSIDE)
    ended = program("analyze", sample, "--model", "children", "--json", "-")
    [result] = ended.json["results"]

    assert result["range"]["in_range"] is False
    assert result["range"]["not_relied_on"] == ["RB"]
    assert result["findings"][0]["positive"] is None


def test_a_demonstration_is_called_one(program, installed, sample):
    installed(INSIDE)
    ended = program("analyze", sample, "--model", "children")

    assert "Present: Retinoblastoma (RB)" in ended.out
    assert "demonstration only" in ended.out


def test_the_table_of_a_folder_has_the_range_s_columns(program, installed, sample, tmp_path):
    installed(OUTSIDE)
    folder, table = tmp_path / "photographs", tmp_path / "table.csv"
    folder.mkdir()
    (folder / sample.name).write_bytes(sample.read_bytes())
    ended = program("screen", folder, "--out", table, "--model", "children")
    with table.open(encoding="utf-8", newline="") as file:
        [row] = csv.DictReader(file)

    assert (row["in_range"], row["not_relied_on"], row["p_RB"]) == ("false", "RB", "")
    assert row["demonstration"] == "RB"
    assert "Demonstration only" in ended.err


def test_a_damaged_range_is_refused_in_one_sentence(program, own_data_folder, sample):
    folder = make_children_bundle(own_data_folder / "models" / "children")
    (folder / "range.safetensors").write_bytes(b"no numbers")
    ended = program("analyze", sample, "--model", "children")

    assert ended.code != 0
    assert "range.safetensors is damaged or was changed" in ended.err


@pytest.mark.parametrize(
    ("born", "answered"), [("2024-05-04", "children"), ("1961-05-04", "rfmid-efficientnet_b0")]
)
def test_a_visit_is_analysed_by_the_model_of_the_patient_s_age(
    program, installed, sample, born, answered
):
    installed(INSIDE)
    environment = {"RETINA_PASSWORD": "a long enough password"}

    def run(*words):
        ended = program(*words, environment=environment)
        assert ended.code == 0, ended.err
        return ended

    run("records", "setup", "--single-user")
    run("patients", "add", "P-1", "A Name", "--birth-date", born)
    ended = run("examine", "--patient", "P-1", "--left", sample, "--visit-date", "2026-03-02")

    assert f"Model {answered} " in ended.out
    assert ("By the patient's age" in ended.err) == (answered == "children")
