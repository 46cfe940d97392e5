import gc
import sys
import weakref

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSlider, QApplication, QComboBox, QToolButton, QWidget

from retina_desktop.gui.viewer.actions import ACTION_ENTRIES
from retina_desktop.gui.viewer.camera import Camera
from retina_desktop.gui.viewer.controls import percent_of
from retina_desktop.gui.viewer.looks import Palette, Tone, ViewFilter
from retina_desktop.imaging.colormaps import alpha_table, colormap_table
from tests.gui.viewer.conftest import choose, pixels_of, press, ready, seen_part


def even_heat(value=0.8):
    return np.full((16, 16), value, np.float32)


# -- heat ----------------------------------------------------------------------------------


def test_at_opacity_0_the_photograph_is_shown_pixel_by_pixel(pane, show, act, retina):
    show(retina, even_heat())
    act("actual_size").trigger()

    pane.heat_bar.opacity.setValue(0)

    np.testing.assert_array_equal(*seen_part(pane.canvas, retina))


@pytest.mark.parametrize("palette", list(Palette))
def test_heat_is_blended_by_palette_transparency_and_opacity(
    qtbot, pane, show, act, retina, palette
):
    show(retina, even_heat(0.8))
    act("actual_size").trigger()
    if palette is not Palette.VIRIDIS:
        before = pane.view_model.state.main.heat
        choose(pane.heat_bar.palettes, list(Palette).index(palette))
        qtbot.waitUntil(lambda: pane.view_model.state.main.heat is not before)
    pane.view_model.set_opacity(0.7)

    seen, pixels = seen_part(pane.canvas, retina)

    cover = 0.7 * alpha_table()[204]
    expected = cover * colormap_table(palette.value)[204] + (1 - cover) * pixels
    assert np.abs(seen - expected).max() <= 3


def test_one_hot_place_lands_on_its_place_whatever_the_rotation(pane, show, act, retina):
    heat = np.zeros((706, 706), np.float32)
    heat[100:140, 300:340] = 0.95
    show(retina, heat)
    act("rotate_right").trigger()
    act("actual_size").trigger()
    pane.view_model.set_opacity(0.0)
    cold = pixels_of(pane.canvas).astype(int)
    pane.view_model.set_opacity(1.0)

    rows, columns = np.nonzero(np.abs(pixels_of(pane.canvas) - cold).sum(axis=2) > 150)

    middle = pane.canvas.placement().to_image(columns.mean() + 0.5, rows.mean() + 0.5)
    assert middle == pytest.approx((320, 120), abs=1.0)


def test_h_hides_the_heat_with_its_legend_and_shows_it_again(pane, show, act, retina):
    show(retina, even_heat(), strength="91 %")
    act("actual_size").trigger()
    shown = pixels_of(pane.canvas)
    assert pane.legend.isVisible()
    assert (pane.legend.label.text(), pane.legend.strength.text()) == (
        "Diabetic retinopathy",
        "91 %",
    )
    assert pane.opacity() == 0.6

    press(pane, Qt.Key.Key_H)
    assert not pane.legend.isVisible()
    assert pane.opacity() == 0.0
    np.testing.assert_array_equal(*seen_part(pane.canvas, retina))

    press(pane, Qt.Key.Key_H)
    QApplication.processEvents()
    assert pane.legend.isVisible()
    np.testing.assert_array_equal(pixels_of(pane.canvas), shown)


def test_brackets_step_the_opacity_by_tenths_within_0_and_1(qtbot, pane, show, retina):
    show(retina, even_heat())
    told = []
    pane.opacity_changed.connect(told.append)

    for _ in range(5):
        press(pane, Qt.Key.Key_BracketRight)
    assert pane.heat_bar.opacity.value() == 100
    press(pane, Qt.Key.Key_BracketLeft)

    assert told == pytest.approx([0.7, 0.8, 0.9, 1.0, 0.9])
    assert pane.heat_bar.opacity.value() == 90


def test_without_a_heatmap_there_is_nothing_to_set(pane, show, act, retina):
    show(retina, even_heat())
    pane.set_heatmap(None, label="Not assessed")

    assert not pane.legend.isVisible()
    assert not pane.heat_bar.opacity.isEnabled()
    assert not act("heat").isEnabled()


