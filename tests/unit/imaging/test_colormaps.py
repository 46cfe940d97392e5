"""Palettes of the heat: what every eye can tell apart, and their tables."""

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.color import rgb2lab

from retina_desktop.imaging.colormaps import Colormap, alpha_table, colormap_table

# Linear RGB as seen without one kind of cone: Machado, Oliveira and Fernandes, "A
# physiologically-based model for simulation of color vision deficiency", IEEE Trans.
# Visualization and Computer Graphics 15(6), 2009, severity 1.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def seen_as_lab(table: NDArray[np.uint8], vision: str) -> NDArray[np.float64]:
    srgb = table / 255.0
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ VISION[vision].T, 0.0, 1.0)
    encoded = np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)
    return rgb2lab(encoded[None])[0]


@pytest.mark.parametrize("vision", list(VISION))
@pytest.mark.parametrize("colormap", list(Colormap))
class TestEveryEye:
    def test_hotter_is_lighter(self, colormap: Colormap, vision: str) -> None:
        lightness = seen_as_lab(colormap_table(colormap), vision)[:, 0]
        assert np.diff(lightness).min() > -0.6  # rounding to 8 bits
        assert np.diff(lightness[::8]).min() > 0.4
        assert lightness[-1] - lightness[0] > 65

    def test_nine_steps_of_the_legend_are_told_apart(self, colormap, vision) -> None:
        steps = seen_as_lab(
            colormap_table(colormap)[np.linspace(0, 255, 9).astype(int)], vision
        )
        distances = np.linalg.norm(steps[:, None] - steps[None], axis=2)
        assert distances[~np.eye(9, dtype=bool)].min() > 6.0  # CIE76; 2.3 is just noticeable


class TestTables:
    def test_jet_would_fail(self) -> None:
        """The measure itself: jet's lightness rises, falls and rises."""
        t = np.linspace(0, 1, 256)
        channels = [np.clip(1.5 - np.abs(4 * t - at), 0, 1) for at in (3, 2, 1)]
        jet = np.rint(np.stack(channels, axis=1) * 255).astype(np.uint8)
        assert np.diff(seen_as_lab(jet, "normal")[::8, 0]).min() < -1

    @pytest.mark.parametrize(
        ("name", "first", "middle", "last"),
        [
            ("viridis", (68, 1, 84), (33, 145, 140), (253, 231, 37)),
            ("cividis", (0, 34, 78), (125, 124, 120), (254, 232, 56)),
            ("inferno", (0, 0, 4), (188, 55, 84), (252, 255, 164)),
        ],
    )
    def test_published_colours(self, name, first, middle, last) -> None:
        table = colormap_table(name)
        assert table.shape == (256, 3)
        assert table.dtype == np.uint8
        assert np.abs(table[[0, 128, 255]].astype(int) - [first, middle, last]).max() <= 2

    def test_alpha_follows_heat(self) -> None:
        alpha = alpha_table()
        assert alpha.shape == (256,)
        assert alpha.dtype == np.float32
        assert not alpha[:6].any()
        assert (np.diff(alpha) >= 0).all()
        assert 0.8 < alpha[128] < 1.0  # the threshold is well seen
        assert (alpha[154:] == 1.0).all()

    def test_tables_belong_to_the_caller(self) -> None:
        table = colormap_table("viridis")
        table[:] = 0
        assert colormap_table("viridis").any()

    def test_unknown_palette(self) -> None:
        with pytest.raises(ValueError, match="rainbow"):
            colormap_table("rainbow")
