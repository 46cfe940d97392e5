"""Builds the window, shows it, and only then has the model loaded."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtWidgets import QApplication, QStyleFactory

from retina_desktop.gui.file_dialogs import FileDialogs
from retina_desktop.gui.main_window import TITLE, MainWindow
from retina_desktop.gui.notifications import Notifications
from retina_desktop.gui.pages import PageTools
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.gui.screening.picture_view_model import PictureViewModel
from retina_desktop.gui.screening.view_model import Lanes, ScreeningViewModel
from retina_desktop.gui.script_fonts import add_script_fonts
from retina_desktop.gui.services_port import WindowServices
from retina_desktop.gui.shell import Shell
from retina_desktop.gui.task_runner import TaskRunner
from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.gui.training.part import TrainingPart, why_not_install
from retina_desktop.gui.viewer.view import ViewerPane
from retina_desktop.gui.window_commands import WindowCommands
from retina_desktop.gui.window_memory import WindowMemory


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """The window with all that keeps it alive; `shut_down` before the application ends."""

    window: MainWindow
    screening: ScreeningViewModel
    pictures: PictureViewModel
    commands: WindowCommands
    notifications: Notifications
    lanes: Lanes
    shell: Shell

    def shut_down(self) -> bool:
        """Cancel and await all work; False when some did not stop in time.

        What is being written into the records is finished, not cancelled.
        """
        stopped = self.lanes.shut_down()
        stopped = self.shell.shut_down() and stopped
        return self.window.viewer.shut_down() and stopped


def run_window(services: WindowServices, *, start_with: Sequence[Path] = ()) -> int:
    """Show the window until it is closed; `start_with` is opened in it at once.

    Returns
    -------
    int
        The exit status of the event loop.
    """
    app = QApplication.instance() or QApplication(sys.argv[:1])
    if not isinstance(app, QApplication):
        raise TypeError("the window needs a QApplication")
    dress(app)
    opened = open_window(app, services)
    restore_hooks = opened.notifications.watch()
    opened.window.view.empty.open_button.setFocus()  # not the rail, which comes first
    opened.window.show()
    # After the first paint: what follows takes time from it.
    QTimer.singleShot(0, opened.screening.load_model)
    QTimer.singleShot(0, lambda: opened.screening.open_paths(start_with))
    QTimer.singleShot(0, opened.shell.find_training)
    if not start_with:
        QTimer.singleShot(0, opened.shell.return_to_page)
    status = app.exec()
    restore_hooks()
    opened.shut_down()
    return status


def dress(app: QApplication) -> None:
    """Name the application and give it the style that both themes are drawn on."""
    QCoreApplication.setApplicationName("RetinaDesktop")
    app.setApplicationDisplayName(TITLE)
    app.setStyle(QStyleFactory.create("Fusion"))


def open_window(
    app: QApplication, services: WindowServices, *, dialogs: FileDialogs | None = None
) -> OpenWindow:
    """Build the window, not yet shown, and everything behind it."""
    add_script_fonts(app, services.resources / "fonts")
    memory = WindowMemory(services.window_memory)
    theme = ThemeKeeper(app, services.resources, memory.theme())
    lanes = Lanes(*(TaskRunner(name) for name in ("analysis", "pictures", "heatmaps", "files")))
    notifications = Notifications(services.log_file)
    screening = ScreeningViewModel(services, lanes)
    pictures = PictureViewModel(services, lanes, screening)
    window = MainWindow(
        theme,
        screening=screening,
        pictures=pictures,
        notifications=notifications,
        memory=memory,
        viewer=ViewerPane(),
    )
    dialogs = dialogs or FileDialogs()
    session = None if services.records is None else RecordsSession(services.records)
    tools = None
    if session is not None:
        session.setParent(window)
        tools = PageTools(theme, session, dialogs, notifications, services, lanes, screening)
    training = None
    if services.training is not None:
        training = TrainingPart(
            services.training,
            theme=theme,
            dialogs=dialogs,
            notifications=notifications,
            lanes=lanes,
            screening=screening,
            memory=memory,
            why_not_install=lambda: why_not_install(session),
            parent=window,
        )
    shell = Shell(window, memory, tools, training)
    commands = WindowCommands(
        window,
        services=services,
        lanes=lanes,
        screening=screening,
        notifications=notifications,
        dialogs=dialogs,
        shell=shell,
    )
    window.obey(commands.by_action(), state_eye=commands.state_eye)
    if services.sample_photograph is None:
        window.enable({"sample": False})
    return OpenWindow(window, screening, pictures, commands, notifications, lanes, shell)
