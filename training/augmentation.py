"""Make each pass over the photographs a little different, a whole batch at a time.

One affine resampling (flip, turn, zoom, shift, stretch: together a random resized crop), one
colour change, now and then a blur and a poorer JPEG: enough that neither the side of the eye
nor one camera's colours become the answer. A flip makes a left eye look like a right one;
none of the labels depends on the side, so it may. A wide blur is `torchvision.transforms.v2`'s;
turning, moving and colouring are done here, because v2 draws one change for all photographs it
is given and takes its chance from torch's global generator. On a CPU, where OpenCV turns them,
that is 1.5 times as quick as v2 photograph by photograph, which changes no gamma
(`tests/benchmarks/augmentation.py`), on a GPU one call instead of a hundred. v2's JPEG is
deprecated, so that is OpenCV's.
"""

import math
from dataclasses import dataclass, fields

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own convention

_FIELD_FROM = 0.03  # of the brightest colour; darker is the frame around the field
# Measured over 11 sources of adults: the middle nine tenths of up to 80 photographs of each.
_RED_MEAN = (0.25, 0.80)
_GREEN_OF_RED = (0.33, 0.87)
_BLUE_OF_GREEN = (0.12, 0.73)
_LARGEST_GAIN = 3.0  # beyond, dark colours are noise
_CUT = (
    0.03,
    0.14,
)  # of the height, above and below, as cameras with a wide sensor cut the field
_GRAY = (0.299, 0.587, 0.114)  # ITU-R BT.601, as torchvision's


@dataclass(frozen=True, slots=True)
class AugmentationRanges:
    """How far a photograph may be changed."""

    turn_deg: float = 20.0
    zoom: tuple[float, float] = (0.9, 1.15)  # above 1 the retina looks larger
    shift: float = 0.05  # of the width
    brightness: float = 0.15  # of the full range
    contrast: float = 0.25
    channel_gain: float = 0.12  # each colour on its own: cameras differ in white balance
    gamma: float = 0.25
    blur_share: float = 0.15  # of the photographs of a batch
    flip_share: float = 0.5
    balance_share: float = 0.0  # of the photographs that take the colours of another camera
    stretch: float = 0.0  # height and width apart, up to this share of either
    saturation: float = 0.0  # up to this share more or less colour
    flip_vertical_share: float = 0.0  # upside down as well: for labels without an above
    blur_sigma: tuple[float, float] | None = None  # pixels; None: the mean of 3 x 3
    jpeg_share: float = 0.0  # of the photographs, compressed once more
    jpeg_quality: tuple[int, int] = (30, 90)
    cut_share: float = 0.0  # of the photographs, their field cut above and below


