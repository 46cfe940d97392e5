"""From a measured run to the model that answers: packed, stored, loaded, asked again."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from retina_desktop.domain.errors import RetinaError
from retina_desktop.gui.screening.view_model import ScreeningViewModel
from retina_desktop.gui.sentences import sentence_of
from retina_desktop.gui.task_runner import TaskRunner
from retina_desktop.gui.training.view_model import TrainingViewModel, may_install
from retina_desktop.gui.training.words import tr
from retina_desktop.gui.training_port import TrainingServices
from retina_desktop.services.tasks import Task, TaskContext
from retina_desktop.services.training_runs_models import (
    InstalledModel,
    id_of,
    next_version,
    note_installed,
)


class ModelInstaller(QObject):
    """Works in the lane of the analyses: no photograph is asked while the model changes."""

    failed = Signal(object)  # Exception that is a bug

    def __init__(
        self,
        view_model: TrainingViewModel,
        services: TrainingServices,
        lane: TaskRunner,
        screening: ScreeningViewModel,
        *,
        why_not: Callable[[], str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._view_model, self._services = view_model, services
        self._lane, self._screening, self._why_not = lane, screening, why_not
        self._name = ""
        self._bundle: Path | None = None
        view_model.exported.connect(self._on_exported)

    @Slot()
    def look(self) -> None:
        """Ask which models there are."""
        self._start(lambda _: tuple(self._services.models()), self._on_models)

    def install(self, name: str) -> None:
        """Pack the run's model as `name`, store it, and have it answer from now on."""
        if not may_install(self._view_model.state) or self._refused():
            return
        self._name = name.strip() or tr("Own model")
        self._view_model.tell(installing=True, failed="", notice="")
        self._start(lambda _: tuple(self._services.models()), self._on_models_before)

    def use(self, model_id: str) -> None:
        """Have another installed model answer from now on."""
        if self._view_model.state.installing or self._refused():
            return
        self._view_model.tell(installing=True, failed="", notice="")
        self._start(lambda _: self._services.use_model(model_id), self._on_in_force)

    def _refused(self) -> bool:
        why = self._why_not()
        if why:
            self._view_model.tell(failed=why, notice="")
        return bool(why)

    @Slot(object)
    def _on_models(self, models: tuple[InstalledModel, ...]) -> None:
        self._view_model.tell(models=models)

    @Slot(object)
    def _on_models_before(self, models: tuple[InstalledModel, ...]) -> None:
        model_id = id_of(self._name)
        self._view_model.export(
            model_id=model_id,
            version=next_version(model_id, models),
            name=self._name,
            then=self._on_export_begun,
        )

    def _on_export_begun(self, bundle: Path) -> None:
        self._bundle = bundle

    @Slot()
    def _on_exported(self) -> None:
        bundle, work_dir = self._bundle, self._view_model.state.work_dir
        self._bundle = None
        if bundle is None or work_dir is None:
            return

        def install(_: TaskContext) -> InstalledModel:
            model = self._services.install(bundle)
            note_installed(work_dir, model)
            return model

        self._start(install, self._on_installed)

    @Slot(object)
    def _on_installed(self, model: InstalledModel) -> None:
        snapshot = self._view_model.state.snapshot
        self._view_model.return_to(snapshot.work_dir)  # it knows now that it was installed
        self._on_in_force(model)

    @Slot(object)
    def _on_in_force(self, model: InstalledModel) -> None:
        photographs = [photograph.id for photograph in self._screening.state.photographs]
        self._screening.load_model()
        for photograph_id in photographs:
            self._screening.retry(photograph_id)
        self._view_model.tell(installing=False, notice=_told(model, len(photographs)))
        self.look()

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        known = isinstance(error, RetinaError)
        sentence = sentence_of(error) if known else ""
        self._view_model.tell(installing=False, failed=sentence)
        if not known:
            self.failed.emit(error)

    def _start(self, task: Task[object], then: Callable[..., None]) -> None:
        handle = self._lane.prepare(task)
        handle.succeeded.connect(then)
        handle.failed.connect(self._on_failed)
        handle.start()


def _told(model: InstalledModel, photographs: int) -> str:
    said = tr("{0}, version {1}, answers from now on.").format(model.name, model.version)
    if photographs == 0:
        return said
    again = tr("The photograph on the Screening page is analysed again.")
    if photographs > 1:
        again = tr("The {0} photographs on the Screening page are analysed again.")
    return f"{said} {again.format(photographs)}"
