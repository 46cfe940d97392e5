"""Believable fundus photographs out of nothing, for tests which must not hold real ones.

What is drawn: an orange-red field with a vignette in a camera's black frame, an optic disc
with its cup on the nasal side, four branching vessel arcades, a darker macula, and on
request lesions and everything which goes wrong at the camera. The same arguments give the same
pixels.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.images import FieldOfView, Laterality, RgbImage

FloatImage = NDArray[np.float32]

# The scene is painted with this radius at most and enlarged: quick at any picture size.
_SCENE_RADIUS_PX = 270
_SCENE_MARGIN = 1.04
# Linear RGB of the parts, in shares of full white at brightness 1.
_FIELD_RGB = np.array([0.74, 0.36, 0.15], dtype=np.float32)
_DISC_RGB = np.array([0.98, 0.76, 0.46], dtype=np.float32)
_CUP_RGB = np.array([1.00, 0.90, 0.68], dtype=np.float32)
_EXUDATE_RGB = np.array([0.98, 0.86, 0.45], dtype=np.float32)
_HAEMORRHAGE_RGB = np.array([0.40, 0.08, 0.05], dtype=np.float32)
_VESSEL_TRANSMISSION = np.array([0.68, 0.42, 0.50], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class _Scene:
    """The unit square of the field: pixel grids in radii, (0, 0) at the circle's centre."""

    radius_px: float
    x: FloatImage
    y: FloatImage

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """Return the pixel of a point given in radii."""
        half = (self.x.shape[1] - 1) / 2
        return half + x * self.radius_px, half + y * self.radius_px

    def spot(self, x: float, y: float, sigma: float, aspect: float = 1.0) -> FloatImage:
        """Return a Gaussian spot of height 1; ``sigma`` in radii, ``aspect`` tall / wide."""
        dx = np.square((self.x[:1] - x) / sigma)
        dy = np.square((self.y[:, :1] - y) / (sigma * aspect))
        return np.asarray(np.exp(-0.5 * dy) * np.exp(-0.5 * dx), dtype=np.float32)


def centred_field(size: tuple[int, int], *, share: float = 0.97) -> FieldOfView:
    """Return the circle in the middle of a picture of ``size`` (height, width)."""
    height, width = size
    return FieldOfView((width - 1) / 2, (height - 1) / 2, share * min(height, width) / 2)


def render_fundus(
    *,
    size: tuple[int, int] = (1424, 2144),
    laterality: Laterality = Laterality.RIGHT,
    seed: int = 0,
    field: FieldOfView | None = None,
    framed: bool = True,
    disc_centred: bool = False,
    exudates: int = 0,
    haemorrhages: int = 0,
    blur: float = 0.0,
    brightness: float = 1.0,
    contrast: float = 1.0,
    unevenness: float = 0.0,
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0),
    vignette: float = 0.25,
    noise: float = 1.5,
    black_level: int = 0,
    corner_text: str = "",
    notch: bool = False,
) -> RgbImage:
    """Draw a fundus photograph.

    Parameters
    ----------
    size : tuple[int, int]
        Height and width of the picture in pixels.
    laterality : Laterality
        The disc of a right eye lies on the picture's right side, of a left eye on the left.
    seed : int
        Chooses the vessels, lesions, colours and noise.
    field : FieldOfView | None
        The camera's circle in pixels, also reaching out of the picture (then it is cut off);
        default: `centred_field`.
    framed : bool
        False leaves the black frame out: the retina fills the whole rectangle.
    disc_centred : bool
        True puts the disc, not the macula, near the middle.
    exudates, haemorrhages : int
        Number of yellow and of dark red lesions.
    blur : float
        Defocus, the sigma of a Gaussian in shares of the circle's radius (0.02 is bad).
    brightness : float
        Exposure: 1 is right, 0.2 too dark, 2.5 overexposed.
    contrast : float
        1 is clear media, 0.2 a dense haze.
    unevenness : float
        0 evenly lit, 1 with one side in the dark.
    tint : tuple[float, float, float]
        Factors on red, green and blue: another camera or another fundus.
    vignette : float
        Share of light lost at the circle's border.
    noise : float
        Standard deviation of the sensor noise in grey levels.
    black_level : int
        Grey level of the frame, 0 to 40, which the sensor adds everywhere.
    corner_text : str
        Burned into the picture's lower left corner.
    notch : bool
        True draws the small triangle which some cameras leave at the circle's border.

    Returns
    -------
    RgbImage
        Shape ``(height, width, 3)``, uint8, sRGB.
    """
    rng = np.random.default_rng(seed)
    field = field or centred_field(size)
    side = -1.0 if laterality is Laterality.LEFT else 1.0
    scene = _new_scene(min(_SCENE_RADIUS_PX, field.radius))
    retina = _paint_retina(scene, rng, side=side, disc_centred=disc_centred)
    _paint_lesions(retina, scene, rng, exudates=exudates, haemorrhages=haemorrhages)
    light = _light(scene, rng, vignette=vignette, unevenness=unevenness)
    retina = _expose(retina * light[..., None], brightness, contrast, tint)
    if blur > 0:
        blurred = cv2.GaussianBlur(retina, (0, 0), blur * scene.radius_px)
        retina = np.asarray(blurred, dtype=np.float32)
    picture = _place(retina, scene, field, size, framed=framed, black_level=black_level)
    if noise > 0:
        _add_noise(picture, rng, noise)
    if framed:
        _burn_in(picture, field, corner_text=corner_text, notch=notch)
    return picture


