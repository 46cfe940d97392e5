"""The batches of an epoch, prepared while the network computes.

What a batch holds and how it is changed follow from the seed, the epoch and the step alone,
and are drawn for the whole batch: several processes take their own rows of it, and a run that
goes on in the middle of an epoch sees what it would have seen. Reading (and JPEG) happens in
a background thread, into pinned memory for a GPU; turning and colouring on the device.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.ahead import ahead
from training.augmentation import (
    AugmentationRanges,
    Changes,
    augment,
    cut_fields,
    draw_changes,
    recompress,
)
from training.grade_head import grade_targets, known_grades
from training.mixing import Mixing, draw_mixing, mix_labels, mix_pictures
from training.part_data import PartData, network_input
from training.recipe import Recipe
from training.source_prior import Offsets, source_offsets

_DEPTH = 3  # batches ready or in work


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """One kind of answer to learn: targets, where they count, and of how many in the batch."""

    targets: Tensor  # (n, answers), float32 in [0, 1]
    known: Tensor  # (n, answers), bool
    stated: int  # known answers in the whole batch, at least 1
    offsets: Tensor | None = None  # (n, answers), added to logits: see `training.source_prior`

    def to(self, device: torch.device) -> "Lesson":
        """Return it on `device`."""
        targets = self.targets.to(device, non_blocking=True)
        known = self.known.to(device, non_blocking=True)
        offsets = None if self.offsets is None else self.offsets.to(device, non_blocking=True)
        return Lesson(targets, known, self.stated, offsets)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """One process' share of a step."""

    pixels: Tensor  # (m, 3, side, side), uint8; partners of mixed photographs included
    changes: Changes  # of the m photographs
    own: tuple[int, ...]  # places in `pixels` of the n photographs that are answered
    partners: tuple[int, ...]  # places of their partners
    rows: tuple[int, ...]  # of the whole batch
    count: int  # photographs of the whole batch
    mixing: Mixing | None
    labels: Lesson
    soft: Lesson | None  # teachers' answers
    grades: Lesson | None  # cumulative, see `training.grade_head`

    def inputs(self, device: torch.device, *, size: int) -> Tensor:
        """Return what the network reads, ``(n, 3, size, size)`` on `device`."""
        pixels = self.pixels.to(device, non_blocking=True).float().div_(255)
        changed = augment(pixels, self.changes, size=size)
        if self.mixing is not None:
            own, partners = changed[list(self.own)], changed[list(self.partners)]
            changed = mix_pictures(own, partners, self.mixing, list(self.rows))
        return network_input(changed)


class Feed:
    """Batches of the training part; `rank` of `world_size` processes."""

    def __init__(
        self, data: PartData, recipe: Recipe, *, rank: int, world_size: int, pinned: bool
    ) -> None:
        self._data, self._recipe = data, recipe
        self._rank, self._world_size, self._pinned = rank, world_size, pinned
        self._ranges = AugmentationRanges(**recipe.augmentation.model_dump())
        self._label_offsets, self._grade_offsets = self._offsets()

    def _offsets(self) -> tuple[Offsets | None, Offsets | None]:
        data = self._data
        if not self._recipe.loss.source_prior:
            return None, None
        labels = source_offsets(data.targets, data.known, data.sources)
        if data.grades is None:
            return labels, None
        known = known_grades(data.grades)
        return labels, source_offsets(grade_targets(data.grades), known, data.sources)

    def batches(
        self, epoch: int, order: NDArray[np.int64], *, start: int, steps: int
    ) -> Generator[Batch, None, None]:
        """Yield the batches of an epoch from step `start` until step `steps`."""
        size = self._recipe.run.batch

        def make(step: int) -> Batch:
            return self.batch(epoch, step, order[step * size : (step + 1) * size])

        yield from ahead(make, range(start, steps), depth=_DEPTH)

    def batch(self, epoch: int, step: int, picks: NDArray[np.int64]) -> Batch:
        """Return the batch of the photographs `picks`."""
        seed = (self._recipe.run.seed * 1_000_003 + epoch * 100_003 + step) % 2**63
        changes = draw_changes(
            len(picks), generator=torch.Generator().manual_seed(seed), ranges=self._ranges
        )
        mixing = draw_mixing(len(picks), self._recipe.mixing, seed=seed)
        own = np.arange(len(picks))[self._rank :: self._world_size]
        partners = own if mixing is None else mixing.partner[own]
        shown = np.union1d(own, partners)
        pixels = self._pixels(picks[shown], changes.of(torch.from_numpy(shown)))
        soft, grades = self._data.soft, self._data.grades
        return Batch(
            pixels=pixels,
            changes=changes.of(torch.from_numpy(shown)),
            own=tuple(np.searchsorted(shown, own).tolist()),
            partners=tuple(np.searchsorted(shown, partners).tolist()),
            rows=tuple(own.tolist()),
            count=len(picks),
            mixing=mixing,
            labels=self._lesson(
                self._data.targets[picks],
                self._data.known[picks],
                mixing,
                _of(self._label_offsets, picks),
            ),
            soft=None if soft is None else self._soft(soft[picks], mixing),
            grades=None if grades is None else self._grades(grades[picks], mixing, picks),
        )

    def _pixels(self, picks: NDArray[np.int64], changes: Changes) -> Tensor:
        squares = np.ascontiguousarray(self._data.squares[self._data.rows[picks]])
        cut = cut_fields(torch.from_numpy(squares).permute(0, 3, 1, 2), changes)
        pixels = recompress(cut, changes)
        return pixels.pin_memory() if self._pinned else pixels

    def _soft(self, answers: NDArray[np.float32], mixing: Mixing | None) -> Lesson:
        known = ~np.isnan(answers)
        return self._lesson(np.nan_to_num(answers), known, mixing)

    def _grades(
        self, grades: NDArray[np.int64], mixing: Mixing | None, picks: NDArray[np.int64]
    ) -> Lesson:
        offsets = _of(self._grade_offsets, picks)
        return self._lesson(grade_targets(grades), known_grades(grades), mixing, offsets)

    def _lesson(
        self,
        targets: NDArray[np.float32],
        known: NDArray[np.bool_],
        mixing: Mixing | None,
        offsets: Offsets | None = None,
    ) -> Lesson:
        if mixing is not None:
            if offsets is not None:
                offsets, _ = mix_labels(mixing, offsets, known)
            targets, known = mix_labels(mixing, targets, known)
        shown, counted = self._own(targets), self._own(known)
        added = None if offsets is None else self._own(offsets)
        return Lesson(shown, counted, max(int(known.sum()), 1), added)

    def _own(self, values: NDArray[np.float32] | NDArray[np.bool_]) -> Tensor:
        rows = values[self._rank :: self._world_size]
        tensor = torch.from_numpy(np.ascontiguousarray(rows))
        return tensor.pin_memory() if self._pinned else tensor


def _of(offsets: Offsets | None, picks: NDArray[np.int64]) -> Offsets | None:
    return None if offsets is None else offsets[picks]


def epoch_steps(order: Sequence[int] | NDArray[np.int64], batch: int) -> int:
    """Return the steps of an epoch; a short last batch would unsettle the norms."""
    return max(len(order) // batch, 1)
