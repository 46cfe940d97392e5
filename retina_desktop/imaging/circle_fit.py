"""Fit a circle to points of which some lie on something else."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]  # (N, 2), x and y
Circle = tuple[float, float, float]  # centre x, centre y, radius

_TRIALS: Final = 64
_SAMPLE: Final = 120  # points which vote in a trial
_INLIER_SHARE: Final = 0.010  # of the radius
_LEAST_INLIERS: Final = 8
_LEAST_SUPPORT: Final = 0.35
_SECTORS: Final = 36
_LEAST_SECTORS: Final = 5  # 50 degrees of the circle


def fit_circle(
    points: Points, *, least_radius: float, most_radius: float
) -> tuple[Circle, float] | None:
    """Fit the circle which most points lie on (RANSAC, then least squares).

    Parameters
    ----------
    points : Points
        Shape ``(N, 2)``, N at least 12, in the order of the outline.
    least_radius, most_radius : float
        Bounds on the radius, in the points' unit.

    Returns
    -------
    tuple[Circle, float] | None
        The circle, and the share of the points within 1 % of its radius (or one pixel); None if
        no circle has a third of the points over at least 50 degrees. The same points always
        give the same circle.
    """
    circles = _through(_triples(points))
    radii = circles[:, 2]
    plausible = np.isfinite(circles).all(axis=1)
    plausible &= (radii > least_radius) & (radii < most_radius)
    circles = circles[plausible]
    if len(circles) == 0:
        return None
    x, y, radius = circles.T[:, :, None]
    sample = points[:: max(1, len(points) // _SAMPLE)]
    offset = np.abs(np.hypot(sample[:, 0] - x, sample[:, 1] - y) - radius)
    votes = (offset < np.maximum(1.0, _INLIER_SHARE * radius)).sum(axis=1)
    best = circles[int(np.argmax(votes))]
    circle: Circle = (float(best[0]), float(best[1]), float(best[2]))
    for _ in range(2):
        inliers = points[np.abs(offset_of(points, circle)) < _tolerance(circle)]
        if len(inliers) < _LEAST_INLIERS:
            return None
        circle = least_squares_circle(inliers)
    support = len(inliers) / len(points)
    if not least_radius < circle[2] < most_radius or support < _LEAST_SUPPORT:
        return None
    return (circle, support) if _is_arc(inliers, circle) else None


def least_squares_circle(points: Points) -> Circle:
    """Return Kasa's algebraic circle; it is exact enough where the outliers are gone.

    I. Kasa, A circle fitting procedure and its error analysis, IEEE Trans. Instrum. Meas. 1976.
    """
    middle = points.mean(axis=0)
    x, y = (points - middle).T
    design = np.stack([x, y, np.ones_like(x)])
    ridge = 1e-9 * float(np.square(design).sum()) * np.eye(3)  # points on one line
    a, b, c = np.linalg.solve(design @ design.T + ridge, design @ (x**2 + y**2))
    radius = math.sqrt(max(float(c + (a**2 + b**2) / 4), 0.0))
    return float(middle[0] + a / 2), float(middle[1] + b / 2), radius


def offset_of(points: Points, circle: Circle) -> NDArray[np.float64]:
    """Return how far outside of the circle each point lies, negative inside."""
    distance = np.hypot(points[:, 0] - circle[0], points[:, 1] - circle[1])
    return np.asarray(distance - circle[2], dtype=np.float64)


def _tolerance(circle: Circle) -> float:
    return max(1.0, _INLIER_SHARE * circle[2])


def _triples(points: Points) -> NDArray[np.float64]:
    """Return triples of points well apart on the outline, (3, T, 2)."""
    rng = np.random.default_rng(0)
    count = len(points)
    first = rng.integers(0, count, size=_TRIALS)
    step = rng.integers(max(1, count // 6), max(2, count // 3 + 1), size=(2, _TRIALS))
    chosen = np.stack([first, first + step[0], first + step[0] + step[1]]) % count
    return np.asarray(points[chosen], dtype=np.float64)


def _through(triples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the circles (T, 3) through triples of points (3, T, 2)."""
    a, b, c = triples
    (bx, by), (cx, cy) = (b - a).T, (c - a).T
    cross = 2 * (bx * cy - by * cx)
    with np.errstate(divide="ignore", invalid="ignore"):
        ux = (cy * (bx**2 + by**2) - by * (cx**2 + cy**2)) / cross
        uy = (bx * (cx**2 + cy**2) - cx * (bx**2 + by**2)) / cross
    return np.stack([a[:, 0] + ux, a[:, 1] + uy, np.hypot(ux, uy)], axis=1)


def _is_arc(inliers: Points, circle: Circle) -> bool:
    """Tell an arc from the short outline of some other bright thing."""
    angle = np.arctan2(inliers[:, 1] - circle[1], inliers[:, 0] - circle[0])
    sectors = np.floor((angle + math.pi) / math.tau * _SECTORS).astype(np.intp)
    # Not np.unique: its first call imports numpy.ma, and the window waits for the interpreter.
    return int(np.count_nonzero(np.bincount(sectors))) >= _LEAST_SECTORS
