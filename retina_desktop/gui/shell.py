"""The shell around the pages: the flow between them, the session, the door, the lock."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from retina_desktop.domain.errors import RetinaError
from retina_desktop.gui.page_flow import PageFlow
from retina_desktop.gui.page_table import build_page
from retina_desktop.gui.pages import Page, PageId, PageTools, Place
from retina_desktop.gui.records.session import Access, RecordsSession, SessionState

if TYPE_CHECKING:
    from retina_desktop.gui.main_window import MainWindow


class Shell(QObject):
    """Puts pages and session into the window; without `tools` only the screening page."""

    def __init__(self, window: "MainWindow", tools: PageTools | None) -> None:
        super().__init__(window)
        self._window = window
        self._tools = tools
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
        self.flow.shown.connect(self._enable)
        if self.session is not None:
            self.session.state_changed.connect(self.render_state)
            self.session.failed.connect(self._on_failed)
        self._enable()

    def commands(self) -> Mapping[str, Callable[[], object]]:
        """Return what to do for the actions that are the shell's."""
        return {
            "page_screening": lambda: self.flow.go(Place(PageId.SCREENING)),
            "page_worklist": lambda: self.flow.go(Place(PageId.WORKLIST)),
            "page_patients": lambda: self.flow.go(Place(PageId.PATIENTS)),
            "back": self.flow.back,
            "lock": self.lock,
            "log_out": self.log_out,
            "settings": self.show_settings,
        }

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
        if self.session is not None:
            self.session.log_out()

    @Slot()
    def show_settings(self) -> None:
        """Open the settings."""

    @Slot(object)
    def render_state(self, state: SessionState) -> None:
        """Show who is logged in."""
        self._window.rail.show_user("" if state.user is None else state.user.shown_name)
        self._enable()

    def shut_down(self) -> bool:
        """Finish what is being written; False when some did not stop in time."""
        return self.session is None or self.session.shut_down()

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
                "back": self.flow.can_go_back,
                "lock": is_open and state.can_lock,
                "log_out": is_open,
                "settings": is_open,
            }
        )

    def _build(self, page: PageId) -> Page:
        if self._tools is None:
            raise LookupError("there are no records in this window")
        return build_page(page, self._tools)

    def _build_door(self) -> QWidget:
        from retina_desktop.gui.records.door_page import DoorPage

        if self._tools is None:
            raise LookupError("there are no records in this window")
        tools = self._tools
        return DoorPage(tools.theme, tools.session, tools.dialogs)
