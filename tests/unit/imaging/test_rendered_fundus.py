"""The rendered photographs are what the other tests take them for."""

import numpy as np
import pytest

from retina_desktop.domain.images import FieldOfView, Laterality
from tests.helpers.rendered_fundus import centred_field, render_fundus

SIZE = (180, 240)


def test_the_same_arguments_give_the_same_pixels():
    assert np.array_equal(render_fundus(size=SIZE, seed=4), render_fundus(size=SIZE, seed=4))


def test_another_seed_gives_another_eye():
    assert not np.array_equal(
        render_fundus(size=SIZE, seed=4), render_fundus(size=SIZE, seed=5)
    )


@pytest.mark.parametrize("size", [(1, 1), (60, 40), (356, 536)])
def test_a_picture_has_the_size_asked_for(size):
    image = render_fundus(size=size)

    assert image.shape == (*size, 3)
    assert image.dtype == np.uint8


@pytest.mark.parametrize("seed", range(4))
def test_the_disc_is_on_the_nasal_side(seed):
    halves = {}
    for eye in Laterality:
        image = render_fundus(size=SIZE, laterality=eye, seed=seed, noise=0, vignette=0)
        bright = np.argwhere(image[..., 2] >= np.sort(image[..., 2], axis=None)[-60])
        halves[eye] = bright[:, 1].mean() - SIZE[1] / 2

    assert halves[Laterality.RIGHT] > 20
    assert halves[Laterality.LEFT] < -20


def test_outside_of_the_circle_is_the_frame():
    field = FieldOfView(110, 95, 80)
    image = render_fundus(size=SIZE, field=field, noise=0)
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    distance = np.hypot(x - field.center_x, y - field.center_y)

    assert not image[distance > field.radius + 1].any()
    assert (image[distance < field.radius - 1].max(axis=1) > 40).all()


def test_options_do_what_they_say():
    def mean(**options):
        return render_fundus(size=SIZE, noise=0, **options).astype(float).mean()

    usual = mean()
    assert mean(brightness=0.3) < 0.5 * usual
    assert mean(brightness=2.5) > 1.5 * usual
    assert mean(unevenness=1.0) < 0.9 * usual
    assert mean(black_level=20) > usual + 15
    assert mean(framed=False) > 1.3 * usual


def test_lesions_text_and_notch_leave_their_marks():
    plain = render_fundus(size=(300, 400), noise=0).astype(int)
    marked = {
        "exudates": render_fundus(size=(300, 400), noise=0, exudates=20),
        "haemorrhages": render_fundus(size=(300, 400), noise=0, haemorrhages=12),
        "text": render_fundus(size=(300, 400), noise=0, corner_text="OD 1"),
        "notch": render_fundus(size=(300, 400), noise=0, notch=True),
    }
    changed = {name: image - plain for name, image in marked.items()}

    assert changed["exudates"].max() > 60
    assert changed["haemorrhages"].min() < -60
    assert changed["text"][-40:, :80].max() > 150
    assert changed["notch"].any()


def test_a_whole_circle_fits_the_picture():
    field = centred_field(SIZE)

    assert field.center_x - field.radius > 0
    assert field.center_y + field.radius < SIZE[0] - 1
