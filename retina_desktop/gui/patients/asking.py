"""Asks the records one kind of question, and hears only the answer to the latest."""

from PySide6.QtCore import QObject, Signal, Slot

from retina_desktop.gui.task_runner import TaskHandle


class LatestQuestion(QObject):
    """A new question makes the answer to an older one worthless: it is dropped."""

    answered = Signal(object)
    failed = Signal(object)  # the exception

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._handle: TaskHandle | None = None

    @property
    def waiting(self) -> bool:
        """Whether an answer is still to come."""
        return self._handle is not None

    def ask(self, handle: TaskHandle) -> None:
        """Start `handle`; the question before is cancelled."""
        self.forget()
        self._handle = handle
        handle.succeeded.connect(self._on_succeeded)
        handle.failed.connect(self._on_failed)
        handle.cancelled.connect(self._on_cancelled)
        handle.start()

    @Slot()
    def forget(self) -> None:
        """Want no answer any more."""
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.cancel()

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

    @Slot()
    def _on_cancelled(self) -> None:
        """Wait no longer: the lane was emptied, as at the end of a session."""
        if self.sender() is self._handle:
            self._handle = None
