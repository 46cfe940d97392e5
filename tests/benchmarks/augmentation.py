"""A batch turned, moved and coloured at once beside torchvision v2, photograph by photograph.

``python -m tests.benchmarks.augmentation [--repeat N]``. v2 draws one set of parameters for
all photographs it is given, so different changes take a call each.
"""

import argparse

import torch
from torch import Tensor
from torchvision.transforms import v2

from tests.benchmarks.measure import Row, medians, table
from training.augmentation import AugmentationRanges, augment, draw_changes

TARGET = 0.8  # no slower, though ours also changes gamma and each colour on its own


def rows(*, batch: int = 16, side: int = 256, size: int = 224, repeat: int) -> list[Row]:
    """Measure and return the table's lines."""
    pixels = torch.rand(batch, 3, side, side, generator=torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(1)
    ranges = AugmentationRanges()
    each = v2.Compose(
        [
            v2.RandomAffine(
                20, (0.05, 0.05), (0.9, 1.15), interpolation=v2.InterpolationMode.BILINEAR
            ),
            v2.RandomHorizontalFlip(),
            v2.Resize((size, size)),
            v2.ColorJitter(0.15, 0.25, 0.12),
            v2.RandomApply([v2.GaussianBlur(3)], 0.15),
        ]
    )

    def ours() -> Tensor:
        changes = draw_changes(batch, generator=generator, ranges=ranges)
        return augment(pixels, changes, size=size)

    def theirs() -> Tensor:
        return torch.stack([each(picture) for picture in pixels])

    ours_s, theirs_s = medians(ours, theirs, repeat=repeat)
    ratio = theirs_s / ours_s
    return [
        Row(
            f"augmentation of {batch} photographs beside torchvision v2, one by one",
            f">= {TARGET}x",
            f"{ratio:.1f}x ({1e3 * ours_s:.0f} beside {1e3 * theirs_s:.0f} ms)",
            ratio >= TARGET,
        )
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=15)
    options = parser.parse_args()
    print(table(rows(repeat=options.repeat)))  # noqa: T201 - its purpose


if __name__ == "__main__":
    main()
