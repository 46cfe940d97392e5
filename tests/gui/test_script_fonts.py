"""Names in scripts that the system's fonts lack."""

from pathlib import Path

import pytest
from PySide6.QtGui import QFontInfo, QFontMetrics

from retina_desktop.gui.script_fonts import add_script_fonts

FONTS = Path(__file__).parents[2] / "resources" / "fonts"


@pytest.fixture
def system(qapp):
    """Give the family of the system's font, and put the font back afterwards."""
    before = qapp.font()
    yield QFontInfo(before).family()
    qapp.setFont(before)


@pytest.fixture
def font(qapp, system):
    add_script_fonts(qapp, FONTS)
    return qapp.font()


@pytest.mark.parametrize("family", ["Noto Sans Devanagari", "Noto Sans Arabic", "NanumSquare"])
def test_the_systems_font_stays_and_the_scripts_follow(system, font, family):
    assert family in font.families()[1:]
    assert QFontInfo(font).family() == system


def test_devanagari_is_shaped_and_not_drawn_as_boxes(font):
    metrics = QFontMetrics(font)
    # A vowel sign joins its consonant; boxes stand one beside the other.
    assert metrics.horizontalAdvance("\u0930\u0941") < 1.6 * metrics.horizontalAdvance("\u0930")


def test_adding_twice_changes_nothing(qapp, font):
    add_script_fonts(qapp, FONTS)
    assert qapp.font().families() == font.families()


def test_a_folder_without_fonts_changes_nothing(qapp, tmp_path):
    before = qapp.font().families()
    add_script_fonts(qapp, tmp_path)
    assert qapp.font().families() == before
