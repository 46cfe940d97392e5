"""Pictures which are no fundus photographs: scikit-image's own, and rendered ones."""

from collections.abc import Iterator

import cv2
import numpy as np
import skimage.data

from retina_desktop.domain.images import RgbImage
from training.not_fundus_pictures import RENDERERS, framed, varied

PHOTOGRAPHS = (
    "astronaut", "brick", "camera", "cell", "chelsea", "clock", "coffee", "coins", "grass",
    "gravel", "horse", "hubble_deep_field", "immunohistochemistry", "moon", "page", "rocket",
    "text", "colorwheel", "logo",
)  # fmt: skip


def photograph(name: str) -> RgbImage:
    """Return one of scikit-image's own pictures as RGB."""
    picture = np.asarray(getattr(skimage.data, name)())
    if picture.dtype == np.bool_:
        picture = picture.astype(np.uint8) * 255
    if picture.ndim == 2:
        picture = np.repeat(picture[..., None], 3, axis=2)
    return np.ascontiguousarray(picture[..., :3], dtype=np.uint8)


def in_black_frame(picture: RgbImage, *, share: float = 0.96) -> RgbImage:
    """Return the middle of a picture as a camera's circle would show it."""
    side = min(picture.shape[:2])
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    square = np.ascontiguousarray(picture[top : top + side, left : left + side])
    circle = np.zeros((side, side), dtype=np.uint8)
    cv2.circle(circle, (side // 2, side // 2), int(share * side / 2), 255, -1, cv2.LINE_AA)
    return np.asarray(cv2.bitwise_and(square, square, mask=circle), dtype=np.uint8)


def not_fundus_pictures(*, seed: int = 0, each: int = 1) -> Iterator[tuple[str, RgbImage]]:
    """Yield kind and pixels: photographs whole, framed and in pieces, and renderings."""
    rng = np.random.default_rng(seed)
    for name in PHOTOGRAPHS:
        picture = photograph(name)
        yield name, picture
        yield f"{name} framed", in_black_frame(picture)
        for _ in range(each):
            yield f"{name} piece", framed(varied(picture, rng), rng)
    for kind, render in RENDERERS.items():
        for _ in range(each):
            yield kind, framed(render(rng), rng)
    side = 300
    for level in (0, 255):
        yield f"level {level}", np.full((side, side, 3), level, dtype=np.uint8)
