"""Where validated photographs lie in the network's features, and who is told to lie outside."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.images import FieldCrop, RgbImage
from retina_desktop.imaging.field_of_view import crop_to_field, find_field_of_view
from retina_desktop.ml.validated_range import FeatureRange
from training.not_fundus_pictures import RENDERERS, framed, varied
from training.retinoblastoma.folds import Groups

PERCENTILE = 97.5  # of the distances of photographs whose patient was left out
COMPONENTS = 16
_LEAST_SCALE = 1e-6

Features = NDArray[np.float32]  # (N, C)


def fit_range(features: Features, *, components: int = COMPONENTS) -> FeatureRange:
    """Fit mean, directions and spreads of validated photographs; the residual is one more.

    Parameters
    ----------
    features : Features
        Shape ``(N, C)``, at least two rows.
    components : int
        Directions kept; fewer where there are fewer photographs.
    """
    values = features.astype(np.float64)
    mean = values.mean(axis=0)
    centred = values - mean
    _, singular, directions = np.linalg.svd(centred, full_matrices=False)
    count = max(1, min(components, len(values) - 2, values.shape[1]))
    kept = directions[:count]
    freedom = max(len(values) - 1, 1)
    scales = np.maximum(singular[:count] / np.sqrt(freedom), _LEAST_SCALE)
    residual = centred - centred @ kept.T @ kept
    spread = float(np.sqrt(np.square(residual).sum() / max(freedom - count, 1)))
    return FeatureRange(mean, kept, scales, max(spread, _LEAST_SCALE))


def left_out_distances(
    features: Features, groups: Groups, folds: NDArray[np.int64], *, components: int
) -> NDArray[np.float64]:
    """Return each photograph's distance from a range fitted without its fold's patients.

    Raises
    ------
    ValueError
        If a group is in two folds.
    """
    for group in np.unique(groups):
        if len(np.unique(folds[groups == group])) > 1:
            raise ValueError("a patient is in two folds")
    distances = np.zeros(len(features))
    for fold in np.unique(folds):
        judged = folds == fold
        fitted = fit_range(features[~judged], components=components)
        distances[judged] = fitted.distance(features[judged])
    return distances


def range_threshold(distances: NDArray[np.float64], *, percentile: float = PERCENTILE) -> float:
    """Return the distance from which a photograph lies outside."""
    return round(float(np.percentile(distances, percentile)), 4)


def not_fundus_crops(pictures: Iterable[RgbImage], size: int) -> Iterator[FieldCrop]:
    """Yield what the application would cut of pictures that show no fundus."""
    for picture in pictures:
        field = find_field_of_view(picture)
        if field is not None:
            yield crop_to_field(picture, field, size=size)


def not_fundus_pictures(*, each: int, seed: int) -> Iterator[RgbImage]:
    """Yield rendered pictures of every kind in a camera's frame, varied."""
    generator = np.random.default_rng(seed)
    for _, render in sorted(RENDERERS.items()):
        for _ in range(each):
            yield framed(varied(render(generator), generator), generator)
