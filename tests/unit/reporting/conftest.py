from pathlib import Path

import pytest

from retina_desktop.reporting.typesetting.font_library import FontLibrary
from retina_desktop.reporting.typesetting.paragraph import Typesetter
from retina_desktop.reporting.typesetting.shaping import Shaper

RESOURCES = Path(__file__).parents[3] / "resources"


@pytest.fixture(scope="session")
def fonts():
    return FontLibrary(RESOURCES / "fonts")


@pytest.fixture(scope="session")
def typesetter(fonts):
    return Typesetter(fonts, Shaper(), right_to_left=False)


@pytest.fixture(scope="session")
def texts_folder():
    return RESOURCES / "report_texts"