def test_the_contour_is_drawn_and_taken_away(pane, show, act, retina):
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    show(retina, np.exp(-(x**2 + y**2) * 4).astype(np.float32))
    pane.view_model.set_opacity(0.0)
    before = pixels_of(pane.canvas)

    press(pane, Qt.Key.Key_C)
    outlined = pixels_of(pane.canvas)
    press(pane, Qt.Key.Key_C)

    assert (outlined == 255).all(axis=2).sum() > 100
    np.testing.assert_array_equal(pixels_of(pane.canvas), before)


# -- photographs -----------------------------------------------------------------------------


def test_when_all_pixels_arrive_zoom_and_place_stay(qtbot, pane, retina):
    height, width = retina.shape[:2]
    preview = np.ascontiguousarray(retina[::4, ::4])
    pane.show_photograph(preview, width=width, height=height)
    qtbot.waitUntil(lambda: pane.view_model.state.main is not None)
    assert pane.view_model.state.main.picture.is_preview
    pane.canvas.zoom_to(2.0, QPointF(100, 100))
    pane.view_model.rotate(1)
    placement = pane.canvas.placement()

    pane.show_photograph(retina, width=width, height=height)
    qtbot.waitUntil(lambda: not pane.view_model.state.main.picture.is_preview)

    assert pane.canvas.placement() == placement


def test_another_photograph_is_fitted_upright_and_without_the_old_heat(
    qtbot, pane, show, retina
):
    show(retina, even_heat())
    pane.canvas.zoom_to(3.0)
    pane.view_model.rotate(1)

    pane.show_photograph(retina[:500], width=retina.shape[1], height=500)

    assert pane.view_model.state.main is None  # nothing of the other patient, not for a moment
    qtbot.waitUntil(lambda: pane.view_model.state.main is not None)
    assert pane.view_model.state.choices.camera == Camera()
    assert not pane.view_model.state.has_heat


def test_the_key_tells_photographs_of_one_size_apart(qtbot, pane, retina):
    height, width = retina.shape[:2]
    preview = np.ascontiguousarray(retina[::2, ::2])
    for pixels, key, kept in ((preview, "a", False), (retina, "b", False), (retina, "b", True)):
        pane.canvas.zoom_to(3.0)
        pane.show_photograph(pixels, width=width, height=height, key=key)
        assert (pane.view_model.state.choices.camera.scale == 3.0) is kept
        ready(qtbot, pane)


def test_clearing_shows_the_message_and_lets_go_of_the_pixels(qtbot, pane, show, retina):
    pixels = retina.copy()
    gone = weakref.ref(pixels)
    show(pixels, even_heat())
    picture = weakref.finalize(pane.view_model.state.main.picture.levels[0], lambda: None)
    pixels_of(pane)

    pane.clear("Drop a fundus photograph here.")
    del pixels

    assert pane.canvas.placement() is None
    qtbot.waitUntil(lambda: gone() is None)  # the last worker's signals still hold them
    gc.collect()
    assert not picture.alive
    assert not pane.legend.isVisible()


def test_pixels_that_cannot_be_drawn_are_a_problem_in_words(qtbot, pane, caplog):
    pane.show_photograph(np.zeros((20, 30, 2), np.uint8), width=30, height=20)

    qtbot.waitUntil(lambda: pane.view_model.state.problem != "")

    assert "internal error" in pane.view_model.state.problem
    assert not pane.view_model.state.waiting
    assert "task failed" in caplog.text


def test_the_pointer_reads_pixel_colour_and_heat(qtbot, pane, show, act, retina):
    show(retina, even_heat(0.8))
    act("actual_size").trigger()
    x, y = (int(v) for v in pane.canvas.image_point(QPointF(210, 160)))
    red, green, blue = retina[y, x]

    with qtbot.waitSignal(pane.hovered) as told:
        QTest.mouseMove(pane.canvas, QPoint(210, 160))

    assert told.args == [f"x {x}, y {y}   RGB {red}, {green}, {blue}   heat 0.80"]


# -- side by side ------------------------------------------------------------------------------


