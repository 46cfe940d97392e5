"""Many threads get the very bits that one thread gets."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from retina_desktop.domain.analyses import ModelAnswer
from retina_desktop.ml.bundles import read_bundle
from retina_desktop.ml.gradcam import LibraryCam
from retina_desktop.ml.onnx_engine import OnnxClassifier
from retina_desktop.ml.torch_engine import TorchClassifier, load_network
from tests.helpers.bundles import B0, SMALL, make_bundle

THREADS = 8


def crops(size: int, count: int) -> list[NDArray[np.float32]]:
    generator = np.random.default_rng(size)
    return [
        generator.normal(0.0, 0.7, (3, size, size)).astype(np.float32) for _ in range(count)
    ]


def assert_threads_change_nothing(
    answer: Callable[[NDArray[np.float32]], Sequence[NDArray[np.float32]]],
    images: Sequence[NDArray[np.float32]],
    *,
    asked: int,
) -> None:
    alone = [answer(image) for image in images]
    order = [place % len(images) for place in range(asked)]
    with ThreadPoolExecutor(THREADS) as pool:
        together = list(pool.map(lambda place: answer(images[place]), order))
    assert len({parts[0].tobytes() for parts in alone}) == len(images)
    for place, parts in zip(order, together, strict=True):
        for one, other in zip(alone[place], parts, strict=True):
            assert one.tobytes() == other.tobytes()


def parts_of(answer: ModelAnswer) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return answer.probabilities, answer.activations


@pytest.mark.parametrize(("size", "asked"), [(128, 1000), (224, 60)])
def test_efficientnet_b0_on_onnx_runtime(tmp_path: Path, size: int, asked: int):
    bundle = read_bundle(make_bundle(tmp_path / "b0", seed=5, input_size=size, architecture=B0))
    classifier = OnnxClassifier(bundle, threads=1)

    assert_threads_change_nothing(
        lambda image: parts_of(classifier.classify(image)), crops(size, 10), asked=asked
    )


def test_a_session_with_several_threads_of_its_own(tmp_path: Path):
    folder = make_bundle(tmp_path / "s", seed=5, input_size=128, architecture=SMALL)
    classifier = OnnxClassifier(read_bundle(folder), threads=2)

    assert_threads_change_nothing(
        lambda image: parts_of(classifier.classify(image)), crops(128, 10), asked=200
    )


def test_torch(tmp_path: Path):
    folder = make_bundle(tmp_path / "s", seed=5, input_size=128, architecture=SMALL)
    classifier = TorchClassifier(read_bundle(folder), device="cpu", threads=1)

    assert_threads_change_nothing(
        lambda image: parts_of(classifier.classify(image)), crops(128, 8), asked=80
    )


def test_pytorch_grad_cam_behind_its_lane(tmp_path: Path):
    folder = make_bundle(tmp_path / "s", seed=5, input_size=64, architecture=SMALL)
    cam = LibraryCam(load_network(read_bundle(folder)))

    assert_threads_change_nothing(lambda image: (cam.map_of(image, 2),), crops(64, 8), asked=24)
