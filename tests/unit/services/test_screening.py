"""From a file to an answer, on real parts."""

import cv2
import numpy as np
import pytest

from retina_desktop.domain.images import FieldOfView, LateralitySource
from retina_desktop.imaging.decode import decode_photograph
from retina_desktop.ml.bundles import read_bundle
from retina_desktop.ml.engines import load_classifier
from retina_desktop.services.screening import AnalysePhotograph, heatmap_of
from retina_desktop.services.tasks import TaskContext
from tests.helpers.bundles import make_bundle
from tests.helpers.rendered_fundus import render_fundus


@pytest.fixture(scope="module")
def analyse(tmp_path_factory):
    bundle = make_bundle(tmp_path_factory.mktemp("bundle") / "test-model", seed=1)
    return AnalysePhotograph(decode_photograph, load_classifier(read_bundle(bundle)))


def write(path, image):
    cv2.imwrite(str(path), image[..., ::-1])
    return path


def heat(analysis, *, width, height):
    code = next(f.label for f in analysis.findings if f.is_assessed)
    values = heatmap_of(analysis, code, width=width, height=height)
    assert values is not None
    return values


def test_black_bars_of_a_cut_circle_carry_no_heat(analyse, tmp_path):
    field = FieldOfView(449.5, 299.5, 420.0)  # cut above and below at 600 rows
    cut = render_fundus(size=(600, 900), field=field, seed=4)
    barred = cv2.copyMakeBorder(cut, 120, 120, 0, 0, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    analysis = analyse(TaskContext(), write(tmp_path / "barred.png", barred)).analysis
    assert analysis.quality.is_fundus
    values = heat(analysis, width=900, height=840)
    assert values.max() > 0
    assert values[:118].max() == 0
    assert values[-118:].max() == 0


def test_a_field_that_is_a_small_part_is_decoded_again_at_a_larger_scale(analyse, tmp_path):
    field = FieldOfView(999.5, 799.5, 420.0)
    image = render_fundus(size=(1600, 2000), field=field, seed=4)
    path = tmp_path / "small.jpg"
    cv2.imwrite(str(path), image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
    answered = analyse(TaskContext(), path)
    assert answered.preview.shape[0] > 400  # 258 would have done for a field that fills it
    found = answered.analysis.field_of_view
    assert found is not None
    assert (found.center_x, found.center_y) == pytest.approx((999.5, 799.5), abs=6)
    assert found.radius == pytest.approx(420, abs=6)


def test_what_is_no_fundus_photograph_is_not_given_to_the_model(analyse, tmp_path):
    black = analyse(TaskContext(), write(tmp_path / "b.png", np.zeros((300, 400, 3), np.uint8)))
    analysis = black.analysis
    assert not analysis.quality.is_fundus
    assert analysis.maps is None
    assert "model" not in analysis.timings_ms
    assert {f.status.value for f in analysis.findings} == {"not_assessed"}
    assert analysis.laterality.source is LateralitySource.NONE


def test_the_stages_times_add_up_to_the_total(analyse, tmp_path):
    path = write(tmp_path / "a.png", render_fundus(size=(500, 700), seed=4))
    times = dict(analyse(TaskContext(), path).analysis.timings_ms)
    total = times.pop("total")
    assert sum(times.values()) == pytest.approx(total, abs=0.05)
    assert set(times) == {"decode", "field", "quality", "laterality", "preprocess", "model"}
