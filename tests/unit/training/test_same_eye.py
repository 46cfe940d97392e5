import cv2
import numpy as np
import pytest

from tests.helpers.rendered_fundus import render_fundus
from training.same_eye import (
    LEAST_AGREEING,
    NEIGHBOURS,
    compute_features,
    confirm_pairs,
    count_agreeing,
    describe,
    propose_pairs,
)
from training.transfer import create_network

SIDE = 256


def photographed_again(pixels):
    """The same eye turned, nearer, shifted, darker, with other noise."""
    matrix = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), 10, 1.06)
    matrix[:, 2] += (12, -8)
    moved = cv2.warpAffine(pixels, matrix, (SIDE, SIDE))
    noise = np.random.default_rng(0).normal(0, 3, moved.shape)
    return np.clip(0.8 * moved + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def eyes():
    return np.stack([render_fundus(size=(SIDE, SIDE), seed=seed) for seed in range(4)])


def test_a_second_photograph_is_recognised_and_strangers_are_not(eyes):
    again = describe(photographed_again(eyes[1]))
    counts = [count_agreeing(describe(eye), again) for eye in eyes]
    assert counts[1] >= LEAST_AGREEING
    assert max(counts[:1] + counts[2:]) < LEAST_AGREEING


def test_pairs_are_confirmed_by_their_vessels(eyes):
    squares = np.concatenate([eyes, photographed_again(eyes[2])[None]])
    assert confirm_pairs(squares, [(0, 1), (4, 2), (4, 3)]) == [(4, 2)]


def test_an_even_picture_has_no_keypoints():
    even = describe(np.full((64, 64, 3), 90, np.uint8))
    assert len(even.places) == 0
    assert count_agreeing(even, even) == 0


def test_the_most_alike_of_other_groups_are_proposed():
    angles = np.linspace(0, np.pi / 2, 40)
    features = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    groups = np.arange(40)
    groups[1] = 0
    pairs = propose_pairs(features, groups, np.array([0]), np.arange(1, 40))
    assert pairs == [(0, 2 + place) for place in range(NEIGHBOURS)]


def test_few_candidates_are_all_proposed():
    features = np.eye(3, dtype=np.float32)
    assert propose_pairs(features, np.arange(3), np.array([0]), np.array([1])) == [(0, 1)]


def test_features_have_unit_length(eyes):
    network = create_network(3, architecture="test_efficientnet")
    features = compute_features(network, eyes, batch=3)
    assert np.linalg.norm(features, axis=1) == pytest.approx(1.0, abs=1e-5)
