"""Filters and tone of the view: what is seen, and that the way back is exact."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from retina_desktop.gui.viewer.looks import Tone, ViewFilter
from retina_desktop.imaging.enhancement import adjust_tone
from tests.gui.viewer.conftest import choose, press, ready, seen_part


@pytest.mark.parametrize("view_filter", list(ViewFilter)[1:])
def test_every_filter_changes_the_view_and_original_brings_it_back(
    qtbot, pane, show, act, retina, view_filter
):
    show(retina)
    act("actual_size").trigger()
    choose(pane.navigation_bar.filters, list(ViewFilter).index(view_filter))
    qtbot.waitUntil(lambda: pane.view_model.state.shown_filter is view_filter)
    assert act(f"filter_{view_filter.value}").isChecked()
    seen, original = seen_part(pane.canvas, retina)

    assert (seen != original).any(axis=2).mean() > 0.5
    act("filter_none").trigger()
    assert pane.navigation_bar.filters.currentIndex() == 0
    np.testing.assert_array_equal(*seen_part(pane.canvas, retina))


def test_the_last_of_many_filters_wins(qtbot, pane, show, retina):
    show(retina)

    for view_filter in (ViewFilter.ENHANCED, ViewFilter.CLAHE, ViewFilter.INVERT):
        pane.view_model.set_filter(view_filter)
    seen = []
    pane.view_model.state_changed.connect(lambda state: seen.append(state.shown_filter))
    ready(qtbot, pane)

    assert set(seen) <= {ViewFilter.NONE, ViewFilter.INVERT}
    assert pane.view_model.state.shown_filter is ViewFilter.INVERT


def test_taking_the_filter_back_drops_its_answer(qtbot, pane, show, retina):
    show(retina)

    pane.view_model.set_filter(ViewFilter.ENHANCED)
    pane.view_model.set_filter(ViewFilter.NONE)

    assert not pane.view_model.state.waiting
    pane.show_photograph(retina, width=retina.shape[1], height=retina.shape[0], key="next")
    ready(qtbot, pane)
    assert pane.view_model.state.shown_filter is ViewFilter.NONE


@pytest.mark.parametrize(
    "tone", [Tone(brightness=0.2), Tone(contrast=1.7), Tone(gamma=0.5), Tone(-0.1, 0.6, 2.0)]
)
def test_the_tone_is_that_of_imaging_pixel_by_pixel(pane, show, act, retina, tone):
    show(retina)
    act("actual_size").trigger()

    pane.view_model.set_tone(tone)

    toned = adjust_tone(
        retina, brightness=tone.brightness, contrast=tone.contrast, gamma=tone.gamma
    )
    seen, expected = seen_part(pane.canvas, toned)
    np.testing.assert_array_equal(seen[40:], expected[40:])  # below the caption


def test_sliders_set_the_tone_and_reset_brings_it_back(pane, show, act, retina):
    show(retina)
    press(pane, Qt.Key.Key_B)
    assert pane.tone_bar.isVisible()

    pane.tone_bar.gamma.setValue(100)
    pane.tone_bar.brightness.setValue(-50)
    tone = pane.view_model.state.choices.tone
    assert (tone.brightness, tone.contrast, tone.gamma) == pytest.approx((-0.25, 1.0, 3.0))

    act("reset_tone").trigger()
    assert pane.view_model.state.choices.tone.is_neutral
    assert pane.tone_bar.gamma.value() == pane.tone_bar.brightness.value() == 0
