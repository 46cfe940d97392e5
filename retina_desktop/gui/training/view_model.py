"""The Training page's state: intentions become stages of a process, what it leaves is shown."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from retina_desktop.domain.errors import RetinaError
from retina_desktop.gui.sentences import sentence_of
from retina_desktop.gui.task_runner import TaskHandle, TaskRunner
from retina_desktop.gui.training.state import Phase, TrainingState, Wishes
from retina_desktop.gui.training.words import failure_sentence, tr
from retina_desktop.gui.training_port import TrainingServices
from retina_desktop.services.tasks import Task, TaskContext
from retina_desktop.services.training_runs import (
    STOPPED_CODE,
    FolderContent,
    Stage,
    TrainingPlan,
    stages_to_come,
)
from retina_desktop.services.training_runs_desk import Ending, Snapshot
from retina_desktop.services.training_runs_recipes import RecipeChoice, read_recipe

LOOK_MS = 1000  # how soon what the process tells is shown
GRACE_MS = 30_000  # to save the state; a step with large photographs takes a while
USUAL_RECIPE = "rfmid-seed"
_MEASURING = (Stage.AUDIT, Stage.EVALUATE)
_T = TypeVar("_T")


class TrainingViewModel(QObject):
    """Owns the one `TrainingState`; ``remember`` keeps the work folder for the next start."""

    state_changed = Signal(object)  # TrainingState
    exported = Signal()  # the stage that packs the model ended well
    stopped = Signal()  # what ran has ended, as was asked for
    failed = Signal(object)  # Exception that is a bug

    def __init__(
        self,
        services: TrainingServices,
        lane: TaskRunner,
        *,
        remember: Callable[[Path], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._services, self._lane, self._remember = services, lane, remember
        self._queue: list[Stage] = []
        self._awaited: dict[TaskHandle, Callable[[Any], None]] = {}
        self._looking = False
        self._asked_for_offer = False
        self.state = TrainingState()
        self._watch = QTimer(self)
        self._watch.setInterval(LOOK_MS)
        self._watch.timeout.connect(self.look)
        self._grace = QTimer(self)
        self._grace.setSingleShot(True)
        self._grace.setInterval(GRACE_MS)
        self._grace.timeout.connect(self._kill)

    # -- choosing --------------------------------------------------------------------------

    @Slot()
    def look_around(self) -> None:
        """Ask what is installed and which recipes there are, once."""
        if self._asked_for_offer:
            return
        self._asked_for_offer = True
        services = self._services

        def ask(_: TaskContext) -> tuple[tuple[str, ...], tuple[RecipeChoice, ...]]:
            return tuple(services.missing_packages()), tuple(services.recipes())

        self._run(ask, self._on_offer)

    def return_to(self, work_dir: Path) -> None:
        """Look into the folder of last time; one that is gone is forgotten silently."""

        def there(_: TaskContext) -> Snapshot | None:
            return self._services.desk.open(work_dir) if work_dir.is_dir() else None

        self._run(there, self._on_opened)

    def choose_manifest(self, path: Path) -> None:
        """Take a list of photographs; without a folder yet, one beside it is proposed."""
        self._set(replace(self.state, manifest=path, failed="", notice=""))
        if self.state.work_dir is None:
            self.choose_work_dir(path.parent / f"{path.stem}-training")

    def choose_work_dir(self, path: Path) -> None:
        """Turn to another work folder, and show what it holds."""
        if self.state.running is not None:
            return
        self._remember(path)
        self._set(replace(self.state, work_dir=path, busy=True, failed="", notice=""))
        self._run(lambda _: self._services.desk.open(path), self._on_opened)

    def choose_recipe(self, name: str) -> None:
        """Take one of the recipes."""
        if name != self.state.recipe:
            wishes = Wishes(threads=self.state.wishes.threads)
            self._set(replace(self.state, recipe=name, wishes=wishes, failed=""))

    def choose_recipe_file(self, path: Path) -> None:
        """Add the user's own recipe to the list, and take it."""
        self._run(lambda _: read_recipe(path), self._on_recipe)

    def choose_start(self, path: Path | None) -> None:
        """Take these weights, and photographs as their model reads them; None: the recipe's."""
        chosen = next((m for m in self.state.models if path and m.folder == path), None)
        steps = chosen.enhancements if chosen else ()
        wishes = replace(self.state.wishes, start_from=path, enhancements=steps)
        self._set(replace(self.state, wishes=wishes))

    def wish(self, **values: int | None) -> None:
        """Take a value instead of the recipe's; None takes the recipe's again."""
        self._set(replace(self.state, wishes=replace(self.state.wishes, **values)))  # type: ignore[arg-type]

    # -- running ---------------------------------------------------------------------------

    @Slot()
    def check_data(self) -> None:
        """Read the photographs and report on them."""
        self._begin([Stage.PREPARE])

    @Slot()
    def start(self) -> None:
        """Train and measure; go on where a run was stopped."""
        plan = self.state.plan
        if plan is not None:
            content = self.state.snapshot.content
            self._begin(list(stages_to_come(content, plan, size=self.state.size)))

    @Slot()
    def measure(self) -> None:
        """Measure what was trained."""
        self._begin(list(_MEASURING))

    @Slot()
    def start_anew(self) -> None:
        """Set the folder's run aside and show the form again; nothing is lost."""
        work_dir = self.state.work_dir
        if work_dir is None or self.state.running is not None or self.state.busy:
            return
        self._set(replace(self.state, busy=True, failed="", notice=""))

        def set_aside(_: TaskContext) -> Snapshot:
            aside = self._services.desk.start_anew(work_dir)
            return replace(self._services.desk.open(work_dir), aside=aside)

        self._run(set_aside, self._on_opened)

    @Slot()
    def stop(self) -> None:
        """Ask what runs to save its state and end; after a while, end it."""
        if self.state.running is None or self.state.stopping:
            return
        self._queue.clear()
        self._set(replace(self.state, stopping=True))
        self._grace.start()
        self._run(lambda _: self._services.desk.ask_to_stop(), lambda _: None)

    def export(
        self, *, model_id: str, version: str, name: str, then: Callable[[Path], None]
    ) -> None:
        """Pack the model; its place is told when the packing has begun."""
        work_dir = self.state.work_dir
        if work_dir is None or self.state.busy or self.state.running is not None:
            return
        self._set(replace(self.state, busy=True, failed="", notice=""))

        def begin(_: TaskContext) -> Path:
            return self._services.desk.begin_export(
                work_dir, model_id=model_id, version=version, name=name
            )

        def begun(bundle: Path) -> None:
            then(bundle)
            self._set(replace(self.state, busy=False))
            self._watch.start()
            self.look()

        self._run(begin, begun)

    @Slot()
    def look(self) -> None:
        """Show what is new."""
        if not self._looking:
            self._looking = True
            self._run(lambda _: self._services.desk.look(), self._on_look, watching=True)

    def tell(self, **changes: object) -> None:
        """Change what the state says of installed models, or a sentence in it."""
        self._set(replace(self.state, **changes))  # type: ignore[arg-type]

    def shut_down(self) -> bool:
        """Leave what runs to itself; False when the lane did not stop in time."""
        self._watch.stop()
        self._grace.stop()
        stopped = self._lane.shut_down()
        self._services.desk.let_go()
        return stopped

    # -- answers ---------------------------------------------------------------------------

    def _begin(self, stages: list[Stage]) -> None:
        plan = self.state.plan
        free = self.state.running is None and not self.state.busy and not self.state.missing
        if plan is None or not stages or not free:
            return
        self._queue = stages[1:]
        self._set(replace(self.state, busy=True, failed="", notice="", stopping=False))
        self._next(stages[0], plan)

    def _next(self, stage: Stage, plan: TrainingPlan) -> None:
        size = self.state.size

        def begin(_: TaskContext) -> Snapshot:
            return self._services.desk.begin(stage, plan, size=size)

        self._run(begin, self._on_begun)

    def _on_begun(self, snapshot: Snapshot) -> None:
        self._watch.start()
        self._set(replace(self.state, snapshot=snapshot, busy=False))
        if snapshot.ending is not None:  # it was quicker than the first look
            self._on_ending(snapshot.ending)

    def _on_look(self, snapshot: Snapshot) -> None:
        self._looking = False
        if snapshot.running is None:
            self._watch.stop()
        told_before = self.state.snapshot.ending is snapshot.ending
        self._set(replace(self.state, snapshot=snapshot))
        if snapshot.ending is not None and not told_before:
            self._on_ending(snapshot.ending)

    def _on_ending(self, ending: Ending) -> None:
        self._grace.stop()
        asked, course = self.state.stopping, self.state.snapshot.course
        state = replace(self.state, stopping=False)
        plan, given_up = state.plan, replace(state, installing=False)
        if asked or ending.code == STOPPED_CODE:
            self._queue.clear()
            self._set(replace(given_up, notice=tr("Stopped; nothing that was saved is lost.")))
            self.stopped.emit()
        elif not ended_well(ending, state.snapshot):
            self._queue.clear()
            self._set(replace(given_up, failed=failure_sentence(ending)))
        else:
            if ending.code is None and ending.stage is Stage.TRAIN and course.ended:
                self._queue = list(_MEASURING)  # begun by a window that was closed meanwhile
            self._set(replace(state, notice=_told(state.snapshot)))
            if ending.stage is Stage.EXPORT:
                self.exported.emit()
            elif self._queue and plan is not None:
                self._set(replace(self.state, busy=True))
                self._next(self._queue.pop(0), plan)

    def _on_opened(self, snapshot: Snapshot | None) -> None:
        if snapshot is None:
            self._set(replace(self.state, busy=False))
            return
        state = replace(
            self.state,
            snapshot=snapshot,
            work_dir=snapshot.work_dir,
            busy=False,
            stopping=False,
        )
        notice = _told(snapshot) or state.notice
        self._set(replace(_with_plan(state, snapshot.content), notice=notice))
        if snapshot.running is not None:
            self._watch.start()

    def _on_offer(self, offer: tuple[tuple[str, ...], tuple[RecipeChoice, ...]]) -> None:
        missing, recipes = offer
        own = tuple(r for r in self.state.recipes if r.name.endswith(".toml"))
        names = [recipe.name for recipe in recipes]
        usual = USUAL_RECIPE if USUAL_RECIPE in names else "".join(names[:1])
        chosen = self.state.recipe or usual
        state = replace(self.state, missing=missing, recipes=(*recipes, *own), recipe=chosen)
        self._set(state)
        if chosen.endswith(".toml") and state.chosen is None:
            self.choose_recipe_file(Path(chosen))

    def _on_recipe(self, recipe: RecipeChoice) -> None:
        others = tuple(r for r in self.state.recipes if r.name != recipe.name)
        self._set(replace(self.state, recipes=(*others, recipe), failed=""))
        self.choose_recipe(recipe.name)

    @Slot()
    def _kill(self) -> None:
        self._run(lambda _: self._services.desk.kill(), lambda _: None)

    def _run(
        self, task: Task[_T], then: Callable[[_T], None], *, watching: bool = False
    ) -> None:
        handle = self._lane.prepare(task)
        self._awaited[handle] = then
        handle.succeeded.connect(self._on_succeeded)
        handle.failed.connect(self._on_look_failed if watching else self._on_failed)
        handle.finished.connect(self._on_finished)
        handle.start()

    @Slot(object)
    def _on_succeeded(self, answer: object) -> None:
        handle = self.sender()
        if isinstance(handle, TaskHandle) and handle in self._awaited:
            self._awaited[handle](answer)

    @Slot()
    def _on_finished(self) -> None:
        handle = self.sender()
        if isinstance(handle, TaskHandle):
            self._awaited.pop(handle, None)

    @Slot(object)
    def _on_look_failed(self, error: Exception) -> None:
        self._looking = False
        self._watch.stop()
        self._on_failed(error)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self._queue.clear()
        known = isinstance(error, RetinaError)
        sentence = sentence_of(error) if known else ""
        self._set(replace(self.state, busy=False, installing=False, failed=sentence))
        if not known:
            self.failed.emit(error)

    def _set(self, state: TrainingState) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)


