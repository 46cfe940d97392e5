"""Where a run stands, and the files of its folder that tell it."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

STATE_NAME = "state.pt"
BEST_NAME = "best.pt"


def has_state(run_dir: Path) -> bool:
    """Tell whether a run in the folder can go on."""
    return (run_dir / STATE_NAME).exists()


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
    stale: int = 0  # epochs since the best
    plateaus: int = 0

    def in_batches(self, before: int, now: int, *, accumulate: int) -> Self:
        """Return the progress as batches of another size count it: by photographs.

        Parameters
        ----------
        before, now : int
            Photographs a batch: that the steps were counted in, that they will be.
        accumulate : int
            Steps whose gradients are gathered: the step within the epoch is a multiple.
        """
        if now == before:
            return self
        step = self.step * before // now
        step -= step % accumulate
        return replace(
            self,
            step=step,
            steps_done=self.steps_done * before // now,
            loss_sum=self.loss_sum * step / max(self.step, 1),
        )
