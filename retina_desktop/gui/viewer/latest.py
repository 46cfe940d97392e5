"""Asks a lane of workers questions of one kind, and hears only the answer to the latest."""

from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from retina_desktop.domain.errors import TaskCancelledError
from retina_desktop.gui.task_runner import TaskHandle, TaskRunner
from retina_desktop.services.tasks import Task, TaskContext


class LatestAnswer(QObject):
    """One kind of question; a new one makes the answer to an older one worthless."""

    answered = Signal(object)
    failed = Signal(object)  # the exception

    def __init__(self, runner: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._handle: TaskHandle | None = None
        self._task: _OnceTask | None = None

    @property
    def waiting(self) -> bool:
        """Whether an answer is still to come."""
        return self._handle is not None

    def ask(self, task: Task[Any]) -> None:
        """Start `task`; the one before is cancelled, and its answer dropped if it comes."""
        self.forget()
        self._task = _OnceTask(task)
        self._handle = handle = self._runner.prepare(self._task)
        handle.succeeded.connect(self._on_succeeded)
        handle.failed.connect(self._on_failed)
        handle.start()

    def forget(self) -> None:
        """Want no answer any more."""
        if self._handle is not None and self._task is not None:
            self._handle.cancel()
            self._task.let_go()
        self._handle = self._task = None

    @Slot(object)
    def _on_succeeded(self, answer: object) -> None:
        if self.sender() is self._handle:
            self._handle = self._task = None
            self.answered.emit(answer)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if self.sender() is self._handle:
            self._handle = self._task = None
            self.failed.emit(error)


class _OnceTask:
    """Runs a task once and lets go of it.

    The lane keeps handles for a while after they finished; a task that holds a photograph
    would keep its pixels with it.
    """

    def __init__(self, task: Task[Any]) -> None:
        self._task: Task[Any] | None = task

    def __call__(self, context: TaskContext) -> object:
        task, self._task = self._task, None
        if task is None:
            raise TaskCancelledError
        return task(context)

    def let_go(self) -> None:
        """Have nothing to run any more, unless it runs already."""
        self._task = None
