"""Heat lands where it belongs, keeps its scale, stays in the field, and can be read by all."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from retina_desktop.domain.heatmaps import scale_activation
from retina_desktop.domain.images import FieldOfView
from retina_desktop.imaging.colormaps import Colormap, alpha_table, colormap_table
from retina_desktop.imaging.field_of_view import crop_to_field
from retina_desktop.imaging.overlay import (
    blend_heatmap,
    enlarge_activation,
    enlarge_activation_u8,
    threshold_contours,
    to_gray,
)
from tests.helpers.rendered_fundus import centred_field, render_fundus

Square = dict[str, Any]


def one_hot(cells: int, row: int, column: int, value: float = 0.9) -> NDArray[np.float32]:
    heat = np.zeros((cells, cells), np.float32)
    heat[row, column] = value
    return heat


@st.composite
def crops(draw: st.DrawFn) -> Square:
    """Squares inside, across and beyond the border of a picture."""
    width, height = draw(st.integers(60, 300)), draw(st.integers(60, 300))
    side = draw(st.floats(50.0, 320.0))
    return {
        "left": draw(st.floats(-side / 2, width - side / 2)),
        "top": draw(st.floats(-side / 2, height - side / 2)),
        "side": side,
        "width": width,
        "height": height,
    }


def cell_centre(square: Square, cells: int, row: int, column: int) -> tuple[float, float]:
    return (
        square["top"] + (row + 0.5) * square["side"] / cells - 0.5,
        square["left"] + (column + 0.5) * square["side"] / cells - 0.5,
    )


class TestEnlarging:
    @settings(max_examples=60, deadline=None)
    @given(square=crops(), cells=st.integers(3, 12), place=st.data())
    def test_hot_cell_lands_on_its_pixel(self, square: Square, cells: int, place) -> None:
        row = place.draw(st.integers(1, cells - 2))
        column = place.draw(st.integers(1, cells - 2))
        y, x = cell_centre(square, cells, row, column)
        half = square["side"] / cells / 2
        if not (half < x < square["width"] - half and half < y < square["height"] - half):
            return  # the cell is not whole in the picture
        heat = enlarge_activation(one_hot(cells, row, column), **square)
        total = heat.sum(dtype=np.float64)
        if x - 2 * half >= 0 and x + 2 * half <= square["width"] - 1:
            center_x = (heat.sum(axis=0, dtype=np.float64) * np.arange(heat.shape[1])).sum()
            assert center_x / total == pytest.approx(x, abs=0.25)
        if y - 2 * half >= 0 and y + 2 * half <= square["height"] - 1:
            center_y = (heat.sum(axis=1, dtype=np.float64) * np.arange(heat.shape[0])).sum()
            assert center_y / total == pytest.approx(y, abs=0.25)
        away = 0.5 / (2 * half)  # of a cell, from its centre to the nearest pixel's at most
        assert heat[round(y), round(x)] >= 0.9 * (1 - 3 * away**2) ** 2 - 0.02

    @settings(max_examples=60, deadline=None)
    @given(square=crops(), cells=st.integers(1, 12), seed=st.integers(0, 2**16))
    def test_stays_in_scale_and_in_the_square(self, square: Square, cells: int, seed) -> None:
        small = np.random.default_rng(seed).random((cells, cells), np.float32) * 0.8
        heat = enlarge_activation(small, **square)
        assert heat.shape == (square["height"], square["width"])
        assert heat.dtype == np.float32
        assert heat.min() >= 0.0
        assert heat.max() <= small.max()
        y, x = np.mgrid[: square["height"], : square["width"]]
        from_left, from_top = x - square["left"] + 0.5, y - square["top"] + 0.5
        outside = (from_left < 0) | (from_left > square["side"])
        outside |= (from_top < 0) | (from_top > square["side"])
        assert not heat[outside].any()

    @settings(max_examples=40, deadline=None)
    @given(
        square=crops(),
        center_x=st.floats(-20, 320),
        center_y=st.floats(-20, 320),
        radius=st.floats(0.5, 200),
    )
    def test_nothing_outside_the_field(self, square, center_x, center_y, radius) -> None:
        field = FieldOfView(center_x, center_y, radius)
        small = np.ones((7, 7), np.float32)
        y, x = np.mgrid[: square["height"], : square["width"]]
        distance = np.hypot(x - center_x, y - center_y)
        for enlarge, full in ((enlarge_activation, 1.0), (enlarge_activation_u8, 255)):
            heat = enlarge(small, **square, field=field)
            assert not heat[distance > radius].any()
            without = enlarge(small, **square)
            deep = distance < radius - 4.0
            np.testing.assert_allclose(heat[deep], without[deep], atol=1e-6 * full)

    @pytest.mark.parametrize("cells", [7, 10, 12])
    def test_peak_keeps_its_height(self, cells: int) -> None:
        square = {"left": 371.3, "top": 11.8, "side": 1401.0, "width": 2144, "height": 1424}
        for seed in range(3):
            activation = np.random.default_rng(seed).normal(size=(cells, cells))
            activation[cells // 2, cells // 3] = 5.0
            small = scale_activation(activation.astype(np.float32), strength=0.83)
            heat = enlarge_activation(small, **square)
            assert 0.98 * small.max() <= heat.max() <= small.max()

    def test_is_smooth(self) -> None:
        """No blocks: between pixels heat moves by no more than the steepest smooth rise."""
        small = one_hot(7, 3, 3) + one_hot(7, 3, 4, 0.4) + one_hot(7, 5, 1, 0.6)
        heat = enlarge_activation(small, left=0, top=0, side=700, width=700, height=700)
        for axis in (0, 1):
            step = np.diff(heat, axis=axis)
            assert np.abs(step).max() < 2.0 * 0.9 / 100  # cubic: 1.5 times the mean rise
            assert np.abs(np.diff(step, axis=axis)).max() < 0.003  # linear pieces of 1/16

    def test_even_map_stays_even(self) -> None:
        heat = enlarge_activation(
            np.full((7, 7), 0.4, np.float32), left=-0.0, top=0, side=90, width=90, height=90
        )
        np.testing.assert_allclose(heat, 0.4, rtol=1e-6)

    def test_orientation(self) -> None:
        square = {"left": 0.0, "top": 0.0, "side": 120.0, "width": 120, "height": 120}
        heat = enlarge_activation(one_hot(4, 0, 3), **square)
        row, column = np.unravel_index(heat.argmax(), heat.shape)
        assert row < 60 < column

    @settings(max_examples=30, deadline=None)
    @given(square=crops(), seed=st.integers(0, 2**16))
    def test_bytes_agree_with_floats(self, square: Square, seed: int) -> None:
        small = np.random.default_rng(seed).random((7, 7), np.float32)
        field = FieldOfView(square["width"] / 2, square["height"] / 2, square["side"] / 2)
        ours = enlarge_activation_u8(small, **square, field=field)
        heat = enlarge_activation(small, **square, field=field)
        assert ours.dtype == np.uint8
        assert np.abs(ours - np.rint(heat * 255.0)).max() <= 2
        assert ours.max() <= np.rint(small.max() * 255.0)

    def test_lies_on_what_the_crop_showed(self) -> None:
        """A mark in the photograph, seen in the model's crop, comes back to its pixel."""
        field = centred_field((420, 640))
        image = render_fundus(size=(420, 640), noise=0)
        image[:] = 20
        image[255:276, 355:376] = 255  # centre (265, 365)
        crop = crop_to_field(image, field, size=224)
        light = crop.pixels[..., 1].astype(np.float32) - 20.0
        small = light.clip(0).reshape(28, 8, 28, 8).mean(axis=(1, 3))
        heat = enlarge_activation(
            (small / small.max()).astype(np.float32),
            left=crop.left,
            top=crop.top,
            side=crop.size * crop.pitch,
            width=640,
            height=420,
            field=field,
        ).astype(np.float64)
        rows, columns = np.mgrid[:420, :640]
        assert (heat * rows).sum() / heat.sum() == pytest.approx(265, abs=1.0)
        assert (heat * columns).sum() / heat.sum() == pytest.approx(365, abs=1.0)

    def test_square_beside_the_picture_shows_nothing(self) -> None:
        heat = enlarge_activation(
            np.ones((7, 7), np.float32), left=500, top=0, side=50, width=80, height=70
        )
        assert heat.shape == (70, 80)
        assert not heat.any()

    @pytest.mark.parametrize("enlarge", [enlarge_activation, enlarge_activation_u8])
    @pytest.mark.parametrize(
        ("heat", "changed"),
        [
            (np.ones((7, 7, 1), np.float32), {}),
            (np.ones(7, np.float32), {}),
            (np.ones((0, 7), np.float32), {}),
            (np.full((7, 7), 1.5, np.float32), {}),
            (np.full((7, 7), -0.1, np.float32), {}),
            (np.full((7, 7), np.nan, np.float32), {}),
            (np.ones((7, 7), np.float32), {"side": 0.0}),
            (np.ones((7, 7), np.float32), {"left": float("inf")}),
            (np.ones((7, 7), np.float32), {"width": 0}),
        ],
    )
    def test_refusals(self, enlarge, heat, changed) -> None:
        square = {"left": 0.0, "top": 0.0, "side": 9.0, "width": 9, "height": 9} | changed
        with pytest.raises(ValueError, match=r"heatmap|square|positive"):
            enlarge(heat, **square)