def _new_scene(radius_px: float) -> _Scene:
    half = math.ceil(radius_px * _SCENE_MARGIN)
    axis = (np.arange(2 * half + 1, dtype=np.float32) - half) / np.float32(radius_px)
    x, y = np.meshgrid(axis, axis)
    return _Scene(radius_px, x, y)


def _paint_retina(
    scene: _Scene, rng: np.random.Generator, *, side: float, disc_centred: bool
) -> FloatImage:
    """Return the evenly lit retina, (S, S, 3) float32 in shares of white."""
    disc_x = side * (rng.uniform(-0.08, 0.08) if disc_centred else rng.uniform(0.50, 0.62))
    disc_y = rng.uniform(-0.08, 0.04)
    macula_x, macula_y = disc_x - side * rng.uniform(0.54, 0.62), disc_y + 0.09
    retina = np.empty((*scene.x.shape, 3), dtype=np.float32)
    retina[:] = _FIELD_RGB * rng.uniform(0.9, 1.1, size=3).astype(np.float32)
    mottle = 0.10 * _cloud(rng, scene, cells=7) + 0.06 * _cloud(rng, scene, cells=60)
    retina *= (1 + mottle)[..., None]
    wide, narrow = (scene.spot(macula_x, macula_y, sigma) for sigma in (0.22, 0.07))
    retina *= ((1 - 0.22 * wide) * (1 - 0.22 * narrow))[..., None]
    disc_radius = rng.uniform(0.125, 0.155)
    _lay(retina, _disc_mask(scene, disc_x, disc_y, disc_radius, 0.012), _DISC_RGB)
    vessels = _vessel_mask(scene, rng, disc=(disc_x, disc_y), side=side)
    cup_radius = disc_radius * rng.uniform(0.35, 0.55)
    cup = _disc_mask(scene, disc_x - 0.01 * side, disc_y, cup_radius, 0.02)
    _lay(retina, 0.8 * cup, _CUP_RGB)
    retina *= 1 - vessels[..., None] * (1 - _VESSEL_TRANSMISSION)
    return retina


def _disc_mask(scene: _Scene, x: float, y: float, radius: float, softness: float) -> FloatImage:
    distance = np.hypot((scene.x[:1] - x) * 1.06, (scene.y[:, :1] - y) * 0.95)
    return np.asarray(np.clip((radius - distance) / softness + 0.5, 0, 1), dtype=np.float32)


def _lay(retina: FloatImage, mask: FloatImage, colour: FloatImage) -> None:
    retina += mask[..., None] * (colour - retina)


