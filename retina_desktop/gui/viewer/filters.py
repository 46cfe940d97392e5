"""What workers do for the viewer: make photographs drawable, filter them, colour heat.

Everything heavy is imported when a task runs, so that the window is seen before.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from retina_desktop.gui.viewer.camera import Size
from retina_desktop.gui.viewer.heat import HeatPicture, build_heat_picture
from retina_desktop.gui.viewer.looks import Palette, Tone, ViewFilter
from retina_desktop.gui.viewer.pyramid import Pyramid, build_pyramid
from retina_desktop.services.tasks import TaskContext

if TYPE_CHECKING:
    from collections.abc import Callable

    from retina_desktop.domain.heatmaps import Heatmap
    from retina_desktop.domain.images import Mask, RgbImage

    FilterCall = Callable[[RgbImage, Mask | None], RgbImage]


@dataclass(frozen=True, slots=True, eq=False)
class FilteredPicture:
    """A photograph seen through a filter."""

    picture: Pyramid
    view_filter: ViewFilter


@dataclass(frozen=True, slots=True, eq=False)
class PreparePicture:
    """Makes a photograph drawable."""

    pixels: "RgbImage" = field(repr=False)
    size: Size

    def __call__(self, context: TaskContext) -> Pyramid:
        """Return the pyramid, with everything loaded that later runs in the GUI thread."""
        import retina_desktop.imaging.enhancement  # noqa: F401 - `tone_table` needs it

        context.progress(0.1)
        return build_pyramid(self.pixels, self.size)


@dataclass(frozen=True, slots=True, eq=False)
class FilterPicture:
    """Makes a photograph drawable as it looks through a filter."""

    pixels: "RgbImage" = field(repr=False)
    size: Size
    view_filter: ViewFilter

    def __call__(self, context: TaskContext) -> FilteredPicture:
        """Return the filtered pyramid."""
        context.progress(0.0)
        mask = None if self.view_filter is ViewFilter.INVERT else _field_mask(self.pixels)
        filtered = _filter_call(self.view_filter)(self.pixels, mask)
        context.progress(0.8)
        return FilteredPicture(build_pyramid(filtered, self.size), self.view_filter)


@dataclass(frozen=True, slots=True, eq=False)
class ColourHeat:
    """Makes a heatmap drawable."""

    heat: "Heatmap" = field(repr=False)
    palette: Palette
    size: Size

    def __call__(self, context: TaskContext) -> HeatPicture:
        """Return the coloured overlay."""
        context.progress(0.0)
        return build_heat_picture(self.heat, self.palette, self.size)


def tone_table(tone: Tone) -> bytes | None:
    """Return the 256 output values of `tone`, None where it changes nothing.

    What `imaging.enhancement.adjust_tone` makes of a grey ramp: it treats every pixel and
    channel alike, so the table is the whole of it.
    """
    if tone.is_neutral:
        return None
    import numpy as np

    from retina_desktop.imaging.enhancement import adjust_tone

    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    toned = adjust_tone(
        ramp, brightness=tone.brightness, contrast=tone.contrast, gamma=tone.gamma
    )
    return bytes(toned[0, :, 0])


def _filter_call(view_filter: ViewFilter) -> "FilterCall":
    from retina_desktop.imaging import enhancement

    calls: dict[ViewFilter, FilterCall] = {
        ViewFilter.RED_FREE: enhancement.red_free,
        ViewFilter.CLAHE: enhancement.clahe,
        ViewFilter.ILLUMINATION: enhancement.illumination_correction,
        ViewFilter.ENHANCED: enhancement.enhanced,
        ViewFilter.INVERT: lambda pixels, _mask: 255 - pixels,
    }
    return calls[view_filter]


def _field_mask(pixels: "RgbImage") -> "Mask | None":
    """Return what is inside the camera's circle: the black frame must not steer a filter."""
    import numpy as np

    from retina_desktop.imaging.field_of_view import find_field_of_view

    found = find_field_of_view(pixels)
    if found is None:
        return None
    height, width = pixels.shape[:2]
    dy = np.arange(height, dtype=np.float32)[:, None] - found.center_y
    dx = np.arange(width, dtype=np.float32)[None, :] - found.center_x
    mask: Mask = dx * dx + dy * dy <= found.radius**2
    return mask
