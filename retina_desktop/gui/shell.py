"""The shell around the pages: the flow between them, the session, the door, the lock."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from retina_desktop.domain.errors import RetinaError
from retina_desktop.gui.page_flow import PageFlow
from retina_desktop.gui.page_table import build_page
from retina_desktop.gui.pages import Page, PageId, PageTools, Place, rail_page
from retina_desktop.gui.place_memory import PlaceMemory
from retina_desktop.gui.records.backup_sign import BackupSign
from retina_desktop.gui.records.backup_watch import BackupWatch
from retina_desktop.gui.records.dialog_cover import DialogCover
from retina_desktop.gui.records.idle_lock import IdleLock
from retina_desktop.gui.records.session import Access, RecordsSession, SessionState
from retina_desktop.gui.window_memory import WindowMemory
from retina_desktop.services.tasks import TaskContext

if TYPE_CHECKING:
    from retina_desktop.gui.main_window import MainWindow
    from retina_desktop.gui.records.port import RecordsServices
    from retina_desktop.gui.settings.dialog import SettingsDialog
    from retina_desktop.gui.training.part import TrainingPart


class Shell(QObject):
    """Puts pages and session into the window; without `tools` only the screening page."""

    places: PlaceMemory  # these three only with `tools`
    idle: IdleLock
    backups: BackupWatch

    def __init__(
        self,
        window: "MainWindow",
        memory: WindowMemory,
        tools: PageTools | None,
        training: "TrainingPart | None" = None,
    ) -> None:
        super().__init__(window)
        self._memory = memory
        self._window = window
        self._tools, self._training = tools, training
        self.session: RecordsSession | None = None if tools is None else tools.session
        self.flow = PageFlow(
            window.stack,
            screening=window.view,
            session=self.session,
            build=self._build,
            build_door=self._build_door,
            parent=self,
        )
        window.follow(self.flow)
        self.flow.shown.connect(self._on_shown)
        self._settings: SettingsDialog | None = None
        window.actions_by_id["keep"].setVisible(tools is not None)
        window.rail.page_buttons[PageId.TRAINING].setVisible(training is not None)
        window.actions_by_id["page_training"].setVisible(training is not None)
        if training is not None:
            window.status_line.add_sign(training.sign)
            training.page_requested.connect(lambda: self.flow.go(Place(PageId.TRAINING)))
        if tools is not None:
            self._watch(tools)
        window.may_close = self.may_close
        self._enable()

    def commands(self) -> Mapping[str, Callable[[], object]]:
        """Return what to do for the actions that are the shell's."""
        return {
            "page_screening": lambda: self.flow.go(Place(PageId.SCREENING)),
            "page_worklist": lambda: self.flow.go(Place(PageId.WORKLIST)),
            "page_patients": lambda: self.flow.go(Place(PageId.PATIENTS)),
            "page_training": lambda: self.flow.go(Place(PageId.TRAINING)),
            "back": self.flow.back,
            "keep": self.keep_for_patient,
            "lock": self.lock,
            "log_out": self.log_out,
            "settings": self.show_settings,
        }

    @Slot()
    def keep_for_patient(self) -> None:
        """Keep the screening page's photographs for a patient; first through the door."""
        tools = self._tools
        if tools is None or self.session is None:
            return
        if not self.session.is_open:
            self.flow.go(Place(PageId.PATIENTS))
            return
        from retina_desktop.gui.examination.keep_dialog import KeepDialog, keepable

        dialog = KeepDialog(tools, keepable(tools.screening.state), self._window)
        dialog.kept.connect(lambda number: self.flow.go(Place(PageId.EXAMINATION, number)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def show_screening(self) -> bool:
        """Go to the screening page; False when the page on screen must not be left."""
        return self.flow.go(Place(PageId.SCREENING))

    @Slot()
    def lock(self) -> None:
        """Cover everything."""
        if self.session is not None:
            self.session.lock()

    @Slot()
    def log_out(self) -> None:
        """Close the records, unless something could not be saved."""
        if self.session is not None and self.session.is_open and self.may_leave():
            self.places.forget()
            self.session.log_out()

    def may_leave(self) -> bool:
        """Have the pages save; ask only when something could not be."""
        sentences = self.flow.unsaved()
        if not sentences or self._tools is None:
            return True
        return self._tools.dialogs.leave_unsaved(self._window, sentences)

    def may_close(self) -> bool:
        """Ask what would be lost by closing the window, and what becomes of a training."""
        training = self._training
        return self.may_leave() and (training is None or training.may_close(self._window))

    def find_training(self) -> None:
        """Find a training that a window before this one left running."""
        if self._training is not None:
            self._training.look_around()

    @Slot()
    def show_settings(self) -> None:
        """Open the settings."""
        self.open_settings()

    def open_settings(self, tab: str = "") -> None:
        """Open the settings at `tab`."""
        from retina_desktop.gui.settings.dialog import SettingsDialog

        if self._tools is None or self.session is None:
            return
        if self.session.state.access is not Access.OPEN:  # the foot's sign is there when locked
            return
        if self._settings is None:
            tools = self._tools
            self._settings = SettingsDialog(
                tools.theme, tools.session, tools.dialogs, self.backups, self._window
            )
            self._settings.lock_time_chosen.connect(self.idle.set_minutes)
            self._settings.finished.connect(self._on_settings_closed)
            self._settings.open()
        self._settings.show_tab(tab)

    def return_to_page(self) -> None:
        """Go to the page shown last before the program ended, through the door."""
        name = self._memory.page()
        if self._tools is not None and name in (PageId.WORKLIST, PageId.PATIENTS):
            self.flow.go(Place(PageId(name)))

    @Slot(object)
    def render_state(self, state: SessionState) -> None:
        """Show who is logged in."""
        self._window.rail.show_user("" if state.user is None else state.user.shown_name)
        self._enable()

    def shut_down(self) -> bool:
        """Finish what is being written; False when some did not stop in time."""
        stopped = self._training is None or self._training.shut_down()
        return (self.session is None or self.session.shut_down()) and stopped

    def _watch(self, tools: PageTools) -> None:
        session, window = tools.session, self._window
        self.places = PlaceMemory(self.flow, session, self)
        self.idle = IdleLock(session, parent=self)
        self.backups = BackupWatch(session, self)
        self._cover = DialogCover(window)
        sign = BackupSign(tools.theme)
        sign.clicked.connect(lambda: self.open_settings("backup"))
        window.status_line.add_sign(sign)
        self.backups.changed.connect(sign.render_view)
        session.state_changed.connect(self.render_state)
        session.failed.connect(self._on_failed)
        session.opened.connect(self._on_opened)
        session.locked.connect(self._cover.hide_all)
        session.unlocked.connect(self._cover.show_all)
        session.closed.connect(self._on_closed)

    @Slot(object)
    def _on_shown(self, page: PageId) -> None:
        # An examination's own number is kept in the records; without it, it is no place.
        self._memory.save_page(rail_page(page))
        if page is PageId.TRAINING and self.session is not None:
            self.session.look()  # whether this user may change the model
        self._enable()

    @Slot(object)
    def _on_opened(self, _services: "RecordsServices") -> None:
        if self.session is None:
            return
        handle = self.session.read(_house_rules)
        handle.succeeded.connect(self._on_rules)
        handle.failed.connect(self._on_failed)
        handle.start()

    @Slot(object)
    def _on_rules(self, rules: "tuple[int, str]") -> None:
        minutes, notice = rules
        self.idle.set_minutes(minutes)
        if notice and self._tools is not None:
            self._tools.notifications.raised.emit(notice)

    @Slot()
    def _on_closed(self) -> None:
        self._cover.close_all()
        if self._settings is not None:
            self._settings.reject()

    @Slot()
    def _on_settings_closed(self) -> None:
        dialog, self._settings = self._settings, None
        if dialog is not None:
            dialog.deleteLater()

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        # A sentence for the user stands in the form itself.
        if self._tools is not None and not isinstance(error, RetinaError):
            self._tools.notifications.report(error)

    @Slot()
    def _enable(self) -> None:
        state = SessionState() if self.session is None else self.session.state
        is_open = state.access is Access.OPEN
        self._window.enable(
            {
                "page_worklist": self.session is not None,
                "page_patients": self.session is not None,
                "page_training": self._training is not None,
                "back": self.flow.can_go_back,
                "lock": is_open and state.can_lock,
                "log_out": is_open,
                "settings": is_open,
            }
        )

    def _build(self, page: PageId) -> Page:
        if page is PageId.TRAINING and self._training is not None:
            return self._training.build_page()
        if self._tools is None:
            raise LookupError("there are no records in this window")
        return build_page(page, self._tools)

    def _build_door(self) -> QWidget:
        from retina_desktop.gui.records.door_page import DoorPage

        if self._tools is None:
            raise LookupError("there are no records in this window")
        tools = self._tools
        return DoorPage(tools.theme, tools.session, tools.dialogs)


def _house_rules(services: "RecordsServices", _: TaskContext) -> tuple[int, str]:
    """Return after how many idle minutes to lock, and what the user is to be told."""
    reset = services.house.password_reset()
    minutes = services.house.lock_time(services.acting).minutes
    return minutes, reset.sentence if reset is not None else ""
