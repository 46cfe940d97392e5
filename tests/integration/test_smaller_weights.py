"""Bundles with weights of 16 and 8 bits: proven, imported, read alike, or refused."""

import dataclasses
import hashlib
import shutil
import subprocess
import sys

import cv2
import numpy as np
import onnx
import pytest
import safetensors.numpy
import skimage.data
import torch

from retina_desktop.domain.errors import BundleRefusedError
from retina_desktop.ml.bundle_import import import_bundle
from retina_desktop.ml.bundle_reading import Bundle, read_bundle
from retina_desktop.ml.class_activation import pooled_logits
from retina_desktop.ml.export import FROM_SMALLEST, Exported, Smaller, export_bundle
from retina_desktop.ml.export_parity import ExportError, Photographs
from retina_desktop.ml.onnx_engine import OnnxClassifier
from retina_desktop.ml.torch_engine import TorchClassifier, load_network
from retina_desktop.ml.torch_network import classifier_of
from retina_desktop.ml.weight_formats import WeightFormat, read_weights
from tests.helpers.bundles import SMALL, living_network, make_manifest

LABELS = ("DR", "ARMD", "MH", "MHL")
SIZE = 64
SMALLER = [WeightFormat.FLOAT16, WeightFormat.INT16, WeightFormat.INT8]
WEIGHTS = "weights.safetensors"


