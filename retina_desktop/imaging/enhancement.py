"""Named steps that make a photograph easier to read, for a viewer's eye or for a model.

Every step takes a photograph and the mask of its field of view, and gives a new photograph of
the same shape, black outside the mask. Steps work on the field alone: its frame is filled from
the field first, so that the black does not bleed in, and widths are shares of the field's
diameter, so that the same parameters suit every camera (except `msrcr`'s published scales).

`ENHANCEMENTS` lists the steps by name, with default and bounds of each parameter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.images import GrayImage, Mask, RgbImage
from retina_desktop.imaging.level_matching import level_matching
from retina_desktop.imaging.local_average import local_average_subtraction
from retina_desktop.imaging.msrcr import multi_scale_retinex, restore_colour
from retina_desktop.imaging.step_parameters import (
    ParameterValue,
    StepParameter,
    check_parameters,
)
from retina_desktop.imaging.vessels import find_vessels, suppress_vessels
from retina_desktop.imaging.within_field import (
    blackened,
    check_picture,
    field_diameter,
    within_field,
)

_TILES = 8  # of the equalisation, across and down the field
_SHARPENING_RADIUS = 0.002  # field diameters
_ILLUMINATION_PIXELS = 128  # diameter of the copy whose background is computed
_LEAST_GAIN, _MOST_GAIN = 0.5, 3.0  # of the illumination correction: noise has its limits


@dataclass(frozen=True, slots=True)
class EnhancementStep:
    """A step by name: what it does, and what may be set."""

    name: str
    function: Callable[..., RgbImage]
    parameters: tuple[StepParameter, ...] = ()

    def checked(self, values: Mapping[str, object]) -> dict[str, ParameterValue]:
        """Return all parameters, those not in `values` at their defaults.

        Raises
        ------
        ValueError
            If a parameter is unknown, of another type or out of bounds.
        """
        return check_parameters(self.name, self.parameters, values)

    def __call__(
        self, image: RgbImage, mask: Mask | None = None, **values: ParameterValue
    ) -> RgbImage:
        """Return the enhanced image; parameters as in `checked`."""
        return self.function(image, mask, **self.checked(values))


def msrcr(
    image: RgbImage,
    mask: Mask | None = None,
    *,
    sigma_small: float = 15.0,
    sigma_medium: float = 80.0,
    sigma_large: float = 250.0,
    gain: float = 1.0,
    offset: float = 128.0,
    alpha: float = 125.0,
    beta: float = 46.0,
) -> RgbImage:
    """Multi-scale retinex with colour restoration (Jobson, Rahman and Woodell 1997).

    ``offset + gain * beta * log(alpha * I / sum of channels) * retinex``, with the paper's
    sigmas in pixels, alpha and beta. Its final gain of 192 and offset of -30 belong to a
    display range it does not give (Petro, Sbert and Morel, "Multiscale retinex", IPOL 2014,
    doi 10.5201/ipol.2014.107); ours put a pixel equal to its surround at middle grey.
    """
    sigmas = (sigma_small, sigma_medium, sigma_large)

    def restored(field: RgbImage, _inside: Mask) -> RgbImage:
        retinex = multi_scale_retinex(field, sigmas=sigmas)
        return restore_colour(retinex, field, gain=gain, offset=offset, alpha=alpha, beta=beta)

    return within_field(image, mask, restored)


def clahe(
    image: RgbImage, mask: Mask | None = None, *, clip_limit: float = 2.0, tiles: int = _TILES
) -> RgbImage:
    """Contrast-limited adaptive histogram equalisation of CIELAB lightness; hue stays.

    Zuiderveld, "Contrast limited adaptive histogram equalization", Graphics Gems IV, 1994.
    `tiles` x `tiles` lie over the field's bounding box.
    """
    return within_field(image, mask, lambda field, _: _equalised(field, clip_limit, tiles))


def vessel_suppression(
    image: RgbImage,
    mask: Mask | None = None,
    *,
    widest: float = 0.02,
    shortest: float = 0.05,
    contrast: float = 0.06,
) -> RgbImage:
    """Vessels painted over from their surroundings; see `vessels.find_vessels`.

    `widest` and `shortest` are in field diameters.
    """

    def suppressed(field: RgbImage, inside: Mask) -> RgbImage:
        diameter = field_diameter(inside)
        vessels = find_vessels(
            field, diameter=diameter, widest=widest, shortest=shortest, contrast=contrast
        )
        return suppress_vessels(field, vessels, cell=max(round(diameter / 700), 1))

    return within_field(image, mask, suppressed)


def red_free(
    image: RgbImage, mask: Mask | None = None, *, clipped_percent: float = 0.5
) -> RgbImage:
    """Show the green channel as grey, stretched to the full range within the field.

    `clipped_percent` of the field's pixels may end up black, and as many white.
    """

    def stretched(field: RgbImage, inside: Mask) -> RgbImage:
        green = np.asarray(cv2.extractChannel(field, 1), np.uint8)
        low, high = _percentiles(green, inside, clipped_percent)
        levels = (np.arange(256) - low) * (255.0 / max(high - low, 1))
        grey = cv2.LUT(green, np.clip(np.rint(levels), 0, 255).astype(np.uint8))
        return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)

    return within_field(image, mask, stretched)


def illumination_correction(
    image: RgbImage, mask: Mask | None = None, *, scale: float = 0.12, divide: bool = True
) -> RgbImage:
    """Even out the large-scale background: every region as bright as the field's mean.

    The background is the mean light around a pixel, over the field alone, with a Gaussian of
    `scale` field diameters. All channels get the same factor (`divide`, between 0.5 and 3) or
    the same amount (otherwise), so colours keep their hue.
    """
    return within_field(
        image, mask, lambda field, inside: _corrected(field, inside, scale, divide=divide)
    )


def sharpen(
    image: RgbImage,
    mask: Mask | None = None,
    *,
    radius: float = _SHARPENING_RADIUS,
    amount: float = 0.5,
) -> RgbImage:
    """Unsharp masking: `amount` of the detail finer than `radius` field diameters added."""
    return within_field(
        image, mask, lambda field, inside: _sharpened(field, inside, radius, amount)
    )


def enhanced(
    image: RgbImage,
    mask: Mask | None = None,
    *,
    scale: float = 0.12,
    clip_limit: float = 1.5,
    amount: float = 0.5,
) -> RgbImage:
    """Illumination correction, mild CLAHE, sharpening: the viewer's one-click view."""

    def chain(field: RgbImage, inside: Mask) -> RgbImage:
        even = _corrected(field, inside, scale, divide=True)
        clear = _equalised(even, clip_limit, _TILES)
        return _sharpened(clear, inside, _SHARPENING_RADIUS, amount)

    return within_field(image, mask, chain)