def normalise(batch: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """Scale pixels in [0, 1] by each channel's mean and deviation; shape unchanged."""
    means = torch.tensor(mean, device=batch.device).view(1, 3, 1, 1)
    scale = 1 / torch.tensor(std, device=batch.device).view(1, 3, 1, 1)
    return torch.addcmul(-means * scale, batch, scale)  # one pass over memory instead of two


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """What happens to each photograph of a batch; row i of every field is photograph i.

    Drawn for a whole batch at once, so that a batch shared among processes changes as it
    would in one.
    """

    matrix: Tensor  # (N, 2, 3), from the result's place to the photograph's
    factor: Tensor  # (N, 3), of each colour's distance from 0.4
    offset: Tensor  # (N,)
    gamma: Tensor  # (N,)
    blurred: Tensor  # (N,), bool
    balance: Tensor  # (N, 3), the mean each colour shall have in the field; NaN: as it is
    saturation: Tensor  # (N,), 1: as it is
    sigma: Tensor  # (N,), of the blur in pixels; NaN: the mean of 3 x 3
    quality: Tensor  # (N,), of JPEG, int64; 0: not compressed again
    cut: Tensor  # (N,), share of the height that turns black above, and as much below

    def of(self, rows: slice | Tensor) -> "Changes":
        """Return those of some photographs."""
        own = {field.name: getattr(self, field.name)[rows] for field in fields(self)}
        return Changes(**own)


def draw_changes(
    count: int, *, generator: torch.Generator, ranges: AugmentationRanges
) -> Changes:
    """Return the changes of `count` photographs.

    Parameters
    ----------
    count : int
        Photographs in the batch.
    generator : torch.Generator
        On the CPU; the only source of chance.
    ranges : AugmentationRanges
        How far each property may go.
    """
    matrix = _draw_matrix(count, generator, ranges)
    gain = 1 + _uniform(3 * count, -ranges.channel_gain, ranges.channel_gain, generator)
    contrast = 1 + _uniform(count, -ranges.contrast, ranges.contrast, generator)
    offset = _uniform(count, -ranges.brightness, ranges.brightness, generator)
    gamma = torch.exp(_uniform(count, -ranges.gamma, ranges.gamma, generator))
    blurred = torch.rand(count, generator=generator) < ranges.blur_share
    factor = gain.view(count, 3) * contrast.view(count, 1)
    balance = _draw_balance(count, generator, ranges)
    # What was added later is drawn last, and only where asked for: older recipes stay as they
    # were to the bit.
    matrix = _draw_stretch(matrix, generator, ranges)
    saturation = torch.ones(count)
    if ranges.saturation:
        saturation += _uniform(count, -ranges.saturation, ranges.saturation, generator)
    sigma = torch.full((count,), torch.nan)
    if ranges.blur_sigma:
        sigma = _uniform(count, *ranges.blur_sigma, generator)
    quality = _draw_quality(count, generator, ranges)
    return Changes(
        matrix,
        factor,
        offset,
        gamma,
        blurred,
        balance,
        saturation,
        sigma,
        quality,
        cut=_draw_cut(count, generator, ranges),
    )


def cut_fields(pixels: Tensor, changes: Changes) -> Tensor:
    """Return the photographs, some with a field that ends above and below in a straight line.

    A round field and a cut one tell cameras apart, and in the next clinic the outline says
    nothing of the eye.

    Parameters
    ----------
    pixels : Tensor
        Shape ``(N, 3, H, W)``, uint8; changed in place.
    changes : Changes
        Of N photographs.
    """
    height = pixels.shape[2]
    for row in changes.cut.nonzero().flatten().tolist():
        depth = round(float(changes.cut[row]) * height)
        pixels[row, :, :depth] = 0
        pixels[row, :, height - depth :] = 0
    return pixels


def recompress(pixels: Tensor, changes: Changes) -> Tensor:
    """Return the photographs, some of them compressed as JPEG once more.

    Parameters
    ----------
    pixels : Tensor
        Shape ``(N, 3, H, W)``, uint8, on the CPU; changed in place.
    changes : Changes
        Of N photographs.
    """
    for row in changes.quality.nonzero().flatten().tolist():
        picture = np.ascontiguousarray(pixels[row].permute(1, 2, 0).flip(2).numpy())
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(changes.quality[row])]
        decoded = cv2.imdecode(cv2.imencode(".jpg", picture, quality)[1], cv2.IMREAD_COLOR)
        pixels[row] = torch.from_numpy(np.asarray(decoded)).flip(2).permute(2, 0, 1)
    return pixels


def augment(batch: Tensor, changes: Changes, *, size: int) -> Tensor:
    """Return changed photographs of `size` pixels.

    Parameters
    ----------
    batch : Tensor
        Shape ``(N, 3, H, W)``, float32 in [0, 1].
    changes : Changes
        Of N photographs.
    size : int
        Side of the result in pixels.

    Returns
    -------
    Tensor
        Shape ``(N, 3, size, size)``, float32 in [0, 1], on the batch's device.
    """
    warp = _warp_by_opencv if batch.device.type == "cpu" else _warp_by_torch
    warped = warp(batch, changes.matrix, size)
    if not bool(changes.balance.isnan().all()):
        warped = _balance_some(warped, changes.balance.to(batch.device))
    return _blur_some(_change_colours(warped, changes), changes)


