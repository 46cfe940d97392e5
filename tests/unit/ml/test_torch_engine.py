import dataclasses
import hashlib

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save

from retina_desktop.domain.errors import BundleRefusedError
from retina_desktop.ml import torch_engine
from retina_desktop.ml.bundles import Bundle, read_bundle
from retina_desktop.ml.probe import probe_image
from retina_desktop.ml.torch_engine import TorchClassifier, best_device


def with_weights(bundle: Bundle, content: bytes) -> Bundle:
    (bundle.folder / "weights.safetensors").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    files = tuple(
        dataclasses.replace(entry, sha256=digest, bytes=len(content))
        if entry.path == "weights.safetensors"
        else entry
        for entry in bundle.manifest.files
    )
    return Bundle(dataclasses.replace(bundle.manifest, files=files), bundle.folder)


def test_an_answer_has_a_probability_and_a_map_for_each_label(bundle_folder):
    classifier = TorchClassifier(read_bundle(bundle_folder), device="cpu")

    answer = classifier.classify(probe_image(64))

    assert answer.probabilities.shape == (4,)
    assert answer.activations.shape == (4, 2, 2)
    assert answer.probabilities.dtype == answer.activations.dtype == np.float32
    assert (classifier.identity.engine, classifier.identity.device) == ("torch", "cpu")


@pytest.mark.parametrize("shape", [(64, 64, 3), (3, 96, 96), (1, 3, 64, 64)])
def test_a_tensor_of_another_shape_is_a_bug(bundle_folder, shape):
    classifier = TorchClassifier(read_bundle(bundle_folder), device="cpu")

    with pytest.raises(ValueError, match="expected a tensor"):
        classifier.classify(np.zeros(shape, np.float32))


def test_an_answer_that_is_no_number_is_refused(bundle_folder):
    classifier = TorchClassifier(read_bundle(bundle_folder), device="cpu")

    with pytest.raises(BundleRefusedError, match="not a number"):
        classifier.classify(np.full((3, 64, 64), np.nan, np.float32))


def test_changed_weights_are_never_loaded(bundle_folder):
    bundle = read_bundle(bundle_folder)
    content = bytearray((bundle_folder / "weights.safetensors").read_bytes())
    content[-1] ^= 1
    (bundle_folder / "weights.safetensors").write_bytes(content)

    with pytest.raises(BundleRefusedError, match="damaged"):
        TorchClassifier(bundle, device="cpu")


@pytest.mark.parametrize("content", [b"", b"no safetensors", b"\x80\x04pickle"])
def test_a_file_that_is_no_safetensors_is_refused(bundle_folder, content):
    with pytest.raises(BundleRefusedError, match="contradicts itself"):
        TorchClassifier(with_weights(read_bundle(bundle_folder), content), device="cpu")


@pytest.mark.parametrize("change", ["missing", "extra", "shape"])
def test_weights_of_another_network_are_refused(bundle_folder, change):
    bundle = read_bundle(bundle_folder)
    state = load(bundle.read("weights.safetensors"))
    name = sorted(state)[0]
    if change == "missing":
        del state[name]
    else:
        state["extra" if change == "extra" else name] = np.zeros((3, 3), np.float32)

    with pytest.raises(BundleRefusedError, match="weights are not those of"):
        TorchClassifier(with_weights(bundle, save(state)), device="cpu")


def test_an_architecture_that_timm_lacks_is_refused(bundle_folder):
    bundle = read_bundle(bundle_folder)
    manifest = dataclasses.replace(bundle.manifest, architecture="efficientnet_z9")

    with pytest.raises(BundleRefusedError, match="efficientnet_z9"):
        TorchClassifier(Bundle(manifest, bundle.folder), device="cpu")


def test_half_precision_is_taken_only_where_it_agrees(bundle_folder):
    """On the CPU's own half precision, the only one every machine has."""
    classifier = TorchClassifier(read_bundle(bundle_folder), device="cpu")
    before = classifier.classify(probe_image(64))

    classifier._accelerate(torch.device("cpu"))
    after = classifier.classify(probe_image(64))

    np.testing.assert_allclose(after.probabilities, before.probabilities, atol=1e-3)
    assert after.activations.dtype == np.float32


def test_a_device_that_answers_otherwise_is_not_used(bundle_folder, monkeypatch, caplog):
    classifier = TorchClassifier(read_bundle(bundle_folder), device="cpu")
    monkeypatch.setattr(torch_engine, "AGREEMENT", -1.0)

    classifier._accelerate(torch.device("cpu", 0))

    assert "mixed precision True" in caplog.text
    assert "mixed precision False" in caplog.text
    assert classifier._device == torch.device("cpu")
    assert not classifier._mixed


def test_a_device_that_is_not_there_leaves_the_cpu(bundle_folder):
    absent = "mps" if best_device() != "mps" else "cuda:0"

    classifier = TorchClassifier(read_bundle(bundle_folder), device=absent)

    assert classifier.identity.device == "cpu"
    classifier.classify(probe_image(64))