def ended_well(ending: Ending, snapshot: Snapshot) -> bool:
    """Whether a stage did what it is for; told by its traces where its status is unknown."""
    if ending.code is not None:
        return ending.code == 0
    if ending.stage is Stage.TRAIN:
        return snapshot.course.ended
    return ending.stage is not Stage.EVALUATE or snapshot.content.is_measured


def _told(snapshot: Snapshot) -> str:
    if snapshot.aside is None:
        return ""
    return tr("The earlier run was set aside as “{0}” in the work folder.").format(
        snapshot.aside.name
    )


def _with_plan(state: TrainingState, content: FolderContent) -> TrainingState:
    """Return the state as the folder's own plan has it, where it has one."""
    plan = content.plan
    if plan is None:
        return state
    wishes = Wishes(
        plan.epochs, plan.batch, plan.size, plan.threads, plan.start_from, plan.enhancements
    )
    keeps = state.manifest is not None and not content.can_resume
    manifest = state.manifest if keeps else plan.manifest
    return replace(state, manifest=manifest, recipe=plan.recipe, wishes=wishes)


def may_install(state: TrainingState) -> bool:
    """Whether there is something to install."""
    return (
        state.phase is Phase.MEASURED
        and state.snapshot.installed is None
        and not state.installing
        and not state.busy
    )
