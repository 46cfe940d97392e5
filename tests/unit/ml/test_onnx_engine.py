import dataclasses
import hashlib

import numpy as np
import onnx
import onnxruntime
import pytest

from retina_desktop.domain.errors import BundleRefusedError
from retina_desktop.ml import onnx_engine
from retina_desktop.ml.bundles import Bundle, read_bundle
from retina_desktop.ml.onnx_engine import CPU, OnnxClassifier, available_accelerators
from retina_desktop.ml.probe import probe_image


def with_file(bundle: Bundle, name: str, content: bytes) -> Bundle:
    """Replace a file and make the manifest fit, as a maker of foreign bundles would."""
    (bundle.folder / name).write_bytes(content)
    files = tuple(
        dataclasses.replace(
            entry, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content)
        )
        if entry.path == name
        else entry
        for entry in bundle.manifest.files
    )
    return Bundle(dataclasses.replace(bundle.manifest, files=files), bundle.folder)


def edited_graph(bundle: Bundle, edit) -> Bundle:
    model = onnx.load_model(bundle.folder / "model.onnx", load_external_data=False)
    edit(model.graph)
    return with_file(bundle, "model.onnx", model.SerializeToString())


def test_an_answer_has_a_probability_and_a_map_for_each_label(bundle_folder):
    classifier = OnnxClassifier(read_bundle(bundle_folder))

    answer = classifier.classify(probe_image(64))

    assert answer.probabilities.shape == (4,)
    assert answer.probabilities.dtype == answer.activations.dtype == np.float32
    assert answer.activations.shape == (4, 2, 2)
    assert ((answer.probabilities >= 0) & (answer.probabilities <= 1)).all()


def test_calibration_is_applied_to_the_pooled_maps(bundle_folder):
    bundle = read_bundle(bundle_folder)
    answer = OnnxClassifier(bundle).classify(probe_image(64))
    weights = onnxruntime.InferenceSession(bundle.folder / "model.onnx")
    logits = weights.run(["logits"], {"image": probe_image(64)[None]})[0][0]

    for label, logit, probability in zip(
        bundle.manifest.labels, logits, answer.probabilities, strict=True
    ):
        scaled = label.calibration.slope * logit + label.calibration.offset
        assert probability == pytest.approx(1 / (1 + np.exp(-scaled)), abs=1e-6)


def test_the_identity_names_what_really_runs(bundle_folder):
    identity = OnnxClassifier(read_bundle(bundle_folder)).identity

    assert (identity.id, identity.version) == ("small", "1.0.0")
    assert (identity.engine, identity.device) == ("onnx", CPU)


def test_the_caller_keeps_the_tensor_and_the_answer(bundle_folder):
    classifier = OnnxClassifier(read_bundle(bundle_folder))
    tensor = probe_image(64)
    before = tensor.copy()
    first = classifier.classify(tensor)
    kept = first.activations.copy()

    classifier.classify(-tensor)

    np.testing.assert_array_equal(tensor, before)
    np.testing.assert_array_equal(first.activations, kept)


def test_any_layout_of_the_tensor_gives_the_same_answer(bundle_folder):
    classifier = OnnxClassifier(read_bundle(bundle_folder))
    tensor = probe_image(64)
    strided = np.ascontiguousarray(tensor.transpose(1, 2, 0)).transpose(2, 0, 1)

    assert not strided.flags.c_contiguous
    np.testing.assert_array_equal(
        classifier.classify(strided).probabilities, classifier.classify(tensor).probabilities
    )


@pytest.mark.parametrize("shape", [(64, 64, 3), (3, 96, 96), (1, 3, 64, 64), (3, 64, 32)])
def test_a_tensor_of_another_shape_is_a_bug(bundle_folder, shape):
    classifier = OnnxClassifier(read_bundle(bundle_folder))

    with pytest.raises(ValueError, match="expected a tensor"):
        classifier.classify(np.zeros(shape, np.float32))


def test_an_answer_that_is_no_number_is_refused(bundle_folder):
    classifier = OnnxClassifier(read_bundle(bundle_folder))

    with pytest.raises(BundleRefusedError, match="not a number"):
        classifier.classify(np.full((3, 64, 64), np.nan, np.float32))