@pytest.fixture(scope="module", autouse=True)
def one_torch_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def photographs(count=8):
    """Yield scikit-image's fundus photograph (CC0) turned and dimmed, as a network reads it."""
    pixels = cv2.resize(skimage.data.retina(), (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    scaled = (pixels / 255.0 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    for turn in range(count):
        shown = np.rot90(scaled, turn) * (1 - 0.05 * turn)
        yield np.ascontiguousarray(shown.transpose(2, 0, 1)[None], np.float32)


@pytest.fixture(scope="module")
def network():
    """Return a small network whose answers are calm enough for 8 bits."""
    network = living_network(SMALL, outputs=len(LABELS), seed=1)
    with torch.no_grad():
        classifier_of(network).weight.mul_(0.2)
    return network


def draft(**changes):
    return make_manifest(
        labels=LABELS, input_size=SIZE, architecture=SMALL, model_id="small", **changes
    )


def smaller(*formats, **changes):
    return Smaller(formats, Photographs(photographs, **changes), rounding=photographs)


@pytest.fixture(scope="module")
def bundles(network, tmp_path_factory):
    folder = tmp_path_factory.mktemp("smaller")
    for stored_as in SMALLER:
        export_bundle(
            network, draft(), folder / stored_as, card="#", smaller=smaller(stored_as)
        )
    export_bundle(network, draft(), folder / "float32", card="#")
    return folder


@pytest.fixture(params=SMALLER)
def bundle(bundles, request):
    return read_bundle(bundles / request.param)


def test_the_file_shrinks_with_the_format(bundles):
    sizes = {f: (bundles / f / WEIGHTS).stat().st_size for f in [*SMALLER, "float32"]}
    assert sizes["int8"] < 0.75 * sizes["int16"]
    assert sizes["float16"] <= sizes["int16"] < 0.6 * sizes["float32"]


def test_both_engines_calculate_with_the_same_weights(bundle):
    tensor = next(photographs())[0]
    onnx_answer = OnnxClassifier(bundle, threads=1).classify(tensor)
    torch_answer = TorchClassifier(bundle, device="cpu", threads=1).classify(tensor)
    np.testing.assert_allclose(onnx_answer.probabilities, torch_answer.probabilities, atol=1e-4)
    largest = np.abs(torch_answer.activations).max()
    np.testing.assert_allclose(
        onnx_answer.activations, torch_answer.activations, atol=1e-3 * largest
    )


def test_answers_stay_near_those_of_float32(bundle, bundles):
    whole, small = OnnxClassifier(read_bundle(bundles / "float32")), OnnxClassifier(bundle)
    for image in photographs():
        difference = (
            whole.classify(image[0]).probabilities - small.classify(image[0]).probabilities
        )
        assert np.abs(difference).max() <= 0.01


def test_heatmaps_add_up_to_the_logits(bundle):
    image = next(photographs())
    maps = OnnxClassifier(bundle, threads=1).classify(image[0]).activations
    network = load_network(bundle)
    with torch.no_grad():
        logits = network(torch.from_numpy(image))[0].numpy()
    bias = classifier_of(network).bias.detach().numpy()
    np.testing.assert_allclose(pooled_logits(maps, bias), logits, atol=1e-3)


def test_every_tensor_of_the_graph_lies_in_the_weights_file(bundle):
    graph = onnx.load_model(bundle.folder / "model.onnx", load_external_data=False).graph
    stored = safetensors.numpy.load(bundle.read(WEIGHTS))
    for tensor in graph.initializer:
        assert tuple(tensor.dims) == stored[tensor.name].shape
        assert {e.value for e in tensor.external_data if e.key == "location"} == {WEIGHTS}
    assert not {node.op_type for node in graph.node} & {"DequantizeLinear", "QuantizeLinear"}


@pytest.mark.parametrize(
    ("stored_as", "packed"),
    [("float16", False), ("int16", True), ("int8", False), ("int8", True)],
)
def test_the_command_imports_folders_and_archives(bundles, tmp_path, stored_as, packed):
    source = bundles / stored_as
    if packed:
        source = shutil.make_archive(str(tmp_path / "b"), "zip", source)
    command = [sys.executable, "-m", "retina_desktop", "models", "import", str(source)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert "small" in done.stdout


def test_a_damaged_file_is_refused(bundle, tmp_path):
    folder = shutil.copytree(bundle.folder, tmp_path / "b")
    content = bytearray((folder / WEIGHTS).read_bytes())
    content[-3] ^= 1
    (folder / WEIGHTS).write_bytes(content)
    with pytest.raises(BundleRefusedError, match="damaged"):
        import_bundle(folder, tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


def test_whole_numbers_without_scale_are_refused_by_import_and_engines(bundles, tmp_path):
    """The hashes fit: somebody made the bundle so."""
    folder = shutil.copytree(bundles / "int8", tmp_path / "b")
    tensors = safetensors.numpy.load_file(folder / WEIGHTS)
    del tensors[next(name for name in sorted(tensors) if name.endswith(".scale"))]
    made = with_weights(read_bundle(folder), safetensors.numpy.save(tensors))
    for load in (OnnxClassifier, TorchClassifier):
        with pytest.raises(BundleRefusedError, match=r"contradicts itself .* has no scale"):
            load(made)


def with_weights(bundle, content):
    (bundle.folder / WEIGHTS).write_bytes(content)
    files = tuple(
        dataclasses.replace(
            entry, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content)
        )
        if entry.path == WEIGHTS
        else entry
        for entry in bundle.manifest.files
    )
    return Bundle(dataclasses.replace(bundle.manifest, files=files), bundle.folder)


@pytest.fixture(scope="module")
def loud():
    """Return a network whose last layer makes small differences large, answers near 0.5."""
    network = living_network(SMALL, outputs=len(LABELS), seed=1)
    layer = classifier_of(network)
    with torch.no_grad():
        layer.weight.mul_(30)
        layer.bias.zero_()
        layer.bias.sub_(network(torch.from_numpy(next(photographs())))[0])
    return network


def test_weights_that_answer_otherwise_are_refused_with_what_to_choose(loud, tmp_path):
    with pytest.raises(ExportError, match=r"int8 change probabilities .*choose int16"):
        export_bundle(
            loud, draft(), tmp_path / "b", card="#", smaller=smaller(WeightFormat.INT8)
        )
    assert list(tmp_path.iterdir()) == []


def test_auto_takes_the_smallest_that_holds_and_says_what_did_not(network, loud, tmp_path):
    told: list[Exported] = []

    def card(exported):
        told.append(exported)
        return "#"

    calm = export_bundle(
        network, draft(), tmp_path / "calm", card=card, smaller=smaller(*FROM_SMALLEST)
    )
    assert told[0].weights is WeightFormat.INT8
    assert told[0].parity.largest <= 0.01
    assert told[0].speed.onnx > 0
    assert told[0].weights_bytes == (calm / WEIGHTS).stat().st_size
    wish = smaller(WeightFormat.INT8, WeightFormat.FLOAT32)
    export_bundle(loud, draft(), tmp_path / "loud", card=card, smaller=wish)
    assert told[1].weights is WeightFormat.FLOAT32
    assert told[1].parity is None
    assert [stored_as for stored_as, _ in told[1].refused] == [WeightFormat.INT8]


def test_rounding_by_inputs_errs_less_than_rounding_to_the_nearest(network, tmp_path):
    found = {}
    for name, rounding in {"inputs": photographs, "nearest": None}.items():
        wish = Smaller((WeightFormat.INT8,), Photographs(photographs), rounding=rounding)
        folder = export_bundle(network, draft(), tmp_path / name, card="#", smaller=wish)
        small = load_network(read_bundle(folder))
        image = torch.from_numpy(np.concatenate(list(photographs())))
        with torch.no_grad():
            found[name] = float((small(image) - network(image)).square().mean())
    assert found["inputs"] < found["nearest"]


def test_auroc_is_compared_where_labels_are_given(network, tmp_path):
    told: list[Exported] = []
    present = np.zeros((12, len(LABELS)), np.bool_)
    present[::2, 0] = True
    wish = Smaller(
        (WeightFormat.INT16,),
        Photographs(lambda: photographs(12), present, np.ones_like(present)),
    )
    export_bundle(
        network,
        draft(),
        tmp_path / "b",
        card=lambda exported: told.append(exported) or "#",
        smaller=wish,
    )
    assert told[0].parity.labels == 1  # the others have no positives
    assert abs(told[0].parity.mean_auroc_change) <= 0.002


def test_no_photographs_prove_nothing(network, tmp_path):
    wish = Smaller((WeightFormat.INT8,), Photographs(list))
    with pytest.raises(ExportError, match="no photographs"):
        export_bundle(network, draft(), tmp_path / "b", card="#", smaller=wish)


def test_further_files_are_listed(network, tmp_path):
    folder = export_bundle(
        network, draft(), tmp_path / "b", card="#", extra_files={"notes.txt": b"hello"}
    )
    assert read_bundle(folder).read("notes.txt") == b"hello"


def test_the_torch_engine_reads_what_the_format_says(bundle):
    state = load_network(bundle).state_dict()
    for name, value in read_weights(bundle.read(WEIGHTS)).items():
        np.testing.assert_array_equal(state[name].numpy(), value)
