"""Export of a trained network to a model bundle that both engines read.

One weights file serves both: the ONNX graph's tensors are *external data* pointing into the
safetensors file, which is raw little-endian numbers after a JSON header. So batch
normalisation stays unfolded in the graph (ONNX Runtime folds it when it loads), every tensor
of the graph is a tensor of the network's state, under the same name, and the graph file is a
hundred kilobytes.
"""

import copy
import dataclasses
import hashlib
import json
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from safetensors.torch import save
from torch import nn

from retina_desktop.domain.manifests import BundleFile, ModelManifest
from retina_desktop.ml.bundle_reading import CARD_NAME, read_bundle
from retina_desktop.ml.calibration import sigmoid
from retina_desktop.ml.class_activation import pooled_logits
from retina_desktop.ml.manifest_json import MANIFEST_NAME, manifest_to_json
from retina_desktop.ml.probe import probe_image
from retina_desktop.ml.threads import inference_threads
from retina_desktop.ml.torch_network import (
    NetworkError,
    NetworkWithMaps,
    check_head,
    classifier_of,
)

GRAPH_NAME = "model.onnx"
WEIGHTS_NAME = "weights.safetensors"
PROBABILITY_TOLERANCE = 1e-4  # ten times finer than the engines' contract of 1e-3
MAP_TOLERANCE = 1e-4  # of the largest value of maps or features, or absolute where that is < 1

_OUTPUTS = ("logits", "maps", "features")
_OPSET = 17  # read by every ONNX Runtime since 1.12
_PREFIX = "network."  # where _WithMaps holds the network
_LOGGER = logging.getLogger(__name__)


class ExportError(Exception):
    """The network cannot be written as a bundle that answers as the network does."""


