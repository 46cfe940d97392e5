import pytest
from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.gui.viewer.camera import (
    MAX_SCALE,
    Camera,
    Size,
    fit_scale,
    next_stop,
    panned,
    place,
    zoomed,
)

sizes = st.builds(Size, st.integers(40, 8000), st.integers(40, 8000))
viewports = st.builds(Size, st.integers(60, 4000), st.integers(60, 3000))
turns = st.integers(0, 3)
shares = st.floats(0.0, 1.0)


@st.composite
def cameras(draw, image):
    return Camera(
        draw(shares) * image.width,
        draw(shares) * image.height,
        draw(st.none() | st.floats(0.05, 32.0)),
        draw(turns),
    )


@given(st.data(), sizes, viewports)
def test_device_and_image_are_inverse(data, image, viewport):
    placement = place(data.draw(cameras(image)), viewport, image)
    x, y = data.draw(shares) * image.width, data.draw(shares) * image.height

    assert placement.to_image(*placement.to_device(x, y)) == pytest.approx((x, y), abs=1e-6)


@given(st.data(), sizes, viewports, st.floats(1.01, 16.0))
def test_zooming_in_keeps_the_point_under_the_cursor(data, image, viewport, factor):
    camera = data.draw(cameras(image))
    before = place(camera, viewport, image)
    point = data.draw(shares) * image.width, data.draw(shares) * image.height
    cursor = before.to_device(*point)

    after = zoomed(camera, viewport, image, scale=before.scale * factor, anchor=cursor)

    moved = place(after, viewport, image).to_device(*point)
    if after.scale is not None:  # else it came to fit the viewport
        # half a pixel of rounding before, enlarged since, and half a pixel now
        most = 0.5 * after.scale / before.scale + 0.5 + 1e-6
        assert abs(moved[0] - cursor[0]) <= most
        assert abs(moved[1] - cursor[1]) <= most


@given(st.data(), sizes, viewports)
def test_zooming_in_steps_does_not_drift(data, image, viewport):
    camera = Camera(quarter_turns=data.draw(turns))
    start = place(camera, viewport, image)
    point = data.draw(shares) * image.width, data.draw(shares) * image.height
    cursor = start.to_device(*point)

    for _ in range(12):
        scale = place(camera, viewport, image).scale * 1.19
        camera = zoomed(camera, viewport, image, scale=scale, anchor=cursor)

    now = place(camera, viewport, image)
    if camera.scale is not None:
        moved = now.to_device(*point)
        # half a pixel of rounding at the start, enlarged since, and half a pixel now
        most = 0.5 * now.scale / start.scale + 0.5 + 1e-6
        assert abs(moved[0] - cursor[0]) <= most
        assert abs(moved[1] - cursor[1]) <= most


@given(st.data(), sizes, viewports)
def test_a_fitted_photograph_is_seen_whole_and_touches_two_sides(data, image, viewport):
    quarter = data.draw(turns)
    placement = place(Camera(quarter_turns=quarter), viewport, image)
    corners = [placement.to_device(x, y) for x in (0, image.width) for y in (0, image.height)]
    width = max(c[0] for c in corners) - min(c[0] for c in corners)
    height = max(c[1] for c in corners) - min(c[1] for c in corners)

    for x, y in corners:
        assert -1.0 <= x <= viewport.width + 1.0
        assert -1.0 <= y <= viewport.height + 1.0
    if placement.scale < MAX_SCALE:
        assert min(viewport.width - width, viewport.height - height) == pytest.approx(
            0, abs=1e-6
        )


@pytest.mark.parametrize(
    ("quarter", "corner"), [(0, (0, 0)), (1, (1, 0)), (2, (1, 1)), (3, (0, 1))]
)
def test_quarter_turns_are_clockwise(quarter, corner):
    image, viewport = Size(100, 50), Size(400, 400)
    placement = place(Camera(50, 25, 2.0, quarter), viewport, image)
    width, height = (200, 100) if quarter % 2 == 0 else (100, 200)
    left, top = (400 - width) / 2, (400 - height) / 2

    assert placement.to_device(0, 0) == (left + corner[0] * width, top + corner[1] * height)


@given(st.data(), sizes, viewports)
def test_panning_moves_by_device_pixels_and_stays_on_the_photograph(data, image, viewport):
    camera = data.draw(cameras(image))
    before = place(camera, viewport, image)
    dx, dy = data.draw(st.integers(-500, 500)), data.draw(st.integers(-500, 500))

    after = panned(camera, viewport, image, dx=dx, dy=dy)

    assert 0 <= after.center_x <= image.width
    assert 0 <= after.center_y <= image.height
    inside = 0 < after.center_x < image.width and 0 < after.center_y < image.height
    if inside and camera.scale is not None:
        now = place(after, viewport, image)
        assert abs(now.left - before.left - dx) <= 1
        assert abs(now.top - before.top - dy) <= 1


def test_zooming_out_comes_to_rest_at_fit():
    image, viewport = Size(2144, 1424), Size(800, 600)
    camera = Camera(100, 100, 0.5)

    assert zoomed(camera, viewport, image, scale=0.01).scale is None


def test_a_small_picture_can_be_seen_at_its_own_size():
    image, viewport = Size(100, 80), Size(800, 600)

    assert fit_scale(viewport, image) == 7.5
    assert zoomed(Camera(), viewport, image, scale=0.01).scale == 1.0


def test_zoom_has_an_end():
    camera = zoomed(Camera(), Size(800, 600), Size(2144, 1424), scale=1e9)

    assert camera.scale == MAX_SCALE


def test_the_stops_lead_through_1_to_1():
    assert next_stop(0.71, closer=True) == 1.0
    assert next_stop(1.2, closer=False) == 1.0
    assert next_stop(1.0, closer=True) == 1.5
    assert next_stop(MAX_SCALE, closer=True) == MAX_SCALE


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (-1, 5)])
def test_an_empty_size_is_refused(size):
    with pytest.raises(ValueError, match="empty size"):
        Size(*size)