def _warp_by_torch(batch: Tensor, matrix: Tensor, size: int) -> Tensor:
    grid = F.affine_grid(
        matrix.to(batch.device), [len(batch), 3, size, size], align_corners=False
    )
    return F.grid_sample(batch, grid, mode="bilinear", align_corners=False)


def _warp_by_opencv(batch: Tensor, matrix: Tensor, size: int) -> Tensor:
    """Do as `_warp_by_torch` does, to a 32nd of a pixel, in a third of its time on a CPU."""
    pictures = batch.permute(0, 2, 3, 1).contiguous().numpy()
    turned = np.empty((len(batch), size, size, 3), np.float32)
    places = _in_pixels(matrix.double(), pictures.shape[1:3], size).numpy()
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    for picture, place, target in zip(pictures, places, turned, strict=True):
        cv2.warpAffine(picture, place, (size, size), dst=target, flags=flags)
    return torch.from_numpy(turned).permute(0, 3, 1, 2)


def _in_pixels(matrix: Tensor, shape: tuple[int, int], size: int) -> Tensor:
    """Return the matrices ``(N, 2, 3)`` from pixel to pixel; -1 and 1 are a picture's edges."""
    height, width = shape
    sides = torch.tensor([width, height], dtype=matrix.dtype).view(1, 2, 1)
    turn, shift = matrix[:, :, :2], matrix[:, :, 2:]
    begin = turn.sum(2, keepdim=True) * (1 / size - 1) + shift  # of the first pixel's centre
    return torch.cat((turn * sides / size, (begin + 1) * sides / 2 - 0.5), dim=2)


