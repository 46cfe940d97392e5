"""The camera's circle is found whatever the camera, and the crop knows its way back."""

import time

import cv2
import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st

from retina_desktop.domain.images import FieldOfView
from retina_desktop.imaging.field_of_view import crop_to_field, find_field_of_view
from tests.helpers.rendered_fundus import centred_field, render_fundus

SIZE = (356, 536)


def errors(found, true):
    """Return the error of the radius and of the centre, in shares of the radius."""
    centre = np.hypot(found.center_x - true.center_x, found.center_y - true.center_y)
    return abs(found.radius / true.radius - 1), centre / true.radius


def random_field(rng, height, width, *, cut=0.0):
    """Return a circle of which up to the share ``cut`` of the radius leaves each side."""
    radius = rng.uniform(0.32, 0.49 + 0.12 * bool(cut)) * min(height, width)
    spare = radius * (1 - cut)
    return FieldOfView(
        rng.uniform(min(spare, width / 2), max(width - 1 - spare, width / 2)),
        rng.uniform(min(spare, height / 2), max(height - 1 - spare, height / 2)),
        radius,
    )


@pytest.mark.parametrize("cut", [0.0, 0.12, 0.25])
def test_random_circles_are_found_to_a_hundredth_of_their_radius(cut):
    rng = np.random.default_rng(11)
    radii, centres = [], []
    for seed in range(25):
        height, width = (int(side) for side in rng.integers(300, 620, size=2))
        field = random_field(rng, height, width, cut=cut)
        image = render_fundus(
            size=(height, width),
            field=field,
            seed=seed,
            vignette=rng.uniform(0.1, 0.6),
            brightness=rng.uniform(0.3, 2.2),
            black_level=int(rng.choice([0, 4, 12, 25])),
            corner_text=str(rng.choice(["", "OD 2024-03-01"])),
            notch=bool(rng.random() < 0.5),
            unevenness=rng.uniform(0, 0.5),
            tint=tuple(rng.uniform(0.6, 1.0, 3)),
        )
        found = find_field_of_view(image)
        assert found is not None
        radius, centre = errors(found, field)
        radii.append(radius)
        centres.append(centre)

    assert np.median(radii) < 0.004
    assert max(radii) < 0.02
    assert max(centres) < 0.02


@settings(max_examples=40, deadline=None)
@given(
    x=st.floats(0.40, 0.60),
    y=st.floats(0.35, 0.65),
    radius=st.floats(0.36, 0.62),
    seed=st.integers(0, 50),
)
def test_any_offset_and_any_cut_by_the_sensor_is_found(x, y, radius, seed):
    height, width = 300, 420
    field = FieldOfView(x * width, y * height, radius * height)
    found = find_field_of_view(render_fundus(size=(height, width), field=field, seed=seed))

    assert found is not None
    assert max(errors(found, field)) < 0.02


@pytest.mark.parametrize("quality", [35, 60, 90])
def test_jpeg_noise_does_not_move_the_circle(quality):
    field = centred_field(SIZE)
    image = render_fundus(size=SIZE, field=field, brightness=0.4)
    _, coded = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = np.ascontiguousarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1])

    assert max(errors(find_field_of_view(decoded), field)) < 0.01


def test_a_flare_at_the_border_does_not_move_the_circle():
    field = centred_field(SIZE)
    image = render_fundus(size=SIZE, field=field).astype(np.float32)
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    edge_x, edge_y = field.center_x - 0.9 * field.radius, field.center_y
    image += 190 * np.exp(-(((x - edge_x) ** 2 + (y - edge_y) ** 2) / 25**2))[..., None]

    assert (
        max(errors(find_field_of_view(np.clip(image, 0, 255).astype(np.uint8)), field)) < 0.02
    )