def noise_image(height: int = 40, width: int = 50) -> NDArray[np.uint8]:
    return np.random.default_rng(5).integers(0, 256, (height, width, 3), np.uint8)


class TestBlending:
    def test_cold_pixels_keep_their_values(self) -> None:
        image = noise_image()
        heat = np.zeros((40, 50), np.float32)
        heat[10:20, 10:20] = 0.9
        heat[30:35, 30:35] = 0.015
        blended = blend_heatmap(image, heat, opacity=1.0)
        cold = heat < 0.9
        np.testing.assert_array_equal(blended[cold], image[cold])
        assert (blended[~cold] == colormap_table("viridis")[round(0.9 * 255)]).all()

    @pytest.mark.parametrize("colormap", list(Colormap))
    @pytest.mark.parametrize("opacity", [0.0, 0.35, 1.0])
    def test_follows_the_formula(self, colormap: Colormap, opacity: float) -> None:
        image = noise_image()
        heat = np.random.default_rng(6).random((40, 50), np.float32)
        levels = np.rint(heat * 255).astype(np.uint8)
        alpha = alpha_table()[levels][..., None] * opacity
        expected = image * (1 - alpha) + colormap_table(colormap)[levels] * alpha
        blended = blend_heatmap(image, heat, opacity=opacity, colormap=colormap)
        assert np.abs(blended - expected).max() <= 1.6  # three roundings

    def test_bytes_and_floats_give_the_same(self) -> None:
        image = noise_image()
        heat = np.random.default_rng(7).random((40, 50), np.float32)
        np.testing.assert_array_equal(
            blend_heatmap(image, heat, opacity=0.5),
            blend_heatmap(image, to_gray(heat), opacity=0.5),
        )

    @settings(max_examples=40, deadline=None)
    @given(
        first=st.floats(0, 1),
        second=st.floats(0, 1),
        colormap=st.sampled_from(list(Colormap)),
    )
    def test_more_opacity_is_nearer_to_the_colour(self, first, second, colormap) -> None:
        low, high = sorted((first, second))
        image = noise_image(16, 16)
        heat = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
        target = blend_heatmap(image, heat, opacity=1.0, colormap=colormap).astype(int)
        faint = blend_heatmap(image, heat, opacity=low, colormap=colormap)
        strong = blend_heatmap(image, heat, opacity=high, colormap=colormap)
        # Two roundings may each cost one grey level.
        assert (np.abs(strong - target) <= np.abs(faint - target) + 2).all()

    def test_neither_argument_is_changed(self) -> None:
        image, heat = noise_image(), np.full((40, 50), 0.7, np.float32)
        before = image.copy()
        blended = blend_heatmap(image, heat, opacity=0.5)
        np.testing.assert_array_equal(image, before)
        assert (heat == np.float32(0.7)).all()
        assert not np.shares_memory(blended, image)

    def test_views_are_welcome(self) -> None:
        image, heat = noise_image(80, 100)[::2, ::2], np.full((80, 50), 0.7, np.float32)[::2]
        np.testing.assert_array_equal(
            blend_heatmap(image, heat, opacity=0.5),
            blend_heatmap(image.copy(), heat.copy(), opacity=0.5),
        )

    @pytest.mark.parametrize(
        ("shape", "opacity", "colormap"),
        [
            ((40, 51), 0.5, "viridis"),
            ((50, 40), 0.5, "viridis"),
            ((40, 50, 1), 0.5, "viridis"),
            ((40, 50), 1.01, "viridis"),
            ((40, 50), float("nan"), "viridis"),
            ((40, 50), 0.5, "jet"),
        ],
    )
    def test_refusals(self, shape, opacity, colormap) -> None:
        with pytest.raises(ValueError, match=r"heatmap|opacity|Colormap"):
            blend_heatmap(
                noise_image(), np.zeros(shape, np.float32), opacity=opacity, colormap=colormap
            )

    def test_grey_image_is_refused(self) -> None:
        with pytest.raises(ValueError, match="expected a uint8"):
            blend_heatmap(
                np.zeros((4, 4), np.uint8),  # type: ignore[arg-type]
                np.zeros((4, 4), np.float32),
                opacity=0.5,
            )


