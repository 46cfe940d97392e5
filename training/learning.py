"""One run of a recipe: best validation kept, resumed exactly, on one device or on several.

The run can be stopped at any moment and goes on as if it had not been: order and chance of a
step follow from the seed, the epoch and the step alone. Several processes share each batch
and change its photographs as one process would (`training.feed`).
"""

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import nn

from retina_desktop.domain.errors import RetinaError
from training.depth import Depth, limit_depth
from training.fabrics import with_shared_norms
from training.feature_teacher import FeatureTeacher, NetworkWithTeacher
from training.feed import Batch, Feed, epoch_steps
from training.files import write_atomically
from training.grade_head import NetworkWithGrade
from training.judging import judge
from training.losses import Objective
from training.parameter_groups import freeze, make_optimizer, set_rate
from training.part_data import PartData
from training.progress import Facts, Listener, tell_all
from training.recipe import Recipe
from training.run_state import BEST_NAME, STATE_NAME, Progress, has_state
from training.sampling import epoch_order
from training.schedules import rate_share

log = logging.getLogger(__name__)

_NOT_COMPARABLE = (
    "in validation no source states a label present and absent on %d photographs each: epochs "
    "cannot be compared, and the last one's weights are kept"
)

TELL_EVERY_S = 5.0  # how often a step is told; the state is saved less often

READ_EVERY = 50  # steps between readings of the loss on a GPU

Clock = Callable[[], float]  # seconds, monotonic

_NO_ROOM = (
    "The run's state cannot be written; make room on the disk and start again: the run goes on "
    "from what was saved last."
)


class LearningStoppedError(RetinaError):
    """The run cannot go on for a reason that the user can change."""