def adjust_tone(
    image: RgbImage,
    mask: Mask | None = None,
    *,
    brightness: float = 0.0,
    contrast: float = 1.0,
    gamma: float = 1.0,
) -> RgbImage:
    """Apply ``(v ** (1 / gamma) - 0.5) * contrast + 0.5 + brightness`` to v in [0, 1].

    By a table of 256 entries, so quick enough to follow a slider. Without a mask the black
    frame is brightened too. The defaults change nothing.
    """
    check_picture(image, mask)
    values = np.linspace(0.0, 1.0, 256) ** (1.0 / gamma)
    values = (values - 0.5) * contrast + 0.5 + brightness
    table = np.clip(np.rint(values * 255.0), 0, 255).astype(np.uint8)
    toned = np.asarray(cv2.LUT(image, table), np.uint8)
    return toned if mask is None else blackened(toned, mask)


ENHANCEMENTS: Mapping[str, EnhancementStep] = MappingProxyType(
    {
        step.name: step
        for step in (
            EnhancementStep(
                "msrcr",
                msrcr,
                (
                    StepParameter("sigma_small", 15.0, 1.0, 100.0, "finest scale, pixels"),
                    StepParameter("sigma_medium", 80.0, 5.0, 400.0, "medium scale, pixels"),
                    StepParameter("sigma_large", 250.0, 10.0, 1000.0, "coarsest, pixels"),
                    StepParameter("gain", 1.0, 0.05, 10.0, "contrast of the result"),
                    StepParameter("offset", 128.0, 0.0, 255.0, "grey of an even surface"),
                    StepParameter("alpha", 125.0, 1.0, 1000.0, "colour nonlinearity"),
                    StepParameter("beta", 46.0, 1.0, 200.0, "colour gain"),
                ),
            ),
            EnhancementStep(
                "clahe",
                clahe,
                (
                    StepParameter("clip_limit", 2.0, 0.5, 40.0, "steepest slope allowed"),
                    StepParameter("tiles", _TILES, 1, 32, "tiles across and down the field"),
                ),
            ),
            EnhancementStep(
                "vessel_suppression",
                vessel_suppression,
                (
                    StepParameter("widest", 0.02, 0.005, 0.1, "field diameters"),
                    StepParameter("shortest", 0.05, 0.01, 0.2, "field diameters"),
                    StepParameter("contrast", 0.06, 0.01, 0.5, "share darker than around"),
                ),
            ),
            EnhancementStep(
                "red_free",
                red_free,
                (StepParameter("clipped_percent", 0.5, 0.0, 20.0, "of pixels, each end"),),
            ),
            EnhancementStep(
                "illumination_correction",
                illumination_correction,
                (
                    StepParameter("scale", 0.12, 0.02, 0.5, "field diameters"),
                    StepParameter(
                        "divide", default=True, low=0, high=1, meaning="not subtract"
                    ),
                ),
            ),
            EnhancementStep(
                "local_average_subtraction",
                local_average_subtraction,
                (
                    StepParameter("scale", 0.033, 0.005, 0.5, "field diameters"),
                    StepParameter("gain", 4.0, 0.1, 20.0, "of the difference"),
                    StepParameter("level", 128.0, 0.0, 255.0, "of no difference"),
                ),
            ),
            EnhancementStep(
                "level_matching",
                level_matching,
                (
                    StepParameter("mean", 128.0, 0.0, 255.0, "level in the middle"),
                    StepParameter("spread", 45.0, 1.0, 128.0, "standard deviation"),
                ),
            ),
            EnhancementStep(
                "sharpen",
                sharpen,
                (
                    StepParameter(
                        "radius", _SHARPENING_RADIUS, 0.0005, 0.02, "field diameters"
                    ),
                    StepParameter("amount", 0.5, 0.0, 3.0, "of the detail, added"),
                ),
            ),
            EnhancementStep(
                "enhanced",
                enhanced,
                (
                    StepParameter("scale", 0.12, 0.02, 0.5, "of the illumination"),
                    StepParameter("clip_limit", 1.5, 0.5, 40.0, "of the equalisation"),
                    StepParameter("amount", 0.5, 0.0, 3.0, "of the sharpening"),
                ),
            ),
            EnhancementStep(
                "adjust_tone",
                adjust_tone,
                (
                    StepParameter("brightness", 0.0, -1.0, 1.0, "added, in full ranges"),
                    StepParameter("contrast", 1.0, 0.0, 5.0, "about middle grey"),
                    StepParameter("gamma", 1.0, 0.1, 10.0, "above 1 lifts the shadows"),
                ),
            ),
        )
    }
)


