"""Whether heatmaps point at lesions: the pointing game and overlaps, beside what chance gives.

Everything is measured in the crop that the network sees. A random network has the same
architecture and no training: a map that does no better shows the architecture, not the eye
(Adebayo et al., Sanity checks for saliency maps, NeurIPS 2018).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.images import FieldCrop
from retina_desktop.domain.manifests import PreprocessingStep
from retina_desktop.imaging.decode import decode_photograph
from retina_desktop.imaging.field_of_view import crop_to_field, find_field_of_view
from retina_desktop.imaging.preprocessing import prepare_tensor
from retina_desktop.ml.torch_network import NetworkWithMaps

MASK_SIDE = 512  # pixels of the crop in which masks and maps are compared
# As the pointing game allows 15 pixels around an object in pictures of about 500 (Zhang et
# al., Top-down neural attention by excitation backprop, IJCV 2018, 4.1).
TOLERANCE_PX = 15
HOT = 0.5  # of a map's peak: where the map is called hot for overlaps


class LesionsUnreadableError(RetinaError):
    """The lesion masks cannot be used."""


@dataclass(frozen=True, slots=True, eq=False)
class LesionPicture:
    """A photograph's crop and where its lesions are."""

    crop: FieldCrop  # of the network's size
    lesions: NDArray[np.bool_]  # (MASK_SIDE, MASK_SIDE)
    inside: NDArray[np.bool_]  # the field of view, likewise


@dataclass(frozen=True, slots=True)
class Explained:
    """How one network's maps fit the lesions, means over photographs; all in [0, 1]."""

    photographs: int
    pointing: float  # the hottest point lies in a lesion, or within the tolerance
    pointing_exact: float  # in a lesion
    iou: float  # of the hot area and the lesions
    dice: float
    heat_inside: float  # share of the heat that lies in lesions


@dataclass(frozen=True, slots=True)
class Explanation:
    """The trained network's maps beside what needs no training.

    ``anywhere`` is the share of the field within the tolerance of a lesion (a random point's
    hit rate), ``anywhere_exact`` that of the lesions themselves; ``center`` and
    ``center_exact`` are the hit rates of the field's centre.
    """

    trained: Explained
    random: Explained
    anywhere: float
    anywhere_exact: float
    center: float
    center_exact: float


def read_lesions(
    images: Path, masks: Path, *, kinds: Sequence[str], size: int
) -> Iterator[LesionPicture]:
    """Yield each photograph with the union of its masks ``STEM_KIND.png``.

    Photographs without any of the masks, or whose masks are empty, are left out.

    Parameters
    ----------
    images, masks : Path
        Folders; a mask has its photograph's size, above 0 in a lesion.
    kinds : Sequence[str]
        Such as ``("MA", "HE", "EX", "SE")``.
    size : int
        Pixels of the network's crop.

    Raises
    ------
    LesionsUnreadableError
        If a folder is missing, there is no photograph, or a mask has another size.
    """
    for folder in (images, masks):
        if not folder.is_dir():
            raise LesionsUnreadableError(
                f"There is no folder {folder.name}; name the folder of photographs and the "
                "folder of their masks."
            )
    files = sorted(file for file in images.iterdir() if file.is_file())
    if not files:
        raise LesionsUnreadableError("There is no photograph in the folder of images.")
    for file in files:
        union = _union([masks / f"{file.stem}_{kind}.png" for kind in kinds])
        if union is None or not union.any():
            continue
        pixels = decode_photograph(file).pixels
        if union.shape != pixels.shape[:2]:
            raise LesionsUnreadableError(
                f"The masks of {file.name} have another size than the photograph."
            )
        field = find_field_of_view(pixels)
        if field is None:
            continue
        drawn = np.repeat(union[:, :, None] * np.uint8(255), 3, axis=2)
        mask = crop_to_field(drawn, field, size=MASK_SIDE)
        crop = crop_to_field(pixels, field, size=size)
        yield LesionPicture(crop, mask.pixels[:, :, 0] > 0, mask.inside)


def explain(
    network: nn.Module,
    random: nn.Module,
    pictures: Sequence[LesionPicture],
    *,
    label: int,
    steps: Sequence[PreprocessingStep],
) -> Explanation:
    """Measure label number `label`'s maps of the trained and of the random network.

    Raises
    ------
    LesionsUnreadableError
        If no photograph has a lesion.
    """
    if not pictures:
        raise LesionsUnreadableError("No photograph has a lesion of the kinds asked for.")
    near = [_near(picture.lesions) for picture in pictures]
    middle = MASK_SIDE // 2
    return Explanation(
        trained=_measure(network, pictures, near, label, steps),
        random=_measure(random, pictures, near, label, steps),
        anywhere=_mean(n[p.inside].mean() for p, n in zip(pictures, near, strict=True)),
        anywhere_exact=_mean(p.lesions[p.inside].mean() for p in pictures),
        center=_mean(float(n[middle, middle]) for n in near),
        center_exact=_mean(float(p.lesions[middle, middle]) for p in pictures),
    )


def _union(paths: Sequence[Path]) -> NDArray[np.bool_] | None:
    found = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in paths if path.exists()]
    masks = [np.asarray(mask) > 0 for mask in found if mask is not None]
    if not masks or len({mask.shape for mask in masks}) > 1:
        return None
    return np.asarray(np.any(masks, axis=0), np.bool_)


def _near(lesions: NDArray[np.bool_]) -> NDArray[np.bool_]:
    away = cv2.distanceTransform((~lesions).astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(away <= TOLERANCE_PX, np.bool_)


def _measure(
    network: nn.Module,
    pictures: Sequence[LesionPicture],
    near: Sequence[NDArray[np.bool_]],
    label: int,
    steps: Sequence[PreprocessingStep],
) -> Explained:
    asked = NetworkWithMaps(network.eval())
    rows = []
    for picture, close in zip(pictures, near, strict=True):
        heat = _heat(asked, picture, label, steps)
        lesions, peak = picture.lesions, np.unravel_index(int(heat.argmax()), heat.shape)
        total = float(heat.sum())
        pointed = (float(close[peak]), float(lesions[peak])) if total > 0 else (0.0, 0.0)
        hot = heat >= HOT * heat.max() if total > 0 else np.zeros_like(lesions)
        both, either = int((hot & lesions).sum()), int((hot | lesions).sum())
        dice = 2 * both / max(int(hot.sum() + lesions.sum()), 1)
        inside = float(heat[lesions].sum()) / total if total > 0 else 0.0
        rows.append((*pointed, both / max(either, 1), dice, inside))
    means = np.mean(rows, axis=0).tolist()
    return Explained(len(rows), *means)


@torch.inference_mode()
def _heat(
    network: NetworkWithMaps,
    picture: LesionPicture,
    label: int,
    steps: Sequence[PreprocessingStep],
) -> NDArray[np.float32]:
    """Return the evidence for the label, at least 0, in the masks' pixels, inside the field."""
    tensor = torch.from_numpy(prepare_tensor(picture.crop, tuple(steps)))
    _, maps = network(tensor[None])
    small = maps[0, label].clamp(min=0).numpy()
    large = cv2.resize(small, (MASK_SIDE, MASK_SIDE), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large * picture.inside, np.float32)


def _mean(values: Iterator[float]) -> float:
    return float(np.mean(list(values)))
