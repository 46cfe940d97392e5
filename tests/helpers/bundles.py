"""Small model bundles with random weights, made by the real exporter.

The networks are alive: batch normalisation has seen noise and the last layer is spread, so that
answers differ between images and labels. What they say of a photograph means nothing.
"""

import functools
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import skimage.data
import torch
from torch import nn

from retina_desktop.domain.findings import LabelStatus
from retina_desktop.domain.labels import RFMID_CODES
from retina_desktop.domain.manifests import (
    MANIFEST_SCHEMA,
    Calibration,
    DataSource,
    LabelEntry,
    Metric,
    ModelManifest,
    PreprocessingStep,
)
from retina_desktop.ml.export import export_bundle
from retina_desktop.ml.torch_network import build_network, classifier_of

SMALL = "test_efficientnet"  # timm's own for tests: 100,000 weights, a millisecond an image
B0 = "efficientnet_b0"
_CARD = "# Random weights\n\nFor tests: the answers mean nothing.\n"


def make_bundle(
    folder: Path,
    *,
    seed: int,
    labels: Sequence[str] = RFMID_CODES,
    input_size: int = 224,
    architecture: str = B0,
    model_id: str = "random",
    version: str = "1.0.0",
) -> Path:
    """Write a bundle to `folder`, which must not exist, and return it.

    The last label is not assessed and the one before it a demonstration (where there are more
    than two); the others are evaluated. Equal arguments give equal bytes.
    """
    request = _Request(seed, tuple(labels), input_size, architecture, model_id, version)
    folder.mkdir(parents=True)
    for name, content in _exported(request).items():
        (folder / name).write_bytes(content)
    return folder


def make_manifest(
    *,
    labels: Sequence[str] = RFMID_CODES,
    input_size: int = 224,
    architecture: str = B0,
    model_id: str = "random",
    version: str = "1.0.0",
) -> ModelManifest:
    """Return a manifest without files, as the exporter takes it."""
    return ModelManifest(
        schema=MANIFEST_SCHEMA,
        id=model_id,
        version=version,
        name="Random weights",
        architecture=architecture,
        input_size=input_size,
        preprocessing=_preprocessing(input_size),
        labels=tuple(_label(code, place, len(labels)) for place, code in enumerate(labels)),
        graph="",
        weights="",
        files=(),
        intended_use="Tests of the program.",
        limits=("Its answers mean nothing.",),
        created_on="2026-01-31",
        licence="Apache-2.0",
        software_version="0.1.0",
        data_sources=(DataSource("noise", "CC0-1.0", 8, "training"),),
        metrics=(Metric("auroc", 0.5, 0.4, 0.6, label=labels[0], positives=3, negatives=5),),
    )


def living_network(architecture: str, *, outputs: int, seed: int) -> nn.Module:
    """Return a timm network with random weights whose answers differ from image to image."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build_network(architecture, outputs=outputs)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = None  # running figures are the plain mean of all batches
        network.train()
        with torch.no_grad():
            network(_seen_images())
            layer = classifier_of(network)
            layer.weight.normal_(0.0, 3.0 / layer.in_features**0.5)
            layer.bias.normal_(0.0, 0.5)
    return network.eval()


def _seen_images() -> torch.Tensor:
    """Return noise and a fundus photograph (CC0), turned and dimmed, ``(12, 3, 128, 128)``."""
    noise = nn.functional.interpolate(torch.randn(4, 3, 8, 8), size=(128, 128), mode="bicubic")
    pixels = torch.from_numpy(skimage.data.retina()).permute(2, 0, 1)[None].float() / 255
    photograph = nn.functional.interpolate(pixels, size=(128, 128), mode="area")
    scaled = (photograph - 0.45) / 0.225
    turned = [torch.rot90(scaled, turns, (2, 3)) for turns in range(4)]
    dimmed = [image * 0.7 - 0.3 for image in turned]
    return torch.cat([noise, *turned, *dimmed])


class _Request(NamedTuple):
    seed: int
    labels: tuple[str, ...]
    input_size: int
    architecture: str
    model_id: str
    version: str


def _preprocessing(size: int) -> tuple[PreprocessingStep, ...]:
    figures = {"mean_r": 0.485, "mean_g": 0.456, "mean_b": 0.406}
    figures |= {"std_r": 0.229, "std_g": 0.224, "std_b": 0.225}
    return (
        PreprocessingStep("field_crop", {"size": size}),
        PreprocessingStep("normalize", figures),
    )


def _label(code: str, place: int, count: int) -> LabelEntry:
    calibration = Calibration(slope=0.8 + 0.4 * place / count, offset=-0.1)
    if count > 2 and place == count - 1:
        return LabelEntry(code, LabelStatus.NOT_ASSESSED, None, calibration)
    status = LabelStatus.EVALUATED
    if count > 2 and place == count - 2:
        status = LabelStatus.DEMONSTRATION
    return LabelEntry(code, status, 0.5, calibration)


@functools.lru_cache(maxsize=8)
def _exported(request: _Request) -> dict[str, bytes]:
    """Export once for each request: EfficientNet-B0 takes two seconds."""
    network = living_network(
        request.architecture, outputs=len(request.labels), seed=request.seed
    )
    draft = make_manifest(
        labels=request.labels,
        input_size=request.input_size,
        architecture=request.architecture,
        model_id=request.model_id,
        version=request.version,
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder = export_bundle(network, draft, Path(scratch) / "bundle", card=_CARD)
        return {path.name: path.read_bytes() for path in folder.iterdir()}
