from retina_desktop.gui.viewer.camera import Size
from retina_desktop.gui.viewer.looks import Tone, ViewFilter
from retina_desktop.gui.viewer.pyramid import Pyramid
from retina_desktop.gui.viewer.state import HeatCaption, ViewerChoices, ViewerMaterial, resolve

ORIGINAL = Pyramid((), Size(20, 10))
FILTERED = Pyramid((), Size(20, 10))
HEAT = object()


def test_without_a_photograph_there_is_a_message_and_nothing_else():
    state = resolve(ViewerChoices(side_by_side=True), ViewerMaterial(heat=HEAT, message="Drop"))

    assert (state.message, state.main, state.plain, state.legend_shown) == (
        "Drop",
        None,
        None,
        False,
    )


def test_until_the_filter_is_ready_the_photograph_is_shown_and_so_named():
    state = resolve(
        ViewerChoices(view_filter=ViewFilter.CLAHE), ViewerMaterial(original=ORIGINAL)
    )

    assert state.main.picture is ORIGINAL
    assert state.shown_filter is ViewFilter.NONE


def test_the_caption_names_the_filter_that_is_seen_not_the_one_asked_for():
    material = ViewerMaterial(
        original=ORIGINAL, filtered=FILTERED, filtered_by=ViewFilter.RED_FREE
    )

    state = resolve(ViewerChoices(view_filter=ViewFilter.CLAHE), material)

    assert state.main.picture is FILTERED
    assert state.shown_filter is ViewFilter.RED_FREE


def test_the_photograph_beside_is_untouched():
    material = ViewerMaterial(
        original=ORIGINAL,
        filtered=FILTERED,
        filtered_by=ViewFilter.CLAHE,
        heat=HEAT,
        tone_table=bytes(256),
    )
    choices = ViewerChoices(
        view_filter=ViewFilter.CLAHE, tone=Tone(gamma=2.0), side_by_side=True
    )

    plain = resolve(choices, material).plain

    assert (plain.picture, plain.tone_table, plain.heat) == (ORIGINAL, None, None)


def test_heat_switched_off_takes_contour_and_legend_with_it():
    material = ViewerMaterial(original=ORIGINAL, heat=HEAT, caption=HeatCaption("DR"))

    on = resolve(ViewerChoices(contour=True), material)
    off = resolve(ViewerChoices(contour=True, heat_on=False), material)

    assert (on.main.heat, on.main.contour, on.legend_shown) == (HEAT, True, True)
    assert (off.main.heat, off.main.contour, off.legend_shown) == (None, False, False)
    assert off.has_heat  # it can be switched on again
