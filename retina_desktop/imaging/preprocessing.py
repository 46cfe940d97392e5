"""From the crop of a photograph to the numbers a network reads, as its manifest says.

A manifest names its steps in order: first ``field_crop`` (how large the crop is), after it
``central_field`` where a model reads only the part that every camera shows, then any of the
enhancements that make sense for a model, last ``normalize``. `check_steps` refuses what
could not be run when a bundle is loaded, so that no photograph has to find out.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.errors import BundleRefusedError
from retina_desktop.domain.images import FieldCrop
from retina_desktop.domain.manifests import PreprocessingStep
from retina_desktop.imaging.central_field import central_field
from retina_desktop.imaging.enhancement import ENHANCEMENTS
from retina_desktop.imaging.step_parameters import (
    ParameterValue,
    StepParameter,
    check_parameters,
)

FIELD_CROP = "field_crop"
CENTRAL_FIELD = "central_field"
NORMALIZE = "normalize"
LEVEL_MATCHING = "level_matching"
LOCAL_AVERAGE_SUBTRACTION = "local_average_subtraction"
MODEL_ENHANCEMENTS = (
    "msrcr",
    "clahe",
    "vessel_suppression",
    "illumination_correction",
    LOCAL_AVERAGE_SUBTRACTION,
    LEVEL_MATCHING,
)

# ImageNet's mean and standard deviation of R, G and B in [0, 1], as in torchvision and timm.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
_CHANNELS = tuple(zip("rgb", IMAGENET_MEAN, IMAGENET_STD, strict=True))
_SMALLEST_STD = 1e-3


def check_steps(steps: Sequence[PreprocessingStep]) -> None:
    """Refuse steps that cannot be run.

    Raises
    ------
    BundleRefusedError
        If a step is unknown or misplaced, or a parameter unknown, missing, of another type or
        out of bounds.
    """
    names = [step.name for step in steps]
    for name in names:
        if name not in (FIELD_CROP, CENTRAL_FIELD, NORMALIZE, *MODEL_ENHANCEMENTS):
            raise _refusal(f"its preprocessing step {name!r} is not known here")
    if names[:1] != [FIELD_CROP] or names.count(FIELD_CROP) != 1:
        raise _refusal(f"its preprocessing must begin with one {FIELD_CROP!r} step")
    if names[-1:] != [NORMALIZE] or names.count(NORMALIZE) != 1:
        raise _refusal(f"its preprocessing must end with one {NORMALIZE!r} step")
    if CENTRAL_FIELD in names[2:]:
        raise _refusal(f"a {CENTRAL_FIELD!r} step must follow {FIELD_CROP!r}, and only there")
    for step in steps:
        _parameters(step)
    if "size" not in steps[0].parameters:
        raise _refusal(f"its {FIELD_CROP!r} step does not say the size")


def enhancements_of(steps: Sequence[PreprocessingStep]) -> tuple[str, ...]:
    """Return the names of the enhancements among the steps, in their order."""
    return tuple(step.name for step in steps if step.name in MODEL_ENHANCEMENTS)


def crop_size(steps: Sequence[PreprocessingStep]) -> int:
    """Return the side of the crop the steps begin with, in pixels.

    Raises
    ------
    BundleRefusedError
        As in `check_steps`.
    """
    check_steps(steps)
    return int(_parameters(steps[0])["size"])


def prepare_tensor(crop: FieldCrop, steps: Sequence[PreprocessingStep]) -> NDArray[np.float32]:
    """Run the steps, in their order, on a crop.

    Parameters
    ----------
    crop : FieldCrop
        Of the size the first step says; cut by `retina_desktop.imaging.field_of_view`.
    steps : Sequence[PreprocessingStep]
        The manifest's, as `check_steps` accepts them.

    Returns
    -------
    NDArray[np.float32]
        Shape ``(3, S, S)``, C-contiguous, RGB; a new array. The same crop gives the same bits.

    Raises
    ------
    BundleRefusedError
        As in `check_steps`.
    ValueError
        If the crop is of another size.
    """
    size = crop_size(steps)
    if crop.pixels.shape != (size, size, 3) or crop.inside.shape != (size, size):
        raise ValueError(f"the model reads crops of {size} px, got {crop.pixels.shape}")
    enhancements = steps[1:-1]
    if steps[1].name == CENTRAL_FIELD:
        crop = central_field(crop, **_parameters(steps[1]))
        enhancements = steps[2:-1]
    pixels = crop.pixels
    for step in enhancements:
        pixels = ENHANCEMENTS[step.name](pixels, crop.inside, **_parameters(step))
    normalization = _parameters(steps[-1])
    tensor = np.empty((3, size, size), np.float32)
    values = np.arange(256, dtype=np.float64) / 255.0
    for index, (channel, _, _) in enumerate(_CHANNELS):
        mean, std = normalization[f"mean_{channel}"], normalization[f"std_{channel}"]
        table = ((values - mean) / std).astype(np.float32)
        cv2.LUT(cv2.extractChannel(pixels, index), table, tensor[index])
    return tensor


def _parameters(step: PreprocessingStep) -> dict[str, ParameterValue]:
    try:
        return check_parameters(step.name, _declared(step.name), step.parameters)
    except ValueError as error:
        raise _refusal(f"in its preprocessing, {error}") from error


def _declared(name: str) -> tuple[StepParameter, ...]:
    if name == FIELD_CROP:
        return (StepParameter("size", 224, 16, 4096, "side of the square, pixels"),)
    if name == CENTRAL_FIELD:
        return (
            StepParameter("radius", 0.94, 0.1, 1.0, "of the disc, half sides of the crop"),
            StepParameter("half_height", 0.6, 0.1, 1.0, "of the band, half sides of the crop"),
        )
    if name == NORMALIZE:
        return tuple(
            parameter
            for channel, mean, std in _CHANNELS
            for parameter in (
                StepParameter(f"mean_{channel}", mean, 0.0, 1.0, "taken off"),
                StepParameter(f"std_{channel}", std, _SMALLEST_STD, 1.0, "divided by"),
            )
        )
    return ENHANCEMENTS[name].parameters


def _refusal(reason: str) -> BundleRefusedError:
    return BundleRefusedError(f"The model bundle cannot be used: {reason}.")
