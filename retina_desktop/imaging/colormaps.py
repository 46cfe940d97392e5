"""Colours for heatmaps that every eye can order: perceptually uniform, never jet.

Each table rises steadily in lightness (CIELAB L*), so that hotter is lighter also for readers
with deuteranopia, protanopia or tritanopia, and on a black-and-white print. Jet does neither.

The tables are every fifth entry of matplotlib's colour maps, linearly interpolated between:
viridis and inferno by Nathaniel J. Smith and Stefan van der Walt, released as CC0
(https://bids.github.io/colormap); cividis by Nunez, Anderton and Renslow, "Optimizing
colormaps with consideration for color vision deficiency to enable accurate interpretation of
scientific data", PLoS ONE 13(7): e0199239, 2018, released as CC0 with matplotlib's own.
"""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

ColorTable = NDArray[np.uint8]  # (256, 3), RGB, by heat * 255
AlphaTable = NDArray[np.float32]  # (256,) in [0, 1], by heat * 255

_UNTOUCHED_BELOW = 0.02  # heat; colder than this is not evidence but rounding
_OPAQUE_FROM = 0.6  # heat; a little above the threshold's 0.5, from where colour alone tells


class Colormap(StrEnum):
    """The palettes on offer; the first is the default."""

    VIRIDIS = "viridis"
    CIVIDIS = "cividis"
    INFERNO = "inferno"


def colormap_table(name: Colormap | str) -> ColorTable:
    """Return the palette's colours for heats of 0, 1/255, ... 1.

    Parameters
    ----------
    name : Colormap or str
        Which palette.

    Returns
    -------
    ColorTable
        Shape ``(256, 3)``, uint8, RGB; a new array.

    Raises
    ------
    ValueError
        If there is no such palette.
    """
    points = np.frombuffer(bytes.fromhex(_CONTROL_POINTS[Colormap(name)]), np.uint8)
    points = points.reshape(-1, 3)
    at = np.linspace(0, 255, len(points))
    heats = np.arange(256)
    channels = [np.interp(heats, at, points[:, channel]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)


def alpha_table() -> AlphaTable:
    """Return how much of the palette's colour covers the photograph, by heat.

    0 up to a heat of 0.02, 1 from 0.6, rising smoothly (3t^2 - 2t^3) between: a cold pixel
    keeps the photograph's own colour, and evidence fades in without an edge of its own.
    """
    heats = np.linspace(0.0, 1.0, 256, dtype=np.float32)
    rise = np.clip((heats - _UNTOUCHED_BELOW) / (_OPAQUE_FROM - _UNTOUCHED_BELOW), 0.0, 1.0)
    alpha: AlphaTable = (rise * rise * (3.0 - 2.0 * rise)).astype(np.float32)
    return alpha


# Every fifth of 256 entries, RGB in hexadecimal.
_CONTROL_POINTS = {
    Colormap.VIRIDIS: (
        "44015446085c471063481769481d6f482475472a7a46307e453781433d844142873f4889"
        "3d4e8a3a538b38598c355e8d33638d31688e2e6d8e2c718e2a768e297b8e27808e25848e"
        "23898e218e8d20928c1f978b1e9c891fa18821a58524aa8328ae802eb37c35b7793dbc74"
        "46c06f50c46a5ac86465cb5e70cf577cd25089d54895d840a2da37b0dd2fbddf26cae11f"
        "d8e219e5e419f1e51dfde725"
    ),
    Colormap.CIVIDIS: (
        "00224e002656002a5f002d68003070083370163770203a6f273e6e2e416d34456c3a486c"
        "3f4c6c444f6c49536c4e566c535a6d575d6d5c616e60646f656870696b716d6f72727274"
        "7676767a7a787e7d788381798885788d8878928c789690779b9476a09875a59c74aaa073"
        "afa471b5a86fbaac6dbfb06bc4b468c9b965cfbd62d4c15fdac65bdfca57e5cf52ead34c"
        "f0d846f6dd3ffce236fee838"
    ),
    Colormap.INFERNO: (
        "00000402020c0504170a072210092d160b391e0c45260c512f0a5b380962400a67490b6a"
        "510e6c59106e61136e69166e71196e781c6d801f6c88226a902568982766a02a63a82e5f"
        "b0315bb73557bf3952c63d4dcc4248d34743d94d3ddf5337e45a31e9612bed6925f1711f"
        "f47918f78212f98b0bfa9407fb9d07fca60cfcb014fbba1ffac42af8cd37f6d746f4e156"
        "f2ea69f2f27df5f992fcffa4"
    ),
}
