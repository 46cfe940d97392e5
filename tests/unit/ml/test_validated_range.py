import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from safetensors.numpy import load, save

from retina_desktop.domain.errors import BundleRefusedError
from retina_desktop.domain.manifests import RANGE_SCHEMA, BundleFile, ValidatedRange
from retina_desktop.ml.bundle_reading import Bundle, check_manifest
from retina_desktop.ml.manifest_json import manifest_to_json, parse_manifest
from retina_desktop.ml.validated_range import (
    LARGEST_DISTANCE,
    RANGE_NAME,
    FeatureRange,
    range_from_bytes,
    range_to_bytes,
    read_range,
)
from tests.helpers.bundles import make_manifest

CHANNELS, DIRECTIONS = 9, 4
SEEDS = st.integers(0, 2**32 - 1)
FEATURES = arrays.arrays(
    np.float64, (3, CHANNELS), elements=st.floats(-100, 100, allow_subnormal=False)
)


def orthogonal(side: int, rng: np.random.Generator) -> np.ndarray:
    return np.linalg.qr(rng.normal(size=(side, side)))[0]


def drawn_range(seed: int) -> FeatureRange:
    rng = np.random.default_rng(seed)
    return FeatureRange(
        mean=rng.normal(size=CHANNELS),
        components=orthogonal(CHANNELS, rng)[:DIRECTIONS],
        scales=rng.uniform(0.1, 3.0, DIRECTIONS),
        residual_scale=float(rng.uniform(0.1, 3.0)),
    )


@given(SEEDS)
def test_the_mean_is_at_no_distance(seed):
    drawn = drawn_range(seed)

    assert drawn.distance(drawn.mean[None])[0] == 0.0


@given(SEEDS, FEATURES)
def test_with_all_directions_it_is_the_mahalanobis_distance(seed, features):
    drawn = drawn_range(seed)
    inside = drawn.components.T @ np.diag(drawn.scales**2) @ drawn.components
    left_out = np.eye(CHANNELS) - drawn.components.T @ drawn.components
    covariance = inside + drawn.residual_scale**2 * left_out
    centred = features - drawn.mean
    expected = np.sqrt(np.sum(centred @ np.linalg.inv(covariance) * centred, axis=1))

    np.testing.assert_allclose(drawn.distance(features), expected, rtol=1e-6, atol=1e-6)


@given(SEEDS, FEATURES)
def test_signs_and_order_of_the_components_do_not_matter(seed, features):
    drawn = drawn_range(seed)
    rng = np.random.default_rng(seed + 1)
    order, signs = rng.permutation(DIRECTIONS), rng.choice([-1.0, 1.0], DIRECTIONS)
    changed = dataclasses.replace(
        drawn,
        components=(signs[:, None] * drawn.components)[order],
        scales=drawn.scales[order],
    )

    np.testing.assert_allclose(changed.distance(features), drawn.distance(features))


@given(SEEDS, FEATURES)
def test_directions_of_equal_scale_may_be_turned_among_themselves(seed, features):
    drawn = dataclasses.replace(drawn_range(seed), scales=np.full(DIRECTIONS, 0.7))
    turn = orthogonal(DIRECTIONS, np.random.default_rng(seed + 1))
    turned = dataclasses.replace(drawn, components=turn @ drawn.components)

    np.testing.assert_allclose(
        turned.distance(features), drawn.distance(features), rtol=1e-6, atol=1e-6
    )


@given(SEEDS, FEATURES)
def test_turning_features_and_range_together_changes_nothing(seed, features):
    drawn = drawn_range(seed)
    turn = orthogonal(CHANNELS, np.random.default_rng(seed + 1))
    turned = dataclasses.replace(
        drawn, mean=drawn.mean @ turn, components=drawn.components @ turn
    )

    np.testing.assert_allclose(
        turned.distance(features @ turn), drawn.distance(features), rtol=1e-6, atol=1e-6
    )


@given(SEEDS, FEATURES, st.floats(1.0, 1e3))
def test_it_grows_in_proportion_on_the_way_out(seed, features, factor):
    drawn = drawn_range(seed)
    farther = drawn.mean + factor * (features - drawn.mean)

    np.testing.assert_allclose(
        drawn.distance(farther), factor * drawn.distance(features), rtol=1e-6, atol=1e-6
    )


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_what_is_no_number_lies_farthest(value):
    features = np.full((1, CHANNELS), value)

    assert drawn_range(0).distance(features)[0] == LARGEST_DISTANCE


def test_features_of_another_network_are_refused():
    with pytest.raises(ValueError, match="expected"):
        drawn_range(0).distance(np.zeros((1, CHANNELS + 1)))


