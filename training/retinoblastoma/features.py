"""Pooled features of photographs, by the application's own steps and a frozen network."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from retina_desktop.domain.images import FieldCrop
from retina_desktop.domain.manifests import PreprocessingStep
from retina_desktop.imaging.preprocessing import (
    CENTRAL_FIELD,
    FIELD_CROP,
    IMAGENET_MEAN,
    IMAGENET_STD,
    LEVEL_MATCHING,
    NORMALIZE,
    prepare_tensor,
)
from retina_desktop.ml.torch_network import classifier_of
from retina_desktop.ml.weight_formats import (
    State,
    WeightFormat,
    decode,
    encode,
    formats_of,
)
from training.recipe import RecipeError
from training.retinoblastoma.pictures import HALF_HEIGHT, RADIUS, Crops, varied
from training.transfer import create_network

BATCH = 8
ENHANCEMENTS = ("msrcr", "clahe", "vessel_suppression")  # the seed's, in its order
MATCHED = (*ENHANCEMENTS, LEVEL_MATCHING)  # ... and one more, that no colour tells a camera
# The step's own defaults, which `prepare --enhance level_matching` uses: pre-training saw them.
_LEVELS = {"mean": 128.0, "spread": 45.0}

Change = Callable[[FieldCrop], FieldCrop]
Features = NDArray[np.float32]  # (N, C)


def pipeline(
    size: int, *, enhancements: Sequence[str] = MATCHED, central: bool = True
) -> tuple[PreprocessingStep, ...]:
    """Return the manifest's steps: crop, the part all cameras show, enhancements, normalise."""
    names = ("mean_r", "mean_g", "mean_b", "std_r", "std_g", "std_b")
    values = dict(zip(names, IMAGENET_MEAN + IMAGENET_STD, strict=True))
    part = PreprocessingStep(CENTRAL_FIELD, {"radius": RADIUS, "half_height": HALF_HEIGHT})
    return (
        PreprocessingStep(FIELD_CROP, {"size": size}),
        *((part,) if central else ()),
        *(
            PreprocessingStep(name, dict(_LEVELS) if name == LEVEL_MATCHING else {})
            for name in enhancements
        ),
        PreprocessingStep(NORMALIZE, dict(values)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class FrozenNetwork:
    """A pre-trained network that only answers; its last layer means nothing yet."""

    architecture: str
    network: nn.Module
    outputs: int  # of what it was pre-trained on


def load_network(
    architecture: str, weights: Path, *, stored_as: WeightFormat = WeightFormat.FLOAT32
) -> FrozenNetwork:
    """Build a timm network and give it a local file's weights, but for the last layer.

    With `stored_as` the weights are rounded as a bundle of that format holds them, so that
    everything fitted and measured afterwards is of the weights that will be shipped.

    Raises
    ------
    RecipeError
        If timm has no such network, or the file is missing or another network's.
    """
    refusal = RecipeError(
        f"{weights.name} holds no weights of {architecture}; choose the file that training "
        "wrote, and the architecture it was trained with."
    )
    try:
        if weights.suffix == ".safetensors":
            state = load_file(weights)
        else:
            state = torch.load(weights, map_location="cpu", weights_only=True)
        outputs = int(state["classifier.bias"].shape[0])
        network = create_network(outputs, architecture=architecture)
        missing, unexpected = network.load_state_dict(state, strict=False)
    except (OSError, RuntimeError, SafetensorError, KeyError, ValueError, TypeError) as error:
        raise refusal from error
    if unexpected or any("num_batches_tracked" not in name for name in missing):
        raise refusal
    _reset(network)
    if stored_as is not WeightFormat.FLOAT32:
        _round(network, stored_as)
    return FrozenNetwork(architecture, network.eval(), outputs)


def _reset(network: nn.Module) -> None:
    own: Any = network
    own.reset_classifier(1)
    with torch.no_grad():
        classifier_of(network).weight.fill_(1.0)
        classifier_of(network).bias.zero_()


def _round(network: nn.Module, stored_as: WeightFormat) -> None:
    state: State = {
        name: tensor.numpy()
        for name, tensor in network.state_dict().items()
        if tensor.dtype == torch.float32
    }
    formats = formats_of(state, stored_as)
    rounded = {
        name: torch.from_numpy(decode(*encode(value, formats[name])))
        for name, value in state.items()
    }
    network.load_state_dict(network.state_dict() | rounded)


def weights_key(weights: Path) -> str:
    """Return the first half of the file's SHA-256, which tells it from others.

    Raises
    ------
    RecipeError
        If it cannot be read.
    """
    try:
        content = weights.read_bytes()
    except OSError as error:
        raise RecipeError(
            f"The weights {weights.name} cannot be read; name the file that training wrote."
        ) from error
    return hashlib.sha256(content).hexdigest()[:32]


def compute_features(
    network: nn.Module,
    crops: Crops,
    steps: Sequence[PreprocessingStep],
    *,
    change: Change | None = None,
    on_row: Callable[[int], None] | None = None,
) -> Features:
    """Return the pooled last feature map of each crop, `change` made to it before the steps."""

    def tensors() -> Iterator[NDArray[np.float32]]:
        for row in range(len(crops)):
            crop = crops.crop(row)
            yield prepare_tensor(crop if change is None else change(crop), steps)
            if on_row is not None:
                on_row(row)

    return forward(network, tensors())


def compute_versions(
    network: nn.Module,
    crops: Crops,
    steps: Sequence[PreprocessingStep],
    *,
    copies: int,
    seed: int,
    on_row: Callable[[int], None] | None = None,
) -> NDArray[np.float32]:
    """Return features ``(N, 1 + copies, C)``: of each crop, and of `copies` varied ones."""
    parts = [compute_features(network, crops, steps, on_row=on_row)]
    for copy in range(copies):
        generator = np.random.default_rng((seed, copy))

        def vary(crop: FieldCrop, drawn: np.random.Generator = generator) -> FieldCrop:
            return varied(crop, drawn)

        parts.append(compute_features(network, crops, steps, change=vary, on_row=on_row))
    return np.stack(parts, axis=1)


@torch.inference_mode()
def forward(network: nn.Module, tensors: Iterator[NDArray[np.float32]]) -> Features:
    """Return the mean over places of the last feature map, ``(N, C)``.

    Channels lie last in memory meanwhile: a fifth faster on a CPU.
    """
    own: Any = network.eval().to(memory_format=torch.channels_last)
    pooled: list[NDArray[np.float32]] = []
    batch: list[NDArray[np.float32]] = []

    def flush() -> None:
        images = torch.from_numpy(np.stack(batch)).contiguous(memory_format=torch.channels_last)
        pooled.append(own.forward_features(images).mean(dim=(2, 3)).numpy())
        batch.clear()

    for tensor in tensors:
        batch.append(tensor)
        if len(batch) == BATCH:
            flush()
    if batch:
        flush()
    channels = classifier_of(network).in_features
    return np.concatenate(pooled) if pooled else np.zeros((0, channels), np.float32)
