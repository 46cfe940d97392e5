"""The range knows what it was fitted on, and a left-out patient's distance is honest."""

import numpy as np
import pytest

from training.retinoblastoma.outside import (
    fit_range,
    left_out_distances,
    not_fundus_crops,
    not_fundus_pictures,
    range_threshold,
)


def cloud(seed: int = 0, count: int = 120, channels: int = 20) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(3, channels))
    return (
        rng.normal(size=(count, 3)) @ mixing + 0.1 * rng.normal(size=(count, channels))
    ).astype(np.float32)


def test_likes_lie_inside_and_strangers_outside() -> None:
    features = cloud()
    groups = np.arange(120) // 3
    distances = left_out_distances(features, groups, groups % 5, components=3)
    threshold = range_threshold(distances)
    fitted = fit_range(features, components=3)
    assert (distances > threshold).mean() == pytest.approx(0.025, abs=0.01)
    assert (fitted.distance(cloud()[:50]) > threshold).mean() < 0.06
    assert (fitted.distance(cloud(seed=9)) > threshold).mean() > 0.95
    assert (fitted.distance(features + 3.0) > threshold).all()


def test_a_left_out_distance_is_no_smaller_than_a_fitted_one() -> None:
    features, groups = cloud(count=30), np.arange(30)
    left_out = left_out_distances(features, groups, groups % 6, components=3)
    fitted = fit_range(features, components=3).distance(features)
    assert left_out.mean() > fitted.mean()


def test_a_divided_patient_is_refused() -> None:
    with pytest.raises(ValueError, match="two folds"):
        left_out_distances(cloud(count=4), np.zeros(4), np.array([0, 0, 1, 1]), components=1)


def test_few_photographs_give_few_directions() -> None:
    assert len(fit_range(cloud(count=5)).scales) == 3
    assert np.isfinite(fit_range(cloud(count=3)).distance(cloud())).all()
    even = fit_range(np.ones((6, 4), np.float32))
    assert (even.distance(np.ones((1, 4))) == 0).all()


def test_pictures_of_every_other_kind_are_cropped() -> None:
    crops = list(not_fundus_crops(not_fundus_pictures(each=1, seed=0), 48))
    assert len(crops) >= 10
    assert all(crop.pixels.shape == (48, 48, 3) for crop in crops)
