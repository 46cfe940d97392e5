"""Where a viewport looks at a photograph: pure geometry, no toolkit.

Two coordinate systems. *Image*: pixels of the original photograph, pixel ``i`` covering
``[i, i + 1)``. *Device*: physical pixels of the screen, from the viewport's top left corner.
"""

import math
from dataclasses import dataclass, replace

MAX_SCALE = 64.0  # device pixels per image pixel
# What the zoom keys step through: the usual magnifications.
STOPS = (
    *(1 / 32, 1 / 24, 1 / 16, 1 / 12, 1 / 8, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3),
    *(1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, MAX_SCALE),
)
_CLOCKWISE = ((1, 0, 0, 1), (0, -1, 1, 0), (-1, 0, 0, -1), (0, 1, -1, 0))


@dataclass(frozen=True, slots=True)
class Size:
    """A width and a height, at least 1 each."""

    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(f"empty size: {self.width} x {self.height}")


@dataclass(frozen=True, slots=True)
class Camera:
    """What a viewport of any size shows of a photograph.

    ``center_x`` and ``center_y`` (image coordinates) lie in the middle of the viewport.
    ``scale`` is device pixels per image pixel, so 1.0 is exact on every screen; None fits the
    whole photograph, whatever becomes of the viewport. ``quarter_turns`` are clockwise.
    """

    center_x: float = 0.0
    center_y: float = 0.0
    scale: float | None = None
    quarter_turns: int = 0

    def turned(self, quarters: int) -> "Camera":
        """Return the same view, rotated clockwise about its middle."""
        return replace(self, quarter_turns=(self.quarter_turns + quarters) % 4)


@dataclass(frozen=True, slots=True)
class Placement:
    """A camera resolved for one viewport: where every image point falls on the screen.

    ``left`` and ``top`` (whole device pixels, so that 1:1 is never blurred by a fraction) are
    the place of image point (0, 0).
    """

    scale: float
    quarter_turns: int
    left: int
    top: int

    def to_device(self, x: float, y: float) -> tuple[float, float]:
        """Return the device place of an image point."""
        a, b, c, d = _CLOCKWISE[self.quarter_turns]
        return self.left + self.scale * (a * x + b * y), self.top + self.scale * (c * x + d * y)

    def to_image(self, x: float, y: float) -> tuple[float, float]:
        """Return the image point at a device place."""
        a, b, c, d = _CLOCKWISE[self.quarter_turns]
        u, v = (x - self.left) / self.scale, (y - self.top) / self.scale
        return a * u + c * v, b * u + d * v  # a rotation's inverse is its transpose

    def moved_by(self, other: "Placement") -> tuple[int, int] | None:
        """Return by how many device pixels `other` is this one shifted, None if not only."""
        if (self.scale, self.quarter_turns) != (other.scale, other.quarter_turns):
            return None
        return other.left - self.left, other.top - self.top


def fit_scale(viewport: Size, image: Size, quarter_turns: int = 0) -> float:
    """Return the largest scale at which the whole photograph is seen."""
    width, height = image.width, image.height
    if quarter_turns % 2:
        width, height = height, width
    return min(viewport.width / width, viewport.height / height, MAX_SCALE)


def place(camera: Camera, viewport: Size, image: Size) -> Placement:
    """Resolve `camera` for a viewport in device pixels."""
    scale, x, y = _resolved(camera, viewport, image)
    a, b, c, d = _CLOCKWISE[camera.quarter_turns]
    return Placement(
        scale,
        camera.quarter_turns,
        math.floor(viewport.width / 2 - scale * (a * x + b * y) + 0.5),
        math.floor(viewport.height / 2 - scale * (c * x + d * y) + 0.5),
    )


def zoomed(
    camera: Camera,
    viewport: Size,
    image: Size,
    *,
    scale: float,
    anchor: tuple[float, float] | None = None,
) -> Camera:
    """Return the camera at `scale` with the same image point under `anchor`.

    Parameters
    ----------
    scale : float
        Wanted device pixels per image pixel. No less than the smaller of 1:1 and the fitting
        scale, at which the photograph fits again; no more than `MAX_SCALE`.
    anchor : tuple[float, float] or None
        Device place that keeps its image point, to half a device pixel, unless the middle
        of the view would leave the photograph; None is the viewport's middle.
    """
    fitting = fit_scale(viewport, image, camera.quarter_turns)
    scale = min(max(scale, min(fitting, 1.0)), MAX_SCALE)
    if scale <= fitting * (1 + 1e-9) and fitting <= 1.0:
        return replace(camera, scale=None)
    middle = (viewport.width / 2, viewport.height / 2)
    anchor = anchor or middle
    # from the camera itself: the rounded placement's fractions would add up, notch by notch
    here, center_x, center_y = _resolved(camera, viewport, image)
    a, b, c, d = _CLOCKWISE[camera.quarter_turns]
    way = 1.0 / here - 1.0 / scale  # in image pixels, for a device pixel off the middle
    u, v = (anchor[0] - middle[0]) * way, (anchor[1] - middle[1]) * way
    return _inside(
        replace(
            camera,
            scale=scale,
            center_x=center_x + a * u + c * v,
            center_y=center_y + b * u + d * v,
        ),
        image,
    )


def panned(camera: Camera, viewport: Size, image: Size, *, dx: float, dy: float) -> Camera:
    """Return the camera with the picture moved by (`dx`, `dy`) device pixels.

    The middle of the view stays inside the photograph.
    """
    scale, x, y = _resolved(camera, viewport, image)
    a, b, c, d = _CLOCKWISE[camera.quarter_turns]
    return _inside(
        replace(
            camera,
            scale=scale,
            center_x=x - (a * dx + c * dy) / scale,
            center_y=y - (b * dx + d * dy) / scale,
        ),
        image,
    )


def next_stop(scale: float, *, closer: bool) -> float:
    """Return the next usual magnification above or below `scale`."""
    if closer:
        return next((stop for stop in STOPS if stop > scale * 1.001), MAX_SCALE)
    return next((stop for stop in reversed(STOPS) if stop < scale * 0.999), 0.0)


def _resolved(camera: Camera, viewport: Size, image: Size) -> tuple[float, float, float]:
    """Return scale and middle of the view, also where the photograph is fitted."""
    if camera.scale is not None:
        return camera.scale, camera.center_x, camera.center_y
    fitting = fit_scale(viewport, image, camera.quarter_turns)
    return fitting, image.width / 2, image.height / 2


def _inside(camera: Camera, image: Size) -> Camera:
    return replace(
        camera,
        center_x=min(max(camera.center_x, 0.0), float(image.width)),
        center_y=min(max(camera.center_y, 0.0), float(image.height)),
    )
