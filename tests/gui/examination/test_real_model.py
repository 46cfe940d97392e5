"""Once with everything real: a drawn photograph, the model that comes with the program."""

from dataclasses import replace

import numpy as np
import pytest
import skimage.data

from retina_desktop.bootstrap import window_services
from retina_desktop.config.folders import Folders
from retina_desktop.gui.examination.page import ExaminationPage
from retina_desktop.imaging.encode import encode_jpeg
from tests.gui.examination.conftest import add_photographs, stored
from tests.helpers.fakes import RESOURCES


@pytest.fixture
def tools_with_model(tools, tmp_path):
    services = window_services(Folders(RESOURCES.parent, tmp_path / "own"))
    return replace(tools, services=services)


def test_the_programs_own_model_answers_and_its_heatmaps_are_kept(
    qtbot, tools_with_model, new_visit, session, tmp_path
):
    path = tmp_path / "eye.jpg"
    path.write_bytes(encode_jpeg(np.ascontiguousarray(skimage.data.retina()[::2, ::2])))
    page = ExaminationPage(tools_with_model)
    page.show()
    number = new_visit()
    with qtbot.waitSignal(page.model.opened, timeout=10_000):
        page.open_item(number)

    add_photographs(qtbot, page, path)

    record = stored(session, number)
    content = record.analyses[0].content
    assert content.quality.is_fundus
    assert record.images[0].laterality is not None
    assert session.services.examination.maps(record.analyses[0].id).values.any()
    assessed = next(f.label for f in content.findings if f.is_assessed)
    page.model.choose(assessed)
    qtbot.waitUntil(lambda: page.viewer.view_model.state.has_heat, timeout=20_000)
    page.leave()
    page.viewer.shut_down()
    page.close()
    page.deleteLater()