def test_side_by_side_zooms_and_moves_as_one(qtbot, pane, show, act, retina):
    show(retina, even_heat())
    press(pane, Qt.Key.Key_S)
    QApplication.processEvents()
    assert pane.plain_canvas.isVisible()
    assert abs(pane.plain_canvas.width() - pane.canvas.width()) <= 1

    pane.plain_canvas.zoom_to(1.0, QPointF(40, 50))
    QTest.mousePress(pane.canvas, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    QTest.mouseMove(pane.canvas, QPoint(130, 80))
    QTest.mouseRelease(pane.canvas, Qt.MouseButton.LeftButton, pos=QPoint(130, 80))

    left, right = pane.plain_canvas.placement(), pane.canvas.placement()
    assert left.scale == right.scale == 1.0
    assert abs(left.left - right.left) <= 1
    assert left.top == right.top


def test_the_photograph_beside_has_neither_heat_nor_filter_nor_tone(
    qtbot, pane, show, act, retina
):
    show(retina, even_heat())
    act("side_by_side").trigger()
    act("actual_size").trigger()
    act("filter_invert").trigger()
    pane.view_model.set_tone(Tone(brightness=0.2))
    qtbot.waitUntil(lambda: pane.view_model.state.shown_filter is ViewFilter.INVERT)
    QApplication.processEvents()

    seen, expected = seen_part(pane.plain_canvas, retina)

    caption = np.s_[40:, :]  # below the word "Original"
    np.testing.assert_array_equal(seen[caption], expected[caption])


# -- for everybody -----------------------------------------------------------------------------


def test_every_action_has_text_shortcut_tip_and_no_key_twice(pane):
    actions = pane.actions_table()
    keys = [key.toString() for action in actions for key in action.shortcuts()]

    assert len(actions) == len(ACTION_ENTRIES)
    assert sum(map(len, pane.actions_by_menu().values())) == len(actions)
    assert all(a.text() and a.toolTip() and a.statusTip() for a in actions)
    assert all(not action.shortcut().isEmpty() for action in actions)
    assert len(keys) == len(set(keys))


def test_every_control_has_a_name_a_tip_and_takes_the_focus(pane):
    controls = [
        widget
        for kind in (QToolButton, QAbstractSlider, QComboBox)
        for widget in pane.findChildren(kind)
        if not isinstance(widget.parent(), QAbstractSlider | QComboBox)
        and widget.window() is pane
    ]
    assert len(controls) >= 18
    for control in controls:
        assert control.accessibleName(), control
        assert control.toolTip(), control.accessibleName()
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, control.accessibleName()
    for canvas in (pane.canvas, pane.plain_canvas):
        assert canvas.accessibleName()
        assert canvas.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_drops_reach_the_window(pane):
    # a widget that accepts none lets the event go up to the window that embeds the pane
    assert not any(w.acceptDrops() for w in [pane, *pane.findChildren(QWidget)])


def test_f11_asks_for_the_full_screen(qtbot, pane):
    with qtbot.waitSignal(pane.full_screen_requested):
        press(pane, Qt.Key.Key_F11)


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        (0.06251, "6.3"),
        (0.5, "50"),
        (2 / 3, "66.7"),
        (0.9999, "100"),
        (1.0, "100"),
        (64, "6400"),
    ],
)
def test_the_magnification_is_read_in_per_cent(scale, words):
    assert percent_of(scale) == words


def test_hundreds_of_steps_leave_no_references_behind(pane, show, retina):
    show(retina, even_heat())
    steps = 300
    pane.view_model.set_opacity(0.5)
    before = [sys.getrefcount(value) for value in (None, True, False)]

    for step in range(steps):
        pane.view_model.set_opacity(step / steps)
        pane.view_model.set_heat_on(step % 2 == 0)

    after = [sys.getrefcount(value) for value in (None, True, False)]
    drift = max(abs(a - b) for a, b in zip(after, before, strict=True))
    assert drift < steps  # one per step, or more, is what the broken bindings lose


def test_a_screen_reader_hears_what_the_heat_is(pane, show, act, retina):
    show(retina, even_heat(), strength="91 %")
    assert pane.canvas.accessibleDescription() == (
        "Heatmap of Diabetic retinopathy, 91 %, opacity 60 %."
    )
    act("heat").trigger()
    assert pane.canvas.accessibleDescription() == "No heatmap is shown."


def test_icons_and_words_follow_the_theme(pane, act):
    dark, light = QPalette(), QPalette()
    for palette, colour in ((dark, "#e7ecf1"), (light, "#18202a")):
        palette.setColor(QPalette.ColorRole.ButtonText, colour)
    pane.setPalette(light)
    before = act("fit").icon().pixmap(24).toImage()

    pane.setPalette(dark)

    after = act("fit").icon().pixmap(24).toImage()
    assert before != after
    brightest = max(after.pixelColor(x, 5).lightness() for x in range(after.width()))
    assert brightest > 150


def test_the_view_keeps_no_worker_after_closing(qtbot, pane, show, retina):
    show(retina, even_heat())
    QApplication.sendEvent(pane, QEvent(QEvent.Type.Close))

    assert pane.shut_down()