def test_bars_above_and_below_are_not_the_circle():
    field = FieldOfView(200, 200, 196)
    image = render_fundus(size=(400, 400), field=field)
    image[:60] = image[-45:] = 0
    found = find_field_of_view(image)
    crop = crop_to_field(image, found, size=200)

    assert max(errors(found, field)) < 0.01
    assert not crop.inside[:28].any()
    assert not crop.inside[-20:].any()
    assert crop.inside[35:-27, 100].all()


def test_completeness_is_the_share_of_the_circle_in_the_picture():
    whole = find_field_of_view(render_fundus(size=SIZE))
    cut_field = FieldOfView(267.5, 177.5, 210)
    cut = find_field_of_view(render_fundus(size=SIZE, field=cut_field))
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    inside = np.hypot(x - cut_field.center_x, y - cut_field.center_y) <= cut_field.radius

    assert whole.completeness == pytest.approx(1.0, abs=0.002)
    assert cut.completeness == pytest.approx(inside.sum() / (np.pi * 210**2), abs=0.01)


@pytest.mark.parametrize("size", [(300, 400), (224, 224), (500, 320)])
def test_a_photograph_without_a_frame_is_all_field(size):
    image = render_fundus(size=size, framed=False)
    found = find_field_of_view(image)
    crop = crop_to_field(image, found, size=128)
    height, width = size
    shown = np.count_nonzero(crop.inside) / crop.inside.size

    assert found.radius == pytest.approx(np.hypot(height, width) / 2)
    assert crop.pitch == pytest.approx(max(size) / 128, rel=0.01)
    assert shown == pytest.approx(min(size) / max(size), abs=0.02)


@pytest.mark.parametrize("level", [0, 3, 8, 12])
def test_an_empty_frame_has_no_field(level):
    assert find_field_of_view(np.full((200, 300, 3), level, dtype=np.uint8)) is None


def test_a_noisy_empty_frame_has_no_field():
    noise = np.random.default_rng(0).integers(0, 7, size=(200, 300, 3), dtype=np.uint8)

    assert find_field_of_view(noise) is None


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (1, 500), (500, 1), (15, 40), (2, 3)])
def test_tiny_pictures_have_a_field_and_a_crop(shape):
    image = np.full((*shape, 3), 120, dtype=np.uint8)
    crop = crop_to_field(image, find_field_of_view(image), size=32)

    assert crop.pixels.shape == (32, 32, 3)
    assert crop.inside.any() or max(shape) > 32 * min(shape)


def test_a_picture_without_pixels_has_no_field():
    assert find_field_of_view(np.zeros((0, 5, 3), dtype=np.uint8)) is None


