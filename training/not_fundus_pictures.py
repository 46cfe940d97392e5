"""Pictures which are no fundus photographs, rendered: what the fundus gate must refuse.

Each renderer takes a random generator and gives a picture of about ``SIDE_PX`` pixels; `framed`
puts any picture into the frames which fundus cameras leave. The same generator state gives the
same pixels.
"""

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.images import RgbImage

SIDE_PX = 320

_Float = NDArray[np.float32]
Renderer = Callable[[np.random.Generator], RgbImage]


def oct_scan(rng: np.random.Generator) -> RgbImage:
    """Layered bands with a pit and speckle, grey or in false colours."""
    x, y = _grid()
    bend = rng.uniform(-0.3, 0.3) * np.square(x) + rng.uniform(-0.2, 0.2) * x
    pit = rng.uniform(0, 0.25) * np.exp(-np.square(x / 0.2))
    level = np.zeros_like(x)
    top = rng.uniform(-0.4, 0.0)
    for _ in range(rng.integers(4, 9)):
        width = rng.uniform(0.02, 0.08)
        place = y - top - bend - pit
        level += rng.uniform(0.3, 1.0) * np.exp(-np.square(place / width))
        top += rng.uniform(1.2, 2.5) * width
        pit = pit * 0.6
    speckle = rng.gamma(2.0, 0.5, size=x.shape).astype(np.float32)
    grey = _to_bytes(255 * (0.08 + 0.6 * level) * speckle)
    if rng.random() < 0.5:
        return _grey_to_rgb(grey)
    maps = (cv2.COLORMAP_JET, cv2.COLORMAP_HOT, cv2.COLORMAP_INFERNO)
    return _rgb(cv2.applyColorMap(grey, maps[rng.integers(3)])[..., ::-1])


def external_eye(rng: np.random.Generator) -> RgbImage:
    """Skin, lids, lashes, sclera, iris and pupil with a reflection."""
    x, y = _grid()
    skin = np.array([0.85, 0.62, 0.50], dtype=np.float32) * rng.uniform(0.35, 1.1)
    picture = _textured(rng, skin, roughness=0.05)
    opening = rng.uniform(0.25, 0.7)
    tall = opening * (1 - np.square(x / rng.uniform(0.75, 1.2)))
    eye = np.abs(y) < tall
    picture[eye] = _textured(
        rng, np.array([0.88, 0.82, 0.80], dtype=np.float32), roughness=0.04
    )[eye]
    radius = rng.uniform(0.25, 0.6)
    cx, cy = rng.uniform(-0.2, 0.2, size=2)
    distance = np.hypot(x - cx, y - cy)
    hues = ((0.35, 0.22, 0.12), (0.30, 0.40, 0.50), (0.35, 0.42, 0.28), (0.55, 0.33, 0.10))
    iris = np.array(hues[rng.integers(4)], dtype=np.float32)
    spokes = 1 + 0.3 * np.sin(np.arctan2(y - cy, x - cx) * rng.integers(30, 70))
    ring = eye & (distance < radius)
    picture[ring] = (iris * (spokes * (0.7 + 0.5 * distance / radius))[..., None])[ring]
    pupil = eye & (distance < radius * rng.uniform(0.3, 0.75))
    glow = rng.choice((0.02, 0.05, 0.35))
    picture[pupil] = np.array([glow * 1.6, glow * 0.8, glow * 0.4], dtype=np.float32)
    spot = np.hypot(x - cx - 0.1, y - cy + 0.1) < rng.uniform(0.02, 0.07)
    picture[spot & eye] = 1.0
    result = _to_bytes(255 * picture)
    for angle in np.linspace(-0.8, 0.8, rng.integers(0, 40)):
        foot = _pixel(angle, -opening * (1 - angle**2))
        tip = _pixel(angle * 1.2, -opening * (1 - angle**2) - rng.uniform(0.1, 0.3))
        cv2.line(result, foot, tip, (25, 18, 15), 2, cv2.LINE_AA)
    return result


