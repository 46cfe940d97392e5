"""The pane that a window embeds: photograph, heat, legend and controls."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSignalBlocker, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QPalette
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from retina_desktop.gui.task_runner import TaskRunner
from retina_desktop.gui.viewer.actions import (
    ACTION_ENTRIES,
    FILTER_ACTIONS,
    build_viewer_actions,
    plain_text,
    tint_viewer_actions,
)
from retina_desktop.gui.viewer.camera import Camera, Size
from retina_desktop.gui.viewer.canvas import PhotographCanvas
from retina_desktop.gui.viewer.controls import HeatBar, NavigationBar, ToneBar
from retina_desktop.gui.viewer.legend import HeatLegend
from retina_desktop.gui.viewer.looks import Palette, Tone, ViewFilter
from retina_desktop.gui.viewer.scene import SURROUND
from retina_desktop.gui.viewer.state import HeatCaption, ViewerState
from retina_desktop.gui.viewer.view_model import ViewerViewModel

if TYPE_CHECKING:
    from retina_desktop.domain.heatmaps import Heatmap
    from retina_desktop.domain.images import RgbImage


class ViewerPane(QWidget):
    """Shows one photograph and where the evidence for a finding lies.

    It decides nothing: `ViewerViewModel` holds the state, `render_state` shows it. It accepts
    no drops, so that they reach the window. Call `shut_down` before the application ends.
    """

    hovered = Signal(str)  # pixel, colour and heat under the pointer; "" off the photograph
    opacity_changed = Signal(float)  # in [0, 1]
    full_screen_requested = Signal()

    def __init__(
        self, parent: QWidget | None = None, *, runner: TaskRunner | None = None
    ) -> None:
        super().__init__(parent)
        self._tinted_for: QPalette | None = None
        self._runner = runner or TaskRunner("viewer", parent=self)
        self.view_model = ViewerViewModel(self._runner, self)
        self._actions = build_viewer_actions(self)
        self._filter_group = QActionGroup(self)
        for name in FILTER_ACTIONS:
            self._filter_group.addAction(self._actions[name])
        self.plain_canvas = PhotographCanvas()
        self.plain_canvas.setAccessibleName(self.tr("Untouched photograph"))
        self.canvas = PhotographCanvas()
        self.legend = HeatLegend()
        self.navigation_bar = NavigationBar(self._actions)
        self.tone_bar = ToneBar(self._actions["reset_tone"])
        self.heat_bar = HeatBar(self._actions)
        self._lay_out()
        self._connect()
        self._tint()
        self.render_state(self.view_model.state)

    # -- for the window --------------------------------------------------------------------

    def show_photograph(
        self, pixels: "RgbImage", *, width: int, height: int, key: str | None = None
    ) -> None:
        """Show a photograph.

        Another photograph is fitted, turned upright, and has no heatmap until
        `set_heatmap`. More pixels of the same one keep zoom, place, rotation and heatmap.

        Parameters
        ----------
        pixels : RgbImage
            All pixels, or a reduced preview of them; not to be changed afterwards.
        width, height : int
            Of the original photograph.
        key : str or None
            Names the photograph (its hash, its path): the same key is the same photograph.
            Without keys, a larger picture after a preview with the same width and height is.
        """
        self.view_model.show_photograph(pixels, Size(width, height), key=key)

    def clear(self, message: str = "") -> None:
        """Show no photograph, and `message` in its place."""
        self.view_model.clear(message)

    def set_heatmap(
        self, heat: "Heatmap | None", *, label: str = "", strength: str = ""
    ) -> None:
        """Lay `heat` over the photograph shown, or nothing.

        Parameters
        ----------
        heat : Heatmap or None
            Float32 in [0, 1], any shape ``(h, w)``; covers the whole photograph.
        label : str
            Name of the finding, for legend and caption.
        strength : str
            How strong it is, in words ("91 %, threshold 40 %").
        """
        self.view_model.set_heatmap(heat, HeatCaption(label, strength))

    def actions_table(self) -> list[QAction]:
        """Return all actions, with text, shortcut and tips, in the order of the menus."""
        return list(self._actions.values())

    def actions_by_menu(self) -> dict[str, list[QAction]]:
        """Return the actions under "Zoom", "Heatmap" and "Filter"."""
        menus: dict[str, list[QAction]] = {}
        for entry in ACTION_ENTRIES:
            menus.setdefault(entry.menu, []).append(self._actions[entry.id])
        return menus

    def opacity(self) -> float:
        """Return the heatmap's opacity in [0, 1]; 0 while it is switched off."""
        choices = self.view_model.state.choices
        return choices.opacity if choices.heat_on else 0.0

    def heat_palette(self) -> str:
        """Return the name of the palette that colours the heatmap."""
        return self.view_model.state.choices.palette.value

    def shut_down(self) -> bool:
        """Stop the workers; False when one did not stop in time."""
        return self._runner.shut_down()

    # -- state in --------------------------------------------------------------------------

    @Slot(object)
    def render_state(self, state: ViewerState) -> None:
        """Show `state`."""
        self._render_canvases(state)
        self.legend.setVisible(state.legend_shown)
        if state.main is not None and state.main.heat is not None:
            self.legend.render_caption(state.caption)
            self.legend.render_scale(state.main.heat.scale_bar)
        for bar in (self.navigation_bar, self.tone_bar, self.heat_bar):
            bar.render_state(state)
        self._render_actions(state)

    def _render_canvases(self, state: ViewerState) -> None:
        self.plain_canvas.setVisible(state.plain is not None)
        if state.main is None:
            self.canvas.show_message(state.problem or state.message)
            self.plain_canvas.show_message("")
            self.navigation_bar.scale.clear()
            return
        if state.plain is not None:
            caption = self.tr("Original")
            self.plain_canvas.show_layer(state.plain, state.choices.camera, caption=caption)
        self.canvas.show_layer(state.main, state.choices.camera, caption=self._caption(state))
        placement = self.canvas.placement()
        if placement is not None:
            self.navigation_bar.render_scale(placement.scale)
        self.canvas.setAccessibleDescription(self._description(state))

    def _render_actions(self, state: ViewerState) -> None:
        choices = state.choices
        checked = {
            "heat": choices.heat_on,
            "contour": choices.contour,
            "side_by_side": choices.side_by_side,
            f"filter_{choices.view_filter.value}": True,
        }
        for name, on in checked.items():
            with QSignalBlocker(self._actions[name]):
                self._actions[name].setChecked(on)
        for entry in ACTION_ENTRIES:
            shown = state.has_heat if entry.menu == "Heatmap" else state.main is not None
            self._actions[entry.id].setEnabled(shown or entry.id in _ALWAYS_ENABLED)

    def _caption(self, state: ViewerState) -> str:
        parts = []
        if state.shown_filter is not ViewFilter.NONE:
            parts.append(plain_text(self._actions[f"filter_{state.shown_filter.value}"]))
        if not state.choices.tone.is_neutral:
            parts.append(self.tr("Tone changed"))
        if state.plain is not None and state.legend_shown and state.caption.label:
            parts.append(state.caption.label)
        return " · ".join(parts)

    def _description(self, state: ViewerState) -> str:
        """Say for a screen reader what the heat on the picture is."""
        if not state.legend_shown:
            return self.tr("No heatmap is shown.")
        percent = round(state.choices.opacity * 100)
        return self.tr("Heatmap of {label}, {strength}, opacity {percent} %.").format(
            label=state.caption.label, strength=state.caption.strength, percent=percent
        )

    # -- signals out -----------------------------------------------------------------------

    def _connect(self) -> None:
        model = self.view_model
        model.state_changed.connect(self.render_state)
        model.opacity_changed.connect(self.opacity_changed)
        for canvas in (self.canvas, self.plain_canvas):
            canvas.camera_requested.connect(model.set_camera)
        self.canvas.scale_changed.connect(self.navigation_bar.render_scale)
        self.canvas.pointed_at.connect(self._on_pointed_at)
        self.plain_canvas.pointed_at.connect(self._on_pointed_at_plain)
        self.navigation_bar.filter_chosen.connect(model.set_filter)
        self.tone_bar.tone_chosen.connect(model.set_tone)
        self.heat_bar.opacity_chosen.connect(model.set_opacity)
        self.heat_bar.palette_chosen.connect(model.set_palette)
        act = self._actions
        act["heat"].toggled.connect(model.set_heat_on)
        act["contour"].toggled.connect(model.set_contour)
        act["side_by_side"].toggled.connect(model.set_side_by_side)
        act["tone"].toggled.connect(self.tone_bar.setVisible)
        act["full_screen"].triggered.connect(self.full_screen_requested)
        for name in ("fit", "actual_size", "zoom_in", "zoom_out", "rotate_right"):
            act[name].triggered.connect(getattr(self, f"_on_{name}"))
        for name in ("rotate_left", "opacity_up", "opacity_down", "next_palette", "reset_tone"):
            act[name].triggered.connect(getattr(self, f"_on_{name}"))
        self._filter_group.triggered.connect(self._on_filter)

    @Slot()
    def _on_fit(self) -> None:
        turns = self.view_model.state.choices.camera.quarter_turns
        self.view_model.set_camera(Camera(quarter_turns=turns))

    @Slot()
    def _on_actual_size(self) -> None:
        self.canvas.zoom_to(1.0)

    @Slot()
    def _on_zoom_in(self) -> None:
        self.canvas.zoom_one_stop(closer=True)

    @Slot()
    def _on_zoom_out(self) -> None:
        self.canvas.zoom_one_stop(closer=False)

    @Slot()
    def _on_rotate_right(self) -> None:
        self.view_model.rotate(1)

    @Slot()
    def _on_rotate_left(self) -> None:
        self.view_model.rotate(-1)

    @Slot()
    def _on_opacity_up(self) -> None:
        self.view_model.step_opacity(1)

    @Slot()
    def _on_opacity_down(self) -> None:
        self.view_model.step_opacity(-1)

    @Slot()
    def _on_next_palette(self) -> None:
        palettes = list(Palette)
        current = palettes.index(self.view_model.state.choices.palette)
        self.view_model.set_palette(palettes[(current + 1) % len(palettes)])

    @Slot()
    def _on_reset_tone(self) -> None:
        self.view_model.set_tone(Tone())

    @Slot(QAction)
    def _on_filter(self, action: QAction) -> None:
        self.view_model.set_filter(FILTER_ACTIONS[action.objectName().removeprefix("viewer.")])

    @Slot(object)
    def _on_pointed_at(self, point: tuple[float, float] | None) -> None:
        self.plain_canvas.show_mark(point)
        self.canvas.show_mark(None)
        self.hovered.emit(self.view_model.read_out(point))

    @Slot(object)
    def _on_pointed_at_plain(self, point: tuple[float, float] | None) -> None:
        self.canvas.show_mark(point)
        self.plain_canvas.show_mark(None)
        self.hovered.emit(self.view_model.read_out(point))

    # -- layout ----------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.tone_bar.hide()
        pictures = QHBoxLayout()
        pictures.setSpacing(0)
        pictures.addWidget(_side_by_side(self.plain_canvas, self.canvas), 1)
        pictures.addWidget(self.legend)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.navigation_bar)
        rows.addWidget(self.tone_bar)
        rows.addLayout(pictures, 1)
        rows.addWidget(self.heat_bar)
        self.setFocusProxy(self.canvas)

    def changeEvent(self, event: QEvent) -> None:
        """Draw the icons anew when the theme changes."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._tint()

    def _tint(self) -> None:
        """Draw the icons, once for each palette: Qt tells of a change many times."""
        palette, actions = self.palette(), getattr(self, "_actions", None)
        if actions and palette != self._tinted_for:
            self._tinted_for = QPalette(palette)
            tint_viewer_actions(actions, palette)


def _side_by_side(*canvases: PhotographCanvas) -> QWidget:
    """Return the canvases in a row; what is between them does not glare."""
    between = QWidget()
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Window, SURROUND.lighter(200))
    between.setPalette(palette)
    between.setAutoFillBackground(True)
    row = QHBoxLayout(between)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(2)
    for canvas in canvases:
        row.addWidget(canvas, 1)
    return between


_ALWAYS_ENABLED = frozenset({"full_screen", "tone", "reset_tone"})