def _cloud(rng: np.random.Generator, scene: _Scene, *, cells: int) -> FloatImage:
    """Return smooth noise in about [-1, 1] with ``cells`` cells along each side."""
    coarse = rng.uniform(-1, 1, size=(cells, cells)).astype(np.float32)
    shape = scene.x.shape
    return np.asarray(cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC))


def _vessel_mask(
    scene: _Scene, rng: np.random.Generator, *, disc: tuple[float, float], side: float
) -> FloatImage:
    """Return absorption in [0, 1] of the arcades which leave the disc and branch."""
    canvas = np.zeros(scene.x.shape, dtype=np.uint8)
    for vertical in (-1.0, 1.0):
        for temporal in (True, False):
            for width, shade in ((0.017, 200), (0.024, 255)):
                away = -side if temporal else side
                start = math.atan2(vertical, away * rng.uniform(0.2, 0.5))
                end = math.atan2(vertical * rng.uniform(0.0, 0.25), away)
                turn = _wrapped(end - start) / (16 if temporal else 26)
                _grow(canvas, scene, rng, (*disc, start, turn, width, shade), depth=0)
    mask = cv2.GaussianBlur(canvas, (0, 0), max(0.0025 * scene.radius_px, 0.4))
    return np.asarray(mask / np.float32(255), dtype=np.float32)


def _wrapped(angle: float) -> float:
    return math.remainder(angle, math.tau)


def _grow(
    canvas: NDArray[np.uint8],
    scene: _Scene,
    rng: np.random.Generator,
    twig: tuple[float, float, float, float, float, int],
    *,
    depth: int,
) -> None:
    """Draw one vessel of ``twig`` (x, y, heading, turn a step, width, shade), and its branches.

    Lengths in radii; a step is 0.07.
    """
    x, y, heading, turn, width, shade = twig
    fixed = 4  # cv2 takes coordinates in sixteenths of a pixel
    for step in range(26 - 6 * depth):
        heading += turn + rng.normal(0, 0.07)
        next_x, next_y = x + 0.07 * math.cos(heading), y + 0.07 * math.sin(heading)
        ends = [
            tuple(round(value * 2**fixed) for value in scene.pixel(*point))
            for point in ((x, y), (next_x, next_y))
        ]
        thickness = max(1, round(width * scene.radius_px))
        cv2.line(canvas, ends[0], ends[1], shade, thickness, cv2.LINE_AA, fixed)
        x, y, width = next_x, next_y, width * 0.965
        if math.hypot(x, y) > 1.05 or width < 0.004:
            return
        if depth < 2 and step > 1 and rng.random() < 0.22:
            aside = heading + rng.choice((-1, 1)) * rng.uniform(0.4, 0.8)
            branch = (x, y, aside, rng.normal(0, 0.02), width * 0.65, shade)
            _grow(canvas, scene, rng, branch, depth=depth + 1)


def _paint_lesions(
    retina: FloatImage,
    scene: _Scene,
    rng: np.random.Generator,
    *,
    exudates: int,
    haemorrhages: int,
) -> None:
    kinds = ((haemorrhages, _HAEMORRHAGE_RGB, 0.030), (exudates, _EXUDATE_RGB, 0.016))
    for count, colour, largest in kinds:
        mask = np.zeros(scene.x.shape, dtype=np.uint8)
        for _ in range(count):
            distance, angle = 0.75 * math.sqrt(rng.random()), rng.uniform(0, math.tau)
            place = scene.pixel(distance * math.cos(angle), distance * math.sin(angle))
            axes = rng.uniform(0.3, 1.0, size=2) * largest * scene.radius_px
            centre = (round(place[0]), round(place[1]))
            half = (max(1, round(axes[0])), max(1, round(axes[1])))
            turn = rng.uniform(0, 180)
            cv2.ellipse(mask, centre, half, turn, 0, 360, color=255, thickness=-1)
        soft = np.asarray(
            cv2.GaussianBlur(mask, (0, 0), 0.8) / np.float32(255), dtype=np.float32
        )
        _lay(retina, 0.85 * soft, colour)


