"""Export of a trained network to a model bundle that both engines read.

One weights file serves both engines: see `retina_desktop.ml.export_graph` for the graph whose
tensors lie in it, and `retina_desktop.ml.weight_formats` for how they are stored.
"""

import copy
import dataclasses
import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import safetensors.numpy
import torch
from torch import nn

from retina_desktop.domain.manifests import BundleFile, ModelManifest
from retina_desktop.ml.bundle_reading import CARD_NAME, read_bundle
from retina_desktop.ml.export_graph import ForeignTensorError, make_graph
from retina_desktop.ml.export_parity import (
    AUROC_TOLERANCE,
    WEIGHTS_TOLERANCE,
    ExportError,
    Photographs,
    Speed,
    WeightParity,
    answers,
    check_graph,
    compare_answers,
    measure_speed,
)
from retina_desktop.ml.manifest_json import MANIFEST_NAME, manifest_to_json
from retina_desktop.ml.publishing import publish
from retina_desktop.ml.torch_network import (
    NetworkError,
    check_head,
    classifier_of,
    load_weights,
)
from retina_desktop.ml.weight_formats import (
    Array,
    State,
    WeightFormat,
    encode_state,
    formats_of,
)
from retina_desktop.ml.weight_header import SCALE_SUFFIX, WeightsInconsistentError
from retina_desktop.ml.weight_rounding import Batches, rounded_by_inputs

GRAPH_NAME = "model.onnx"
WEIGHTS_NAME = "weights.safetensors"
FROM_SMALLEST = (WeightFormat.INT8, WeightFormat.INT16, WeightFormat.FLOAT32)

_LOGGER = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Smaller:
    """The wish for weights of 16 or 8 bits, and the photographs that must prove them.

    Parameters
    ----------
    formats : tuple[WeightFormat, ...]
        Tried in turn; the first that holds is taken. `FROM_SMALLEST` always finds one.
    proof : Photographs
        On which the float32 network and the smaller weights are compared.
    rounding : Callable or None
        Batches of other photographs, by which weights are rounded to 8 bits (see
        `retina_desktop.ml.weight_rounding`); None rounds each weight to the nearest.
    """

    formats: tuple[WeightFormat, ...]
    proof: Photographs
    rounding: Batches | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Exported:
    """What is known of a bundle's graph and weights before its card is written."""

    weights: WeightFormat
    weights_bytes: int
    graph_difference: float  # ONNX Runtime beside torch, in probability
    parity: WeightParity | None  # beside float32; None where the weights are that
    refused: tuple[tuple[WeightFormat, WeightParity], ...]  # smaller ones that did not hold
    speed: Speed | None  # None unless it was asked for


