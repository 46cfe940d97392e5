"""Leave of a field what every camera shows: one outline for all photographs.

Cameras cut their circle above and below in different places, glow at its rim, and some
programs print into its lower corner. A model that learns from few cameras tells them apart by
that alone, so it may ask to be shown the same part of every field.
"""

from dataclasses import replace

import numpy as np

from retina_desktop.domain.images import FieldCrop, Mask


def central_field(crop: FieldCrop, *, radius: float, half_height: float) -> FieldCrop:
    """Blacken a crop outside of a disc that is cut straight above and below.

    Parameters
    ----------
    crop : FieldCrop
        Cut by `retina_desktop.imaging.field_of_view`; not changed.
    radius, half_height : float
        Of the disc and of the band that is left of it, in half sides of the crop, in (0, 1].

    Returns
    -------
    FieldCrop
        Of the same place and size; ``inside`` is True where field, disc and band meet.
    """
    inside = crop.inside & _outline(crop.size, radius, half_height)
    pixels = np.where(inside[..., np.newaxis], crop.pixels, np.uint8(0))
    return replace(crop, pixels=pixels, inside=inside)


def _outline(size: int, radius: float, half_height: float) -> Mask:
    place = (np.arange(size, dtype=np.float64) + 0.5) * 2 / size - 1
    across, down = place[np.newaxis, :], place[:, np.newaxis]
    shown: Mask = (np.hypot(across, down) <= radius) & (np.abs(down) <= half_height)
    return shown