def iris_close_up(rng: np.random.Generator) -> RgbImage:
    """Render an iris filling the field: fibres around a dark or glowing pupil."""
    x, y = _grid()
    distance, angle = np.hypot(x, y), np.arctan2(y, x)
    base = np.array([0.75, 0.45, 0.20], dtype=np.float32) * rng.uniform(0.4, 1.1)
    if rng.random() < 0.5:
        base = base[::-1].copy()
    fibres = sum(
        np.sin(angle * k + rng.uniform(0, 6)) * rng.uniform(0.02, 0.15)
        for k in rng.integers(8, 90, size=6)
    )
    picture = base * (1 + fibres)[..., None].astype(np.float32)
    pupil = rng.uniform(0.2, 0.55)
    picture[distance < pupil] = rng.choice((0.02, 0.06, 0.3))
    picture *= _soft(distance, 0.95, 0.1)[..., None]
    return _to_bytes(255 * picture)


def document(rng: np.random.Generator) -> RgbImage:
    """Lines of text, now and then a table or a form, on paper of any colour."""
    paper = rng.uniform(170, 255) * np.array([1, rng.uniform(0.85, 1), rng.uniform(0.7, 1)])
    picture = np.full((SIDE_PX, SIDE_PX, 3), paper, dtype=np.uint8)
    ink = tuple(int(v) for v in rng.uniform(0, 90, size=3))
    if rng.random() < 0.2:
        picture, ink = _rgb(255 - picture), (230, 230, 230)
    scale = float(rng.uniform(0.3, 1.2))
    letters = list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789   ,.")
    for row in range(20, SIDE_PX, max(9, int(30 * scale))):
        line = "".join(rng.choice(letters, size=60))
        cv2.putText(
            picture, line, (8, row), cv2.FONT_HERSHEY_SIMPLEX, scale, ink, 1, cv2.LINE_AA
        )
    if rng.random() < 0.4:
        for place in rng.integers(0, SIDE_PX, size=6):
            cv2.line(picture, (0, int(place)), (SIDE_PX, int(place)), ink, 1)
            cv2.line(picture, (int(place), 0), (int(place), SIDE_PX), ink, 1)
    return picture


def plain(rng: np.random.Generator) -> RgbImage:
    """One colour, often orange or that of skin, with a little noise."""
    picture = np.empty((SIDE_PX, SIDE_PX, 3), dtype=np.float32)
    picture[:] = _warm(rng) if rng.random() < 0.7 else rng.uniform(0, 255, size=3)
    return _noisy(picture, rng)


def gradient(rng: np.random.Generator) -> RgbImage:
    """Two or three colours running into each other, straight or radially."""
    x, y = _grid()
    angle = rng.uniform(0, math.tau)
    along = (math.cos(angle) * x + math.sin(angle) * y + 1.4) / 2.8
    if rng.random() < 0.5:
        along = np.hypot(x - rng.uniform(-0.4, 0.4), y - rng.uniform(-0.4, 0.4)) / 1.6
    share = np.clip(along, 0, 1)[..., None]
    first = _warm(rng) if rng.random() < 0.6 else rng.uniform(0, 255, size=3)
    second = first * rng.uniform(0.2, 1) if rng.random() < 0.6 else rng.uniform(0, 255, size=3)
    return _noisy((share * first + (1 - share) * second).astype(np.float32), rng)


def noise(rng: np.random.Generator) -> RgbImage:
    """White or coloured noise, of any spectrum, grey, tinted or in all colours."""
    slope = rng.choice((0.0, 0.5, 1.0, 1.5, 2.0))
    colour = _warm(rng) / 255 if rng.random() < 0.5 else np.ones(3)
    planes = [_spectral(rng, slope) for _ in range(3)]
    if rng.random() < 0.6:
        planes = [planes[0]] * 3
    level = np.stack(planes, axis=2) * rng.uniform(0.1, 0.35) + 0.5
    return _to_bytes(255 * level * colour)


