"""The seed recipe: EfficientNet-B0, binary cross-entropy, Adam; best validation kept.

The run can be stopped at any moment and goes on as if it had not been: order and chance of
a step follow from the seed, the epoch and the step alone.
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own convention

from training.augmentation import AugmentationRanges, augment, normalise
from training.cache import Squares
from training.files import write_atomically
from training.manifest_data import Known, Targets
from training.metrics import score_pairs
from training.transfer import IMAGENET_MEAN, IMAGENET_STD

STATE_NAME = "state.pt"
BEST_NAME = "best.pt"
LOG_NAME = "events.jsonl"

Clock = Callable[[], float]  # seconds, monotonic


@dataclass(frozen=True, slots=True)
class SeedRecipe:
    """Everything that decides a run besides the photographs and the first weights."""

    epochs: int = 20
    batch: int = 16
    size: int = 224
    early_size: int = 224  # pixels until ``early_share`` of the run; smaller is quicker
    early_share: float = 0.0
    peak_rate: float = 6e-4
    warm_up: float = 0.05  # share of the run until the learning rate has its peak
    final_rate: float = 0.01  # share of the peak at the end of the cosine
    common_share: float = 0.5  # of the photographs without a rare label, drawn each epoch
    rare_below: int = 600  # a label with fewer positives in training is rare
    pair_minimum: int = 5  # positives and negatives of a validation pair
    seed: int = 20260101
    save_every_s: float = 180.0
    augmentation: AugmentationRanges = field(default_factory=AugmentationRanges)


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

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(slots=True)
class Progress:
    """Where a run stands."""

    epoch: int = 0
    step: int = 0  # within the epoch
    steps_done: int = 0
    elapsed_s: float = 0.0
    loss_sum: float = 0.0
    best_auroc: float = -1.0
    best_epoch: int = -1


def learning_rate(recipe: SeedRecipe, progress: float) -> float:
    """Return the rate at `progress` in [0, 1]: a linear rise, then half a cosine."""
    if progress < recipe.warm_up:
        return recipe.peak_rate * max(progress / recipe.warm_up, 0.01)
    falling = (min(progress, 1.0) - recipe.warm_up) / (1 - recipe.warm_up)
    share = 0.5 * (1 + math.cos(math.pi * falling))
    return recipe.peak_rate * (recipe.final_rate + (1 - recipe.final_rate) * share)


def training_size(recipe: SeedRecipe, progress: float) -> int:
    """Return the side in pixels that photographs are shown at, at `progress` in [0, 1]."""
    return recipe.early_size if progress < recipe.early_share else recipe.size


def epoch_order(data: PartData, recipe: SeedRecipe, epoch: int) -> NDArray[np.int64]:
    """Return the photographs of one epoch: all with a rare label, a draw of the others."""
    positives = (data.targets * data.known).sum(axis=0)
    rare = data.targets[:, positives < recipe.rare_below].any(axis=1)
    generator = np.random.default_rng((recipe.seed, epoch))
    drawn = rare | (generator.random(len(data)) < recipe.common_share)
    return generator.permutation(np.flatnonzero(drawn))


def masked_loss(logits: Tensor, targets: Tensor, known: Tensor) -> Tensor:
    """Binary cross-entropy over the labels that are stated, each counting alike."""
    losses = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return (losses * known).sum() / known.sum().clamp(min=1)


class SeedTraining:
    """One run of the seed recipe in one folder."""

    def __init__(
        self,
        network: nn.Module,
        recipe: SeedRecipe,
        *,
        training: PartData,
        validation: PartData,
        run_dir: Path,
        clock: Clock,
        budget_s: float | None = None,
        device: str = "cpu",
    ) -> None:
        self._network = network.to(device).to(memory_format=torch.channels_last)
        self._recipe, self._device = recipe, device
        self._training, self._validation = training, validation
        self._run_dir, self._clock, self._budget_s = run_dir, clock, budget_s
        self._optimizer = torch.optim.Adam(self._network.parameters(), foreach=True)
        self._scaler = torch.amp.GradScaler(device, enabled=device == "cuda")
        first_order = epoch_order(training, recipe, 0)
        self._expected_steps = max(len(first_order) // recipe.batch, 1)
        self.progress = Progress()
        run_dir.mkdir(parents=True, exist_ok=True)

    def resume(self) -> bool:
        """Go on from the folder's saved state; False when there is none."""
        path = self._run_dir / STATE_NAME
        if not path.exists():
            return False
        saved: dict[str, Any] = torch.load(path, map_location=self._device, weights_only=True)
        self._network.load_state_dict(saved["network"])
        self._optimizer.load_state_dict(saved["optimizer"])
        self._scaler.load_state_dict(saved["scaler"])
        self.progress = Progress(**saved["progress"])
        return True

    def run(self, *, stop_after_steps: int | None = None) -> None:
        """Train until the epochs or the budget are used up (or some steps were done)."""
        last = math.inf if stop_after_steps is None else stop_after_steps
        while self.progress.epoch < self._recipe.epochs and self._share_done() < 1.0:
            if not self._run_epoch(last):
                self._save()
                return
            self._validate()
            self._save()

    def _share_done(self) -> float:
        p = self.progress
        by_steps = p.steps_done / (self._recipe.epochs * self._expected_steps)
        return max(by_steps, p.elapsed_s / self._budget_s if self._budget_s else 0.0)

    def _run_epoch(self, last_step: float) -> bool:
        """Do the rest of the current epoch; False when stopped before its end."""
        p, batch = self.progress, self._recipe.batch
        order = epoch_order(self._training, self._recipe, p.epoch)
        steps = max(len(order) // batch, 1)  # the short last batch would unsettle batch norms
        self._network.train()
        started, before, saved_at = self._clock(), p.elapsed_s, p.elapsed_s
        while p.step < steps and (share := self._share_done()) < 1.0:
            if p.steps_done >= last_step:
                return False
            picks = order[p.step * batch : (p.step + 1) * batch]
            p.loss_sum += self._step(picks, share)
            p.step += 1
            p.steps_done += 1
            p.elapsed_s = before + self._clock() - started
            if p.elapsed_s - saved_at >= self._recipe.save_every_s:
                saved_at = p.elapsed_s
                self._save()
                self._log("step", loss=p.loss_sum / p.step, of_steps=steps, share=share)
        return True

    def _step(self, picks: NDArray[np.int64], share: float) -> float:
        p, data = self.progress, self._training
        generator = torch.Generator().manual_seed(
            (self._recipe.seed * 1_000_003 + p.epoch * 100_003 + p.step) % 2**63
        )
        pixels = to_batch(data, picks, self._device)
        changed = augment(
            pixels,
            size=training_size(self._recipe, share),
            generator=generator,
            ranges=self._recipe.augmentation,
        )
        inputs = normalise(changed, IMAGENET_MEAN, IMAGENET_STD)
        inputs = inputs.contiguous(memory_format=torch.channels_last)
        targets = torch.from_numpy(data.targets[picks]).to(self._device)
        known = torch.from_numpy(data.known[picks]).to(self._device)
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(self._recipe, share)
        self._optimizer.zero_grad(set_to_none=True)
        with torch.autocast(self._device, enabled=self._device == "cuda"):
            loss = masked_loss(self._network(inputs), targets, known)
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self._scaler.step(self._optimizer)
        self._scaler.update()
        return float(loss.detach())

    def _validate(self) -> None:
        p, data = self.progress, self._validation
        started = self._clock()
        logits = predict(self._network, data, size=self._recipe.size, device=self._device)
        pairs = score_pairs(
            logits,
            data.targets,
            data.known,
            sources=data.sources,
            codes=data.codes,
            at_least=self._recipe.pair_minimum,
        )
        score = float(np.mean([pair.auroc for pair in pairs])) if pairs else 0.0
        if score > p.best_auroc:
            p.best_auroc, p.best_epoch = score, p.epoch
            _save_tensors(self._run_dir / BEST_NAME, self._network.state_dict())
        p.elapsed_s += self._clock() - started
        self._log(
            "epoch",
            of=self._recipe.epochs,
            loss=p.loss_sum / max(p.step, 1),
            val_auroc=score,
            best_auroc=p.best_auroc,
            pairs={f"{pair.source}/{pair.label}": round(pair.auroc, 4) for pair in pairs},
        )
        p.epoch, p.step, p.loss_sum = p.epoch + 1, 0, 0.0

    def _save(self) -> None:
        content = {
            "network": self._network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "scaler": self._scaler.state_dict(),
            "progress": asdict(self.progress),
        }
        _save_tensors(self._run_dir / STATE_NAME, content)

    def _log(self, event: str, **facts: object) -> None:
        p = self.progress
        line = {"event": event, "epoch": p.epoch + 1, "step": p.step} | facts
        line["elapsed_s"] = round(p.elapsed_s, 1)
        with (self._run_dir / LOG_NAME).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")


def to_batch(data: PartData, picks: Sequence[int] | NDArray[np.int64], device: str) -> Tensor:
    """Return photographs as ``(N, 3, side, side)`` float32 in [0, 1]."""
    pixels = torch.from_numpy(np.ascontiguousarray(data.squares[data.rows[picks]]))
    return pixels.to(device).permute(0, 3, 1, 2).float().div_(255)


@torch.inference_mode()
def predict(
    network: nn.Module, data: PartData, *, size: int, device: str = "cpu", batch: int = 32
) -> NDArray[np.float32]:
    """Return the logits of all photographs of `data`, shape ``(N, labels)``, unaugmented."""
    network.eval()
    logits: list[NDArray[np.float32]] = []
    for start in range(0, len(data), batch):
        picks = np.arange(start, min(start + batch, len(data)))
        pixels = to_batch(data, picks, device)
        resized = F.interpolate(pixels, size=(size, size), mode="bilinear", antialias=True)
        inputs = normalise(resized, IMAGENET_MEAN, IMAGENET_STD)
        inputs = inputs.contiguous(memory_format=torch.channels_last)
        logits.append(network(inputs).float().cpu().numpy())
    return np.concatenate(logits)


def _save_tensors(path: Path, content: object) -> None:
    buffer = BytesIO()
    torch.save(content, buffer)
    write_atomically(path, buffer.getvalue())
