"""The straightforward way to feed a network: Pillow, torchvision's transforms, DataLoader.

As the documentations show it: every photograph is decoded at its full size in every epoch.
"""

import time
from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class _Photographs(Dataset[Tensor]):
    def __init__(self, folder: Path, *, size: int) -> None:
        self.paths = sorted(folder.iterdir())
        self.transform = transforms.Compose(
            [
                transforms.Resize((size, size)),
                transforms.RandomHorizontalFlip(),
                transforms.RandomRotation(20),
                transforms.ColorJitter(0.15, 0.25, 0.1),
                transforms.ToTensor(),
                transforms.Normalize(_MEAN, _STD),
            ]
        )

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Tensor:
        changed: Tensor = self.transform(Image.open(self.paths[index]).convert("RGB"))
        return changed


class DataLoaderLoop:
    """An epoch over a folder; `step` is what the network does with each batch."""

    def __init__(
        self, folder: Path, step: Callable[[], None], *, size: int, batch: int
    ) -> None:
        self.step, self.batch = step, batch
        cuda = torch.cuda.is_available()
        self.loader = DataLoader(
            _Photographs(folder, size=size),
            batch_size=batch,
            shuffle=True,
            drop_last=True,
            num_workers=4
            if cuda
            else 0,  # on the CPU the workers would take the network's cores
            pin_memory=cuda,
        )

    def seconds_an_image(self, *, batches: int) -> float:
        """Return the seconds an image over at most `batches` batches."""
        began, done = time.perf_counter(), 0
        device = "cuda" if torch.cuda.is_available() else "cpu"
        for pixels in self.loader:
            pixels.to(device, non_blocking=True)
            self.step()
            done += len(pixels)
            if done >= batches * self.batch:
                break
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return (time.perf_counter() - began) / done
