"""Suggest which eye a photograph shows, and decide between picture, camera and user.

The optic disc lies on the nasal side: on the picture's right in a right eye, as long as the
macula is near the middle. A small convolutional network looks for it in a copy of 56 px; its
answer is what it sees in the picture less what it sees in the mirrored picture, so that a
mirrored photograph always gets the mirrored answer. Fitted by ``training/laterality.py``.
"""

import math
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.images import (
    FieldCrop,
    Laterality,
    LateralityAssessment,
    LateralitySource,
)
from retina_desktop.imaging.resampling import shrink

Planes = NDArray[np.float32]  # (2, 56, 56): red and green, without illumination, 0 outside

INPUT_SIDE_PX: Final = 56
WEIGHTS_FILE: Final = "laterality.npz"
# Below this probability of being right no eye is named.
SUGGESTED_FROM: Final = 0.80
# From this probability on, a picture showing the other eye than was said is worth a warning.
WARNED_FROM: Final = 0.95

_BACKGROUND_SIGMA_PX: Final = 8.0
_LEAST_FIELD_PX: Final = 200  # of 56 x 56


@dataclass(frozen=True, slots=True, eq=False)
class LateralityNetwork:
    """Three strided convolutions and a linear layer, evaluated in NumPy.

    ``kernels`` have shape ``(9 * channels in, channels out)`` in the order row, column,
    channel; ``readout`` has shape ``(7 * 7 * channels,)``; ``slope`` turns the antisymmetric
    output into the log odds of a right eye.
    """

    kernels: tuple[NDArray[np.float32], ...]
    biases: tuple[NDArray[np.float32], ...]
    readout: NDArray[np.float32]
    slope: float

    def log_odds(self, planes: Planes) -> float:
        """Return the log odds of a right eye; its sign turns when ``planes`` are mirrored."""
        layer = np.stack([planes, planes[:, :, ::-1]]).transpose(0, 2, 3, 1)
        for kernel, bias in zip(self.kernels, self.biases, strict=True):
            layer = np.maximum(_strided_patches(layer) @ kernel + bias, 0)
        seen, mirrored = layer.reshape(2, -1) @ self.readout
        return self.slope * float(seen - mirrored)


def suggest_laterality(crop: FieldCrop) -> tuple[Laterality | None, float]:
    """Suggest the eye from the side of the disc.

    Parameters
    ----------
    crop : FieldCrop
        Of any size; the pack of photographs this was fitted on holds the field with a black
        surround.

    Returns
    -------
    tuple[Laterality | None, float]
        The eye, and the calibrated probability in [0.5, 1] that it is the right answer. None
        where that is below `SUGGESTED_FROM` (disc in the middle, or out of sight), with 0 where
        nothing can be seen.
    """
    planes = laterality_planes(crop)
    if not planes.any():
        return None, 0.0
    log_odds = _network().log_odds(planes)
    confidence = 1 / (1 + math.exp(-min(abs(log_odds), 30.0)))
    if confidence < SUGGESTED_FROM:
        return None, confidence
    return (Laterality.RIGHT if log_odds > 0 else Laterality.LEFT), confidence


def decide_laterality(
    *,
    user: Laterality | None,
    dicom: Laterality | None,
    suggestion: tuple[Laterality | None, float],
) -> LateralityAssessment:
    """Choose the eye in force: the user's word, else the camera's, else the picture's.

    Parameters
    ----------
    user, dicom : Laterality | None
        What the user and the DICOM header say.
    suggestion : tuple[Laterality | None, float]
        From `suggest_laterality`.

    Returns
    -------
    LateralityAssessment
        With a warning when DICOM contradicts the user, or when the picture contradicts either
        with a confidence of at least `WARNED_FROM`.
    """
    seen, confidence = suggestion
    said = user or dicom
    if said is None:
        source = LateralitySource.NONE if seen is None else LateralitySource.IMAGE
        return LateralityAssessment(seen, source, confidence if seen is not None else 0.0)
    source = LateralitySource.DICOM if user is None else LateralitySource.USER
    warning = ""
    if user is not None and dicom is not None and user is not dicom:
        warning = (
            f"The camera recorded {dicom.shown}, but {user.shown} was chosen;"
            " check which eye this is."
        )
    elif seen is not None and seen is not said and confidence >= WARNED_FROM:
        speaker = "was chosen" if user is not None else "is what the camera recorded"
        warning = (
            f"The optic disc lies as in {seen.shown}, but {said.shown} {speaker};"
            " check which eye this is."
        )
    return LateralityAssessment(said, source, 1.0, warning)


def laterality_planes(crop: FieldCrop) -> Planes:
    """Return what the network sees: red and green at 56 px, freed of the illumination.

    Each plane is the difference from its surroundings, in standard deviations of the field, 0
    outside of it; all 0 when there is nothing to see.
    """
    small = shrink(crop.pixels, INPUT_SIDE_PX)[..., :2].astype(np.float32)
    weight = shrink(crop.inside.astype(np.uint8) * np.uint8(255), INPUT_SIDE_PX)
    inside = (weight > 250).astype(np.float32)
    if np.count_nonzero(inside) < _LEAST_FIELD_PX:
        return np.zeros((2, INPUT_SIDE_PX, INPUT_SIDE_PX), dtype=np.float32)
    masked = small * inside[..., None]
    sigma = _BACKGROUND_SIGMA_PX
    mean = cv2.GaussianBlur(masked, (0, 0), sigma)
    share = cv2.GaussianBlur(inside, (0, 0), sigma)
    detail = (small - mean / np.maximum(share, 1e-3)[..., None]) * inside[..., None]
    spread = np.sqrt(np.square(detail).sum(axis=(0, 1)) / inside.sum())
    planes = np.clip(detail / np.maximum(spread, 1.0), -5, 5).transpose(2, 0, 1)
    return np.ascontiguousarray(planes, dtype=np.float32)


def _strided_patches(layer: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return 3 x 3 patches at every second pixel, (N, H/2, W/2, 9 C); zeros surround."""
    padded = np.pad(layer, ((0, 0), (1, 1), (1, 1), (0, 0)))
    _, height, width, _ = layer.shape
    high, wide = (height + 1) // 2, (width + 1) // 2
    shifted = [
        padded[:, row : row + 2 * high : 2, column : column + 2 * wide : 2][:, :high, :wide]
        for row in range(3)
        for column in range(3)
    ]
    return np.concatenate(shifted, axis=3)


@cache
def _network() -> LateralityNetwork:
    """Read the coefficients, once, at the first photograph."""
    place = resources.files("retina_desktop.imaging") / "data" / WEIGHTS_FILE
    with place.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        arrays = {name: stored[name].astype(np.float32) for name in stored.files}
    return LateralityNetwork(
        kernels=tuple(arrays[f"kernel{n}"] for n in range(3)),
        biases=tuple(arrays[f"bias{n}"] for n in range(3)),
        readout=arrays["readout"],
        slope=float(arrays["slope"]),
    )
