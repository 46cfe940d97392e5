"""Both engines and pytorch-grad-cam say the same of the same photograph."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
import torch
from numpy.typing import NDArray
from torch import nn

from retina_desktop.ml.bundles import Bundle, read_bundle
from retina_desktop.ml.class_activation import pooled_logits, to_grad_cam_scale
from retina_desktop.ml.export import export_bundle
from retina_desktop.ml.gradcam import CamMethod, LibraryCam
from retina_desktop.ml.onnx_engine import OnnxClassifier
from retina_desktop.ml.torch_engine import TorchClassifier, load_network
from retina_desktop.ml.torch_network import NetworkWithMaps, classifier_of
from tests.helpers.bundles import B0, SMALL, living_network, make_bundle, make_manifest

SHIPPED = Path(__file__).parents[2] / "models" / "rfmid-efficientnet_b0"
NETWORKS = ["random-b0", "twofold", "trained", *(["shipped"] if SHIPPED.is_dir() else [])]
LABELS = ("DR", "ARMD", "MH", "MHL")


@pytest.fixture(scope="module", autouse=True)
def one_torch_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=NETWORKS)
def exported(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Bundle:
    if request.param == "shipped":
        return read_bundle(SHIPPED)
    folder = tmp_path_factory.mktemp("engines") / "bundle"
    if request.param == "random-b0":
        return read_bundle(make_bundle(folder, seed=5, architecture=B0))
    if request.param == "twofold":
        return read_bundle(make_bundle(folder, seed=5, architecture=f"twofold_{SMALL}"))
    draft = make_manifest(labels=LABELS, architecture=SMALL)
    return read_bundle(export_bundle(trained_network(), draft, folder, card="# For tests\n"))


@pytest.fixture(params=[224, 320])
def bundle(request: pytest.FixtureRequest, exported: Bundle) -> Bundle:
    """Return the bundle as one that reads crops of another size: its files hold for any."""
    manifest = dataclasses.replace(exported.manifest, input_size=request.param)
    return Bundle(manifest, exported.folder)


def trained_network() -> nn.Module:
    """Return a network that learned, a little, in which quarter a bright spot lies."""
    network = living_network(SMALL, outputs=len(LABELS), seed=9)
    generator = torch.Generator().manual_seed(0)
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    network.train()
    for _ in range(12):
        quarters = torch.randint(4, (16,), generator=generator)
        images = 0.3 * torch.randn(16, 3, 64, 64, generator=generator)
        for image, quarter in zip(images, quarters.tolist(), strict=True):
            top, left = 32 * (quarter // 2), 32 * (quarter % 2)
            image[:, top + 8 : top + 24, left + 8 : left + 24] += 2.0
        optimiser.zero_grad()
        truth = nn.functional.one_hot(quarters, 4).float()
        nn.functional.binary_cross_entropy_with_logits(network(images), truth).backward()
        optimiser.step()
    return network.eval()


def photograph(size: int) -> NDArray[np.float32]:
    """Return scikit-image's fundus photograph (CC0) as a network reads it."""
    pixels = cv2.resize(skimage.data.retina(), (size, size), interpolation=cv2.INTER_AREA)
    scaled = (pixels / 255.0 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    return np.ascontiguousarray(scaled.transpose(2, 0, 1), np.float32)


def test_both_engines_agree(bundle):
    tensor = photograph(bundle.manifest.input_size)

    onnx = OnnxClassifier(bundle, threads=1).classify(tensor)
    torch_answer = TorchClassifier(bundle, device="cpu", threads=1).classify(tensor)

    assert np.ptp(onnx.probabilities) > 0.01
    np.testing.assert_allclose(onnx.probabilities, torch_answer.probabilities, atol=1e-3)
    largest = np.abs(torch_answer.activations).max()
    np.testing.assert_allclose(onnx.activations, torch_answer.activations, atol=1e-3 * largest)


def test_the_maps_add_up_to_the_logits(bundle):
    tensor = photograph(bundle.manifest.input_size)
    network = load_network(bundle)
    maps = OnnxClassifier(bundle, threads=1).classify(tensor).activations
    with torch.inference_mode():
        logits, _ = NetworkWithMaps(network)(torch.from_numpy(tensor[None]))

    bias = classifier_of(network).bias.detach().numpy()

    np.testing.assert_allclose(pooled_logits(maps, bias), logits[0], rtol=1e-3, atol=1e-3)


def test_the_maps_are_grad_cam_at_the_last_feature_map(bundle):
    size = bundle.manifest.input_size
    tensor = photograph(size)
    reference = LibraryCam(load_network(bundle))
    maps = OnnxClassifier(bundle, threads=1).classify(tensor).activations
    shown = [int(k) for k in np.argsort(maps.max(axis=(1, 2)))[[-1, len(maps) // 2]]]

    for label in shown:
        # The library scales before and after it enlarges.
        enlarged = cv2.resize(to_grad_cam_scale(maps[label]), (size, size))
        ours = to_grad_cam_scale(enlarged)
        np.testing.assert_allclose(ours, reference.map_of(tensor, label), atol=1e-4)
        assert ours.max() == pytest.approx(1.0)


@pytest.fixture(scope="module")
def small_network() -> nn.Module:
    return living_network(SMALL, outputs=len(LABELS), seed=4)


def test_without_positive_evidence_grad_cam_and_our_map_are_both_empty():
    network = living_network("test_resnet", outputs=len(LABELS), seed=4)  # features of ReLU
    tensor = photograph(64)
    with torch.no_grad():
        classifier_of(network).weight[0] = -1.0
        _, maps = NetworkWithMaps(network)(torch.from_numpy(tensor[None]))

    assert maps[0, 0].min() < -0.1
    assert not to_grad_cam_scale(maps[0, 0].numpy()).any()
    assert not LibraryCam(network).map_of(tensor, 0).any()


@pytest.mark.parametrize("method", list(CamMethod))
def test_every_method_gives_a_map_and_leaves_the_network_as_it_was(small_network, method):
    tensor = photograph(64)
    cam = LibraryCam(small_network, method=method)

    shown = cam.map_of(tensor, 1)

    assert shown.shape == (64, 64)
    assert 0.0 <= shown.min() <= shown.max() <= 1.0
    np.testing.assert_array_equal(shown, cam.map_of(tensor, 1))
    hooks = [m for m in cam._network.modules() if m._forward_hooks or m._backward_hooks]
    assert hooks == []
    assert all(parameter.grad is None for parameter in small_network.parameters())


@pytest.mark.parametrize("label", [-1, 4, 99])
def test_a_label_that_is_not_there_is_told_and_not_swallowed(small_network, label):
    with pytest.raises(IndexError, match="of 4"):
        LibraryCam(small_network).map_of(photograph(64), label)


def test_a_map_can_be_asked_for_where_gradients_are_off(small_network):
    with torch.no_grad():
        assert LibraryCam(small_network).map_of(photograph(64), 0).shape == (64, 64)