def test_a_real_photograph_is_found_at_every_size():
    image = skimage.data.retina()
    large = find_field_of_view(image)
    small = find_field_of_view(
        cv2.resize(image, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    )

    assert max(errors(small.scaled(4.0), large)) < 0.01
    assert large.completeness > 0.95
    assert large.radius == pytest.approx(1411 / 2, rel=0.03)


@settings(max_examples=60, deadline=None)
@given(
    x=st.floats(-40, 440),
    y=st.floats(-40, 340),
    radius=st.floats(45, 300),
    size=st.integers(8, 400),
)
def test_the_crop_is_the_box_of_the_circle_in_the_picture(x, y, radius, size):
    height, width = 300, 400
    image = np.full((height, width, 3), 200, dtype=np.uint8)
    field = FieldOfView(x, y, radius)
    crop = crop_to_field(image, field, size=size)
    x0, x1 = max(x - radius, -0.5), min(x + radius, width - 0.5)
    y0, y1 = max(y - radius, -0.5), min(y + radius, height - 0.5)
    side = crop.pitch * size

    assert crop.pixels.shape == (size, size, 3)
    assert side == pytest.approx(max(x1 - x0, y1 - y0), abs=1 + 0.3 * crop.pitch)
    middle_x, middle_y = crop.left + side / 2 - 0.5, crop.top + side / 2 - 0.5
    assert middle_x == pytest.approx((x0 + x1) / 2, abs=0.51)
    assert middle_y == pytest.approx((y0 + y1) / 2, abs=0.51)
    assert not crop.pixels[~crop.inside].any()
    v, u = np.nonzero(crop.inside)
    in_x = crop.left + (u + 0.5) * crop.pitch - 0.5
    in_y = crop.top + (v + 0.5) * crop.pitch - 0.5
    assert (np.hypot(in_x - x, in_y - y) <= radius + 1e-2).all()
    assert min(in_x.min(), in_y.min()) > -0.51
    assert in_x.max() < width - 0.49
    assert in_y.max() < height - 0.49


@settings(max_examples=25, deadline=None)
@given(
    dot_x=st.integers(150, 350),
    dot_y=st.integers(100, 250),
    size=st.sampled_from([96, 224, 320]),
)
def test_a_mark_in_the_crop_lands_on_its_pixel_in_the_image(dot_x, dot_y, size):
    image = np.full((356, 536, 3), 90, dtype=np.uint8)
    cv2.circle(image, (dot_x, dot_y), 9, (255, 255, 255), -1)
    crop = crop_to_field(image, FieldOfView(260.3, 170.8, 165.2), size=size)
    weight = np.maximum(crop.pixels[..., 0].astype(float) - 90, 0) / 165
    v, u = np.indices(weight.shape)
    x = crop.left + ((u * weight).sum() / weight.sum() + 0.5) * crop.pitch - 0.5
    y = crop.top + ((v * weight).sum() / weight.sum() + 0.5) * crop.pitch - 0.5

    assert (x, y) == pytest.approx((dot_x, dot_y), abs=0.2)


def test_cropping_a_crop_changes_nothing_much():
    image = render_fundus(size=SIZE, field=FieldOfView(250, 180, 160))
    crop = crop_to_field(image, find_field_of_view(image), size=320)
    again = crop_to_field(crop.pixels, find_field_of_view(crop.pixels), size=320)
    difference = np.abs(again.pixels.astype(int) - crop.pixels)[20:-20, 20:-20]

    assert again.pitch == pytest.approx(1.0, abs=0.01)
    assert difference.mean() < 3


def test_a_field_scaled_with_its_image_gives_the_same_crop():
    image = render_fundus(size=SIZE, noise=0)
    double = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    field = find_field_of_view(image)
    one = crop_to_field(image, field, size=160)
    two = crop_to_field(double, field.scaled(2.0), size=160)

    assert two.pitch == pytest.approx(2 * one.pitch, rel=0.01)
    assert np.abs(one.pixels.astype(int) - two.pixels).mean() < 3


def test_shrinking_does_not_alias():
    fine = np.indices((600, 600)).sum(axis=0) % 2 * 255
    image = np.repeat(fine.astype(np.uint8)[..., None], 3, axis=2)
    crop = crop_to_field(image, FieldOfView(299.5, 299.5, 290), size=200)

    assert np.abs(crop.pixels[60:140, 60:140].astype(int) - 127).max() < 16


def test_neither_function_writes_into_the_image():
    image = render_fundus(size=SIZE)
    image.setflags(write=False)
    crop_to_field(image, find_field_of_view(image), size=224)


@pytest.mark.parametrize("size", [0, -3])
def test_a_crop_needs_a_size(size):
    image = render_fundus(size=(120, 120))
    with pytest.raises(ValueError, match="size"):
        crop_to_field(image, centred_field((120, 120)), size=size)


def test_a_field_beside_the_picture_is_refused():
    with pytest.raises(ValueError, match="outside"):
        crop_to_field(np.zeros((9, 9, 3), np.uint8), FieldOfView(90, 4, 5), size=8)


def test_finding_is_quick_at_any_size():
    large = render_fundus()
    find_field_of_view(large)
    best = min(_timed(large) for _ in range(10))

    assert best < 0.02  # 2 ms on an idle core


def _timed(image):
    start = time.process_time()
    find_field_of_view(image)
    return time.process_time() - start