def _light(
    scene: _Scene, rng: np.random.Generator, *, vignette: float, unevenness: float
) -> FloatImage:
    light = 1 - vignette * (np.square(scene.x) + np.square(scene.y))
    angle = rng.uniform(0, math.tau)
    slope = math.cos(angle) * scene.x + math.sin(angle) * scene.y
    shade = 1 / (1 + np.exp(-4 * (slope + 0.2)))
    light *= 1 - unevenness * (1 - shade)
    return np.asarray(np.maximum(light, 0), dtype=np.float32)


def _expose(
    retina: FloatImage, brightness: float, contrast: float, tint: tuple[float, float, float]
) -> FloatImage:
    """Return grey levels, float32 in [0, 255]."""
    haze = np.array([0.62, 0.42, 0.28], dtype=np.float32)
    veiled = haze + contrast * (retina - haze) if contrast < 1 else retina
    levels = 255 * brightness * veiled * np.array(tint, dtype=np.float32)
    return np.asarray(np.clip(levels, 0, 255), dtype=np.float32)


def _place(
    retina: FloatImage,
    scene: _Scene,
    field: FieldOfView,
    size: tuple[int, int],
    *,
    framed: bool,
    black_level: int,
) -> RgbImage:
    """Enlarge the scene to the picture; outside the circle lies the black frame."""
    height, width = size
    zoom = field.radius / scene.radius_px
    half = (scene.x.shape[0] - 1) / 2
    if not framed:  # the rectangle lies inside the circle's square
        zoom = max(zoom, math.hypot(height, width) / 2 / scene.radius_px)
    matrix = np.array(
        [[zoom, 0, field.center_x - zoom * half], [0, zoom, field.center_y - zoom * half]]
    )
    levels = np.rint(retina).astype(np.uint8)
    flags = cv2.INTER_LINEAR
    border = cv2.BORDER_REFLECT
    picture = cv2.warpAffine(levels, matrix, (width, height), flags=flags, borderMode=border)
    if framed:
        frame = np.full((height, width), 255, dtype=np.uint8)
        fixed = 4
        centre = tuple(round(v * 2**fixed) for v in (field.center_x, field.center_y))
        radius = round(field.radius * 2**fixed)
        cv2.circle(frame, centre, radius, 0, thickness=-1, lineType=cv2.LINE_AA, shift=fixed)
        picture = cv2.subtract(picture, cv2.cvtColor(frame, cv2.COLOR_GRAY2RGB))
        if black_level:
            picture = cv2.add(picture, np.full(4, black_level, dtype=np.float64))
    return np.asarray(picture, dtype=np.uint8)


def _add_noise(picture: RgbImage, rng: np.random.Generator, sigma: float) -> None:
    """Add sensor noise in place; a repeated tile is quick and looks no different."""
    height, width = picture.shape[:2]
    tile = rng.normal(0, sigma, size=(128, 160, 3)).astype(np.int16)
    down, across = -(-height // 128), -(-width // 160)
    grain = np.tile(np.clip(tile, -20, 20).astype(np.int8), (down, across, 1))[:height, :width]
    brighter = cv2.add(picture, np.maximum(grain, 0).astype(np.uint8))
    picture[:] = cv2.subtract(brighter, np.maximum(-grain, 0).astype(np.uint8))


def _burn_in(picture: RgbImage, field: FieldOfView, *, corner_text: str, notch: bool) -> None:
    height, width = picture.shape[:2]
    scale = min(height, width) / 700
    if corner_text:
        place = (round(8 * scale), height - round(12 * scale))
        font = cv2.FONT_HERSHEY_SIMPLEX
        thickness = max(1, round(scale))
        cv2.putText(picture, corner_text, place, font, 0.7 * scale, (235, 235, 235), thickness)
    if notch:
        tip = np.array(
            [field.center_x + 0.68 * field.radius, field.center_y + 0.68 * field.radius]
        )
        size = 0.10 * field.radius
        corners = tip + size * np.array([[0.0, 0.0], [1.0, 0.2], [0.2, 1.0]])
        colour = tuple(int(v) for v in picture[height // 2, width // 2])
        cv2.fillPoly(picture, [np.rint(corners).astype(np.int32)], colour)
