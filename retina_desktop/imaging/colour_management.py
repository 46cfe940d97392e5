"""Colours brought to sRGB when a picture carries another profile (Adobe RGB, Display P3)."""

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from retina_desktop.domain.images import RgbImage

if TYPE_CHECKING:
    from PIL import Image, ImageCms

_RGB = "RGB "
_CMYK = "CMYK"


def to_srgb(pixels: RgbImage, profile: bytes | None) -> RgbImage:
    """Convert RGB pixels from the embedded ICC `profile` to sRGB.

    Pixels are returned as they are when there is no profile, when it is sRGB already, when it
    describes something else than RGB (grey, CMYK), or when it cannot be read: a broken
    profile is no reason to refuse a photograph, and viewers ignore it too.
    """
    source = _readable(profile)
    if source is None or source.profile.xcolor_space != _RGB or _is_srgb(source):
        return pixels
    from PIL import Image

    return np.asarray(_through(source, Image.fromarray(pixels)))


def cmyk_to_srgb(image: "Image.Image", profile: bytes | None) -> RgbImage:
    """Convert a Pillow image of mode CMYK to sRGB pixels, by its profile when it has one."""
    source = _readable(profile)
    if source is not None and source.profile.xcolor_space == _CMYK:
        return np.asarray(_through(source, image))
    return np.asarray(image.convert("RGB"))


def lab_to_srgb(image: "Image.Image") -> RgbImage:
    """Convert a Pillow image of mode LAB (CIELAB, D50) to sRGB pixels."""
    from PIL import ImageCms

    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB", 5000))
    return np.asarray(_through(lab, image))


def _readable(profile: bytes | None) -> "ImageCms.ImageCmsProfile | None":
    if not profile:
        return None
    from PIL import ImageCms

    try:
        return ImageCms.ImageCmsProfile(BytesIO(profile))
    except (OSError, ValueError, TypeError):
        return None


def _is_srgb(profile: "ImageCms.ImageCmsProfile") -> bool:
    return "srgb" in (profile.profile.profile_description or "").lower()


def _through(source: "ImageCms.ImageCmsProfile", image: "Image.Image") -> "Image.Image":
    """Apply the transform; the picture's plain RGB if the profile does not allow one."""
    from PIL import ImageCms

    srgb = ImageCms.createProfile("sRGB")
    try:
        transform = ImageCms.buildTransform(source, srgb, image.mode, "RGB")
        return transform.apply(image)
    except (OSError, ValueError, ImageCms.PyCMSError):
        return image.convert("RGB")
