"""The window's training: there from the start, though its page is built when first shown."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from retina_desktop.gui.file_dialogs import FileDialogs, RunningChoice
from retina_desktop.gui.notifications import Notifications
from retina_desktop.gui.pages import Page
from retina_desktop.gui.screening.view_model import Lanes, ScreeningViewModel
from retina_desktop.gui.task_runner import TaskRunner
from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.gui.training.installing import ModelInstaller
from retina_desktop.gui.training.sign import TrainingSign
from retina_desktop.gui.training.view_model import TrainingViewModel
from retina_desktop.gui.training.words import tr
from retina_desktop.gui.training_port import TrainingServices
from retina_desktop.gui.window_memory import WindowMemory

if TYPE_CHECKING:
    from retina_desktop.gui.records.session import RecordsSession


class TrainingPart(QObject):
    """Holds what runs beside the pages, and asks before the window closes over it.

    ``why_not_install`` returns a sentence where this user may not change the model.
    """

    page_requested = Signal()

    def __init__(
        self,
        services: TrainingServices,
        *,
        theme: ThemeKeeper,
        dialogs: FileDialogs,
        notifications: Notifications,
        lanes: Lanes,
        screening: ScreeningViewModel,
        memory: WindowMemory,
        why_not_install: Callable[[], str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._dialogs, self._lanes = theme, dialogs, lanes
        self._memory = memory
        self._closing: QWidget | None = None
        self.view_model = TrainingViewModel(
            services, TaskRunner("training"), remember=memory.save_training, parent=self
        )
        self.installer = ModelInstaller(
            self.view_model,
            services,
            lanes.analysis,
            screening,
            why_not=why_not_install,
            parent=self,
        )
        self.sign = TrainingSign()
        self.sign.clicked.connect(self.page_requested)
        self.view_model.state_changed.connect(self.sign.render_state)
        self.view_model.failed.connect(notifications.report)
        self.installer.failed.connect(notifications.report)
        self.view_model.stopped.connect(self._on_stopped)

    def look_around(self) -> None:
        """Find the run of last time, which may still go on; after the first paint."""
        folder = self._memory.training()
        if folder:
            self.view_model.return_to(Path(folder))

    def build_page(self) -> Page:
        """Return the page."""
        from retina_desktop.gui.training.page import TrainingPage

        return TrainingPage(
            self._theme, self._dialogs, self.view_model, self.installer, self._lanes.files
        )

    def may_close(self, window: QWidget) -> bool:
        """Ask whether a running training is to stop or to go on without the window."""
        if self.view_model.state.running is None:
            return True
        choice = self._dialogs.leave_training(window)
        if choice is RunningChoice.STOP:
            self._closing = window
            self.page_requested.emit()  # where one sees what is waited for
            self.view_model.stop()
        return choice is RunningChoice.LEAVE

    def shut_down(self) -> bool:
        """Leave a running process to itself; False when a worker did not end in time."""
        return self.view_model.shut_down()

    @Slot()
    def _on_stopped(self) -> None:
        window, self._closing = self._closing, None
        if window is not None:
            window.close()


def why_not_install(session: "RecordsSession | None") -> str:
    """Return why this user may not change the model of the clinic, "" where they may."""
    if session is None:
        return ""
    if session.is_open:
        from retina_desktop.domain.users import Permission

        may = session.services.user.may(Permission.ADMINISTER)
        return "" if may else tr("Only an administrator may change the model that answers.")
    records = session.state.records
    if records is not None and not records.is_ready:
        return ""  # nobody has set up records here, so there is nobody to ask
    return tr("Log in as an administrator first: the model answers for the whole clinic.")