def _uniform(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(count, generator=generator)


def _draw_matrix(count: int, generator: torch.Generator, ranges: AugmentationRanges) -> Tensor:
    turn = math.radians(ranges.turn_deg)
    angle = _uniform(count, -turn, turn, generator)
    scale = 1.0 / _uniform(count, *ranges.zoom, generator)
    flip = torch.where(torch.rand(count, generator=generator) < ranges.flip_share, -1.0, 1.0)
    shift = _uniform(2 * count, -2 * ranges.shift, 2 * ranges.shift, generator).view(count, 2)
    cosine, sine = scale * torch.cos(angle), scale * torch.sin(angle)
    rows = (cosine * flip, -sine, shift[:, 0], sine * flip, cosine, shift[:, 1])
    return torch.stack(rows, dim=1).view(count, 2, 3)


def _draw_stretch(
    matrix: Tensor, generator: torch.Generator, ranges: AugmentationRanges
) -> Tensor:
    count = len(matrix)
    if ranges.stretch:
        least = math.log1p(ranges.stretch)
        wider = torch.exp(_uniform(count, -least, least, generator) / 2)
        matrix = matrix * torch.stack((wider, 1 / wider, torch.ones(count)), 1)[:, None, :]
    if ranges.flip_vertical_share:
        down = torch.rand(count, generator=generator) < ranges.flip_vertical_share
        sign = torch.where(down, -1.0, 1.0)
        matrix = matrix * torch.stack((torch.ones(count), sign, torch.ones(count)), 1)[:, None]
    return matrix


def _draw_quality(count: int, generator: torch.Generator, ranges: AugmentationRanges) -> Tensor:
    if not ranges.jpeg_share:
        return torch.zeros(count, dtype=torch.int64)
    low, high = ranges.jpeg_quality
    quality = torch.randint(low, high + 1, (count,), generator=generator)
    return quality * (torch.rand(count, generator=generator) < ranges.jpeg_share)


def _draw_cut(count: int, generator: torch.Generator, ranges: AugmentationRanges) -> Tensor:
    if not ranges.cut_share:
        return torch.zeros(count)
    depth = _uniform(count, *_CUT, generator)
    return depth * (torch.rand(count, generator=generator) < ranges.cut_share)


def _draw_balance(count: int, generator: torch.Generator, ranges: AugmentationRanges) -> Tensor:
    """Draw mean colours as fundus cameras give them: red above green above blue."""
    if ranges.balance_share == 0.0:
        return torch.full((count, 3), torch.nan)
    red = _uniform(count, *_RED_MEAN, generator)
    green = red * _uniform(count, *_GREEN_OF_RED, generator)
    blue = green * _uniform(count, *_BLUE_OF_GREEN, generator)
    kept = torch.rand(count, generator=generator) >= ranges.balance_share
    return torch.stack((red, green, blue), dim=1).masked_fill(kept.view(-1, 1), torch.nan)


def _balance_some(batch: Tensor, balance: Tensor) -> Tensor:
    """Scale each colour so that its mean over the field is the drawn one."""
    field = (batch.amax(1, keepdim=True) > _FIELD_FROM).to(batch.dtype)
    area = field.sum((2, 3)).clamp(min=1.0)
    means = (batch * field).sum((2, 3)) / area
    gain = (balance / means.clamp(min=1e-3)).clamp(1 / _LARGEST_GAIN, _LARGEST_GAIN)
    gain = torch.where(gain.isnan(), torch.ones_like(gain), gain)
    return (batch * gain[:, :, None, None]).clamp(0, 1)


def _change_colours(batch: Tensor, changes: Changes) -> Tensor:
    shape = (len(batch), 1, 1, 1)
    field = batch.amax(1, keepdim=True) > _FIELD_FROM  # the frame stays black
    factor = changes.factor.view(len(batch), 3, 1, 1).to(batch.device)
    offset = changes.offset.view(shape).to(batch.device)
    if not bool((changes.saturation == 1).all()):
        gray = (batch * batch.new_tensor(_GRAY).view(1, 3, 1, 1)).sum(1, keepdim=True)
        batch = gray + (batch - gray) * changes.saturation.view(shape).to(batch.device)
    gamma = changes.gamma.view(shape).to(batch.device)
    # In place: memory that is asked for anew costs more than the arithmetic.
    changed = torch.addcmul(offset + 0.4 - 0.4 * factor, batch, factor)
    return changed.clamp_(1e-4, 1).pow_(gamma).mul_(field)


def _blur_some(batch: Tensor, changes: Changes) -> Tensor:
    rows = changes.blurred.nonzero().flatten()
    if len(rows) and bool(changes.sigma[rows].isnan().any()):
        there = rows.to(batch.device)
        mean = _mean_by_opencv if batch.device.type == "cpu" else _mean_by_torch
        batch[there] = mean(batch[there])
        return batch
    # Seconds to import, which a command that trains nothing need not wait.
    from torchvision.transforms.v2 import functional as v2

    for row in rows.tolist():
        sigma = float(changes.sigma[row])
        side = 2 * math.ceil(3 * sigma) + 1  # three deviations to either side
        batch[row] = v2.gaussian_blur(batch[row], [side, side], [sigma, sigma])
    return batch


def _mean_by_torch(batch: Tensor) -> Tensor:
    """Return the mean of 3 x 3 pixels, of those that there are at the edges."""
    return F.avg_pool2d(batch, 3, stride=1, padding=1, count_include_pad=False)


def _mean_by_opencv(batch: Tensor) -> Tensor:
    """Do as `_mean_by_torch` does, in an eighth of its time on a CPU."""
    pictures = batch.permute(0, 2, 3, 1).contiguous().numpy()
    there = _sum_of_3x3(np.ones(pictures.shape[1:3], np.float32))[..., np.newaxis]
    means = np.stack([_sum_of_3x3(picture) for picture in pictures]) / there
    return torch.from_numpy(means).permute(0, 3, 1, 2)


def _sum_of_3x3(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    border = cv2.BORDER_CONSTANT  # zeros
    summed = cv2.boxFilter(picture, -1, (3, 3), normalize=False, borderType=border)
    return np.asarray(summed, np.float32)
