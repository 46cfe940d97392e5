"""A network of two halves: what each reads, and that it is a network like any other."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from retina_desktop.domain.images import FieldCrop
from retina_desktop.imaging.local_average import local_average_subtraction
from retina_desktop.imaging.preprocessing import IMAGENET_MEAN, IMAGENET_STD, prepare_tensor
from retina_desktop.ml.architectures import create_architecture
from retina_desktop.ml.torch_network import NetworkError, build_network
from retina_desktop.ml.twofold import halves_of, subtract_local_average, within_half
from tests.helpers.bundles import living_network, make_manifest
from tests.helpers.rendered_fundus import render_fundus

NAME = "twofold_test_efficientnet"
LABELS = ("DR", "ODC", "MH")


def crop_of(size):
    """Return a rendered field of view that touches the sides of a black square."""
    pixels = render_fundus(size=(size, size), seed=1, exudates=20)
    y, x = np.mgrid[:size, :size]
    half = (size - 1) / 2
    inside = np.hypot(x - half, y - half) <= half
    shown = np.where(inside[..., None], np.maximum(pixels, 1), 0).astype(np.uint8)
    return FieldCrop(shown, inside, 0.0, 0.0, 1.0)


def normalised(crop):
    size = len(crop.inside)
    return torch.from_numpy(prepare_tensor(crop, make_manifest(input_size=size).preprocessing))


def in_levels(tensor):
    """Return a normalised photograph as levels of 255, ``(H, W, 3)``."""
    mean, std = (np.array(values)[:, None, None] for values in (IMAGENET_MEAN, IMAGENET_STD))
    return ((tensor.numpy() * std + mean) * 255).transpose(1, 2, 0)


@pytest.fixture(scope="module")
def network():
    return living_network(NAME, outputs=len(LABELS), seed=3)


@pytest.mark.parametrize("size", [224, 320, 500])
def test_the_graph_subtracts_as_the_preprocessing_step_does(size):
    crop = crop_of(size)
    wanted = local_average_subtraction(crop.pixels, crop.inside).astype(float)
    found = in_levels(subtract_local_average(normalised(crop)[None])[0])
    difference = np.abs(found - wanted)
    assert difference.mean() < 0.6  # half a level is rounding
    assert np.quantile(difference[crop.inside], 0.99) < 4
    assert np.abs(found[~crop.inside]).max() < 1e-3


@settings(max_examples=15, deadline=None)
@given(
    colour=st.tuples(*[st.integers(1, 255)] * 3),
    size=st.integers(32, 400),
)
def test_a_field_of_one_colour_has_nothing_that_stands_out(colour, size):
    pixels = np.empty((size, size, 3), np.uint8)
    pixels[:] = colour
    crop = FieldCrop(pixels, np.ones((size, size), np.bool_), 0.0, 0.0, 1.0)
    found = in_levels(subtract_local_average(normalised(crop)[None])[0])
    assert np.allclose(found, 128, atol=0.1)


def test_half_precision_does_not_reach_the_subtraction():
    image = normalised(crop_of(128))[None]
    wanted = subtract_local_average(image)
    with torch.autocast("cpu", torch.bfloat16):
        found = subtract_local_average(image.bfloat16())
    assert found.dtype == torch.float32
    assert torch.allclose(found, wanted, atol=0.5)  # of the input's rounding alone


@torch.inference_mode()
def test_each_half_reads_its_own_picture(network):
    image = normalised(crop_of(96))[None]
    features = network.forward_features(image)
    plain, local = halves_of(network)
    own = features[:, : plain.num_features]
    assert torch.equal(own, plain.forward_features(image))
    shown = subtract_local_average(image)
    assert torch.equal(features[:, plain.num_features :], local.forward_features(shown))
    weights = network.get_classifier().weight
    assert weights.shape == (len(LABELS), plain.num_features + local.num_features)


@torch.inference_mode()
def test_features_are_left_out_in_training_alone():
    dropping = create_architecture(NAME, outputs=2, drop_rate=0.9)
    features = torch.ones(1, dropping.num_features, 2, 2)
    assert not torch.equal(dropping.forward_head(features), dropping.forward_head(features))
    dropping.eval()
    assert torch.equal(dropping.forward_head(features), dropping.forward_head(features))


def test_a_half_that_timm_does_not_have_is_said():
    with pytest.raises(NetworkError, match="no architecture 'twofold_nothing'"):
        build_network("twofold_nothing", outputs=2)
    with pytest.raises(RuntimeError):
        create_architecture("twofold_nothing", outputs=2)


def test_names_within_halves(network):
    names = set(network.state_dict())
    assert {within_half(name) for name in names if name.startswith("local.")} <= {
        within_half(name) for name in names if name.startswith("plain.")
    }
    assert within_half("classifier.weight") == "classifier.weight"
    assert within_half("local") == "local"
    assert within_half("localised.weight") == "localised.weight"
    assert halves_of(network.plain) == (network.plain,)