@pytest.mark.parametrize("name", ["weights.safetensors", "model.onnx"])
def test_a_changed_file_is_never_loaded(bundle_folder, name):
    bundle = read_bundle(bundle_folder)
    content = bytearray((bundle_folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle_folder / name).write_bytes(content)

    with pytest.raises(BundleRefusedError, match=f"{name} is damaged"):
        OnnxClassifier(bundle)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x08\x08" * 100])
def test_a_file_that_is_no_graph_is_refused(bundle_folder, content):
    bundle = with_file(read_bundle(bundle_folder), "model.onnx", content)

    with pytest.raises(BundleRefusedError, match="cannot load the model's graph"):
        OnnxClassifier(bundle)


def test_weights_that_end_early_are_refused(bundle_folder):
    whole = (bundle_folder / "weights.safetensors").read_bytes()
    bundle = with_file(read_bundle(bundle_folder), "weights.safetensors", whole[:1000])

    with pytest.raises(BundleRefusedError, match="contradicts itself"):
        OnnxClassifier(bundle)


@pytest.mark.parametrize("place", ["other.bin", "../outside.bin", "/etc/passwd"])
def test_a_graph_that_reads_an_unlisted_file_is_refused(bundle_folder, place, monkeypatch):
    weights = (bundle_folder / "weights.safetensors").read_bytes()
    (bundle_folder / "other.bin").write_bytes(weights)
    (bundle_folder.parent / "outside.bin").write_bytes(weights)
    monkeypatch.chdir(bundle_folder)

    def point_elsewhere(graph):
        for entry in graph.initializer[0].external_data:
            if entry.key == "location":
                entry.value = place

    bundle = edited_graph(read_bundle(bundle_folder), point_elsewhere)

    with pytest.raises(BundleRefusedError, match="cannot load the model's graph"):
        OnnxClassifier(bundle)


def test_a_graph_without_maps_is_refused(bundle_folder):
    bundle = edited_graph(read_bundle(bundle_folder), lambda graph: graph.output.pop(1))

    with pytest.raises(BundleRefusedError, match="logits and maps"):
        OnnxClassifier(bundle)


def test_a_graph_of_another_number_of_labels_is_refused(bundle_folder):
    bundle = read_bundle(bundle_folder)
    manifest = dataclasses.replace(bundle.manifest, labels=bundle.manifest.labels[:1])

    with pytest.raises(BundleRefusedError, match="has not the 1 outputs"):
        OnnxClassifier(Bundle(manifest, bundle.folder))


def test_an_accelerator_that_is_not_installed_leaves_the_cpu(bundle_folder):
    classifier = OnnxClassifier(read_bundle(bundle_folder), providers=["CUDAExecutionProvider"])

    assert classifier.identity.device == CPU
    classifier.classify(probe_image(64))


def test_an_accelerator_that_answers_otherwise_is_not_used(bundle_folder, monkeypatch, caplog):
    """Stands in for a graphics driver that calculates wrongly: every logit is 1 too high."""
    original = onnx_engine._Loader._created

    class Accelerated:
        def __init__(self, session):
            self._session = session

        def get_providers(self):
            return ["CoreMLExecutionProvider", CPU]

        def run(self, names, feeds):
            return [output + 1.0 for output in self._session.run(names, feeds)]

    def created(self, providers):
        session = original(self, [CPU])
        return session if providers == [CPU] else Accelerated(session)

    monkeypatch.setattr(onnx_engine._Loader, "_created", created)

    both = [CPU, "CoreMLExecutionProvider"]
    monkeypatch.setattr(onnx_engine.onnxruntime, "get_available_providers", lambda: both)

    classifier = OnnxClassifier(read_bundle(bundle_folder))

    assert classifier.identity.device == CPU
    assert "does not answer as the CPU does" in caplog.text


def test_tensorrt_is_never_chosen(monkeypatch):
    installed = ["TensorrtExecutionProvider", CPU, "CUDAExecutionProvider"]
    monkeypatch.setattr(onnx_engine.onnxruntime, "get_available_providers", lambda: installed)

    assert available_accelerators() == ("CUDAExecutionProvider",)
