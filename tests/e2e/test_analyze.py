"""``analyze``: the contract that other programs rely on."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from retina_desktop.domain.labels import RFMID_CODES

RESULT_KEYS = [
    "path",
    "sha256",
    "width",
    "height",
    "is_fundus",
    "quality",
    "laterality",
    "model",
    "findings",
    "referral",
    "range",
    "timings_ms",
]


@pytest.fixture(scope="module")
def analysed(tmp_path_factory, sample):
    """The sample photograph analysed once with every heatmap; the document and the folder."""
    folder = tmp_path_factory.mktemp("heatmaps")
    command = [sys.executable, "-m", "retina_desktop", "analyze", str(sample), "--json", "-"]
    ended = subprocess.run(
        [*command, "--heatmaps", str(folder), "--overlay-labels", "all"],
        env={**os.environ, "RETINA_DATA_DIR": str(tmp_path_factory.mktemp("data"))},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return json.loads(ended.stdout), folder


def test_the_document_has_the_contract_s_shape(analysed, sample):
    document, _ = analysed
    assert list(document) == ["schema", "results", "errors"]
    assert document["schema"] == 1
    assert document["errors"] == []
    (result,) = document["results"]
    assert list(result) == RESULT_KEYS
    assert result["path"] == str(sample)
    assert result["sha256"] == hashlib.sha256(sample.read_bytes()).hexdigest()
    assert (result["width"], result["height"]) == (1411, 1411)
    assert result["is_fundus"] is True
    assert set(result["quality"]) == {"gradable", "score", "reasons"}
    assert result["model"]["id"] == "rfmid-efficientnet_b0"
    assert result["model"]["engine"] == "onnx"
    assert result["timings_ms"]["total"] > 0


def test_findings_are_all_labels_in_the_model_s_order(analysed):
    findings = analysed[0]["results"][0]["findings"]
    assert [f["label"] for f in findings] == list(RFMID_CODES)
    for finding in findings:
        assessed = finding["status"] in ("evaluated", "demonstration")
        assert (finding["probability"] is not None) == assessed
        assert (finding["threshold"] is not None) == assessed
        if assessed:
            assert finding["positive"] == (finding["probability"] >= finding["threshold"])
        else:
            assert finding["status"] == "not_assessed"
            assert finding["positive"] is None
    assert any(f["status"] == "evaluated" for f in findings)
    assert any(f["status"] == "not_assessed" for f in findings)


def test_heatmaps_are_grey_of_the_photograph_s_size_and_zero_outside_the_field(
    analysed, sample
):
    document, folder = analysed
    for finding in document["results"][0]["findings"]:
        gray_file = folder / f"retina__{finding['label']}.png"
        assert gray_file.exists() == (finding["probability"] is not None)
        if finding["probability"] is None:
            continue
        heat = cv2.imread(str(gray_file), cv2.IMREAD_UNCHANGED)
        assert heat.dtype == np.uint8
        assert heat.shape == (1411, 1411)
        assert heat[:40, :40].max() == 0  # the black corner
        overlay = cv2.imread(str(folder / f"retina__{finding['label']}.overlay.jpg"))
        assert overlay.shape == (1411, 1411, 3)


def test_the_hottest_point_tells_the_probability_on_the_fixed_scale(analysed):
    document, folder = analysed
    for finding in document["results"][0]["findings"]:
        if finding["probability"] is None:
            continue
        p, t = finding["probability"], finding["threshold"]
        strength = 1 / (1 + t / (1 - t) * (1 - p) / p)
        heat = cv2.imread(str(folder / f"retina__{finding['label']}.png"), cv2.IMREAD_UNCHANGED)
        assert heat.max() <= 255 * strength + 1
        if heat.max():
            assert heat.max() == pytest.approx(255 * strength, rel=0.05, abs=2)


def test_one_bad_photograph_never_stops_the_others(program, photographs):
    ended = program(
        "analyze",
        photographs / "damaged.jpg",
        photographs / "cat.png",
        photographs / "missing.jpg",
        photographs / "eye OD.jpg",
        "--json",
        "-",
    )
    assert ended.code == 1
    document = ended.json
    assert [r["path"].split("/")[-1] for r in document["results"]] == ["cat.png", "eye OD.jpg"]
    assert [e["error"] for e in document["errors"]] == ["image_truncated", "image_missing"]
    assert all(e["message"].endswith(".") for e in document["errors"])
    cat = document["results"][0]
    assert cat["is_fundus"] is False
    assert cat["quality"]["gradable"] is False
    assert cat["quality"]["reasons"] == ["not_fundus"]
    assert cat["referral"]["tier"] == "reimage"
    assert all(f["probability"] is None for f in cat["findings"])


def test_when_nothing_could_be_analysed_the_exit_code_is_three(program, photographs):
    ended = program("analyze", photographs / "damaged.jpg", "--json", "-")
    assert ended.code == 3
    assert ended.json["results"] == []
    assert "damaged.jpg: " in ended.err


def test_the_user_s_word_on_the_eye_wins_and_a_disagreement_is_a_warning(program, sample):
    def eye(*options):
        ended = program("analyze", sample, "--json", "-", *options)
        return ended.json["results"][0]["laterality"]

    suggested = eye()  # the disc is on the picture's left: a left eye
    assert (suggested["value"], suggested["source"]) == ("L", "image")
    assert suggested["confidence"] > 0.9
    assert suggested["warning"] == ""
    overruled = eye("--laterality", "R")
    assert (overruled["value"], overruled["source"]) == ("R", "user")
    assert overruled["warning"].endswith(".")


def test_json_goes_to_a_file_whole(program, sample, tmp_path):
    ended = program("analyze", sample, "--json", "result.json")
    assert (ended.code, ended.out) == (0, "")
    assert json.loads((tmp_path / "result.json").read_text())["schema"] == 1


def test_without_json_a_person_can_read_it(program, sample):
    ended = program("analyze", sample)
    assert ended.code == 0
    assert "Not assessed: " in ended.out
    assert "not a certified medical device" in ended.out


@pytest.mark.parametrize(
    "arguments",
    [
        ["analyze"],
        ["analyze", "x.jpg", "--laterality", "both"],
        ["analyze", "x.jpg", "--engine", "tpu"],
        ["analyze", "x.jpg", "--overlay-labels", "DR,NOPE"],
        ["screen"],
        ["nonsense"],
    ],
)
def test_wrong_usage_is_exit_code_two(program, arguments):
    ended = program(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err
    assert "Traceback" not in ended.err


def test_an_unknown_model_is_a_sentence(program, sample):
    ended = program("analyze", sample, "--model", "no-such-model")
    assert (ended.code, ended.out) == (3, "")
    assert "no-such-model" in ended.err
    assert "Traceback" not in ended.err


def test_both_engines_agree(program, sample):
    def probabilities(engine):
        ended = program("analyze", sample, "--engine", engine, "--json", "-")
        result = ended.json["results"][0]
        assert result["model"]["engine"] == engine
        return [f["probability"] for f in result["findings"] if f["probability"] is not None]

    np.testing.assert_allclose(probabilities("onnx"), probabilities("torch"), atol=1e-3)


def test_two_photographs_of_one_name_do_not_overwrite_each_other(
    program, photographs, tmp_path
):
    other = tmp_path / "other"
    other.mkdir()
    (other / "eye OD.jpg").write_bytes((photographs / "eye OS.jpg").read_bytes())
    ended = program(
        "analyze",
        photographs / "eye OD.jpg",
        other / "eye OD.jpg",
        "--heatmaps",
        tmp_path / "maps",
        "--overlay-labels",
        "DR",
    )
    assert ended.code == 0
    assert len(list((tmp_path / "maps").glob("*.png"))) == 2


def test_heatmaps_that_cannot_be_written_are_told(program, sample, tmp_path):
    occupied = tmp_path / "maps" / f"{sample.stem}__DR.png"
    occupied.mkdir(parents=True)
    ended = program("analyze", sample, "--heatmaps", occupied.parent, "--overlay-labels", "DR")
    assert ended.code == 3
    assert "cannot be written" in ended.err
    assert "Traceback" not in ended.err


def test_no_patient_data_reach_the_log(program, sample, own_data_folder, tmp_path):
    named = tmp_path / "Jane Roe 1970-01-02.jpg"
    named.write_bytes(sample.read_bytes()[:5000])
    assert program("analyze", named).code == 3
    for log in (own_data_folder / "logs").glob("*"):
        assert "Roe" not in log.read_text()


def test_a_name_that_is_no_utf_8_spoils_nothing(program, photographs, tmp_path):
    odd = tmp_path / os.fsdecode(b"a\xff\n\x1b[31m.jpg")
    try:
        shutil.copy(photographs / "eye OD.jpg", odd)
    except OSError:
        pytest.skip("this file system takes no such name")
    strict = {"PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "0"}
    told = program("analyze", odd, photographs / "eye OS.jpg", environment=strict)
    assert told.code == 0
    assert "a\\udcff\\n\\x1b[31m.jpg" in told.out
    ended = program("analyze", odd, "--json", "-", environment=strict)
    assert ended.json["results"][0]["path"] == str(odd)
    to_file = program("analyze", odd, "--json", tmp_path / "a.json")
    assert to_file.code == 0
    assert json.loads((tmp_path / "a.json").read_text())["results"][0]["path"] == str(odd)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("arguments", [("models", "list"), ("--version",)])
def test_a_full_standard_output_is_one_sentence(own_data_folder, arguments):
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "retina_desktop", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.returncode == 3
    assert ended.stderr.splitlines() == [
        "The results cannot be written to standard output (no space left on device)."
    ]


@pytest.mark.skipif(os.name != "posix", reason="a shell that closes streams")
def test_a_closed_standard_output_loses_nothing_in_silence(own_data_folder):
    command = f"exec '{sys.executable}' -m retina_desktop models list >&-"
    ended = subprocess.run(
        ["/bin/sh", "-c", command], stderr=subprocess.PIPE, text=True, check=False
    )
    assert ended.returncode == 3
    assert "standard output is closed" in ended.stderr


def test_a_target_that_cannot_be_is_told_before_the_work(program, photographs, tmp_path):
    eye = shutil.copy(photographs / "eye OD.jpg", tmp_path)
    before = Path(eye).read_bytes()
    assert program("analyze", eye, "--json", eye).code == 2
    assert program("analyze", eye, "--json", tmp_path).code == 2
    assert program("analyze", eye, "--heatmaps", eye).code == 2
    assert Path(eye).read_bytes() == before
