import hashlib
import json

import numpy as np
import onnx
import onnxruntime
import pytest
import timm
import torch
from safetensors.numpy import load_file
from torch import nn

from retina_desktop.domain.errors import BundleRefusedError
from retina_desktop.ml import export_parity
from retina_desktop.ml.bundles import read_bundle
from retina_desktop.ml.export import ExportError, export_bundle
from retina_desktop.ml.probe import probe_image
from retina_desktop.ml.torch_network import (
    NetworkError,
    build_network,
    check_head,
    classifier_of,
)
from tests.helpers.bundles import SMALL, living_network, make_manifest

LABELS = ("DR", "MH", "MHL")


def _session(folder):
    return onnxruntime.InferenceSession(
        folder / "model.onnx", providers=["CPUExecutionProvider"]
    )


def draft(**changes):
    return make_manifest(
        **{"labels": LABELS, "input_size": 64, "architecture": SMALL} | changes
    )


@pytest.fixture(scope="module")
def network() -> nn.Module:
    return living_network(SMALL, outputs=len(LABELS), seed=1)


@pytest.fixture(scope="module")
def exported(network, tmp_path_factory):
    return export_bundle(network, draft(), tmp_path_factory.mktemp("e") / "b", card="# Card\n")


def test_the_bundle_is_whole(exported):
    bundle = read_bundle(exported)
    bundle.verify()

    assert [entry.path for entry in bundle.manifest.files] == [
        "MODEL_CARD.md",
        "model.onnx",
        "weights.safetensors",
    ]
    assert bundle.card.read_text("utf-8") == "# Card\n"


def test_every_tensor_of_the_graph_lies_in_the_weights_file_under_its_name(exported, network):
    graph = onnx.load_model(exported / "model.onnx", load_external_data=False).graph
    weights = (exported / "weights.safetensors").read_bytes()
    state = network.state_dict()

    assert len(graph.initializer) > 50
    for tensor in graph.initializer:
        place = {entry.key: entry.value for entry in tensor.external_data}
        start, length = int(place["offset"]), int(place["length"])
        found = np.frombuffer(weights[start : start + length], np.float32)
        assert place["location"] == "weights.safetensors"
        assert not tensor.raw_data
        np.testing.assert_array_equal(found.reshape(tensor.dims), state[tensor.name].numpy())


def test_the_graph_gives_logits_maps_and_pooled_features(exported, network):
    session = _session(exported)
    image = probe_image(96)[None]

    logits, maps, features = session.run(None, {"image": image})

    assert [item.name for item in session.get_outputs()] == ["logits", "maps", "features"]
    layer = classifier_of(network)
    assert logits.shape == (1, 3)
    assert maps.shape[:2] == (1, 3)
    assert features.shape == (1, layer.in_features)
    assert features.dtype == np.float32
    with torch.no_grad():
        again = layer(torch.from_numpy(features)).numpy()
        wanted = network.forward_features(torch.from_numpy(image)).mean((2, 3)).numpy()
    np.testing.assert_allclose(again, logits, atol=1e-4)
    np.testing.assert_allclose(features, wanted, atol=1e-4)


def test_batch_normalisation_is_unfolded(exported):
    graph = onnx.load_model(exported / "model.onnx", load_external_data=False).graph
    kinds = [node.op_type for node in graph.node]

    assert "BatchNormalization" in kinds
    assert (exported / "model.onnx").stat().st_size < 50_000


def test_the_weights_are_the_state_in_float32_without_counters(exported, network):
    state = load_file(exported / "weights.safetensors")

    assert {value.dtype for value in state.values()} == {np.dtype(np.float32)}
    assert not any("num_batches_tracked" in name for name in state)
    assert set(state) == {n for n in network.state_dict() if "num_batches" not in n}


def test_a_network_in_training_mode_is_exported_as_in_evaluation_and_not_changed(
    exported, network, tmp_path
):
    network.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}

    again = export_bundle(network, draft(), tmp_path / "again", card="# Card\n")

    assert network.training
    assert all(torch.equal(before[name], v) for name, v in network.state_dict().items())
    network.eval()
    for path in exported.iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes(), path.name


def test_a_network_without_equal_tensors_is_exported_too(tmp_path):
    network = living_network(SMALL, outputs=3, seed=2)
    with torch.no_grad():
        for value in network.state_dict().values():
            if value.dtype == torch.float32:
                value += 1e-3 * torch.rand_like(value)

    read_bundle(export_bundle(network, draft(), tmp_path / "b", card="#")).verify()


def test_half_precision_weights_become_float32(tmp_path):
    network = living_network(SMALL, outputs=3, seed=2).half()

    folder = export_bundle(network, draft(), tmp_path / "b", card="#")

    weights = load_file(folder / "weights.safetensors")
    assert {value.dtype for value in weights.values()} == {np.dtype(np.float32)}


def test_an_existing_folder_is_never_overwritten(network, tmp_path):
    (tmp_path / "b").mkdir()

    with pytest.raises(FileExistsError):
        export_bundle(network, draft(), tmp_path / "b", card="#")


def test_a_draft_of_another_number_of_labels_is_refused(network, tmp_path):
    with pytest.raises(ExportError, match="3 outputs for 2 labels"):
        export_bundle(network, draft(labels=("DR", "MH")), tmp_path / "b", card="#")

    assert list(tmp_path.iterdir()) == []


def test_an_unknown_preprocessing_step_is_refused_and_leaves_nothing(network, tmp_path):
    manifest = draft()
    manifest.preprocessing[1].parameters["std_r"] = 0.0

    with pytest.raises(BundleRefusedError):
        export_bundle(network, manifest, tmp_path / "b", card="#")

    assert list(tmp_path.iterdir()) == []


def test_a_graph_that_answers_otherwise_is_refused(network, tmp_path, monkeypatch):
    monkeypatch.setattr(export_parity, "PROBABILITY_TOLERANCE", -1.0)

    with pytest.raises(ExportError, match="in probability"):
        export_bundle(network, draft(), tmp_path / "b", card="#")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("architecture", ["mobilenetv3_small_050", "test_vit", "test_convnext"])
def test_other_heads_than_pooling_and_a_layer_are_refused(architecture, tmp_path):
    network = timm.create_model(architecture, num_classes=3).eval()

    with pytest.raises(ExportError):
        export_bundle(network, draft(), tmp_path / "b", card="#")


def test_maximum_pooling_is_refused():
    network = timm.create_model(SMALL, num_classes=3, global_pool="max").eval()

    with pytest.raises(NetworkError, match="average pooling"):
        check_head(network)


def test_a_network_that_is_none_of_timm_s_is_refused():
    with pytest.raises(NetworkError, match="must be timm's"):
        check_head(nn.Linear(3, 2))


def test_an_unknown_architecture_is_refused():
    with pytest.raises(NetworkError, match="no architecture 'hf-hub:someone/net'"):
        build_network("hf-hub:someone/net", outputs=2)


def test_the_manifest_on_disk_names_the_hashes(exported):
    content = json.loads((exported / "manifest.json").read_text("utf-8"))

    for entry in content["files"]:
        data = (exported / entry["path"]).read_bytes()
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()
        assert entry["bytes"] == len(data)
