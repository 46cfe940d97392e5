"""``models`` and ``doctor`` on the bundle that comes with the program."""

import json
import shutil

from retina_desktop.config.folders import Folders

MODEL = "rfmid-efficientnet_b0"


def bundled():
    return Folders.find({}).program / "models" / MODEL


def test_list_names_the_model_and_its_labels_by_status(program):
    ended = program("models", "list", "--json")
    assert ended.code == 0
    (model,) = [m for m in ended.json["models"] if m["id"] == MODEL]
    assert len(model["labels"]) == 29
    assert {"evaluated", "not_assessed"} <= {label["status"] for label in model["labels"]}


def test_verify_passes_on_what_is_shipped(program):
    ended = program("models", "verify")
    assert ended.code == 0
    assert f"{MODEL} " in ended.out


def test_an_imported_bundle_is_listed_and_a_damaged_one_refused(
    program, tmp_path, own_data_folder
):
    copy = tmp_path / "copy"
    shutil.copytree(bundled(), copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["id"] = "second-opinion"
    (copy / "manifest.json").write_text(json.dumps(manifest))
    assert program("models", "import", copy).code == 0
    (added,) = (own_data_folder / "models").iterdir()
    assert "second-opinion" in program("models", "list").out

    weights = added / manifest["weights"]
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(data)
    ended = program("models", "verify")
    assert ended.code == 1
    assert "second-opinion" in ended.err


def test_a_damaged_bundle_is_not_used_and_the_program_still_starts(
    program, sample, own_data_folder
):
    bad = own_data_folder / "models" / "broken"
    bad.mkdir(parents=True)
    (bad / "manifest.json").write_text("{")
    assert program("analyze", sample).code == 0
    ended = program("analyze", sample, "--model", "broken")
    assert ended.code == 3
    assert "Traceback" not in ended.err


def test_doctor_passes_and_shows_what_runs(program):
    ended = program("doctor", "--json")
    assert ended.code == 0
    facts = ended.json
    assert facts["self-test"].startswith("passed")
    assert facts["engine"] == "onnx"
    assert facts["device"]
