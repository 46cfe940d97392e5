"""How far a photograph's features lie from those a model was validated on.

A bundle may carry a *validated range* (``range.safetensors``): the mean of the pooled features
of the photographs it was validated on, the directions in which they vary and how much, and how
much varies in all other directions. The distance of a photograph's features ``x`` is::

    D(x)^2 = sum_i (u_i . (x - mean) / scale_i)^2 + |r|^2 / residual_scale^2
    r      = (x - mean) - sum_i (u_i . (x - mean)) u_i

With ``scale_i`` the standard deviation along the unit vector ``u_i`` and ``residual_scale``
that of one left-out direction, D is the Mahalanobis distance under probabilistic principal
component analysis (Tipping & Bishop, JRSS B 61, 1999; as a detector of the unfamiliar: Lee et
al., NeurIPS 2018). With ``residual_scale`` the root mean square of ``|r|`` the residual weighs
as one more direction (the combined index of Yue & Qin, Ind. Eng. Chem. Res. 40, 2001). Who
fits the range decides; the manifest's threshold belongs to the file's scales.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from retina_desktop.domain.errors import BundleRefusedError
from retina_desktop.ml.bundle_reading import Bundle

RANGE_NAME = "range.safetensors"
LARGEST_DISTANCE = 1e12  # stands for everything farther, so that a distance is always a number

_TENSORS = ("mean", "components", "scales", "residual_scale")
_ORTHONORMAL = 1e-3  # largest deviation of the components' products from 0 and 1


@dataclass(frozen=True, slots=True, eq=False)
class FeatureRange:
    """Where validated features lie; the arrays are kept, not copied.

    Parameters
    ----------
    mean : NDArray[np.float64]
        Shape ``(C,)``.
    components : NDArray[np.float64]
        Shape ``(d, C)``, 1 <= d <= C; orthonormal rows.
    scales : NDArray[np.float64]
        Shape ``(d,)``, positive: the standard deviation along each component.
    residual_scale : float
        Positive; see the module's text.

    Raises
    ------
    ValueError
        If shapes do not fit each other or a figure is not finite or not positive.
    """

    mean: NDArray[np.float64] = field(repr=False)
    components: NDArray[np.float64] = field(repr=False)
    scales: NDArray[np.float64] = field(repr=False)
    residual_scale: float

    def __post_init__(self) -> None:
        if self.mean.ndim != 1 or not self.mean.size:
            raise ValueError("the mean must be a vector")
        count = len(self.components)
        if self.components.shape != (count, self.mean.size) or not 1 <= count <= self.mean.size:
            raise ValueError("the components do not fit the mean")
        if self.scales.shape != (count,):
            raise ValueError("there must be one scale for each component")
        for name in ("mean", "components", "scales"):
            if not np.isfinite(getattr(self, name)).all():
                raise ValueError(f"the {name} must be finite")
        if not (self.scales > 0.0).all():
            raise ValueError("the scales must be positive")
        if not 0.0 < self.residual_scale < np.inf:
            raise ValueError("the residual scale must be positive")
        products = self.components @ self.components.T
        if np.abs(products - np.eye(count)).max() > _ORTHONORMAL:
            raise ValueError("the components must be orthonormal")

    @property
    def channels(self) -> int:
        """The number C of features."""
        return self.mean.size

    def distance(self, features: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Return each row's distance; see the module's text.

        Parameters
        ----------
        features : NDArray[np.floating]
            Shape ``(N, C)``, any float type; computed in float64.

        Returns
        -------
        NDArray[np.float64]
            Shape ``(N,)``, in [0, `LARGEST_DISTANCE`]; features that are not numbers lie
            farthest.

        Raises
        ------
        ValueError
            If the features have another shape.
        """
        if features.ndim != 2 or features.shape[1] != self.channels:
            raise ValueError(f"expected (N, {self.channels}), got {features.shape}")
        with np.errstate(all="ignore"):
            centred = features.astype(np.float64) - self.mean
            scores = centred @ self.components.T
            residual = centred - scores @ self.components
            inside = np.square(scores / self.scales).sum(axis=1)
            outside = np.square(residual / self.residual_scale).sum(axis=1)
            distance = np.sqrt(inside + outside)
        told: NDArray[np.float64] = np.nan_to_num(
            distance, nan=LARGEST_DISTANCE, posinf=LARGEST_DISTANCE
        ).clip(0.0, LARGEST_DISTANCE)
        return told


def range_of_others() -> BundleRefusedError:
    """Return the refusal of a range that does not describe the network's features."""
    return BundleRefusedError(
        "The model's validated range is not of this model's features; please install the model "
        "again, or ask its maker for a whole one."
    )


def range_to_bytes(feature_range: FeatureRange) -> bytes:
    """Return the safetensors file, float32, that `range_from_bytes` reads."""
    content: bytes = save(
        {
            "mean": np.ascontiguousarray(feature_range.mean, np.float32),
            "components": np.ascontiguousarray(feature_range.components, np.float32),
            "scales": np.ascontiguousarray(feature_range.scales, np.float32),
            "residual_scale": np.array([feature_range.residual_scale], np.float32),
        }
    )
    return content


def range_from_bytes(content: bytes) -> FeatureRange:
    """Read a safetensors file with exactly the four tensors, of any float type.

    Raises
    ------
    ValueError
        With a phrase that says what is wrong.
    """
    try:
        tensors = load(content)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ValueError("it is no safetensors file") from error
    if sorted(tensors) != sorted(_TENSORS):
        raise ValueError(f"it must hold {', '.join(_TENSORS)} and nothing else")
    if any(tensor.dtype.kind != "f" for tensor in tensors.values()):
        raise ValueError("its tensors must be floating-point numbers")
    if tensors["residual_scale"].size != 1:
        raise ValueError("the residual scale must be one number")
    return FeatureRange(
        mean=tensors["mean"].astype(np.float64),
        components=tensors["components"].astype(np.float64),
        scales=tensors["scales"].astype(np.float64),
        residual_scale=float(tensors["residual_scale"].item()),
    )


def read_range(bundle: Bundle) -> FeatureRange | None:
    """Return the bundle's validated range, None for a bundle without one.

    Raises
    ------
    BundleRefusedError
        If its file is missing, damaged, or breaks a rule.
    """
    validated = bundle.manifest.validated_range
    if validated is None:
        return None
    content = bundle.read(validated.file)
    try:
        return range_from_bytes(content)
    except ValueError as error:
        raise BundleRefusedError(
            f"The model's validated range {validated.file} cannot be used ({error}); please "
            "install the model again, or ask its maker for a whole one."
        ) from error