class TestContours:
    @pytest.mark.parametrize("as_bytes", [False, True])
    def test_circle_to_a_fraction_of_a_pixel(self, as_bytes: bool) -> None:
        y, x = np.mgrid[:200, :260]
        distance = np.hypot(x - 130.3, y - 99.6)
        heat = np.clip(0.5 + (60.0 - distance) / 100.0, 0, 1).astype(np.float32)
        (line,) = threshold_contours(to_gray(heat) if as_bytes else heat)
        radii = np.hypot(line[:, 0] - 130.3, line[:, 1] - 99.6)
        np.testing.assert_allclose(radii, 60.0, atol=0.35 if as_bytes else 0.1)
        assert line.dtype == np.float32

    def test_holes_and_several_places(self) -> None:
        y, x = np.mgrid[:120, :240]
        ring = np.abs(np.hypot(x - 60, y - 60) - 30) < 10
        spot = np.hypot(x - 180, y - 60) < 15
        assert len(threshold_contours((ring | spot).astype(np.float32))) == 3

    def test_below_the_threshold_there_is_no_line(self) -> None:
        assert threshold_contours(np.full((30, 30), 0.499, np.float32)) == []

    def test_hot_up_to_the_border(self) -> None:
        (line,) = threshold_contours(np.ones((20, 30), np.float32))
        assert line.min() >= 0.0
        assert line[:, 0].max() <= 29.0
        assert line[:, 1].max() <= 19.0

    def test_refusals(self) -> None:
        with pytest.raises(ValueError, match="two-dimensional"):
            threshold_contours(np.zeros((4, 4, 3), np.float32))
        with pytest.raises(ValueError, match="level"):
            threshold_contours(np.zeros((4, 4), np.float32), level=1.0)
