import dataclasses
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retina_desktop.domain.errors import BundleRefusedError
from retina_desktop.domain.manifests import NEWEST_SCHEMA, BundleFile
from retina_desktop.ml.manifest_json import manifest_to_json, parse_manifest, read_manifest
from tests.helpers.bundles import make_manifest


def manifest_dict(**changes: Any) -> dict[str, Any]:
    files = (BundleFile("model.onnx", "0" * 64, 7),)
    manifest = dataclasses.replace(make_manifest(labels=("DR", "MH", "MHL")), files=files)
    content: dict[str, Any] = json.loads(manifest_to_json(manifest))
    return content | changes


def refused(content: object) -> str:
    with pytest.raises(BundleRefusedError) as caught:
        parse_manifest(json.dumps(content).encode())
    return str(caught.value)


def test_what_is_written_is_read_back_equal():
    manifest = make_manifest()

    assert parse_manifest(manifest_to_json(manifest).encode()) == manifest


def test_a_newer_schema_asks_for_an_update_whatever_else_it_holds():
    message = refused({"schema": NEWEST_SCHEMA + 1, "unheard_of": True})

    assert "newer version of this program" in message


@pytest.mark.parametrize("schema", ["1", None, 0, -1, 1.5, True, [1]])
def test_without_a_schema_number_it_is_no_bundle(schema):
    assert "no schema version" in refused({"schema": schema})


@pytest.mark.parametrize("content", [[], "text", 3, None])
def test_json_that_is_no_object_is_refused(content):
    assert "holds no manifest" in refused(content)


def test_unknown_keys_are_refused_by_name():
    assert "colour" in refused(manifest_dict(colour="red"))


def test_unknown_keys_deep_inside_are_refused_by_place():
    content = manifest_dict()
    content["labels"][1]["calibration"]["curve"] = 3

    assert "labels.1.calibration.curve" in refused(content)


def test_missing_keys_are_refused():
    content = manifest_dict()
    del content["intended_use"]

    assert "intended_use" in refused(content)


@pytest.mark.parametrize("size", ["224", 224.5, None, 0, -224, 100_000])
def test_a_size_is_a_number_in_range_and_no_text(size):
    refused(manifest_dict(input_size=size))


@pytest.mark.parametrize("code", ["", "../DR", "D R", "DR/x", "A" * 41, "D\u0000", "Ü"])
def test_a_label_code_is_safe_in_a_file_s_name(code):
    content = manifest_dict()
    content["labels"][0]["code"] = code

    assert "no label code" in refused(content)


def test_the_same_label_twice_is_refused_also_in_other_letters():
    content = manifest_dict()
    content["labels"][0]["code"] = "mhl"

    assert "listed twice" in refused(content)


@pytest.mark.parametrize("threshold", [0.0, 1.0, -0.1, 1.5, None])
def test_an_assessed_label_has_a_threshold_between_0_and_1(threshold):
    content = manifest_dict()
    content["labels"][0]["threshold"] = threshold

    assert "threshold" in refused(content)


def test_a_label_that_is_not_assessed_has_no_threshold():
    content = manifest_dict()
    content["labels"][2]["threshold"] = 0.5

    assert "threshold" in refused(content)


@pytest.mark.parametrize("slope", [0.0, -1.0])
def test_a_slope_that_turns_the_answer_round_is_refused(slope):
    content = manifest_dict()
    content["labels"][0]["calibration"]["slope"] = slope

    assert "slope" in refused(content)


def test_nan_is_no_number():
    content = manifest_dict()
    content["labels"][0]["calibration"]["offset"] = float("nan")

    assert "labels.0.calibration.offset" in refused(content)


@pytest.mark.parametrize(
    "path",
    [
        "../weights",
        "/etc/passwd",
        "a/../b",
        "C:/x",
        "C:x",
        "a\\b",
        "..\\x",
        ".hidden",
        "a//b",
        "a/",
        "",
        "./a",
        "a/.b",
        "~/x",
        "a\n",
    ],
)
def test_a_path_that_could_leave_the_folder_is_refused(path):
    content = manifest_dict()
    content["files"][0]["path"] = path

    assert "no plain path" in refused(content)


@pytest.mark.parametrize("digest", ["", "0" * 63, "A" * 64, "g" * 64])
def test_a_hash_is_64_hex_digits(digest):
    content = manifest_dict()
    content["files"][0]["sha256"] = digest

    assert "SHA-256" in refused(content)


@pytest.mark.parametrize("model_id", ["", "../x", "Model", "a b", "-a", "a/b", "a" * 65])
def test_an_id_is_safe_as_a_folder_s_name(model_id):
    assert "no model id" in refused(manifest_dict(id=model_id))


@pytest.mark.parametrize("version", ["", "v1", "1.", "1.0-beta", "1/2", "1.2.3.4.5"])
def test_a_version_is_numbers_and_dots(version):
    assert "no version" in refused(manifest_dict(version=version))


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", ""])
def test_the_day_is_a_day(day):
    refused(manifest_dict(created_on=day))


def test_a_model_without_labels_is_refused():
    assert "at least one label" in refused(manifest_dict(labels=[]))


def test_versions_compare_as_numbers():
    versions = [make_manifest(version=text).release for text in ("1.9.0", "1.10.0", "2")]

    assert versions == sorted(versions)


def test_a_missing_manifest_is_named(tmp_path):
    with pytest.raises(BundleRefusedError, match=r"no manifest\.json"):
        read_manifest(tmp_path / "manifest.json")


def test_a_manifest_that_is_a_folder_is_refused(tmp_path):
    (tmp_path / "manifest.json").mkdir()

    with pytest.raises(BundleRefusedError, match="cannot be read"):
        read_manifest(tmp_path / "manifest.json")


def test_an_endless_manifest_is_not_read_to_its_end(tmp_path):
    (tmp_path / "manifest.json").write_bytes(b" " * (4 * 1024 * 1024 + 10))

    with pytest.raises(BundleRefusedError, match="too large"):
        read_manifest(tmp_path / "manifest.json")


def test_deep_nesting_is_refused_and_does_not_crash():
    with pytest.raises(BundleRefusedError):
        parse_manifest(b"[" * 100_000)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_with_a_sentence(text):
    with pytest.raises(BundleRefusedError):
        parse_manifest(text)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)


VALID = manifest_dict()


@settings(max_examples=60)
@given(key=st.sampled_from(sorted(VALID)), value=JSON_VALUES)
def test_any_value_in_any_field_is_read_or_refused_and_never_crashes(key, value):
    with suppress(BundleRefusedError):
        manifest = parse_manifest(json.dumps(VALID | {key: value}).encode())
        assert parse_manifest(manifest_to_json(manifest).encode()) == manifest
