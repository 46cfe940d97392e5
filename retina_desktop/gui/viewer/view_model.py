"""Holds what the viewer shows, and has workers make it drawable."""

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from retina_desktop.domain.errors import RetinaError
from retina_desktop.gui.sentences import sentence_of
from retina_desktop.gui.task_runner import TaskRunner
from retina_desktop.gui.viewer.camera import Camera, Size
from retina_desktop.gui.viewer.filters import (
    ColourHeat,
    FilteredPicture,
    FilterPicture,
    PreparePicture,
    tone_table,
)
from retina_desktop.gui.viewer.heat import HeatPicture
from retina_desktop.gui.viewer.latest import LatestAnswer
from retina_desktop.gui.viewer.looks import Palette, Tone, ViewFilter
from retina_desktop.gui.viewer.pyramid import Pyramid
from retina_desktop.gui.viewer.state import (
    OPACITY_STEP,
    HeatCaption,
    ViewerChoices,
    ViewerMaterial,
    ViewerState,
    resolve,
)

if TYPE_CHECKING:
    from retina_desktop.domain.heatmaps import Heatmap
    from retina_desktop.domain.images import RgbImage


class ViewerViewModel(QObject):
    """The viewer's state: one frozen value, replaced and announced."""

    state_changed = Signal(object)  # ViewerState
    opacity_changed = Signal(float)  # in [0, 1]

    def __init__(self, runner: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._choices = ViewerChoices()
        self._material = ViewerMaterial()
        self._pixels: RgbImage | None = None
        self._size: Size | None = None
        self._key: str | None = None
        self._heat: Heatmap | None = None
        self._caption = HeatCaption()
        self._picture = LatestAnswer(runner, self)
        self._filtered = LatestAnswer(runner, self)
        self._heated = LatestAnswer(runner, self)
        self._picture.answered.connect(self._on_picture)
        self._filtered.answered.connect(self._on_filtered)
        self._heated.answered.connect(self._on_heated)
        self._picture.failed.connect(self._on_failed)
        self._filtered.failed.connect(self._on_filter_failed)
        self._heated.failed.connect(self._on_failed)
        self.state = ViewerState()

    # -- what there is to show -------------------------------------------------------------

    def show_photograph(
        self, pixels: "RgbImage", size: Size, *, key: str | None = None
    ) -> None:
        """Show a photograph; see `ViewerPane.show_photograph`."""
        if not self._is_same_photograph(pixels, size, key):
            self._heat = None
            self._heated.forget()
            self._filtered.forget()
            self._material = ViewerMaterial()
            self._choices = replace(self._choices, camera=Camera())
        self._pixels, self._size, self._key = pixels, size, key
        self._picture.ask(PreparePicture(pixels, size))
        self._announce()

    def clear(self, message: str) -> None:
        """Show `message` and no photograph."""
        for question in (self._picture, self._filtered, self._heated):
            question.forget()
        self._pixels = self._size = self._key = self._heat = None
        self._material = ViewerMaterial(message=message)
        self._choices = replace(self._choices, camera=Camera())
        self._announce()

    def set_heatmap(self, heat: "Heatmap | None", caption: HeatCaption) -> None:
        """Lay `heat` over the photograph, or nothing."""
        self._heat, self._caption = heat, caption
        if heat is None:
            self._heated.forget()
            self._material = replace(self._material, heat=None, caption=caption)
        self._ask_for_heat()
        self._announce()

    def read_out(self, point: tuple[float, float] | None) -> str:
        """Return pixel, colour and heat at an image point in words, "" off the photograph."""
        if point is None or self._pixels is None or self._size is None:
            return ""
        height, width = self._pixels.shape[:2]
        row = min(int(point[1] / self._size.height * height), height - 1)
        column = min(int(point[0] / self._size.width * width), width - 1)
        red, green, blue = (int(value) for value in self._pixels[row, column])
        text = self.tr("x {x}, y {y}   RGB {red}, {green}, {blue}").format(
            x=int(point[0]), y=int(point[1]), red=red, green=green, blue=blue
        )
        heat = self._material.heat
        if heat is not None:
            text += self.tr("   heat {heat:.2f}").format(heat=heat.at(*point))
        return text

    # -- what the user asks for ------------------------------------------------------------

    @Slot(object)
    def set_camera(self, camera: Camera) -> None:
        """Look from `camera`."""
        self._choose(replace(self._choices, camera=camera))

    def rotate(self, quarters: int) -> None:
        """Rotate clockwise by quarter turns."""
        self.set_camera(self._choices.camera.turned(quarters))

    @Slot(float)
    def set_opacity(self, opacity: float) -> None:
        """Show the heat with `opacity` in [0, 1]; touching it switches the heat on."""
        opacity = min(max(opacity, 0.0), 1.0)
        before = self._choices.opacity
        self._choose(replace(self._choices, opacity=opacity, heat_on=True))
        if opacity != before:
            self.opacity_changed.emit(opacity)

    def step_opacity(self, steps: int) -> None:
        """Go to the next tenth above (1) or below (-1)."""
        tenths = self._choices.opacity / OPACITY_STEP
        self.set_opacity(round(tenths + steps) * OPACITY_STEP)

    @Slot(bool)
    def set_heat_on(self, on: bool) -> None:
        """Show or hide the heat."""
        self._choose(replace(self._choices, heat_on=on))

    @Slot(bool)
    def set_contour(self, on: bool) -> None:
        """Show or hide the line where the heat is at its threshold."""
        self._choose(replace(self._choices, contour=on))

    @Slot(bool)
    def set_side_by_side(self, on: bool) -> None:
        """Show the untouched photograph beside the other, or not."""
        self._choose(replace(self._choices, side_by_side=on))

    @Slot(object)
    def set_palette(self, palette: Palette) -> None:
        """Colour the heat by `palette`."""
        if palette is not self._choices.palette:
            self._choices = replace(self._choices, palette=palette)
            self._ask_for_heat()
            self._announce()

    @Slot(object)
    def set_filter(self, view_filter: ViewFilter) -> None:
        """Look through `view_filter`; the view changes when a worker has it ready."""
        if view_filter is not self._choices.view_filter:
            self._choices = replace(self._choices, view_filter=view_filter)
            self._material = replace(self._material, problem="")
            self._ask_for_filter()
            self._announce()

    @Slot(object)
    def set_tone(self, tone: Tone) -> None:
        """Look with other brightness, contrast and gamma; at once."""
        self._choices = replace(self._choices, tone=tone)
        if self._material.original is not None:
            self._material = replace(self._material, tone_table=tone_table(tone))
        self._announce()

    # -- answers ---------------------------------------------------------------------------

    @Slot(object)
    def _on_picture(self, picture: Pyramid) -> None:
        table = tone_table(self._choices.tone)
        self._material = replace(self._material, original=picture, tone_table=table)
        self._ask_for_filter()
        self._announce()

    @Slot(object)
    def _on_filtered(self, filtered: FilteredPicture) -> None:
        self._material = replace(
            self._material, filtered=filtered.picture, filtered_by=filtered.view_filter
        )
        self._announce()

    @Slot(object)
    def _on_heated(self, heat: HeatPicture) -> None:
        self._material = replace(self._material, heat=heat, caption=self._caption)
        self._announce()

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self._material = replace(self._material, problem=self._words_for(error))
        self._announce()

    @Slot(object)
    def _on_filter_failed(self, error: Exception) -> None:
        self._choices = replace(self._choices, view_filter=ViewFilter.NONE)
        self._material = replace(self._material, filtered=None)
        self._on_failed(error)

    # -- private ---------------------------------------------------------------------------

    def _words_for(self, error: Exception) -> str:
        if isinstance(error, RetinaError):
            return sentence_of(error)
        return self.tr("The view could not be computed (internal error; see the log).")

    def _is_same_photograph(self, pixels: "RgbImage", size: Size, key: str | None) -> bool:
        if self._pixels is None or size != self._size:
            return False
        if key is not None or self._key is not None:
            return key == self._key
        was_preview = self._pixels.shape[1] < size.width
        return was_preview and bool(pixels.shape[1] > self._pixels.shape[1])

    def _ask_for_filter(self) -> None:
        if self._choices.view_filter is ViewFilter.NONE:
            self._filtered.forget()
            self._material = replace(self._material, filtered=None)
        elif self._material.original is not None and self._pixels is not None and self._size:
            task = FilterPicture(self._pixels, self._size, self._choices.view_filter)
            self._filtered.ask(task)

    def _ask_for_heat(self) -> None:
        if self._heat is not None and self._size is not None:
            self._heated.ask(ColourHeat(self._heat, self._choices.palette, self._size))

    def _choose(self, choices: ViewerChoices) -> None:
        if choices != self._choices:
            self._choices = choices
            self._announce()

    def _announce(self) -> None:
        waiting = self._picture.waiting or self._filtered.waiting
        self._material = replace(self._material, waiting=waiting)
        self.state = resolve(self._choices, self._material)
        self.state_changed.emit(self.state)