def test_what_is_written_is_read_back():
    drawn = drawn_range(5)

    read = range_from_bytes(range_to_bytes(drawn))

    np.testing.assert_allclose(read.components, drawn.components, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(read.scales, drawn.scales, rtol=1e-6)
    assert read.residual_scale == pytest.approx(drawn.residual_scale, rel=1e-6)


def _changed(**tensors: np.ndarray) -> bytes:
    return save(load(range_to_bytes(drawn_range(1))) | tensors)


DAMAGED = {
    "not safetensors": b"no tensors here",
    "empty": b"",
    "cut off": range_to_bytes(drawn_range(1))[:-3],
    "a tensor too many": _changed(more=np.zeros(2, np.float32)),
    "whole numbers": _changed(mean=np.zeros(CHANNELS, np.int64)),
    "NaN": _changed(mean=np.full(CHANNELS, np.nan, np.float32)),
    "a negative scale": _changed(scales=np.full(DIRECTIONS, -1.0, np.float32)),
    "too few scales": _changed(scales=np.ones(DIRECTIONS - 1, np.float32)),
    "no residual": _changed(residual_scale=np.zeros(1, np.float32)),
    "two residuals": _changed(residual_scale=np.ones(2, np.float32)),
    "components of others": _changed(components=np.eye(DIRECTIONS, dtype=np.float32)),
    "components askew": _changed(components=np.ones((DIRECTIONS, CHANNELS), np.float32)),
    "a mean of two dimensions": _changed(mean=np.zeros((1, CHANNELS), np.float32)),
}


def bundle_with(folder: Path, content: bytes) -> Bundle:
    (folder / RANGE_NAME).write_bytes(content)
    entry = BundleFile(RANGE_NAME, hashlib.sha256(content).hexdigest(), len(content))
    manifest = dataclasses.replace(
        make_manifest(),
        schema=RANGE_SCHEMA,
        files=(entry,),
        validated_range=ValidatedRange(RANGE_NAME, 3.0),
    )
    return Bundle(manifest, folder)


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_range_is_refused_in_one_sentence(tmp_path, content):
    with pytest.raises(BundleRefusedError, match=r"validated range range\.safetensors") as told:
        read_range(bundle_with(tmp_path, content))

    assert str(told.value).endswith(
        "please install the model again, or ask its maker for a whole one."
    )


@given(st.integers(0, 400), st.integers(1, 255))
def test_a_range_with_any_byte_changed_is_read_or_refused(place, change):
    content = bytearray(range_to_bytes(drawn_range(2)))
    content[place % len(content)] ^= change
    try:
        read = range_from_bytes(bytes(content))
    except ValueError:
        return
    assert np.isfinite(read.distance(np.zeros((1, read.channels)))).all()


def test_a_whole_range_is_read_with_its_bundle(tmp_path):
    read = read_range(bundle_with(tmp_path, range_to_bytes(drawn_range(1))))

    assert read is not None
    assert read.channels == CHANNELS


def test_a_bundle_without_a_range_has_none(tmp_path):
    assert read_range(Bundle(make_manifest(), tmp_path)) is None


def test_a_manifest_with_a_range_is_of_schema_2_and_read_back_equal(tmp_path):
    manifest = bundle_with(tmp_path, b"").manifest

    assert parse_manifest(manifest_to_json(manifest).encode()) == manifest


def test_a_manifest_without_a_range_does_not_name_it():
    assert "validated_range" not in json.loads(manifest_to_json(make_manifest()))


def test_schema_1_has_no_validated_range(tmp_path):
    content = json.loads(manifest_to_json(bundle_with(tmp_path, b"").manifest))

    with pytest.raises(BundleRefusedError, match="needs manifest schema 2"):
        parse_manifest(json.dumps(content | {"schema": 1}).encode())


@pytest.mark.parametrize("threshold", [0.0, -1.0, 1e400, "3", None])
def test_a_range_s_threshold_is_a_positive_number(tmp_path, threshold):
    content = json.loads(manifest_to_json(bundle_with(tmp_path, b"").manifest))
    content["validated_range"]["threshold"] = threshold

    with pytest.raises(BundleRefusedError, match="validated_range"):
        parse_manifest(json.dumps(content).encode())


def test_the_range_s_file_must_be_listed(tmp_path):
    manifest = bundle_with(tmp_path, b"").manifest
    files = tuple(
        BundleFile(name, "0" * 64, 1) for name in ("model.onnx", "w.st", "MODEL_CARD.md")
    )
    bare = dataclasses.replace(manifest, graph="model.onnx", weights="w.st", files=files)

    with pytest.raises(BundleRefusedError, match=r"lists no file 'range\.safetensors'"):
        check_manifest(bare)
