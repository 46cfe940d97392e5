"""All that the Training page shows, as one value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from retina_desktop.services.training_runs import Stage, TrainingPlan
from retina_desktop.services.training_runs_desk import Snapshot
from retina_desktop.services.training_runs_models import InstalledModel
from retina_desktop.services.training_runs_recipes import RecipeChoice, starts_for


class Phase(StrEnum):
    """Where the user is; it decides what can be pressed."""

    UNAVAILABLE = "unavailable"  # the packages of training are not installed
    CHOOSING = "choosing"  # a list or a folder is still to be named
    READY = "ready"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"  # a run can go on
    TRAINED = "trained"  # and is not measured yet
    MEASURED = "measured"


@dataclass(frozen=True, slots=True)
class Wishes:
    """Values instead of the recipe's; None takes the recipe's."""

    epochs: int | None = None
    batch: int | None = None
    size: int | None = None
    threads: int = 2
    start_from: Path | None = None  # a bundle's folder or a file of weights
    enhancements: tuple[str, ...] = ()  # that the model to start from reads photographs after


@dataclass(frozen=True, slots=True)
class TrainingState:
    """``failed`` is a sentence on what went wrong last, ``notice`` on what went well.

    ``busy`` says that an answer is awaited (a process that starts, a folder that is read),
    ``installing`` that the model is being packed, stored and loaded.
    """

    missing: tuple[str, ...] = ()
    recipes: tuple[RecipeChoice, ...] = ()
    models: tuple[InstalledModel, ...] = ()
    manifest: Path | None = None
    work_dir: Path | None = None
    recipe: str = ""
    wishes: Wishes = field(default_factory=Wishes)
    snapshot: Snapshot = field(default_factory=lambda: Snapshot(Path()))
    busy: bool = False
    stopping: bool = False
    installing: bool = False
    failed: str = ""
    notice: str = ""

    @property
    def running(self) -> Stage | None:
        """The stage that runs."""
        return self.snapshot.running

    @property
    def phase(self) -> Phase:
        """Where the user is."""
        content = self.snapshot.content
        if self.missing:
            return Phase.UNAVAILABLE
        if self.running is not None:
            return Phase.STOPPING if self.stopping else Phase.RUNNING
        if self.manifest is None or self.work_dir is None:
            return Phase.CHOOSING
        if content.is_measured and self.snapshot.course.ended:
            return Phase.MEASURED
        if content.has_weights and self.snapshot.course.ended:
            return Phase.TRAINED
        return Phase.STOPPED if content.can_resume else Phase.READY

    @property
    def chosen(self) -> RecipeChoice | None:
        """The recipe that is chosen."""
        return next((r for r in self.recipes if r.name == self.recipe), None)

    @property
    def is_bound(self) -> bool:
        """Whether the folder's run follows the recipe it was begun with, not the form."""
        return self.snapshot.content.can_resume

    @property
    def size(self) -> int:
        """Pixels of the network's input."""
        if self.is_bound and self.snapshot.content.size is not None:
            return self.snapshot.content.size
        return self.wishes.size or (self.chosen.size if self.chosen else 224)

    @property
    def bound_to(self) -> str:
        """The name of the recipe that the folder's run was begun with."""
        recorded = self.snapshot.content.recorded or {}
        return str(recorded.get("name", ""))

    @property
    def usual(self) -> Mapping[str, int]:
        """Epochs, batch and size as the recipe has them, the run's own where there is one."""
        chosen, recorded = self.chosen, self.snapshot.content.recorded
        if self.is_bound and recorded is not None:
            run, model = (recorded.get(name) or {} for name in ("run", "model"))
            found = run.get("epochs"), run.get("batch"), model.get("size")
        else:
            found = (chosen.epochs, chosen.batch, chosen.size) if chosen else (0, 0, 0)
        return dict(zip(("epochs", "batch", "size"), (n or 0 for n in found), strict=True))

    @property
    def learns(self) -> bool:
        """Whether the recipe in force trains; one of no epochs measures a model as it is."""
        if self.is_bound:
            run = (self.snapshot.content.recorded or {}).get("run") or {}
            return run.get("epochs") != 0
        return self.chosen is None or bool(self.wishes.epochs or self.chosen.epochs)

    @property
    def plan(self) -> TrainingPlan | None:
        """What the user wants, None until a list and a folder are named."""
        if self.manifest is None or self.work_dir is None or not self.recipe:
            return None
        wishes = self.wishes
        return TrainingPlan(
            self.manifest,
            self.work_dir,
            self.recipe,
            epochs=wishes.epochs,
            batch=wishes.batch,
            size=wishes.size,
            threads=wishes.threads,
            start_from=wishes.start_from,
            enhancements=wishes.enhancements,
        )

    @property
    def started_from(self) -> Path | None:
        """What the folder's run began with, or the next one is to begin with."""
        plan = self.snapshot.content.plan
        if self.is_bound:
            return None if plan is None else plan.start_from
        return self.wishes.start_from

    @property
    def starts(self) -> tuple[InstalledModel, ...]:
        """The installed models that the chosen recipe can begin with."""
        return starts_for(self.chosen, self.models) if self.chosen else ()

    @property
    def in_force(self) -> InstalledModel | None:
        """The model that answers, where that is known."""
        return next((model for model in self.models if model.in_force), None)
