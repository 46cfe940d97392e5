"""Colours that can be read, icons that follow, a style sheet without gaps."""

import re
from dataclasses import asdict

import pytest
from PySide6.QtGui import QColor

from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.gui.app import dress, open_window
from retina_desktop.gui.icons import IconSet
from retina_desktop.gui.theme import DARK, LIGHT, ThemeChoice, style_sheet_of
from retina_desktop.gui.viewer import view
from retina_desktop.gui.window_memory import WindowMemory
from tests.helpers.fakes import RESOURCES

THEMES = pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])


def luminance(name):
    def linear(value):
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue, _ = QColor(name).getRgbF()
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)


def contrast(one, other):
    """WCAG 2.2's contrast ratio."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@THEMES
@pytest.mark.parametrize("ground", ["window", "panel", "card", "selected"])
@pytest.mark.parametrize("ink", ["text", "muted", "warning", "error"])
def test_text_is_readable_on_every_ground(colors, ink, ground):
    assert contrast(getattr(colors, ink), getattr(colors, ground)) >= 4.5


@THEMES
@pytest.mark.parametrize("tier", ReferralTier)
def test_lights_stand_out_from_their_ground(colors, tier):
    for ground in (colors.panel, colors.card, colors.selected):
        assert contrast(colors.tier(tier), ground) >= 3.0


@THEMES
def test_the_accent_carries_its_text(colors):
    assert contrast(colors.on_accent, colors.accent) >= 4.5


@THEMES
def test_no_name_is_left_in_the_style_sheet(colors):
    template = (RESOURCES / "qss" / "window.qss").read_text(encoding="utf-8")
    sheet = style_sheet_of(template, colors, RESOURCES / "icons")
    assert "@" not in sheet
    assert sheet.count("{") == sheet.count("}")
    assert all(re.fullmatch("#([0-9a-f]{2})?[0-9a-f]{6}", c) for c in asdict(colors).values())


def test_icons_take_the_colour_given(qapp):
    icons = IconSet(RESOURCES / "icons", "#ff0000", "#00ff00")
    image = icons.pixmap("remove", 24, ratio=2).toImage()
    inked = [
        image.pixelColor(x, y)
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).alpha() == 255
    ]
    assert image.width() == 48
    assert inked
    assert all((c.red(), c.green(), c.blue()) == (255, 0, 0) for c in inked)


def test_an_unknown_icon_is_a_bug(qapp):
    with pytest.raises(KeyError):
        IconSet(RESOURCES / "icons", "#ff0000", "#00ff00").icon("nothing")


@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe", b"[window]\ntheme=purple\n"])
def test_a_damaged_memory_means_the_defaults(qapp, tmp_path, content):
    file = tmp_path / "window.ini"
    file.write_bytes(content)
    assert WindowMemory(file).theme() is ThemeChoice.SYSTEM


def test_the_icons_are_drawn_once_for_each_palette(qapp, monkeypatch, fake):
    drawn = []
    monkeypatch.setattr(view, "tint_viewer_actions", lambda *given: drawn.append(given))
    dress(qapp)
    opened = open_window(qapp, fake.services())
    opened.window.show()
    qapp.processEvents()
    at_start = len(drawn)
    opened.window.theme.choose(ThemeChoice.DARK)
    opened.window.theme.choose(ThemeChoice.LIGHT)
    opened.window.theme.choose(ThemeChoice.LIGHT)
    changes = len(drawn) - at_start
    opened.window.close()
    assert opened.shut_down()
    assert at_start <= 2  # the application's palette, then the theme's
    assert 1 <= changes <= 4