def export_bundle(
    network: nn.Module,
    manifest_draft: ModelManifest,
    destination: Path,
    *,
    card: str | Callable[[Exported], str],
    smaller: Smaller | None = None,
    extra_files: Mapping[str, bytes] | None = None,
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
    card : str or Callable
        Text of ``MODEL_CARD.md``, or what writes it from what was measured here; only then
        is the speed measured.
    smaller : Smaller or None
        None stores the weights in float32.
    extra_files : Mapping[str, bytes] or None
        Further files that the manifest shall list, such as a validated range.

    Returns
    -------
    Path
        `destination`.

    Raises
    ------
    ExportError
        If the network's head is not pooling and a linear layer, if it does not fit the draft,
        if ONNX Runtime does not answer as torch does, or if smaller weights answer otherwise
        than the network.
    FileExistsError
        If `destination` exists.
    BundleRefusedError
        If the manifest breaks a rule of bundles, such as an unknown preprocessing step.
    """
    if destination.exists():
        raise FileExistsError(f"{destination.name} exists")
    still = copy.deepcopy(network).cpu().float().eval()
    _check_fits(still, manifest_draft)
    chosen = _choose_weights(still, manifest_draft, smaller)
    folder = Path(tempfile.mkdtemp(prefix=".export-", dir=destination.parent))
    try:
        folder.chmod(0o755)
        _write_bundle(folder, chosen, manifest_draft, card, extra_files or {})
        publish(folder, destination)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return destination


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class _Weights:
    """Stored weights, and the network that calculates with them."""

    network: nn.Module
    format: WeightFormat
    content: bytes
    parity: WeightParity | None = None
    refused: tuple[tuple[WeightFormat, WeightParity], ...] = ()


def _write_bundle(
    folder: Path,
    chosen: _Weights,
    draft: ModelManifest,
    card: str | Callable[[Exported], str],
    extra_files: Mapping[str, bytes],
) -> None:
    graph, weights = folder / GRAPH_NAME, folder / WEIGHTS_NAME
    _write_durably(weights, chosen.content)
    try:
        content = make_graph(chosen.network, size=draft.input_size, weights=weights)
    except ForeignTensorError as error:
        raise ExportError(
            f"The graph holds tensors that are not the network's ({error}); choose another "
            "architecture."
        ) from error
    _write_durably(graph, content)
    difference = check_graph(chosen.network, draft, graph)
    _LOGGER.info("parity of the exported graph: largest difference %.2g", difference)
    if not isinstance(card, str):
        speed = measure_speed(chosen.network, draft, graph)
        size = len(chosen.content)
        card = card(
            Exported(chosen.format, size, difference, chosen.parity, chosen.refused, speed)
        )
    _write_durably(folder / CARD_NAME, card.encode())
    for name, extra in sorted(extra_files.items()):
        _write_durably(folder / name, extra)
    names = (CARD_NAME, GRAPH_NAME, *sorted(extra_files), WEIGHTS_NAME)
    manifest = dataclasses.replace(
        draft,
        graph=GRAPH_NAME,
        weights=WEIGHTS_NAME,
        files=tuple(_entry(folder / name) for name in names),
    )
    _write_durably(folder / MANIFEST_NAME, manifest_to_json(manifest).encode())
    read_bundle(folder).read(WEIGHTS_NAME)


def _choose_weights(
    network: nn.Module, manifest: ModelManifest, smaller: Smaller | None
) -> _Weights:
    """Return the first of the wished formats that holds."""
    if smaller is None:
        return _stored(network, WeightFormat.FLOAT32, None)
    wanted = answers(network, smaller.proof)
    refused: list[tuple[WeightFormat, WeightParity]] = []
    for stored_as in smaller.formats:
        weights = _stored(network, stored_as, smaller.rounding)
        if stored_as is WeightFormat.FLOAT32:
            return dataclasses.replace(weights, refused=tuple(refused))
        found = answers(weights.network, smaller.proof)
        parity = compare_answers(wanted, found, manifest=manifest, photographs=smaller.proof)
        _LOGGER.info(
            "%s weights: probabilities differ by up to %.4f", stored_as, parity.largest
        )
        if parity.holds:
            return dataclasses.replace(weights, parity=parity, refused=tuple(refused))
        refused.append((stored_as, parity))
    raise ExportError(_does_not_hold(*refused[-1]))


def _does_not_hold(stored_as: WeightFormat, parity: WeightParity) -> str:
    auroc = (
        f" and the mean AUROC by {parity.mean_auroc_change:+.4f}"
        if parity.mean_auroc_change is not None
        else ""
    )
    finer = (
        "float32"
        if stored_as in (WeightFormat.INT16, WeightFormat.FLOAT32)
        else "int16 (as small as float16, and finer) or auto"
    )
    return (
        f"Weights in {stored_as} change probabilities by up to {parity.largest:.4f}{auroc} on "
        f"{parity.photographs} photographs, more than the allowed {WEIGHTS_TOLERANCE:g} and "
        f"{AUROC_TOLERANCE:g}; choose {finer}."
    )


def _stored(network: nn.Module, stored_as: WeightFormat, rounding: Batches | None) -> _Weights:
    """Store the state; batch counters serve training alone and stay out."""
    state: State = {
        name: tensor.numpy()
        for name, tensor in network.state_dict().items()
        if tensor.dtype == torch.float32
    }
    formats = formats_of(state, stored_as)
    try:
        tensors: dict[str, Array] = encode_state(state, formats)
        if rounding is not None and stored_as is WeightFormat.INT8:
            for name, whole, scale in rounded_by_inputs(network, formats, rounding):
                tensors |= {name: whole, name + SCALE_SUFFIX: scale}
    except WeightsInconsistentError as error:
        raise ExportError(
            f"The weights cannot be stored as {stored_as}: {error}; choose another format, or "
            "train anew."
        ) from error
    contiguous = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
    content = safetensors.numpy.save(contiguous, metadata={"format": "pt"})
    own = copy.deepcopy(network)
    load_weights(own, content)
    return _Weights(own, stored_as, content)


def _check_fits(network: nn.Module, manifest: ModelManifest) -> None:
    try:
        check_head(network)
        outputs = classifier_of(network).out_features
    except NetworkError as error:
        raise ExportError(f"The network cannot be exported: {error}.") from error
    if outputs != len(manifest.labels):
        raise ExportError(
            f"The network does not fit: {outputs} outputs for {len(manifest.labels)} labels."
        )


def _entry(path: Path) -> BundleFile:
    content = path.read_bytes()
    return BundleFile(path.name, hashlib.sha256(content).hexdigest(), len(content))


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