def polygons(rng: np.random.Generator) -> RgbImage:
    """Random shapes in random or warm colours."""
    picture = np.full((SIDE_PX, SIDE_PX, 3), _warm(rng), dtype=np.uint8)
    warm = rng.random() < 0.5
    for _ in range(rng.integers(3, 40)):
        colour = _warm(rng) if warm else rng.uniform(0, 255, size=3)
        tone = tuple(int(v) for v in np.clip(colour, 0, 255))
        centre = rng.uniform(0, SIDE_PX, size=2)
        corners = centre + rng.normal(0, rng.uniform(8, 90), size=(rng.integers(3, 8), 2))
        if rng.random() < 0.4:
            place = (int(centre[0]), int(centre[1]))
            cv2.circle(picture, place, int(rng.uniform(3, 60)), tone, -1, cv2.LINE_AA)
        else:
            cv2.fillPoly(picture, [corners.astype(np.int32)], tone, cv2.LINE_AA)
    return picture


def stripes(rng: np.random.Generator) -> RgbImage:
    """Stripes, checks or rings."""
    x, y = _grid()
    kind, pace = rng.integers(3), rng.uniform(5, 60)
    wave = np.sin(pace * x)
    if kind == 1:
        wave = wave * np.sin(pace * y)
    elif kind == 2:
        wave = np.sin(pace * np.hypot(x, y))
    share = (0.5 + 0.5 * np.clip(wave * rng.choice((1, 8)), -1, 1))[..., None]
    first, second = _warm(rng), rng.uniform(0, 255, size=3)
    return _noisy((share * first + (1 - share) * second).astype(np.float32), rng)


def planet(rng: np.random.Generator) -> RgbImage:
    """Render a ball lit from one side, with clouds or bands: planet, fruit, toy."""
    x, y = _grid()
    light_x, light_y = rng.uniform(-0.6, 0.6, size=2)
    height = np.sqrt(np.clip(1 - np.square(x) - np.square(y), 0, 1))
    shade = np.clip(0.35 + light_x * x + light_y * y + 0.7 * height, 0, None)
    skin = _spectral(rng, rng.uniform(0.8, 1.8)) * rng.uniform(0.02, 0.25)
    if rng.random() < 0.4:
        skin = skin + 0.15 * np.sin(rng.uniform(5, 25) * (y + 0.1 * skin))
    colour = _warm(rng) if rng.random() < 0.7 else rng.uniform(30, 255, size=3)
    picture = colour * (shade * (1 + skin))[..., None]
    if rng.random() < 0.5:
        glint = np.exp(-(np.square(x - light_x) + np.square(y - light_y)) / 0.01)
        picture = picture + 200 * glint[..., None]
    return _to_bytes(picture * (np.hypot(x, y) < 0.97)[..., None])


def tunnel(rng: np.random.Generator) -> RgbImage:
    """Render an endoscope's view: a pink wall, folds, a dark lumen, wet reflections."""
    x, y = _grid()
    cx, cy = rng.uniform(-0.4, 0.4, size=2)
    distance, angle = np.hypot(x - cx, y - cy), np.arctan2(y - cy, x - cx)
    folds = np.sin(rng.uniform(8, 25) * distance + rng.uniform(0.2, 0.6) * np.sin(3 * angle))
    depth = 1 / (1 + np.exp(-(distance - rng.uniform(0.1, 0.4)) * 9))
    colour = np.array([225, rng.uniform(90, 150), rng.uniform(70, 130)])
    wall = 1 + 0.15 * folds + 0.06 * _spectral(rng, 1.2)
    picture = colour * (depth * wall)[..., None]
    result = _to_bytes(picture)
    for _ in range(rng.integers(5, 40)):
        place = tuple(int(v) for v in rng.uniform(0, SIDE_PX, size=2))
        cv2.ellipse(result, place, (int(rng.uniform(1, 9)), 2), 0, 0, 360, (255, 250, 245), -1)
    return result