class Learning:
    """A run in one folder; `fabric` says on what it runs."""

    def __init__(
        self,
        network: nn.Module,
        recipe: Recipe,
        *,
        training: PartData,
        validation: PartData,
        run_dir: Path,
        clock: Clock,
        fabric: Fabric,
        listeners: Sequence[Listener] = (),
        budget_s: float | None = None,
        teacher: FeatureTeacher | None = None,
    ) -> None:
        self._recipe, self._fabric = recipe, fabric
        left_out = recipe.sampling.leave_out
        self._training, self._validation = (
            training.without(left_out),
            validation.without(left_out),
        )
        self._check_parts()
        self._run_dir, self._clock, self._budget_s = run_dir, clock, budget_s
        self._listeners = listeners if fabric.is_global_zero else ()
        self._plain = network.to(memory_format=torch.channels_last)
        if fabric.world_size > 1 and fabric.device.type == "cuda":
            self._plain = with_shared_norms(self._plain)
        self._graded = self._with_grade()
        optimizer = make_optimizer(self._plain, recipe.optimizer)
        if self._graded is not None:
            head = list(self._graded.grade.parameters())
            optimizer.add_param_group({"params": head, "share": 1.0, "weight_decay": 0.0})
        learner: nn.Module = self._graded or self._plain
        if teacher is not None:
            learner = NetworkWithTeacher(learner, self._plain, teacher)
        with self._memory_told():
            wrapped = fabric.setup(learner, optimizer)
        self._network, self._optimizer = wrapped
        self._average = _average_of(self._plain, recipe.run.ema)
        self._objective = Objective(recipe, self._training.targets, self._training.known)
        self._feed = Feed(
            self._training,
            recipe,
            rank=fabric.global_rank,
            world_size=fabric.world_size,
            pinned=fabric.device.type == "cuda",
        )
        self.photographs_an_epoch = len(self._order(0))
        self._steps_an_epoch = epoch_steps(self._order(0), recipe.run.batch)
        self._untold = torch.zeros((), dtype=torch.float64, device=fabric.device)
        self.progress = Progress()
        run_dir.mkdir(parents=True, exist_ok=True)

    def _with_grade(self) -> NetworkWithGrade | None:
        grades = self._training.grades
        if not self._recipe.loss.grade_weight or grades is None or not (grades >= 0).any():
            return None
        return NetworkWithGrade(self._plain, seed=self._recipe.run.seed)

    def resume(self) -> bool:
        """Go on from the folder's saved state; False when there is none."""
        if not has_state(self._run_dir):
            return False
        saved: dict[str, Any] = torch.load(
            self._run_dir / STATE_NAME, map_location=self._fabric.device, weights_only=True
        )
        self._plain.load_state_dict(saved["network"])
        self._optimizer.load_state_dict(saved["optimizer"])
        self._fabric.strategy.precision.load_state_dict(saved["precision"])
        if self._average is not None:
            self._average.module.load_state_dict(saved["average"])
        if self._graded is not None:
            self._graded.grade.load_state_dict(saved["grade"])
        batch = self._recipe.run.batch
        self.progress = Progress(**saved["progress"]).in_batches(
            saved.get("batch", batch), batch, accumulate=self._recipe.optimizer.accumulate
        )
        return True

    def run(
        self, *, stop_after_steps: int | None = None, stop: Callable[[], bool] | None = None
    ) -> bool:
        """Train until epochs, patience or budget are used up (or some steps were done).

        `stop` is asked after each step. False when the run was stopped before its end, with
        its state saved.

        Raises
        ------
        LearningStoppedError
            If the loss is no number, memory or disk is full; what was saved stays.
        """
        last = math.inf if stop_after_steps is None else stop_after_steps
        if self._recipe.run.epochs == 0 and self.progress.best_epoch < 0:
            self._validate()  # the weights as they came are the best
            self._save()
        while self.progress.step > 0 or not self._is_over():
            if not self._run_epoch(last, stop):
                self._save()
                self._tell("stopped", self._share_done())
                return False
            self._save()  # a validation that is cut off is done once more
            self._validate()
            self._save()
        self._tell("end", self._share_done())
        return True

    def _is_asked(self, stop: Callable[[], bool] | None) -> bool:
        if stop is None:
            return False
        if self._fabric.world_size == 1:
            return stop()
        answer: bool = self._fabric.broadcast(stop())  # all processes end at the same step
        return answer

    def _is_over(self) -> bool:
        p, run = self.progress, self._recipe.run
        patient = run.patience is None or p.stale < run.patience
        return p.epoch >= run.epochs or self._share_done() >= 1.0 or not patient

    def _share_done(self) -> float:
        p = self.progress
        planned = self._recipe.run.epochs * self._steps_an_epoch
        by_steps = p.steps_done / planned if planned else 1.0
        if self._budget_s is None:
            return by_steps
        by_time: float = self._fabric.broadcast(p.elapsed_s / self._budget_s)
        return max(by_steps, by_time)

    def _order(self, epoch: int) -> NDArray[np.int64]:
        data = self._training
        return epoch_order(
            data.targets,
            data.known,
            data.sources,
            section=self._recipe.sampling,
            seed=self._recipe.run.seed,
            epoch=epoch,
        )

    def _run_epoch(self, last_step: float, stop: Callable[[], bool] | None) -> bool:
        """Do the rest of the current epoch; False when stopped before its end."""
        p, run, section = self.progress, self._recipe.run, self._recipe.optimizer
        order = self._order(p.epoch)
        steps = epoch_steps(order, run.batch)
        self._network.train()
        freeze(self._plain, body=p.epoch < section.head_epochs, blocks=section.frozen_blocks)
        started, before = self._clock(), p.elapsed_s
        saved_at = told_at = p.elapsed_s
        batches = self._feed.batches(p.epoch, order, start=p.step, steps=steps)
        with closing(batches):
            while p.step < steps and (share := self._share_done()) < 1.0:
                # Gradients that are being gathered are not saved: no stop comes between.
                between = p.step % section.accumulate == 0
                if between and (p.steps_done >= last_step or self._is_asked(stop)):
                    return False
                self._step(next(batches), share, last=p.step + 1 == steps)
                p.step += 1
                p.steps_done += 1
                p.elapsed_s = before + self._clock() - started
                due = p.step % section.accumulate == 0
                if due and p.elapsed_s - saved_at >= run.save_every_s:
                    saved_at = p.elapsed_s
                    self._save()
                if due and p.elapsed_s - told_at >= min(TELL_EVERY_S, run.save_every_s):
                    told_at = p.elapsed_s
                    self._read_loss()
                    # Each process has its own clock: nothing here may wait for the others.
                    self._tell("step", share, loss=p.loss_sum / p.step, of_steps=steps)
        return True

    def _step(self, batch: Batch, share: float, *, last: bool) -> None:
        """Learn from one batch; its loss is added up on the device."""
        accumulate = self._recipe.optimizer.accumulate
        due = last or (self.progress.step + 1) % accumulate == 0
        with self._memory_told():
            limit_depth(self._plain, self._depth(share))
            with self._fabric.no_backward_sync(self._network, enabled=not due):
                inputs = batch.inputs(self._fabric.device, size=self._size(share))
                answers = self._network(inputs)
                loss = self._objective(answers, batch) * self._fabric.world_size
                self._fabric.backward(loss / accumulate)
            if due:
                self._move_weights(share)
        mean = self._fabric.all_reduce(loss.detach(), reduce_op="mean")
        self._untold += torch.as_tensor(mean)
        # To read it waits for the device: on a GPU only now and then.
        if self._fabric.device.type == "cpu" or self.progress.step % READ_EVERY == 0:
            self._read_loss()

    def _read_loss(self) -> None:
        """Add what was lost since the last reading to the progress."""
        value = float(self._untold)
        self._untold.zero_()
        if not math.isfinite(value):
            raise LearningStoppedError(
                "The loss is no number any more; start again with a lower "
                "optimizer.peak_rate, or set optimizer.clip_norm=1.0."
            )
        self.progress.loss_sum += value

    @contextmanager
    def _memory_told(self) -> Iterator[None]:
        try:
            yield
        except torch.OutOfMemoryError as error:
            half = max(self._recipe.run.batch // 2, 1)
            accumulate = 2 * self._recipe.optimizer.accumulate
            raise LearningStoppedError(
                "The device's memory is full; go on with a smaller batch: "
                f"--set run.batch={half} --set optimizer.accumulate={accumulate}."
            ) from error

    def _size(self, share: float) -> int:
        run, size = self._recipe.run, self._recipe.model.size
        return run.early_size or size if share < run.early_share else size

    def _depth(self, share: float) -> Depth:
        run = self._recipe.run
        return run.early_depth if share < run.early_depth_share else None

    def _move_weights(self, share: float) -> None:
        section = self._recipe.optimizer
        if section.clip_norm is not None:
            self._fabric.clip_gradients(
                self._network, self._optimizer, max_norm=section.clip_norm
            )
        set_rate(self._optimizer, self._rate(share))
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        if self._average is not None:
            moved = self.progress.steps_done // self._recipe.optimizer.accumulate
            self._average.update(self._plain, step=moved)

    def _rate(self, share: float) -> float:
        plateaus = self.progress.plateaus
        section = self._recipe.schedule
        return self._recipe.optimizer.peak_rate * rate_share(section, share, plateaus=plateaus)

    def _validate(self) -> None:
        p, data = self.progress, self._validation
        started = self._clock()
        judged = self._average.module if self._average is not None else self._plain
        # What is stepped over is still the identity: the whole network answers the same.
        limit_depth(judged, self._depth(self._share_done()))
        size, device = self._recipe.model.size, self._fabric.device
        self._read_loss()
        with self._memory_told():
            at_least = self._recipe.run.pair_minimum
            verdict = judge(judged, data, size=size, at_least=at_least, device=device)
        limit_depth(judged, None)
        score = verdict.auroc
        self._keep_if_best(score, judged)
        p.elapsed_s += self._clock() - started
        comparable = {} if score is None else {"val_auroc": score, "best_auroc": p.best_auroc}
        self._tell(
            "epoch",
            self._share_done(),
            of=self._recipe.run.epochs,
            **({"loss": p.loss_sum / max(p.step, 1)} if p.steps_done else {}),
            pairs=verdict.by_name(),
            **comparable,
        )
        p.epoch, p.step, p.loss_sum = p.epoch + 1, 0, 0.0

    def _keep_if_best(self, score: float | None, judged: nn.Module) -> None:
        p, schedule = self.progress, self._recipe.schedule
        if score is None:
            log.warning(_NOT_COMPARABLE, self._recipe.run.pair_minimum)
        if score is None or score > p.best_auroc:
            p.best_auroc, p.best_epoch, p.stale = score or 0.0, p.epoch, 0
            self._write(BEST_NAME, judged.state_dict())
            return
        p.stale += 1
        if p.stale % schedule.patience == 0:
            p.plateaus += 1

    def _save(self) -> None:
        self._read_loss()
        average = self._average.module.state_dict() if self._average is not None else {}
        content = {
            "network": self._plain.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "precision": self._fabric.strategy.precision.state_dict(),
            "average": average,
            "grade": self._graded.grade.state_dict() if self._graded is not None else {},
            "progress": asdict(self.progress),
            "batch": self._recipe.run.batch,
        }
        self._write(STATE_NAME, content)

    def _write(self, name: str, content: object) -> None:
        if not self._fabric.is_global_zero:
            return
        buffer = BytesIO()
        torch.save(content, buffer)
        try:
            write_atomically(self._run_dir / name, buffer.getvalue())
        except OSError as error:
            raise LearningStoppedError(_NO_ROOM) from error

    def _tell(self, event: str, share: float, **facts: object) -> None:
        p = self.progress
        told: Facts = {"event": event, "epoch": p.epoch + 1, "step": p.step} | facts
        share = min(share, 1.0)
        told |= {"steps_done": p.steps_done, "share": share, "rate": self._rate(share)}
        told["elapsed_s"] = round(p.elapsed_s, 1)
        try:
            tell_all(self._listeners, told)
        except OSError as error:
            raise LearningStoppedError(_NO_ROOM) from error

    def _check_parts(self) -> None:
        for part, words in ((self._training, "train on"), (self._validation, "validate on")):
            if len(part) == 0:
                raise LearningStoppedError(
                    f"There is no photograph to {words}; look at the data's report."
                )
        if not self._training.has_both_kinds():
            raise LearningStoppedError(
                "No label is both present and absent in training, so nothing can be learned; "
                "add photographs of the other kind."
            )


def _average_of(network: nn.Module, decay: float) -> Any:  # noqa: ANN401 - timm is untyped
    from timm.utils.model_ema import ModelEmaV3  # seconds, which other commands need not wait

    return ModelEmaV3(network, decay, use_warmup=True) if decay else None