class _Answering(NetworkWithMaps):
    """What the graph is traced from: logits, maps and pooled features of an image."""

    def forward(  # type: ignore[override]
        self, image: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        features = self.features(image)
        return *self.answer(features), self.pooled(features)


def export_bundle(
    network: nn.Module, manifest_draft: ModelManifest, destination: Path, *, card: str
) -> Path:
    """Write the bundle of a trained timm network.

    The folder appears complete or not at all: everything is written beside it under a
    temporary name, the manifest last, and then renamed.

    Parameters
    ----------
    network : torch.nn.Module
        A timm network that ends in global average pooling and a linear layer, with one output
        per label of the draft. It is not changed.
    manifest_draft : ModelManifest
        The manifest; its ``graph``, ``weights`` and ``files`` are set here.
    destination : Path
        The bundle's folder, which must not exist yet. Its parent must.
    card : str
        Text of ``MODEL_CARD.md``.

    Returns
    -------
    Path
        `destination`.

    Raises
    ------
    ExportError
        If the network's head is not pooling and a linear layer, if it does not fit the draft,
        or if ONNX Runtime does not answer as torch does.
    FileExistsError
        If `destination` exists.
    BundleRefusedError
        If the manifest breaks a rule of bundles, such as an unknown preprocessing step.
    """
    if destination.exists():
        raise FileExistsError(f"{destination.name} exists")
    still = copy.deepcopy(network).cpu().float().eval()
    _check_fits(still, manifest_draft)
    folder = Path(tempfile.mkdtemp(prefix=".export-", dir=destination.parent))
    try:
        folder.chmod(0o755)
        _write_weights(still, folder / WEIGHTS_NAME)
        _write_durably(
            folder / GRAPH_NAME, _graph(still, manifest_draft, folder / WEIGHTS_NAME)
        )
        _check_parity(still, manifest_draft, folder / GRAPH_NAME)
        _write_durably(folder / CARD_NAME, card.encode())
        files = tuple(_entry(folder / name) for name in (CARD_NAME, GRAPH_NAME, WEIGHTS_NAME))
        manifest = dataclasses.replace(
            manifest_draft, graph=GRAPH_NAME, weights=WEIGHTS_NAME, files=files
        )
        _write_durably(folder / MANIFEST_NAME, manifest_to_json(manifest).encode())
        read_bundle(folder)
        folder.rename(destination)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return destination


def _graph(network: nn.Module, manifest: ModelManifest, weights: Path) -> bytes:
    """Return the ONNX graph whose tensors point into the safetensors file `weights`."""
    model = _traced(network, manifest.input_size, weights.with_name("traced.onnx"))
    places = _tensor_places(weights)
    initializers = _external_initializers(model, places)
    renamed = {_PREFIX + name: name for name in places}
    for node in model.graph.node:
        for index, name in enumerate(node.input):
            node.input[index] = renamed.get(name, name)
    del model.graph.initializer[:]
    model.graph.initializer.extend(initializers)
    serialized: bytes = model.SerializeToString()
    return serialized


def _traced(network: nn.Module, size: int, scratch: Path) -> Any:  # noqa: ANN401 - onnx is untyped
    """Return the graph with its tensors inline, batch normalisation unfolded.

    The TorchScript exporter is used because it keeps the state's tensors under their names
    and takes 1.5 s for EfficientNet-B0; the newer one takes 20 s and spreads every batch
    normalisation over a dozen shape operations unless it also folds the weights away.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's age; sizes that the trace fixes
        torch.onnx.export(
            _Answering(network).eval(),
            (torch.zeros(1, 3, size, size),),
            scratch,
            dynamo=False,
            do_constant_folding=False,
            opset_version=_OPSET,
            input_names=["image"],
            output_names=list(_OUTPUTS),
            dynamic_axes={
                "image": {0: "n", 2: "height", 3: "width"},
                "logits": {0: "n"},
                "maps": {0: "n", 2: "map_height", 3: "map_width"},
                "features": {0: "n"},
            },
        )
    model = onnx.load_model(scratch)
    scratch.unlink()
    return model


def _check_fits(network: nn.Module, manifest: ModelManifest) -> None:
    try:
        check_head(network)
        outputs = classifier_of(network).out_features
    except NetworkError as error:
        raise ExportError(str(error)) from error
    if outputs != len(manifest.labels):
        raise ExportError(f"{outputs} outputs for {len(manifest.labels)} labels")


@dataclasses.dataclass(frozen=True, slots=True)
class _Place:
    """Where a tensor's bytes lie in the safetensors file."""

    shape: tuple[int, ...]
    offset: int
    length: int


def _tensor_places(weights: Path) -> dict[str, _Place]:
    """Read a safetensors header: 8 bytes of its length, then JSON, then the tensors."""
    with weights.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        header: Mapping[str, Any] = json.loads(stream.read(length))
    return {
        name: _Place(
            tuple(entry["shape"]),
            8 + length + entry["data_offsets"][0],
            entry["data_offsets"][1] - entry["data_offsets"][0],
        )
        for name, entry in header.items()
        if name != "__metadata__"
    }


def _external_initializers(model: Any, places: Mapping[str, _Place]) -> list[Any]:  # noqa: ANN401
    """Return the model's tensors as references, taking out `Identity` nodes on the way.

    The exporter stores equal tensors once and hands them on by `Identity`; here each name has
    bytes of its own, so those nodes are dropped from `model`.
    """
    names = [tensor.name for tensor in model.graph.initializer]
    nodes = []
    for node in model.graph.node:
        if node.op_type == "Identity" and node.output[0].removeprefix(_PREFIX) in places:
            names.append(node.output[0])
        else:
            nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    foreign = [name for name in names if name.removeprefix(_PREFIX) not in places]
    if foreign:
        raise ExportError(f"the graph holds tensors that the network lacks: {foreign[:3]}")
    return [_reference(name.removeprefix(_PREFIX), places) for name in names]


def _reference(name: str, places: Mapping[str, _Place]) -> Any:  # noqa: ANN401 - onnx is untyped
    place = places[name]
    tensor = onnx.TensorProto(
        name=name,
        data_type=onnx.TensorProto.FLOAT,
        dims=place.shape,
        data_location=onnx.TensorProto.EXTERNAL,
    )
    for key, value in (
        ("location", WEIGHTS_NAME),
        ("offset", str(place.offset)),
        ("length", str(place.length)),
    ):
        tensor.external_data.add(key=key, value=value)
    return tensor


def _check_parity(network: nn.Module, manifest: ModelManifest, graph: Path) -> None:
    """Compare ONNX Runtime with torch at the bundle's size and a larger one.

    The larger is a multiple of 64: networks with TensorFlow's padding ("tf_...") pad by the
    size's remainder, which the trace fixes, so that their graph holds for such sizes alone.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = inference_threads()
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    reference = _Answering(network).eval()
    worst = 0.0
    for size in (manifest.input_size, 64 * (manifest.input_size // 64 + 1)):
        image = probe_image(size)[None]
        logits, *others = session.run(list(_OUTPUTS), {"image": image})
        with torch.inference_mode():
            expected, *expected_others = reference(torch.from_numpy(image))
        worst = max(worst, _probability_difference(logits, expected.numpy()))
        pooled = pooled_logits(others[0], classifier_of(network).bias.detach().numpy())
        worst = max(worst, _probability_difference(pooled, logits))
        for name, found, wanted in zip(_OUTPUTS[1:], others, expected_others, strict=True):
            difference = _scaled_difference(found, wanted.numpy())
            if not difference <= MAP_TOLERANCE:
                raise ExportError(
                    f"ONNX Runtime's {name} differ from torch's by {difference:.2g}"
                )
    if not worst <= PROBABILITY_TOLERANCE:
        raise ExportError(f"ONNX Runtime differs from torch by {worst:.2g} in probability")
    _LOGGER.info("parity of the exported graph: largest difference %.2g", worst)


def _scaled_difference(found: NDArray[np.floating], wanted: NDArray[np.floating]) -> float:
    scale = max(1.0, float(np.abs(wanted).max()))
    return float(np.abs(found - wanted).max()) / scale


def _probability_difference(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    probabilities = [sigmoid(logits.astype(np.float64)) for logits in (first, second)]
    return float(np.abs(probabilities[0] - probabilities[1]).max())


def _write_weights(network: nn.Module, path: Path) -> None:
    """Write the state as float32; batch counters serve training alone and stay out."""
    state = {
        name: tensor.contiguous()
        for name, tensor in network.state_dict().items()
        if tensor.dtype == torch.float32
    }
    _write_durably(path, save(state, metadata={"format": "pt"}))


def _entry(path: Path) -> BundleFile:
    content = path.read_bytes()
    return BundleFile(path.name, hashlib.sha256(content).hexdigest(), len(content))


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
