"""The ONNX graph of a bundle: traced from torch, its tensors left in the weights file.

Every tensor of the graph is *external data* pointing into the safetensors file, which is raw
little-endian numbers after a JSON header. So batch normalisation stays unfolded in the graph
(ONNX Runtime folds it when it loads), every tensor of the graph is a tensor of the network's
state, under the same name, and the graph file is a hundred kilobytes.

Tensors of 16 or 8 bits are brought to float32 by a ``Cast`` and, for whole numbers, a ``Mul``
with their scale: operators of every opset, with the rounding of torch and NumPy, which ONNX
Runtime calculates once when it loads. (It would keep a ``DequantizeLinear`` and calculate it
for every photograph.)
"""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import nn

from retina_desktop.ml.torch_network import NetworkWithMaps
from retina_desktop.ml.weight_header import SCALE_SUFFIX, Place, is_scale, read_places

OUTPUTS = ("logits", "maps", "features")

_VALUE_SUFFIX, _STEPS_SUFFIX = ".value", ".steps"  # names inside the graph alone
_OPSET = 17  # read by every ONNX Runtime since 1.12
_PREFIX = "network."  # where NetworkWithMaps holds the network
_ONNX_TYPES = {
    "F32": onnx.TensorProto.FLOAT,
    "F16": onnx.TensorProto.FLOAT16,
    "I16": onnx.TensorProto.INT16,
    "I8": onnx.TensorProto.INT8,
}


class ForeignTensorError(Exception):
    """The graph holds a tensor that is none of the network's state."""


class AnsweringNetwork(NetworkWithMaps):
    """What the graph is traced from: logits, maps and pooled features of an image."""

    def forward(  # type: ignore[override]
        self, image: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Answer normalised images ``(N, 3, H, W)`` as the graph does."""
        features = self.features(image)
        return *self.answer(features), self.pooled(features)


def make_graph(network: nn.Module, *, size: int, weights: Path) -> bytes:
    """Return the ONNX graph whose tensors point into the safetensors file `weights`.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode, on the CPU, with the very weights that the file's decode to.
    size : int
        Side of the traced image in pixels; the graph's sides are free.
    weights : Path
        The file, named in the graph without its folder; a file ``traced.onnx`` is made
        beside it and removed.

    Raises
    ------
    ForeignTensorError
        If a tensor of the graph is not in the file.
    """
    model = _traced(network, size, weights.with_name("traced.onnx"))
    places = read_places(weights.read_bytes())
    used = _take_tensors(model, places)
    values = {name: _value_name(name, places) for name in used}
    for node in model.graph.node:
        for index, name in enumerate(node.input):
            own = name.removeprefix(_PREFIX)
            node.input[index] = values.get(own, name)
    decoding = [node for name in used for node in _decoding_nodes(name, places)]
    nodes = [*decoding, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    stored = [*used, *(n + SCALE_SUFFIX for n in used if is_scale(n + SCALE_SUFFIX, places))]
    model.graph.initializer.extend(
        _reference(name, places[name], weights.name) for name in stored
    )
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
            AnsweringNetwork(network).eval(),
            (torch.zeros(1, 3, size, size),),
            scratch,
            dynamo=False,
            do_constant_folding=False,
            opset_version=_OPSET,
            input_names=["image"],
            output_names=list(OUTPUTS),
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


def _take_tensors(model: Any, places: Mapping[str, Place]) -> list[str]:  # noqa: ANN401
    """Take the tensors out of `model`, with `Identity` nodes, and return their own names.

    The exporter stores equal tensors once and hands them on by `Identity`; here each name has
    bytes of its own, so those nodes are dropped.
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
    del model.graph.initializer[:]
    own = [name.removeprefix(_PREFIX) for name in names]
    foreign = [name for name in own if name not in places]
    if foreign:
        raise ForeignTensorError(", ".join(foreign[:3]))
    return own


def _value_name(name: str, places: Mapping[str, Place]) -> str:
    return name if places[name].kind == "F32" else name + _VALUE_SUFFIX


def _decoding_nodes(name: str, places: Mapping[str, Place]) -> list[Any]:
    """Return what turns the stored tensor into float32, as `weight_formats.decode` does."""
    if places[name].kind == "F32":
        return []
    value, scale = name + _VALUE_SUFFIX, name + SCALE_SUFFIX
    if not is_scale(scale, places):
        return [_cast(name, value)]
    steps = name + _STEPS_SUFFIX
    return [_cast(name, steps), onnx.helper.make_node("Mul", [steps, scale], [value])]


def _cast(source: str, target: str) -> Any:  # noqa: ANN401 - onnx is untyped
    return onnx.helper.make_node("Cast", [source], [target], to=onnx.TensorProto.FLOAT)


def _reference(name: str, place: Place, location: str) -> Any:  # noqa: ANN401 - onnx is untyped
    tensor = onnx.TensorProto(
        name=name,
        data_type=_ONNX_TYPES[place.kind],
        dims=place.shape,
        data_location=onnx.TensorProto.EXTERNAL,
    )
    for key, value in (
        ("location", location),
        ("offset", str(place.offset)),
        ("length", str(place.length)),
    ):
        tensor.external_data.add(key=key, value=value)
    return tensor