def skin_spot(rng: np.random.Generator) -> RgbImage:
    """Render a dermatoscope's or an otoscope's view: skin, a darker spot, hairs."""
    x, y = _grid()
    skin = np.array([0.86, rng.uniform(0.5, 0.68), rng.uniform(0.4, 0.58)], dtype=np.float32)
    picture = _textured(rng, skin * rng.uniform(0.5, 1.1), roughness=rng.uniform(0.02, 0.12))
    wobble = 0.12 * _spectral(rng, 1.8)
    spot = _soft(np.hypot(x, y * rng.uniform(0.7, 1.4)) + wobble, rng.uniform(0.1, 0.6), 0.1)
    tone = np.array([0.45, 0.28, 0.18], dtype=np.float32) * rng.uniform(0.4, 1.2)
    picture += rng.uniform(0, 1) * spot[..., None] * (tone - picture)
    result = _to_bytes(255 * picture)
    for _ in range(rng.integers(0, 25)):
        start = rng.uniform(0, SIDE_PX, size=2)
        end = start + rng.normal(0, 70, size=2)
        places = [tuple(int(v) for v in point) for point in (start, end)]
        cv2.line(
            result, places[0], places[1], (45, 32, 25), int(rng.integers(1, 3)), cv2.LINE_AA
        )
    return result


def cells(rng: np.random.Generator) -> RgbImage:
    """Stained tissue: many nuclei on pink or purple."""
    ground = np.array([rng.uniform(190, 245), rng.uniform(130, 200), rng.uniform(170, 230)])
    cloud = (1 + 0.1 * _spectral(rng, 1.3))[..., None]
    picture = _to_bytes(ground * cloud)
    nucleus = np.array([rng.uniform(60, 140), rng.uniform(30, 100), rng.uniform(90, 170)])
    size = rng.uniform(2, 9)
    for _ in range(rng.integers(80, 700)):
        tone = tuple(int(v) for v in np.clip(nucleus * rng.uniform(0.7, 1.3), 0, 255))
        place = tuple(int(v) for v in rng.uniform(0, SIDE_PX, size=2))
        axes = tuple(max(1, int(v)) for v in rng.uniform(0.5, 1.3, size=2) * size)
        cv2.ellipse(picture, place, axes, rng.uniform(0, 180), 0, 360, tone, -1, cv2.LINE_AA)
    return _rgb(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.5)))


def landscape(rng: np.random.Generator) -> RgbImage:
    """Sky, a horizon and a textured ground, also at sunset."""
    x, y = _grid()
    horizon = rng.uniform(-0.4, 0.4) + 0.2 * _spectral(rng, 1.8)[0]
    sky = np.linspace(0.6, 1.1, SIDE_PX)[:, None, None] * rng.uniform(60, 255, size=3)
    if rng.random() < 0.5:
        sky = np.linspace(0.6, 1.1, SIDE_PX)[:, None, None] * _warm(rng)
    ground = rng.uniform(20, 160, size=3) * (1 + 0.3 * _spectral(rng, 0.8))[..., None]
    picture = np.where((y > horizon)[..., None], ground, np.broadcast_to(sky, ground.shape))
    if rng.random() < 0.5:
        sun = _soft(np.hypot(x - rng.uniform(-0.6, 0.6), y + 0.5), rng.uniform(0.05, 0.3), 0.03)
        picture = picture + sun[..., None] * np.array([200, 170, 90])
    return _to_bytes(picture)


RENDERERS: dict[str, Renderer] = {
    renderer.__name__: renderer
    for renderer in (
        oct_scan, external_eye, iris_close_up, document, plain, gradient, noise, polygons,
        stripes, planet, tunnel, skin_spot, cells, landscape,
    )
}  # fmt: skip