def _equalised(field: RgbImage, clip_limit: float, tiles: int) -> RgbImage:
    lab = cv2.cvtColor(field, cv2.COLOR_RGB2LAB)
    equaliser = cv2.createCLAHE(clipLimit=clip_limit, tileGridSize=(tiles, tiles))
    lightness = equaliser.apply(cv2.extractChannel(lab, 0))
    cv2.insertChannel(lightness, lab, 0)
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.uint8)


def _corrected(field: RgbImage, inside: Mask, scale: float, *, divide: bool) -> RgbImage:
    background = _background(field, inside, scale)
    mean = float(cv2.mean(background)[0])
    size = (field.shape[1], field.shape[0])
    if divide:
        gain = np.clip(mean / np.maximum(background, 1.0), _LEAST_GAIN, _MOST_GAIN)
        factor = cv2.resize(cv2.merge([gain] * 3), size)
        return np.asarray(cv2.multiply(field, factor, dtype=cv2.CV_8U), np.uint8)
    amount = cv2.resize(cv2.merge([mean - background] * 3), size)
    return np.asarray(cv2.add(field, amount, dtype=cv2.CV_8U), np.uint8)


def _sharpened(field: RgbImage, inside: Mask, radius: float, amount: float) -> RgbImage:
    soft = cv2.GaussianBlur(field, (0, 0), max(radius * field_diameter(inside), 0.5))
    return np.asarray(cv2.addWeighted(field, 1.0 + amount, soft, -amount, 0.0), np.uint8)


def _percentiles(green: GrayImage, inside: Mask, percent: float) -> tuple[int, int]:
    counts = cv2.calcHist([green], [0], inside.view(np.uint8), [256], [0, 256])
    shares = np.cumsum(counts, dtype=np.float64) / counts.sum()
    low = int(np.searchsorted(shares, percent / 100.0, side="right"))
    high = int(np.searchsorted(shares, 1.0 - percent / 100.0))
    return low, max(high, low)


def _background(field: RgbImage, inside: Mask, scale: float) -> NDArray[np.float32]:
    """Return the mean light around each pixel of a small copy, over the field alone."""
    reduction = min(_ILLUMINATION_PIXELS / field_diameter(inside), 1.0)
    height, width = inside.shape
    size = (max(round(width * reduction), 1), max(round(height * reduction), 1))
    light = cv2.cvtColor(blackened(field, inside), cv2.COLOR_RGB2GRAY).astype(np.float32)
    sums = cv2.resize(light, size, interpolation=cv2.INTER_AREA)
    shares = cv2.resize(inside.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    sigma = scale * max(size)
    # Nothing beyond the box counts, in light as in area.
    sums = cv2.GaussianBlur(sums, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    shares = cv2.GaussianBlur(shares, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(sums / np.maximum(shares, np.float32(1e-6)), np.float32)
