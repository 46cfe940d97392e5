"""Heatmaps as files."""

from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from retina_desktop.domain.errors import ImageUnreadableError, UnknownLabelError
from retina_desktop.domain.images import FundusImage
from retina_desktop.domain.strength import heat_strength
from retina_desktop.services.heatmap_export import ExportHeatmaps, check_wish, chosen_labels
from tests.helpers.analyses import CODES, HEIGHT, WIDTH, make_analysis


def read(path, *, min_side=None, sha256="ab" * 32):
    assert min_side is None  # overlays show every pixel
    return FundusImage(np.full((HEIGHT, WIDTH, 3), 90, np.uint8), WIDTH, HEIGHT, sha256, "PNG")


@pytest.mark.parametrize(
    ("wish", "codes"),
    [
        ("positive", ("Disease_Risk", "DR")),
        ("all", ("Disease_Risk", "DR", "ARMD")),
        ("ARMD, DR", ("DR", "ARMD")),
        ("RP", ()),  # known to the model, but not assessed
    ],
)
def test_the_wish_chooses_labels_in_the_model_s_order(wish, codes):
    assert chosen_labels(make_analysis(), wish) == codes


@pytest.mark.parametrize("wish", ["NOPE", "DR,NOPE", "", ","])
def test_a_label_the_model_lacks_is_refused(wish):
    with pytest.raises(UnknownLabelError, match="models list"):
        check_wish(wish, CODES)


def test_the_grey_picture_is_the_fixed_scale_in_the_photograph_s_size(tmp_path):
    export = ExportHeatmaps(read, tmp_path)
    written = export(Path("eye.jpg"), make_analysis(dr=0.8), ["DR"])
    assert [path.name for path in written] == ["eye__DR.png", "eye__DR.overlay.jpg"]
    heat = cv2.imread(str(written[0]), cv2.IMREAD_UNCHANGED)
    assert heat.shape == (HEIGHT, WIDTH)
    assert heat.max() == pytest.approx(255 * heat_strength(0.8, 0.5), abs=5)
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert abs(row - 17.5) <= 4  # cell (1, 2) of 4x4 over a square of 48 px from x 8, y 0
    assert abs(column - 37.5) <= 4
    overlay = cv2.imread(str(written[1]))
    assert abs(int(overlay[-1, 0].mean()) - 90) <= 4  # cold pixels stay as they are


def test_not_assessed_labels_have_no_file(tmp_path):
    assert ExportHeatmaps(read, tmp_path)(Path("eye.jpg"), make_analysis(), ["RP"]) == []


def test_one_stem_of_two_photographs_gives_two_names(tmp_path):
    export = ExportHeatmaps(read, tmp_path)
    export(Path("a/eye.jpg"), make_analysis(), ["DR"])
    export.read = partial(read, sha256="cd" * 32)
    export(Path("b/eye.jpg"), make_analysis(sha256="cd" * 32), ["DR"])
    assert sorted(p.name for p in tmp_path.glob("*.png")) == [
        "eye-cdcdcdcd__DR.png",
        "eye__DR.png",
    ]


def test_a_photograph_that_changed_meanwhile_gets_no_heatmap(tmp_path):
    with pytest.raises(ImageUnreadableError, match="changed after it was analysed"):
        ExportHeatmaps(read, tmp_path)(Path("a.jpg"), make_analysis(sha256="cd" * 32), ["DR"])
    assert list(tmp_path.iterdir()) == []