def framed(picture: RgbImage, rng: np.random.Generator) -> RgbImage:
    """Return the picture as it is, or in a round, cut or square black frame."""
    kind = rng.integers(4)
    if kind == 0:
        return picture
    side = min(picture.shape[:2])
    top, left = (rng.integers(0, length - side + 1) for length in picture.shape[:2])
    square = picture[top : top + side, left : left + side].copy()
    if kind < 3:
        circle = np.zeros((side, side), dtype=np.uint8)
        cv2.circle(circle, (side // 2, side // 2), int(0.49 * side), 255, -1, cv2.LINE_AA)
        square = _rgb(cv2.subtract(square, _grey_to_rgb(_rgb(255 - circle))))
    if kind == 2:
        cut = int(rng.uniform(0.04, 0.16) * side)
        return square[cut : side - cut]
    border = int(rng.uniform(0, 0.2) * side)
    return _rgb(cv2.copyMakeBorder(square, 0, 0, border, border, cv2.BORDER_CONSTANT))


def varied(picture: RgbImage, rng: np.random.Generator) -> RgbImage:
    """Return a random piece of a picture, turned, blurred, and in other colours."""
    side = int(min(picture.shape[:2]) * rng.uniform(0.4, 1.0))
    top, left = (rng.integers(0, length - side + 1) for length in picture.shape[:2])
    piece = np.rot90(picture[top : top + side, left : left + side], k=int(rng.integers(4)))
    piece = _rgb(cv2.resize(np.ascontiguousarray(piece), (SIDE_PX, SIDE_PX)))
    levels = np.asarray(piece, dtype=np.float32)
    choice = rng.random()
    if choice < 0.25:  # as if seen through a fundus camera
        grey = levels.mean(axis=2, keepdims=True)
        levels = np.asarray(grey * (_warm(rng) / 150), dtype=np.float32)
    elif choice < 0.5:
        levels = np.asarray(levels * rng.uniform(0.5, 1.3, size=3), dtype=np.float32)
    elif choice < 0.6:
        levels = levels[..., rng.permutation(3)]
    if rng.random() < 0.3:
        sigma = rng.uniform(0.5, 6)
        levels = np.asarray(cv2.GaussianBlur(levels, (0, 0), sigma), dtype=np.float32)
    return _to_bytes(levels * rng.uniform(0.5, 1.2))


def _grid() -> tuple[_Float, _Float]:
    axis = np.linspace(-1, 1, SIDE_PX, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    return x, y


def _pixel(x: float, y: float) -> tuple[int, int]:
    return int((x + 1) / 2 * SIDE_PX), int((y + 1) / 2 * SIDE_PX)


def _warm(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return an orange, brown, red, pink or skin colour."""
    red = rng.uniform(60, 250)
    green = red * rng.uniform(0.25, 0.85)
    return np.array([red, green, green * rng.uniform(0.3, 1.0)])


def _spectral(rng: np.random.Generator, slope: float) -> _Float:
    """Return noise with amplitude falling as frequency ** -slope, standard deviation 1."""
    white = np.fft.rfft2(rng.normal(size=(SIDE_PX, SIDE_PX)))
    fy = np.fft.fftfreq(SIDE_PX)[:, None]
    fx = np.fft.rfftfreq(SIDE_PX)[None]
    amplitude = np.maximum(np.hypot(fx, fy), 1 / SIDE_PX) ** -slope
    plane = np.fft.irfft2(white * amplitude, s=(SIDE_PX, SIDE_PX))
    return np.asarray((plane - plane.mean()) / plane.std(), dtype=np.float32)


def _soft(distance: _Float, radius: float, width: float) -> _Float:
    return np.asarray(np.clip((radius - distance) / width + 0.5, 0, 1), dtype=np.float32)


def _textured(rng: np.random.Generator, colour: _Float, *, roughness: float) -> _Float:
    cloud = 1 + roughness * _spectral(rng, rng.uniform(0.7, 1.6))
    return np.asarray(colour * cloud[..., None], dtype=np.float32)


def _noisy(picture: _Float, rng: np.random.Generator) -> RgbImage:
    grain = rng.normal(0, rng.uniform(0, 4), size=picture.shape)
    return _to_bytes(picture + grain)


def _to_bytes(levels: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.asarray(np.clip(np.rint(levels), 0, 255), dtype=np.uint8)


def _rgb(array: NDArray[np.generic]) -> RgbImage:
    return np.ascontiguousarray(array, dtype=np.uint8)


def _grey_to_rgb(grey: NDArray[np.uint8]) -> RgbImage:
    return _rgb(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB))
