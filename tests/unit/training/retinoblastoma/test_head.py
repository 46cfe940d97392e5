"""The fitted regression becomes the network's last layer exactly."""

from pathlib import Path

import numpy as np
import pytest
import torch

from retina_desktop.ml.torch_network import NetworkWithMaps, check_head
from retina_desktop.ml.weight_formats import WeightFormat
from tests.unit.training.retinoblastoma.tiny import ARCHITECTURE, SIDE, tiny_network, whole_crop
from training.recipe import RecipeError
from training.retinoblastoma.features import (
    compute_features,
    compute_versions,
    load_network,
    pipeline,
)
from training.retinoblastoma.head import LinearHead, fit_head, fold_into
from training.retinoblastoma.pictures import Crops


def crops(count: int = 3) -> Crops:
    cut = [whole_crop(seed) for seed in range(count)]
    return Crops(
        np.stack([c.pixels for c in cut]),
        np.stack([c.inside for c in cut]),
        np.zeros((count, 1)),
    )


def test_the_networks_logit_is_the_heads(tmp_path: Path) -> None:
    network = tiny_network(tmp_path / "w.pt")
    features = compute_features(network, crops(), pipeline(SIDE))
    rng = np.random.default_rng(0)
    head = LinearHead(rng.normal(size=features.shape[1]), -1.5)
    folded = fold_into(network, head)
    check_head(folded)
    from retina_desktop.imaging.preprocessing import prepare_tensor

    images = np.stack([prepare_tensor(crops().crop(row), pipeline(SIDE)) for row in range(3)])
    with torch.inference_mode():
        logits, maps = NetworkWithMaps(folded)(torch.from_numpy(images))
    assert logits.shape == (3, 1)
    np.testing.assert_allclose(logits[:, 0].numpy(), head.logits(features), atol=2e-3)
    np.testing.assert_allclose(maps.mean((2, 3))[:, 0].numpy() - 1.5, logits[:, 0], atol=2e-3)
    assert network.get_classifier().out_features == 5  # type: ignore[operator]


def test_standardising_is_folded_into_the_weights() -> None:
    rng = np.random.default_rng(1)
    features = (rng.normal(size=(200, 6)) * (1, 5, 0.1, 2, 1, 0) + 3).astype(np.float32)
    truth = features[:, 1] > 3
    head = fit_head(features, truth, np.ones(200), strength=100.0)
    assert ((head.logits(features) > 0) == truth).mean() > 0.97
    # Fitting moved and stretched features gives the same answers.
    moved = fit_head(features * 4 + 7, truth, np.ones(200), strength=100.0)
    np.testing.assert_allclose(
        moved.logits(features * 4 + 7), head.logits(features), rtol=0.05, atol=0.2
    )


def test_the_photograph_itself_is_the_first_version(tmp_path: Path) -> None:
    network = tiny_network(tmp_path / "w.pt")
    plain = compute_features(network, crops(), pipeline(SIDE))
    versions = compute_versions(network, crops(), pipeline(SIDE), copies=2, seed=4)
    again = compute_versions(network, crops(), pipeline(SIDE), copies=2, seed=4)
    np.testing.assert_array_equal(versions, again)
    np.testing.assert_allclose(versions[:, 0], plain, atol=1e-6)
    assert np.abs(versions[:, 1] - versions[:, 2]).max() > 1e-3


def test_rounded_weights_are_rounded_once_and_for_all(tmp_path: Path) -> None:
    tiny_network(tmp_path / "w.pt")
    whole = load_network(ARCHITECTURE, tmp_path / "w.pt").network
    small = load_network(ARCHITECTURE, tmp_path / "w.pt", stored_as=WeightFormat.INT8).network
    assert (
        whole.state_dict()["conv_head.weight"] != small.state_dict()["conv_head.weight"]
    ).any()
    torch.save(small.state_dict(), tmp_path / "small.pt")
    again = load_network(
        ARCHITECTURE, tmp_path / "small.pt", stored_as=WeightFormat.INT8
    ).network
    for name, value in small.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], value, rtol=1e-6, atol=1e-7)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    tiny_network(tmp_path / "w.pt")
    load_network(ARCHITECTURE, tmp_path / "w.pt")
    for architecture, name in (
        ("efficientnet_b0", "w.pt"),
        ("no_such_network", "w.pt"),
        (ARCHITECTURE, "missing.pt"),
    ):
        with pytest.raises(RecipeError, match="holds no weights"):
            load_network(architecture, tmp_path / name)
    (tmp_path / "noise.safetensors").write_bytes(b"noise")
    with pytest.raises(RecipeError, match="holds no weights"):
        load_network(ARCHITECTURE, tmp_path / "noise.safetensors")
