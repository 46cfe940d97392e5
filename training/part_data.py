"""The photographs of one part as a run sees them: rows, batches, and a network's answers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own convention

from retina_desktop.imaging.preprocessing import IMAGENET_MEAN, IMAGENET_STD
from training.augmentation import normalise
from training.cache import Squares
from training.manifest_data import Known, Targets


@dataclass(frozen=True, slots=True, eq=False)
class PartData:
    """One part of the split; row i of every field is the same photograph.

    ``rows`` are its photographs' places in ``squares``.
    """

    squares: Squares
    rows: NDArray[np.int64]
    targets: Targets
    known: Known
    sources: tuple[str, ...]
    codes: tuple[str, ...]
    grades: NDArray[np.int64] | None = None  # (N,) of diabetic retinopathy, -1 unknown
    soft: NDArray[np.float32] | None = None  # (N, labels) teachers' answers, NaN unknown

    def __len__(self) -> int:
        return len(self.rows)

    def has_both_kinds(self) -> bool:
        """Tell whether any label is stated present in one photograph and absent in another."""
        shown = (self.targets * self.known).any(axis=0)
        absent = ((1 - self.targets) * self.known).any(axis=0)
        return bool((shown & absent).any())

    def without(self, sources: Sequence[str]) -> "PartData":
        """Return the part without the photographs of `sources`."""
        kept = np.array([source not in sources for source in self.sources], np.bool_)
        return PartData(
            self.squares,
            self.rows[kept],
            self.targets[kept],
            self.known[kept],
            tuple(source for source in self.sources if source not in sources),
            self.codes,
            None if self.grades is None else self.grades[kept],
            None if self.soft is None else self.soft[kept],
        )


def to_batch(
    data: PartData, picks: Sequence[int] | NDArray[np.int64], device: torch.device | str
) -> Tensor:
    """Return photographs as ``(N, 3, side, side)`` float32 in [0, 1]."""
    pixels = torch.from_numpy(np.ascontiguousarray(data.squares[data.rows[picks]]))
    return pixels.to(device).permute(0, 3, 1, 2).float().div_(255)


def network_input(pixels: Tensor) -> Tensor:
    """Return pixels in [0, 1] as the network takes them, in the layout it is quickest on."""
    inputs = normalise(pixels, IMAGENET_MEAN, IMAGENET_STD)
    return inputs.contiguous(memory_format=torch.channels_last)


def shown(
    data: PartData,
    picks: Sequence[int] | NDArray[np.int64],
    *,
    size: int,
    device: torch.device | str = "cpu",
) -> Tensor:
    """Return photographs as a network of `size` pixels is shown them, unaugmented."""
    pixels = to_batch(data, picks, device)
    return network_input(
        F.interpolate(pixels, size=(size, size), mode="bilinear", antialias=True)
    )


@torch.inference_mode()
def predict(
    network: nn.Module,
    data: PartData,
    *,
    size: int,
    device: torch.device | str = "cpu",
    batch: int = 32,
) -> NDArray[np.float32]:
    """Return the logits of all photographs of `data`, shape ``(N, labels)``, unaugmented."""
    network.eval()
    logits: list[NDArray[np.float32]] = []
    for start in range(0, len(data), batch):
        picks = np.arange(start, min(start + batch, len(data)))
        inputs = shown(data, picks, size=size, device=device)
        logits.append(network(inputs).float().cpu().numpy())
    return np.concatenate(logits)
