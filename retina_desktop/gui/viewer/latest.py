"""Asks a lane of workers questions of one kind, and hears only the answer to the latest."""

from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from retina_desktop.gui.task_runner import TaskHandle, TaskRunner
from retina_desktop.services.tasks import Task


class LatestAnswer(QObject):
    """One kind of question; a new one makes the answer to an older one worthless."""

    answered = Signal(object)
    failed = Signal(object)  # the exception

    def __init__(self, runner: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._handle: TaskHandle | None = None

    @property
    def waiting(self) -> bool:
        """Whether an answer is still to come."""
        return self._handle is not None

    def ask(self, task: Task[Any]) -> None:
        """Start `task`; the one before is cancelled, and its answer dropped if it comes."""
        self.forget()
        self._handle = handle = self._runner.prepare(task)
        handle.succeeded.connect(self._on_succeeded)
        handle.failed.connect(self._on_failed)
        handle.start()

    def forget(self) -> None:
        """Want no answer any more."""
        if self._handle is not None:
            self._handle.cancel()
        self._handle = None

    @Slot(object)
    def _on_succeeded(self, answer: object) -> None:
        if self.sender() is self._handle:
            self._handle = None
            self.answered.emit(answer)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if self.sender() is self._handle:
            self._handle = None
            self.failed.emit(error)
